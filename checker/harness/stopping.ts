/** Programs whose check is no longer wanted: a newer save came, or somebody pressed Ctrl-C. */
const controllers = new Map<string, AbortController>();

/** Aborted when the check of this program shall end. One signal for each program of a run. */
export function stopSignal(program: string): AbortSignal {
  let controller = controllers.get(program);
  if (!controller) {
    controller = new AbortController();
    controllers.set(program, controller);
  }
  return controller.signal;
}

/** Ends the check of a program, also one that has not begun. */
export function stopProgram(program: string): void {
  stopSignal(program);
  controllers.get(program)?.abort();
}

/** Forgets a program whose check has ended. */
export function forgetProgram(program: string): void {
  controllers.delete(program);
}
