import type { ProgramRecord } from './recording.js';

/** How a process ended. */
type Ended = Pick<ProgramRecord, 'exitCode' | 'signal' | 'killedAt'>;

const WORDS: Readonly<Record<string, string>> = {
  SIGSEGV: 'a segmentation fault: memory that is not its own',
  SIGBUS: 'a bus error: memory that is not there',
  SIGABRT: 'it gave itself up, as abort and a failed assertion do',
  SIGFPE: 'an arithmetic error, such as a division by zero',
  SIGILL: 'an instruction that the processor does not know',
  SIGTRAP: 'a trap, as a runtime sets it for what must not happen',
  SIGSYS: 'a call that the system does not allow',
  SIGXCPU: 'too much processor time',
};

/** As a shell tells of a command in it that a signal ended: 128 and the number of the signal. */
const BY_SHELL: Readonly<Record<number, string>> = {
  132: 'SIGILL',
  133: 'SIGTRAP',
  134: 'SIGABRT',
  135: 'SIGBUS',
  136: 'SIGFPE',
  139: 'SIGSEGV',
};

/** The signal that says that a program broke; undefined when it ended in another way. */
export function crashSignal({ exitCode, signal, killedAt }: Ended): string | undefined {
  if (killedAt !== undefined) return undefined;
  const name = signal ?? BY_SHELL[exitCode ?? 0];
  return name !== undefined && name in WORDS ? name : undefined;
}

/** `SIGSEGV (a segmentation fault: memory that is not its own)`. */
export function signalWords(signal: string): string {
  const words = WORDS[signal];
  return words === undefined ? signal : `${signal} (${words})`;
}

/**
 * How a program ended, behind "your program ended": `with exit code 3`, `by SIGSEGV (…)`. What we
 * ended ourselves has no exit code that says anything.
 */
export function endingWords(ended: Ended): string {
  if (ended.killedAt !== undefined) return 'when the check ended it';
  const signal = crashSignal(ended) ?? ended.signal;
  return signal === undefined ? `with exit code ${ended.exitCode}` : `by ${signalWords(signal)}`;
}
