import { printable } from '../render/layout.js';

/** What a program came to, as far as a person wants to know. */
export interface ProgramEnd {
  readonly exitCode: number | null;
  readonly signal?: string;
  readonly startError?: string;
  readonly killedAt?: number;
}

/** `program ended with exit code 0`. */
export function endedWords({ exitCode, signal, startError }: ProgramEnd): string {
  if (startError) return `program did not start: ${printable(startError).text}`;
  if (signal) return `program was ended by ${signal}`;
  return `program ended with exit code ${exitCode ?? 'unknown'}`;
}
