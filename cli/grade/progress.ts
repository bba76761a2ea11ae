import type { GradeEvent } from '../../grading/index.js';
import { assertNever } from '../../wire/assert-never.js';
import { columnsOf, count, hang, printable } from '../render/layout.js';
import { type Style, separator } from '../render/style.js';

export interface GradeProgress {
  tell(event: GradeEvent): void;
  /** A line of its own, above what is running. */
  say(text: string): void;
  /** Takes the display away. */
  end(): void;
}

export interface ProgressOutput {
  write(text: string): void;
  readonly columns: number;
  /** Lines can be written over. */
  readonly live: boolean;
  now(): number;
}

/** Without a terminal, how often a line is said, milliseconds. */
const LINE_MS = 15_000;
const DRAW_MS = 100;

/**
 * How the grading of a class goes: three lines that are written over; without a terminal a line now
 * and then, and one for what needs a person.
 */
export function gradeProgress(
  style: Style,
  screen: ProgressOutput,
  names: ReadonlyMap<string, string> = new Map(),
): GradeProgress {
  const tally = {
    total: 0,
    done: 0,
    ran: 0,
    passed: 0,
    failed: 0,
    missing: 0,
    unknown: 0,
    kept: 0,
  };
  const running = new Map<string, string>();
  let began = screen.now();
  let drawn = 0;
  let last = 0;
  let ended = false;
  let later: NodeJS.Timeout | undefined;

  /** `ada Ada Lovelace 05`. */
  const shortName = ({
    learner,
    lesson,
  }: {
    readonly learner: string;
    readonly lesson: string;
  }) => {
    const name = names.get(learner);
    const who = name === undefined ? learner : `${learner} ${name}`;
    return `${clean(who)} ${/^\d+/.exec(lesson)?.[0] ?? lesson}`;
  };
  const whose = (learner: string | undefined, submission: string) => {
    const name = learner === undefined ? undefined : names.get(learner);
    return name === undefined
      ? clean(submission)
      : `${clean(`${learner} ${name}`)}, ${clean(submission)}`;
  };
  const clear = () => {
    if (drawn > 0) screen.write(`\r\u001B[${drawn}A\u001B[J`);
    drawn = 0;
  };
  const shortened = (text: string, room: number) => {
    if (columnsOf(text) <= room) return text;
    const more = style.plain ? '...' : '…';
    const letters = [...text];
    while (columnsOf(letters.join('')) > room - more.length) letters.pop();
    return letters.join('') + more;
  };
  const pace = () => {
    const minutes = (screen.now() - began) / 60_000;
    if (tally.ran < 3 || minutes <= 0) return [];
    // What was known from before says nothing about the pace.
    const left = ((tally.total - tally.done) / (tally.done - tally.kept)) * minutes;
    return [`${Math.round(tally.ran / minutes)} a minute`, `${leftText(left)} left`];
  };
  const sums = () =>
    [
      `${tally.passed} passed`,
      `${tally.failed} failed`,
      ...(tally.missing > 0 ? [`${tally.missing} not handed in`] : []),
      ...(tally.unknown > 0 ? [`${tally.unknown} could not be told`] : []),
      ...(tally.kept > 0 ? [`${tally.kept} known from before`] : []),
    ].join(separator(style));

  const draw = (force = false) => {
    if (!screen.live || ended) return;
    if (!force && screen.now() - last < DRAW_MS) {
      later ??= setTimeout(() => draw(true), DRAW_MS);
      return;
    }
    clearTimeout(later);
    later = undefined;
    last = screen.now();
    clear();
    const room = Math.max(20, screen.columns - 1);
    const now = [...running.values()].join(', ');
    const lines = [
      `grading   ${[`${tally.done} of ${tally.total}`, ...pace()].join(separator(style))}`,
      `running   ${now === '' ? '-' : now}`,
      `so far    ${sums()}`,
    ];
    const text = lines.map(line => `${style.dim(shortened(line, room))}\n`).join('');
    screen.write(text);
    drawn = lines.length;
  };
  const line = (text: string) => {
    clear();
    const lines = screen.live ? hang('', '  ', text, screen.columns) : [text];
    screen.write(lines.map(one => `${one}\n`).join(''));
    draw(true);
  };
  const now = () => {
    if (screen.live) return draw();
    if (screen.now() - last < LINE_MS || tally.done === 0) return;
    last = screen.now();
    screen.write(`${[`${tally.done} of ${tally.total} done`, ...pace()].join(', ')}; ${sums()}\n`);
  };

  return {
    say: line,
    tell: event => {
      switch (event.type) {
        case 'plan':
          began = screen.now();
          last = screen.live ? 0 : began;
          tally.total = event.jobs;
          return draw(true);
        case 'start':
        case 'again': {
          running.set(`${event.learner}\n${event.lesson}`, shortName(event));
          if (event.type === 'again') {
            line(`once more: ${shortName(event)} could not be told (${clean(event.reason)})`);
          }
          return now();
        }
        case 'done':
          running.delete(`${event.learner}\n${event.lesson}`);
          tally.done += 1;
          if (event.kept) tally.kept += 1;
          else if (event.status !== 'missing') tally.ran += 1;
          if (event.status === 'missing') tally.missing += 1;
          else if (event.status === 'unknown') tally.unknown += 1;
          else if (event.failed > 0) tally.failed += 1;
          else tally.passed += 1;
          return now();
        case 'unreadable':
          tally.done += event.jobs;
          return line(
            `could not be read: ${whose(event.learner, event.submission)} (${clean(event.reason)})`,
          );
        default:
          return assertNever(event, 'event of a grading');
      }
    },
    end: () => {
      clear();
      ended = true;
      clearTimeout(later);
      if (!screen.live && tally.total > 0) {
        screen.write(`${tally.done} of ${count(tally.total, 'job')} done; ${sums()}\n`);
      }
    },
  };
}

const clean = (text: string) => printable(text).text.replace(/\s+/g, ' ');

function leftText(minutes: number): string {
  if (minutes < 1) return 'under a minute';
  if (minutes < 90) return `about ${Math.round(minutes)} min`;
  return `about ${Math.round(minutes / 60)} h`;
}

/** One JSON line for each event. */
export function jsonProgress(): GradeProgress {
  const put = (value: unknown) => process.stdout.write(`${JSON.stringify(value)}\n`);
  return {
    tell: put,
    say: text => put({ type: 'notice', text }),
    end: () => undefined,
  };
}

/** The terminal as it is. */
export function realOutput(style: Style): ProgressOutput {
  const { stdout } = process;
  return {
    write: text => void stdout.write(text),
    get columns() {
      return stdout.columns ?? style.width;
    },
    live: stdout.isTTY === true && !style.plain,
    now: () => performance.now(),
  };
}
