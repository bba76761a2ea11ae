import { pathToFileURL } from 'node:url';
import type { CheckResult, Verdict, VerdictStatus } from '../../checker/harness/result.js';
import { packets } from './code.js';
import { byteLines, type Evidence, packetTimes, type SourceLine } from './evidence.js';
import { columnsOf, count, FIRM, hang, printable, wrap, wrapKeeping } from './layout.js';
import { lessonNumber, renderOutput } from './output.js';
import {
  type Style,
  separator,
  statusColor,
  statusMark,
  statusSymbol,
  statusWord,
} from './style.js';

/** What the screen needs to know beside the result. */
export interface VerdictContext {
  /** Title of the lesson. */
  readonly title?: string;
  /** The learner's file, as it can be opened from where they are. */
  readonly file?: string;
  /** Address of the file, for terminals that show links. */
  readonly fileUrl?: string;
  /** The learner's own command, as it was typed. */
  readonly command?: string;
  /** What builds that command. */
  readonly build?: string;
  /** True for the first result of a lesson ever: red is expected. */
  readonly first?: boolean;
  /** Hints that were shown so far, of three. */
  readonly hintsShown?: number;
  /** The lesson after this one; null after the last. */
  readonly next?: string | null;
  /** Attempts at the lesson in this track, this one included. */
  readonly attempts?: number;
  /** The check at which each of the last attempts stopped, this one the last; '' for a pass. */
  readonly stops?: readonly string[];
  /** What stands behind the failed verdicts, by their ids. */
  readonly evidence?: ReadonlyMap<string, Evidence>;
  /** There is no solution to compare with: the instructor keeps it. */
  readonly solutionKept?: boolean;
  /** Checks that only the instructor has: they run when the work is graded. */
  readonly keptBack?: number;
  /** What the lesson is worth in the learner's class, and until when. */
  readonly due?: string;
  /** The file is watched, so that a save is the next step; with keys below, or as a log. */
  readonly watched?: 'keys' | 'log';
  /** Judged from a stored exchange: there is no next step. */
  readonly replayed?: boolean;
  /** The verdict of this id was told before the rest was known: it stands above. */
  readonly told?: string | undefined;
  /** Little room: what passed and what waits is folded, one failure is told. */
  readonly brief?: boolean;
}

/** From here on labels stand beside their text; below, above it. */
const ROOMY = 60;
const LABEL = 10;

/** The result of a check as lines for a terminal: what is right, the first cause, the next step. */
export function renderResult(
  result: CheckResult,
  style: Style,
  context: VerdictContext = {},
): string[] {
  const told = result.checks.filter(isTold);
  const { evidence, brief = false } = context;
  const sections = [
    header(result, style, context),
    result.notice === undefined ? [] : notice(result, style),
    checkList(result.checks, style, brief),
    ...(brief ? told.slice(0, 1) : told)
      .filter(verdict => verdict.id !== context.told)
      .map(verdict => renderVerdict(verdict, style, evidence?.get(verdict.id))),
    brief ? [] : waiting(result.checks, style),
    [
      ...again(told[0], style, context),
      ...(brief || context.watched === 'keys' ? [] : exchange(result, style)),
    ],
    brief ? [] : renderOutput(result, style),
    [
      ...first(result, style, context),
      ...hiddenChecks(result, style, context),
      ...(brief && result.status === 'failed' ? [] : next(result, style, context)),
      ...(brief ? [] : footer(result, style)),
    ],
  ];
  return sections
    .filter(lines => lines.length > 0)
    .flatMap((lines, index) => (index > 0 ? ['', ...lines] : lines));
}

function isTold(verdict: Verdict): boolean {
  return verdict.status === 'failed' || verdict.status === 'unknown';
}

/** `3 passed · 1 failed · 1 later`. */
export function renderCounts(checks: readonly Verdict[], style: Style): string {
  const statuses: VerdictStatus[] = ['passed', 'failed', 'not-reached', 'unknown'];
  return statuses
    .map(status => ({ status, number: checks.filter(one => one.status === status).length }))
    .filter(({ number }) => number > 0)
    .map(({ status, number }) => statusColor(status, style)(`${number} ${statusWord(status)}`))
    .join(separator(style));
}

function header(result: CheckResult, style: Style, context: VerdictContext): string[] {
  const track = { typescript: 'TypeScript', python: 'Python', command: 'your command' }[
    result.track
  ];
  const dot = separator(style);
  const left = [style.bold(result.lesson), context.title, track].filter(Boolean).join(dot);
  const right =
    result.checks.length > 0
      ? renderCounts(result.checks, style)
      : statusColor(result.status, style)(`could not tell`);
  const gap = style.width - columnsOf(left) - columnsOf(right);
  if (gap >= 3) return [`${left}${' '.repeat(gap)}${right}`];
  return [...wrap(left, style.width), ...wrap(right, style.width)];
}

function notice(result: CheckResult, style: Style): string[] {
  const text = printable(result.notice ?? '').text;
  const mark = style.yellow(style.plain ? 'note: ' : '! ');
  return text
    .split('\n')
    .flatMap((line, index) => hang(index === 0 ? mark : '  ', '  ', line, style.width));
}

/** All checks at a glance. A single one that failed is told below. */
function checkList(checks: readonly Verdict[], style: Style, brief: boolean): string[] {
  const [only] = checks;
  if (checks.length === 1 && only && isTold(only)) return [];
  if (brief) return foldedLines(checks, style);
  // Where all wait for the same one, that is said below, once.
  const several = checks.filter(isTold).length > 1;
  return checks.flatMap(one => checkLine(one, style, several));
}

/** One line for each check: symbol, word, id, title. */
function checkLine(verdict: Verdict, style: Style, waitsShown = true): string[] {
  const mark = `${statusMark(verdict.status, style)} `;
  const indent = ' '.repeat(columnsOf(mark));
  const waits =
    waitsShown && verdict.waitsFor?.length
      ? style.dim(` (waits for ${verdict.waitsFor.join(', ')})`)
      : '';
  const title = verdict.status === 'not-reached' ? style.dim(verdict.title) : verdict.title;
  const remark =
    verdict.remark === undefined
      ? []
      : hang(indent, indent, style.dim(safe(verdict.remark)), style.width);
  return [
    ...hang(mark, indent, `${style.dim(verdict.id)}${FIRM}${safe(title)}${waits}`, style.width),
    ...remark,
  ];
}

/** The list of checks in few lines: those that failed, and how many passed and wait. */
function foldedLines(checks: readonly Verdict[], style: Style): string[] {
  const fold = (status: VerdictStatus, of: string) => {
    const all = checks.filter(one => one.status === status);
    const [one] = all;
    if (!one) return [];
    if (all.length === 1) return checkLine(one, style);
    const mark = `${statusMark(status, style)} `;
    const text = `${all.map(each => each.id).join(', ')}: ${count(all.length, 'check')} ${of}`;
    return hang(mark, ' '.repeat(columnsOf(mark)), style.dim(text), style.width);
  };
  return [
    ...fold('passed', 'passed'),
    // The first of them is told below.
    ...checks
      .filter(isTold)
      .slice(1)
      .flatMap(one => checkLine(one, style)),
    ...fold('not-reached', 'that wait'),
  ];
}

/** A verdict in full: Expected, Seen, Why, Try, and what stands behind it. */
export function renderVerdict(verdict: Verdict, style: Style, evidence?: Evidence): string[] {
  const color = statusColor(verdict.status, style);
  const symbol = style.plain ? '' : `${statusSymbol(verdict.status)} `;
  const mark = `${color(`${symbol}${statusWord(verdict.status)}`)}  `;
  const title = style.bold(`${verdict.id}${FIRM}${safe(verdict.title)}`);
  return [
    ...hang(mark, '  ', title, style.width),
    ...field('Expected', verdict.expected, style),
    ...field('Seen', verdict.seen, style, true),
    ...(evidence ? wire(evidence, style) : []),
    ...field('Why', why(verdict, style), style),
    ...(evidence?.place ? where(evidence.place, style) : []),
    ...field('Try', verdict.try, style),
  ];
}

/** When the cited packets crossed the wire, and the bytes that the verdict is about. */
function wire(evidence: Evidence, style: Style): string[] {
  const room = style.width - indentOf(style).length;
  const times = packetTimes(evidence, style);
  return labelled(
    'Wire',
    [
      ...(times.length > 0 ? wrap(times.join('; '), room) : []),
      ...byteLines(evidence, room, style),
    ],
    style,
  );
}

/** Where in the learner's file; with the line itself. */
function where({ file, path, line, text }: SourceLine, style: Style): string[] {
  const room = style.width - indentOf(style).length;
  const shown = `${file}:${line}`;
  const code = printable(text).text;
  const short = code.length > room - 2 ? `${code.slice(0, Math.max(1, room - 3))}…` : code;
  const link = style.link(shown, pathToFileURL(path).href) ?? style.bold(shown);
  return labelled(
    'Where',
    [link, style.dim(`  ${style.plain ? short.replace('…', '.') : short}`)],
    style,
  );
}

function why(verdict: Verdict, style: Style): string | undefined {
  if (verdict.status === 'unknown') {
    return 'this says nothing about your work: the course or this machine did not do its part';
  }
  const said = verdict.why ?? '';
  const missing = verdict.clauses.filter(clause => !said.includes(clause));
  const clauses = missing.length > 0 ? `[${cite(missing)}]`.replaceAll(' ', FIRM) : '';
  const text = [printable(said).text, style.dim(clauses)].filter(Boolean).join(' ');
  return text === '' ? undefined : text;
}

/** Clauses in a row; the version is named once: `3.1.1 MQTT-4.7.1-2, MQTT-4.7.1-3`. */
function cite(clauses: readonly string[]): string {
  return clauses
    .map((clause, index) => {
      const version = clause.split(' ')[0] ?? '';
      return clauses[index - 1]?.startsWith(`${version} `)
        ? clause.slice(version.length + 1)
        : clause;
    })
    .join(', ');
}

/** A label and its text. `shape`: the lines are packets or code, and keep their form. */
function field(label: string, value: string | undefined, style: Style, shape = false): string[] {
  if (value === undefined || value === '') return [];
  const room = style.width - indentOf(style).length;
  const text = label === 'Why' ? value : printable(value).text;
  const lines = shape
    ? wrapKeeping(text, room).map(line => packets(line, style))
    : text.split('\n').flatMap(line => wrap(line, room));
  return labelled(label, lines, style);
}

function indentOf(style: Style): string {
  return ' '.repeat(style.width >= ROOMY ? 2 + LABEL : 4);
}

/** Lines beside their label; below it where the window is narrow. */
function labelled(label: string, lines: readonly string[], style: Style): string[] {
  if (lines.length === 0) return [];
  const beside = style.width >= ROOMY;
  const indent = indentOf(style);
  const name = `  ${style.bold(label)}`;
  if (!beside) return [name, ...lines.map(line => `${indent}${line}`.trimEnd())];
  return lines.map((line, index) =>
    `${index === 0 ? `${name}${' '.repeat(LABEL - label.length)}` : indent}${line}`.trimEnd(),
  );
}

function safe(text: string): string {
  return printable(text).text.replaceAll('\n', ' ');
}

function waiting(checks: readonly Verdict[], style: Style): string[] {
  const number = checks.filter(one => one.status === 'not-reached').length;
  if (number === 0) return [];
  const failures = checks.filter(isTold).length === 1 ? 'this' : 'these';
  const text = `${count(number, 'more check')} ${number === 1 ? 'waits' : 'wait'} for ${failures}.`;
  return wrap(style.dim(text), style.width);
}

/** How the last attempts went, once there is something to compare. */
function again(told: Verdict | undefined, style: Style, context: VerdictContext): string[] {
  const { attempts = 0, stops = [] } = context;
  if (told?.status !== 'failed' || stops.length < 2) return [];
  const here = stops.filter(id => id === told.id).length;
  const before = stops.at(-2);
  const text =
    here > 1
      ? `${here} of your last ${stops.length} attempts stopped at ${told.id}.`
      : before === ''
        ? 'You have passed this lesson before.'
        : `The attempt before this one stopped at ${before}.`;
  return wrap(style.dim(`Attempt ${attempts}. ${text}`), style.width);
}

function exchange(result: CheckResult, style: Style): string[] {
  if (result.trace === undefined) return [];
  const told = result.checks.find(isTold);
  // Of a file that does not parse nothing was recorded.
  if (!told || told.id === 'U0' || told.mistake === 'syntax-error') return [];
  const scenario = told.scenario === undefined ? '' : ` --scenario ${quoteArgument(told.scenario)}`;
  const command = ours(`trace ${lessonNumber(result)}${scenario}`, style);
  return hang('', '  ', `All packets: ${command}`, style.width);
}

/** A command of ours; no line break cuts it, where it fits into a line at all. */
function ours(command: string, style: Style): string {
  const whole = `npx mqtt-course ${command}`;
  return style.cyan(whole.length <= style.width - 6 ? whole.replaceAll(' ', FIRM) : whole);
}

function quoteArgument(text: string): string {
  return /^[\w.-]+$/.test(text) ? text : `"${text}"`;
}

function first(result: CheckResult, style: Style, context: VerdictContext): string[] {
  if (!context.first || result.status !== 'failed') return [];
  const text =
    'Red is where everyone starts: the stub runs, and its TODOs are not done. Your install is fine.';
  return [...wrap(style.green(text), style.width), ''];
}

/** Passed here is not yet passed where the instructor keeps checks back. */
function hiddenChecks(
  { status }: CheckResult,
  { width }: Style,
  { keptBack = 0, due }: VerdictContext,
): string[] {
  const worth = due === undefined ? [] : [...hang('In your class: ', '      ', due, width), ''];
  if (status !== 'passed' || keptBack === 0) return worth;
  const checks = `${count(keptBack, 'more check')} ${keptBack === 1 ? 'runs' : 'run'}`;
  return [...hang('', '      ', `${checks} when your work is graded.`, width), '', ...worth];
}

function next(result: CheckResult, style: Style, context: VerdictContext): string[] {
  const { status } = result;
  if (context.replayed) return [];
  const lesson = lessonNumber(result);
  const say = (text: string) => hang('', '      ', `${style.bold('Next:')} ${text}`, style.width);
  const run = (command: string) => ours(command, style);
  if (context.watched === 'keys' || (context.watched && status === 'failed')) {
    return watchedNext(result, say, style, context);
  }
  if (status === 'unknown') {
    return say(`look at this machine: ${run('doctor')}, then check again`);
  }
  if (status === 'passed') {
    const then = context.next
      ? run(`read ${Number.parseInt(context.next, 10)}`)
      : 'all checks passed.';
    const lines = say(context.next === null ? 'that was the last lesson.' : then);
    if (result.track === 'command' || context.solutionKept) return lines;
    const compare = `To compare: ${run(`solution ${lesson}`)}`;
    return [...lines, ...hang('      ', '      ', compare, style.width)];
  }
  const build = context.build === undefined ? '' : ` --build ${quoteArgument(context.build)}`;
  const command = context.command === undefined ? '' : `${build} -- ${context.command}`;
  const again = run(`check ${lesson}${command}`);
  const shown = context.hintsShown ?? 0;
  const help = shown < 3 ? `Stuck? Hint ${shown + 1} of 3: ${run(`hint ${lesson}`)}` : '';
  return [
    ...changeFile(say, again, style, context),
    ...(help === '' ? [] : hang('      ', '      ', help, style.width)),
  ];
}

/** In watch, a save is the next step; the keys stand below. */
function watchedNext(
  { status }: CheckResult,
  say: (text: string) => string[],
  style: Style,
  { file, fileUrl, next }: VerdictContext,
): string[] {
  if (status === 'unknown') return say('r checks again; doctor looks at this machine.');
  if (status === 'passed') {
    return say(
      next === null
        ? 'that was the last lesson.'
        : 'n for the next lesson, when you like; s compares yours with the solution.',
    );
  }
  if (file === undefined) return say('change your program and save it: the check runs by itself.');
  const link = (fileUrl && style.link(file, fileUrl)) ?? style.bold(file);
  return say(`change ${link} and save it: the check runs by itself.`);
}

/** A path is not broken, even where it is wider than the window: it is there to be opened. */
function changeFile(
  say: (text: string) => string[],
  again: string,
  style: Style,
  { file, fileUrl }: VerdictContext,
): string[] {
  if (file === undefined) return say(`change your program, then ${again}`);
  const link = (fileUrl && style.link(file, fileUrl)) ?? style.bold(file);
  if (file.length + 'Next: change , then'.length <= style.width)
    return say(`change ${link}, then ${again}`);
  return [
    ...say('change'),
    `      ${link}`,
    ...hang('      ', '      ', `then ${again}`, style.width),
  ];
}

function footer(result: CheckResult, style: Style): string[] {
  const seconds = `${(result.durationMs / 1000).toFixed(2)} s`;
  const facts = [`seed ${result.seed}`, `${result.broker} broker`, seconds];
  return wrap(style.dim(facts.join(separator(style))), style.width);
}
