import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from './package-root.js';

export const HANDOUT_SCHEMA = 'mqtt-course/handout/2';

/** What an instructor left out of the course that students get: `handout.json` beside package.json. */
export interface Handout {
  readonly schema: typeof HANDOUT_SCHEMA;
  /** How many checks of a lesson are not in it; a lesson that is not there has all of them. */
  readonly keptBack: Readonly<Record<string, number>>;
  /** What the class's course file says of a lesson, where there is one. */
  readonly due?: Readonly<Record<string, Due>>;
}

/** What a lesson is worth in a class, and until when. */
export interface Due {
  readonly points: number;
  /** ISO 8601, on the clock of the class. */
  readonly deadline?: string;
}

const days = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const months = [
  ...['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September'],
  ...['October', 'November', 'December'],
];

/** `due Friday 18:00 (2 October), 10 points`: the time as the class's clock shows it. */
export function dueText({ points, deadline }: Due): string {
  const worth = `${points} ${points === 1 ? 'point' : 'points'}`;
  const [, year, month, day, clock] =
    /^(\d{4})-(\d\d)-(\d\d)T(\d\d:\d\d)/.exec(deadline ?? '') ?? [];
  if (!year || !month || !day || !clock) return worth;
  const weekday =
    days[new Date(Date.UTC(Number(year), Number(month) - 1, Number(day))).getUTCDay()];
  return `due ${weekday} ${clock} (${Number(day)} ${months[Number(month) - 1]}), ${worth}`;
}

/** The same of a lesson of this course; undefined where no class says anything. */
export function lessonDue(lesson: string, root?: string): string | undefined {
  const due = handout(root)?.due?.[lesson];
  return due && dueText(due);
}

const read = new Map<string, Handout | undefined>();

/** What this course is a handout of; undefined for the whole course. */
export function handout(root: string = packageRoot()): Handout | undefined {
  if (!read.has(root)) {
    const file = join(root, 'handout.json');
    read.set(
      root,
      existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Handout) : undefined,
    );
  }
  return read.get(root);
}
