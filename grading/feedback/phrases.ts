/** What feedback says in words, the same in HTML, in Markdown and for the platforms. */

import type { VerdictStatus } from '../../checker/harness/result.js';
import { trackTitle } from '../../course/track.js';
import { clause } from '../../wire/clauses.js';
import { count, points } from '../exports/text.js';
import type { JudgedFile } from '../handed-in.js';
import type { Comment, GradedCheck, Lateness, LearnerGrade, LessonGrade } from '../types.js';

/** How much a learner is told. */
export interface FeedbackOptions {
  /**
   * `messages`: Expected, Seen, Why and Try of what failed, and the program's output. `points`: id,
   * title, clause and points of each check, nothing else. Default `messages`.
   */
  readonly detail?: 'messages' | 'points';
  /**
   * `own`: the packets of the learner's own connections are drawn. `all`: those of the checker's
   * peers too, which show how a hidden test works. `none`: nothing is drawn. Default `own`.
   */
  readonly traces?: 'own' | 'all' | 'none';
  /** The files of a lesson as they were judged, the program first. */
  readonly code?: (learner: string, lesson: string) => readonly JudgedFile[];
}

export type Tone = 'good' | 'bad' | 'ask' | 'dim';

export const CHECK_WORDS: Readonly<
  Record<VerdictStatus, { readonly symbol: string; readonly word: string; readonly tone: Tone }>
> = {
  passed: { symbol: '✓', word: 'passed', tone: 'good' },
  failed: { symbol: '✗', word: 'failed', tone: 'bad' },
  'not-reached': { symbol: '·', word: 'later', tone: 'dim' },
  unknown: { symbol: '?', word: 'could not tell', tone: 'ask' },
};

/** The checks that carry points: detectors only name a cause. */
export function ownChecks({ checks }: Pick<LessonGrade, 'checks'>): readonly GradedCheck[] {
  return checks.filter(one => one.max > 0 || !/^U\d/.test(one.id));
}

/** What came of a lesson, in a few words. */
export function lessonWords(lesson: LessonGrade): { readonly text: string; readonly tone: Tone } {
  if (lesson.excused) return { text: 'excused', tone: 'dim' };
  if (lesson.unreadable !== undefined) return { text: 'could not be read', tone: 'ask' };
  if (lesson.status === 'missing') return { text: 'nothing handed in', tone: 'dim' };
  if (lesson.status === 'unknown') return { text: 'could not be told yet', tone: 'ask' };
  if (lesson.points === null) return { text: 'waits for a person', tone: 'ask' };
  const checks = ownChecks(lesson);
  const passed = checks.filter(one => one.status === 'passed').length;
  if (passed === checks.length && lesson.checks.every(one => one.status === 'passed'))
    return { text: 'all checks passed', tone: 'good' };
  return { text: `${passed} of ${count(checks.length, 'check')} passed`, tone: 'bad' };
}

/** `7 of 12`; an open sum is said to be open. */
export function pointsWords(value: number | null, max: number): string {
  return value === null ? `open, of ${points(max)}` : `${points(value)} of ${points(max)}`;
}

export function trackWords({ track }: LessonGrade): string {
  return track === null ? '' : trackTitle(track);
}

/** When it was handed in, how late that was, and what the policy makes of it; one text for each case. */
export function lateLines({ lessons }: LearnerGrade): string[] {
  const groups = new Map<string, { late: Lateness; of: LessonGrade[] }>();
  for (const lesson of lessons) {
    const { late } = lesson;
    if (!late || late.seconds <= 0) continue;
    const key = JSON.stringify([late.submittedAt, late.deadline, late.days, late.factor]);
    const group = groups.get(key) ?? { late, of: [] };
    groups.set(key, group);
    group.of.push(lesson);
  }
  return [...groups.values()].map(({ late, of }) => {
    const what = of.length === lessons.length ? '' : `${of.map(one => one.title).join(', ')}: `;
    const came =
      late.submittedAt === undefined
        ? 'anded in after the deadline, as your platform says'
        : `anded in ${moment(late.submittedAt)}, ${spanWords(late.seconds)} after the deadline`;
    return `${what}${what === '' ? 'H' : 'h'}${came} (${moment(late.deadline)}). ${policyWords(late)}.`;
  });
}

function policyWords({ days, factor, cutoff }: Lateness): string {
  if (cutoff !== undefined) {
    return `Nothing could be earned after ${moment(cutoff)}, the cut-off, so it earns no points`;
  }
  const counted = `${count(days, 'day')} ${days === 1 ? 'counts' : 'count'} as late`;
  if (factor >= 1)
    return `${days > 0 ? counted : 'That is within the grace period'}; no points are taken off`;
  return `${days > 0 ? counted : 'That counts as late'}, so points are multiplied by ${factor}`;
}

/** What being late cost in one lesson; undefined when it cost nothing. */
export function lateCost({ late, earned, points: after }: LessonGrade): string | undefined {
  if (!late || late.factor >= 1 || !earned || after === null) return undefined;
  return `late: ${points(earned)} × ${late.factor} = ${points(after)}`;
}

/** `2026-03-02 01:29 (+01:00)`: as the platform wrote it, in its own time zone. */
export function moment(iso: string): string {
  const parts = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d)(?::\d\d(?:\.\d+)?)?(Z|[+-]\d\d:?\d\d)?$/.exec(iso);
  if (!parts) return iso;
  const [, day, clock, zone] = parts;
  return `${day} ${clock}${zone ? ` (${zone === 'Z' ? 'UTC' : zone})` : ''}`;
}

function spanWords(seconds: number): string {
  const units = [
    { size: 86_400, one: 'day', many: 'days' },
    { size: 3600, one: 'hour', many: 'hours' },
    { size: 60, one: 'minute', many: 'minutes' },
  ];
  const at = units.findIndex(({ size }) => seconds >= size);
  if (at === -1) return 'less than a minute';
  let left = seconds;
  return units
    .slice(at, at + 2)
    .flatMap(({ size, one, many }) => {
      const whole = Math.floor(left / size);
      left -= whole * size;
      return whole > 0 ? [count(whole, one, many)] : [];
    })
    .join(' ');
}

/** One sentence on the whole: what is right first. */
export function summaryWords({ lessons, submission }: LearnerGrade): string {
  if (submission === undefined) return 'Nothing came from you for this class.';
  const counted = lessons.filter(one => !one.excused);
  const number = (tone: Tone) => counted.filter(one => lessonWords(one).tone === tone).length;
  const unread = counted.filter(one => one.unreadable !== undefined).length;
  const untold = number('ask') - unread;
  const excused = lessons.length - counted.length;
  const lesson = (many: number) => count(many, 'lesson');
  const parts = [
    ...(number('good') > 0
      ? [`${lesson(number('good'))} ${number('good') === 1 ? 'passes' : 'pass'} every check`]
      : []),
    ...(number('bad') > 0
      ? [`${lesson(number('bad'))} ${number('bad') === 1 ? 'has' : 'have'} something to look at`]
      : []),
    ...(untold > 0 ? [`${lesson(untold)} could not be told yet`] : []),
    ...(unread > 0 ? [`for ${lesson(unread)} nothing could be read: please hand in again`] : []),
    ...(number('dim') > 0 ? [`for ${lesson(number('dim'))} nothing was handed in`] : []),
    ...(excused > 0 ? [`from ${lesson(excused)} you are excused`] : []),
  ];
  return `${parts.join('; ')}.`;
}

/** The lines that a person fills in: `SECURITY.md … : 3 of 4`; empty until somebody did. */
export function rubricLines({ rubric = [] }: LessonGrade): string[] {
  return rubric.map(({ title, max, points: given, reason, who }) => {
    const worth = max > 0 ? ` of ${points(max)}` : '';
    if (given === null) return `${title}: ____${worth} (not yet judged)`;
    return `${title}: ${points(given)}${worth}${who ? `, by ${who}` : ''}${reason ? `: ${reason}` : ''}`;
  });
}

export function commentLine({ text, who }: Comment): string {
  return who ? `${who}: ${text}` : text;
}

const OUR_SIDE =
  'We could not tell: the reason is on our side or the machine’s, not in your work. Your instructor sees this and looks at it. It does not count as zero.';

/** What a learner is told of a lesson without a verdict: whose turn it is, and what would be right. */
export function unknownWords({ lesson, unreadable }: LessonGrade): string {
  if (unreadable === undefined) return OUR_SIDE;
  // What stands behind it is advice for the instructor.
  const [reason = unreadable] = unreadable.split(/; (?:ask for|move the)/);
  return `This lesson could not be judged: ${reason}. Please hand in again: your folder exercises as one .zip, each file under the name it came with, for example exercises/${lesson}/typescript/main.ts or exercises/${lesson}/python/main.py. It does not count as zero; your instructor sees this.`;
}

/** The same of several lessons, each thing once. */
export function unknownTexts(lessons: readonly LessonGrade[]): string[] {
  return [...new Set(lessons.filter(one => one.points === null).map(unknownWords))];
}

/** Which submission was judged, when it came, and what else came and was not. */
export function countedWords({ submission, handedIn, others = [] }: LearnerGrade): string[] {
  if (submission === undefined) return [];
  const when = handedIn
    ? `, handed in ${moment(handedIn.at)}${handedIn.from ? ` (${handedIn.from})` : ''}`
    : '';
  return [
    `Judged: ${submission}${when}.`,
    ...(others.length > 0 ? [`Also there, and not judged: ${others.join(', ')}.`] : []),
  ];
}

/** A clause and what it demands. */
export function clauseWords(citation: string): string {
  const says = clause(citation)?.says;
  return says === undefined ? citation : `${citation}: ${says}`;
}

/** Whether a verdict's four parts are told: what only we could not tell has nothing to say. */
export function isTold(check: GradedCheck, options: FeedbackOptions): boolean {
  return check.status === 'failed' && options.detail !== 'points';
}

const OUTPUT = { lines: 60, characters: 6000 };

/** The first and last lines of what a program wrote, and what is left out. */
export function outputWords(text: string, bytes: number): { text: string; note: string } {
  const lines = text.replace(/\n$/, '').split('\n');
  const half = OUTPUT.lines / 2;
  const short = lines.length > OUTPUT.lines;
  const kept = short ? [...lines.slice(0, half), '⋮', ...lines.slice(-half)] : lines;
  const joined = kept.join('\n');
  const tooLong = joined.length > OUTPUT.characters;
  const middle = OUTPUT.characters / 2;
  const shown = tooLong ? `${joined.slice(0, middle)}\n⋮\n${joined.slice(-middle)}` : joined;
  const facts = [
    count(bytes, 'byte'),
    ...(short ? [`the first and last ${half} of ${count(lines.length, 'line')} are shown`] : []),
    ...(tooLong ? ['the middle of it is left out here'] : []),
    ...(Buffer.byteLength(text) < bytes ? ['only the beginning was kept'] : []),
  ];
  return { text: shown, note: facts.join('; ') };
}
