import type { Clue } from '../roster.js';
import type { LearnerFrom } from './submission.js';

/** What the name of a folder or file says, in the form that a platform gives names. */
export interface NamedAs {
  readonly platform: Exclude<LearnerFrom, 'roster'>;
  /** The id that the platform knows the learner by. */
  readonly id: string;
  /** A name for people. */
  readonly person?: string;
  readonly clues: readonly Clue[];
  readonly markedLate?: boolean;
  /** Grows with each attempt. */
  readonly number?: number;
  /** How often a file of that name was handed in before: `work-2.zip` of Canvas. */
  readonly again?: number;
  /** What the learner called the file; of a file among those of others. */
  readonly original?: string;
  /** Of Moodle: an answer typed into the page, not a file. */
  readonly aside?: boolean;
}

/**
 * `lovelaceada_LATE_1234_567890_work-1.zip`, as Canvas names the files of a bulk download: the name,
 * whether it was late, the user, the attempt, the learner's own name for the file, and how often a
 * file of that name was handed in before.
 */
export function canvasName(name: string): NamedAs | undefined {
  const match = /^(.+?)_(LATE_)?(\d+)_(\d+)_(.+)$/.exec(name);
  if (!match) return undefined;
  const [, person = '', late, user = '', attempt = '', file = ''] = match;
  return {
    platform: 'canvas',
    id: user,
    person,
    clues: [
      { kind: 'canvas', value: user },
      { kind: 'id', value: user },
      { kind: 'name', value: person },
    ],
    number: Number(attempt),
    again: Number(/-(\d+)(?:\.tar\.gz|\.[^.]*)?$/.exec(file)?.[1] ?? 0),
    original: file.replace(/-\d+(\.[^.]*|\.tar\.gz)?$/, '$1'),
    ...(late ? { markedLate: true } : {}),
  };
}

/**
 * `Ada Lovelace_12345_assignsubmission_file_` (a folder), or the same with a file's name behind it,
 * as Moodle names what is in its download.
 */
export function moodleName(name: string): NamedAs | undefined {
  const match = /^(.+)_(\d+)_assignsubmission_([a-z]+)_?(.*)$/.exec(name);
  if (!match) return undefined;
  const [, person = '', participant = '', plugin = '', file = ''] = match;
  return {
    platform: 'moodle',
    id: participant,
    person,
    clues: [
      { kind: 'moodle', value: participant },
      { kind: 'id', value: participant },
      { kind: 'name', value: person },
    ],
    ...(file ? { original: file } : {}),
    ...(plugin === 'file' ? {} : { aside: true }),
  };
}

/**
 * The assignment that folders named `assignment-login` are for: the beginning that leaves the most of
 * them with a login that is known; without known logins, what all have in common up to a hyphen.
 * @returns with its hyphen, `lab-3-`; undefined when there is none
 */
export function assignmentPrefix(
  names: readonly string[],
  logins: readonly string[],
): string | undefined {
  if (logins.length === 0) {
    const [first, ...others] = names;
    if (first === undefined || others.length === 0) return undefined;
    let length = first.length;
    for (const name of others) {
      let same = 0;
      while (same < length && name[same] === first[same]) same += 1;
      length = same;
    }
    const prefix = first.slice(0, first.slice(0, length).lastIndexOf('-') + 1);
    return prefix === '' || names.some(name => name.length === prefix.length) ? undefined : prefix;
  }
  const known = new Set(logins.map(login => login.toLowerCase()));
  const votes = new Map<string, number>();
  for (const name of names) {
    for (let at = name.indexOf('-'); at >= 0; at = name.indexOf('-', at + 1)) {
      if (!known.has(name.slice(at + 1).toLowerCase())) continue;
      const prefix = name.slice(0, at + 1);
      votes.set(prefix, (votes.get(prefix) ?? 0) + 1);
    }
  }
  // Of two that explain as many, the shorter leaves the longer login.
  const [best] = [...votes].sort(([a, x], [b, y]) => y - x || a.length - b.length);
  return best?.[0];
}
