import { openCheckSession } from '../../checker/index.js';
import { loadLesson } from '../../course/index.js';
import { endChildren } from '../children.js';
import { print } from '../invocation.js';
import { hang } from '../render/layout.js';
import { type Style, statusMark } from '../render/style.js';
import { renderCounts } from '../render/verdict.js';
import { createScreen } from '../terminal/screen.js';
import { takeTerminal } from '../terminal/terminal.js';
import { type App, createApp, type WatchEnd } from './app.js';
import { comingSession } from './runner.js';
import { endAtSignals } from './signals.js';
import { createWatcher, type WatchOptions } from './watcher.js';

export interface TerminalOptions extends WatchOptions {
  readonly style: Style;
  readonly inHome?: boolean;
}

/**
 * Watches on this terminal until the person leaves. The terminal is left as it was, and nothing
 * that was started goes on running.
 * @returns how it ended, and whether the last check passed
 */
export async function watchInTerminal(
  options: TerminalOptions,
): Promise<{ ended: WatchEnd; passed: boolean }> {
  const session = comingSession(openCheckSession());
  const screen = createScreen(process.stdout, options.style.plain);
  let watcher: ReturnType<typeof createWatcher> | undefined;
  const app = createApp({
    opened: options.opened,
    track: options.track,
    screen,
    titleOf: lesson => loadLesson(lesson).title,
    ...(options.inHome ? { inHome: true } : {}),
    suspend: () => terminal.suspend(),
    watcher: view => {
      watcher = createWatcher(options, session, view);
      return watcher;
    },
  });

  const terminal = takeTerminal(screen, {
    key: press => app.key(press.name),
    redraw: () => app.resized(),
    hungUp: () => signals.now('SIGHUP'),
  });
  const signals = endAtSignals(async () => watcher?.close(), terminal.give);
  watcher?.check('');
  try {
    const ended = await app.ended;
    terminal.give();
    tellEnd(app, options);
    endChildren();
    await watcher?.close();
    endChildren();
    return { ended, passed: app.told()?.result.status === 'passed' };
  } finally {
    terminal.close();
    signals.off();
  }
}

/** What stays on the terminal: the last result in a line, and how to go on. */
function tellEnd(app: App, { style, inHome }: TerminalOptions): void {
  const told = app.told();
  const lesson = app.lesson();
  const lines = told
    ? hang(
        `${statusMark(told.result.status, style)} `,
        '  ',
        `${told.result.lesson}  ${renderCounts(told.result.checks, style)}`,
        style.width,
      )
    : [];
  const again = inHome
    ? []
    : hang(
        '',
        '  ',
        `To watch again: ${style.cyan(`npx mqtt-course watch ${lesson.number}`)}`,
        style.width,
      );
  print([...lines, ...again]);
}
