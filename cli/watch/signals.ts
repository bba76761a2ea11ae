import { endChildren } from '../children.js';

/** Exit codes of programs that a signal ended. */
export const signalCodes = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

export type EndingSignal = keyof typeof signalCodes;

/**
 * Ends this process properly at a signal: programs first, then what `close` takes down, with a
 * deadline of its own. A second signal ends it at once. However this process ends, no program that
 * it started goes on.
 * @param restore gives back the terminal; called before anything else, also at an exit
 * @returns takes all of it back
 */
export function endAtSignals(
  close: () => Promise<void>,
  restore: () => void = () => undefined,
): { now(signal: EndingSignal): void; off(): void } {
  let ending = false;
  const now = (signal: EndingSignal) => {
    const code = signalCodes[signal];
    if (ending) process.exit(code);
    ending = true;
    restore();
    endChildren();
    void close().finally(() => process.exit(code));
  };
  const atExit = () => {
    endChildren();
    restore();
  };
  const handlers = Object.keys(signalCodes).map(
    name => [name, () => now(name as EndingSignal)] as const,
  );
  process.on('exit', atExit);
  for (const [name, handler] of handlers) process.on(name, handler);
  return {
    now,
    off: () => {
      process.off('exit', atExit);
      for (const [name, handler] of handlers) process.off(name, handler);
    },
  };
}
