import { canAsk, print } from '../invocation.js';
import type { Style } from '../render/style.js';
import { endedWords } from './ended.js';
import type { RunRequest } from './request.js';

export interface PlayOptions {
  /** What is run, in words. */
  readonly shown: string;
  /** Lines instead of a window, also on a terminal. */
  readonly log: boolean;
}

/**
 * Runs a program in front of the practice broker: in a window where there is a terminal, else as a
 * log. @returns the exit code: 0, or 2 when a line on standard input was no command
 */
export async function play(
  request: RunRequest,
  style: Style,
  { shown, log }: PlayOptions,
): Promise<number> {
  const window = !log && canAsk() && process.env['TERM'] !== 'dumb';
  print([`running ${shown} ...`]);
  const { session, wrongLines } = window
    ? { session: await (await import('./on-terminal.js')).viewRun(request, style), wrongLines: 0 }
    : await (await import('./without-terminal.js')).followRun(
        request,
        style,
        log || !process.stdin.isTTY,
      );
  const { findWorkspace } = await import('../../course/find.js');
  const place = request.workspace === undefined ? undefined : findWorkspace(request.workspace);
  const some = session.tap.entries.some(one => one.kind === 'packet');
  const kept = place !== undefined && some;
  if (kept) (await import('./keep.js')).keepRun(session, request.track, place.meta);
  const words = endedWords(session.program.record());
  const number = Number.parseInt(request.lesson, 10);
  const again = `npx mqtt-course trace ${number} --run --diagram`;
  print([
    `Your ${words}.`,
    ...(kept ? [`Its packets again: ${style.cyan(again)}`] : []),
    `To have it judged: ${style.cyan(`npx mqtt-course check ${number}`)}`,
  ]);
  return wrongLines > 0 ? 2 : 0;
}
