import { learnerText } from '../learner-text.js';
import { type Moment, secondsBetween } from '../time.js';
import type { Learner } from '../types.js';
import type { NamedAs } from './names.js';
import { foreignArchive, isForeignArchive } from './open.js';
import { sameNameKey, shown } from './paths.js';
import type { LearnerFrom, Submission } from './submission.js';

/** A folder, archive or file with the learner it is from. */
export interface Attempt {
  readonly name: string;
  readonly path: string;
  readonly kind: 'folder' | 'zip' | 'tar' | 'file';
  readonly named: NamedAs;
  readonly learner: Learner;
  readonly learnerFrom: LearnerFrom;
  readonly time?: { readonly moment: Moment; readonly from: string };
}

export interface Attempts {
  readonly submissions: readonly Submission[];
  readonly notices: readonly string[];
}

/**
 * Of everything that came from one learner, what counts: the newest by what the platform says. Loose
 * files of one learner are one submission. Names that differ in capitals or in the Unicode form of
 * their letters only are one learner.
 * @param folder where loose files lie
 */
export function chooseAttempts(parts: readonly Attempt[], folder: string): Attempts {
  const submissions: Submission[] = [];
  const notices: string[] = [];
  const byLearner = new Map<string, Attempt[]>();
  for (const part of parts) {
    // Ids that differ in case only would share a file on some disks.
    const key = sameNameKey(part.learner.id);
    byLearner.set(key, [...(byLearner.get(key) ?? []), part]);
  }
  for (const all of byLearner.values()) {
    const alike = new Set(all.map(part => part.named.id));
    if (alike.size > 1 && new Set([...alike].map(sameNameKey)).size === 1) {
      notices.push(
        `${[...alike].map(shown).join(' and ')} are one learner: the names differ in capitals or in the form of their letters only`,
      );
    }
    const { submission, others } = chosen(all, folder);
    const [told] = others;
    if (told && submission.problem === undefined) notices.push(attemptsText(submission, others));
    submissions.push({
      ...submission,
      ...(told ? { others: others.map(part => shown(part.name)) } : {}),
    });
  }
  return { submissions, notices };
}

interface Chosen {
  readonly submission: Submission;
  readonly others: readonly Attempt[];
}

function chosen(all: readonly Attempt[], folder: string): Chosen {
  const work = all.filter(part => !part.named.aside);
  const sorted = [...work].sort(byNewest);
  const [newest, ...older] = sorted.filter(part => part.kind !== 'file');
  const loose = sorted.filter(part => part.kind === 'file');
  const strange = loose.filter(part => isForeignArchive(part.name));
  const program = loose.find(isProgram);
  if (newest && !(program && difference(newest, program) > 0)) {
    const submission = submissionOf(newest, newest.kind === 'file' ? 'zip' : newest.kind);
    const others = [...older, ...loose];
    const later = strange.find(part => difference(part, newest) < 0);
    if (later) return refused(later, foreignArchive(later.name), [newest, ...others]);
    const twin = older.find(part => difference(newest, part) === 0);
    if (!twin) return { submission, others };
    const names = `${shown(newest.name)} and ${shown(twin.name)}`;
    const why = `${names} are both there, and nothing says which is newer; move the other away, or ask for one`;
    return refused(newest, why, others);
  }
  const [first] = loose;
  if (!first) {
    const [only] = all as [Attempt];
    return refused(only, 'it is an answer typed into the page; no files were handed in', []);
  }
  const [foreign] = strange;
  if (foreign && loose.every(part => !isProgram(part))) {
    return refused(foreign, foreignArchive(foreign.name), []);
  }
  const files = new Map<string, string>();
  const old: Attempt[] = newest ? [newest, ...older] : [];
  // Newest first: of a file that was handed in again, the newest counts.
  for (const part of loose) {
    const original = part.named.original ?? part.name;
    if (files.has(original)) old.push(part);
    else files.set(original, part.path);
  }
  const submission = {
    ...submissionOf(first, 'files'),
    path: folder,
    files: [...files].map(([name, path]) => ({ name, path })),
  };
  return { submission, others: old };
}

function refused(part: Attempt, problem: string, others: readonly Attempt[]): Chosen {
  const submission = submissionOf(part, part.kind === 'file' ? 'files' : part.kind);
  return { submission: { ...submission, problem }, others };
}

const isProgram = (part: Attempt) => /\.(ts|py)(\.txt)?$/i.test(part.name);

function submissionOf(part: Attempt, kind: Submission['kind']): Submission {
  return {
    name: part.name,
    path: part.path,
    kind,
    learner: part.learner,
    learnerFrom: part.learnerFrom,
    ...(part.time ? { submittedAt: part.time.moment.iso, submittedAtFrom: part.time.from } : {}),
    ...(part.named.markedLate ? { markedLate: true } : {}),
  };
}

/** The newest first: by time, else by the platform's number, else by name. */
function byNewest(a: Attempt, b: Attempt): number {
  return difference(a, b) || (a.name < b.name ? 1 : -1);
}

function difference(a: Attempt, b: Attempt): number {
  if (a.time && b.time) {
    const seconds = secondsBetween(a.time.moment.iso, b.time.moment.iso);
    if (seconds !== 0) return seconds;
  }
  const numbers = (b.named.number ?? 0) - (a.named.number ?? 0);
  return numbers !== 0 ? numbers : (b.named.again ?? 0) - (a.named.again ?? 0);
}

function attemptsText({ learner, name }: Submission, others: readonly Attempt[]): string {
  const list = others.slice(0, 5).map(part => shown(part.name));
  const more = others.length > 5 ? ` and ${others.length - 5} more` : '';
  return `${shown(learnerText(learner))}: ${shown(name)} counts (the newest); not graded: ${list.join(', ')}${more}`;
}
