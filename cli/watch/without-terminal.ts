import { openCheckSession } from '../../checker/index.js';
import { type EarlyTelling, tellEarly } from '../check/first-failure.js';
import { type CheckJob, contextOf, type StoredOutcome } from '../check/job.js';
import { endChildren } from '../children.js';
import { print, tell } from '../invocation.js';
import type { Style } from '../render/style.js';
import { comingSession } from './runner.js';
import { endAtSignals } from './signals.js';
import { createWatcher, type Watcher, type WatchOptions } from './watcher.js';

export interface LogOptions extends WatchOptions {
  readonly style: Style;
  /** One result object a line, and nothing else on standard output. */
  readonly json: boolean;
}

/**
 * Watches without a terminal: each result is written below the last. Ends with standard input, when
 * the check that runs is done; or with a signal, at once.
 * @returns the last result; undefined when there was none
 */
export async function watchAsLog(options: LogOptions): Promise<StoredOutcome | undefined> {
  const { json, opened, style } = options;
  let early: EarlyTelling | undefined;
  const session = comingSession(openCheckSession());
  const say = (text: string) => (json ? tell([text]) : print([text]));
  let last: StoredOutcome | undefined;
  let running = false;
  let inputEnded = false;
  let work: Promise<void> = Promise.resolve();
  let finish: () => void = () => undefined;
  const finished = new Promise<void>(resolve => {
    finish = resolve;
  });
  const rest = () => {
    running = false;
    if (inputEnded) finish();
  };
  const watcher: Watcher = createWatcher(options, session, {
    checking: why => {
      running = true;
      void early?.ends();
      early = undefined;
      const what = why ? `${why}: checking` : 'checking';
      if (!json) print([`${what} ${watcher.lesson.id} ...`, '']);
    },
    progress: () => undefined,
    firstFailure: (outcome, job) => {
      if (json) return;
      early = tellEarly(job, opened, style, print);
      early.heard(outcome);
    },
    result: (told, job) => {
      last = told;
      const above = early?.ends();
      early = undefined;
      work = work.then(async () => write(told, job, options, await above)).then(rest);
    },
    stuck: text => {
      say(text);
      rest();
    },
    notice: text => tell([text]),
  });
  const ended = () => {
    inputEnded = true;
    if (!running) finish();
  };
  const signals = endAtSignals(() => watcher.close());
  process.stdin.once('end', ended);
  process.stdin.once('error', ended);
  if (!json) {
    const { polling } = watcher;
    tell([
      `Watching ${watcher.shown}: every save is checked. It ends with its input, or with Ctrl-C.${polling ? ` Looking again and again (${polling}).` : ''}`,
    ]);
  }
  watcher.check('');
  process.stdin.resume();
  await finished;
  await work;
  await watcher.close();
  endChildren();
  process.stdin.pause();
  signals.off();
  if (!json)
    tell([
      `The input of this command ended, and so does the watching (npx mqtt-course check checks once).`,
    ]);
  return last;
}

async function write(
  told: StoredOutcome,
  job: CheckJob,
  options: LogOptions,
  above: string | undefined,
): Promise<void> {
  const { opened, style, json } = options;
  if (json) {
    process.stdout.write(`${JSON.stringify(told.result)}\n`);
    if (told.unsaved) tell([told.unsaved]);
    return;
  }
  const { renderResult } = await import('../render/verdict.js');
  const context = { ...(await contextOf(job, told, opened)), watched: 'log' as const, told: above };
  print([
    ...renderResult(told.result, style, context),
    ...(told.unsaved ? [told.unsaved] : []),
    '',
  ]);
}
