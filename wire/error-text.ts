/** What an error says, whatever was thrown: anything can be, and not all of it is an `Error`. */
export function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
