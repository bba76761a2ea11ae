import { type Moment, secondsBetween } from '../time.js';
import type { Learner } from '../types.js';
import type { NamedAs } from './names.js';
import { archiveKind } from './open.js';
import { shown } from './paths.js';
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
  readonly unreadable: readonly { readonly submission: string; readonly reason: string }[];
  readonly notices: readonly string[];
}

/** Archives that other programs make and this one does not read. */
export function isForeignArchive(name: string): boolean {
  return /\.(rar|7z|xz|txz|bz2|tbz2?|zst|gz)$/i.test(name);
}
export const FOREIGN_ARCHIVE = 'it is an archive of a kind that is not read here; ask for a .zip';

/**
 * Of everything that came from one learner, what counts: the newest by what the platform says. Loose
 * files of one learner are one submission.
 * @param folder where loose files lie
 */
export function chooseAttempts(parts: readonly Attempt[], folder: string): Attempts {
  const submissions: Submission[] = [];
  const unreadable: { submission: string; reason: string }[] = [];
  const notices: string[] = [];
  const byLearner = new Map<string, Attempt[]>();
  for (const part of parts) {
    // Ids that differ in case only would share a file on some disks.
    const key = part.learner.id.toLowerCase();
    byLearner.set(key, [...(byLearner.get(key) ?? []), part]);
  }
  for (const all of byLearner.values()) {
    const work = all.filter(part => !part.named.aside);
    const packed = work.filter(part => part.kind !== 'file').sort(byNewest);
    const loose = work.filter(part => part.kind === 'file').sort(byNewest);
    const [newest, ...older] = packed;
    if (newest) {
      submissions.push(submissionOf(newest, newest.kind === 'file' ? 'zip' : newest.kind));
      const others = [...older, ...loose];
      if (others.length > 0) notices.push(attemptsText(newest, others));
      continue;
    }
    const [first] = loose;
    const strange = loose.find(part => isForeignArchive(part.name));
    if (!first) {
      const [only] = all;
      if (only) {
        unreadable.push({
          submission: shown(only.name),
          reason: 'it is an answer typed into the page; no files were handed in',
        });
      }
    } else if (strange && loose.every(part => !isProgram(part))) {
      unreadable.push({
        submission: shown(strange.name),
        reason: FOREIGN_ARCHIVE,
      });
    } else {
      const files = new Map<string, string>();
      // Newest first: of a file that was handed in again, the newest counts.
      for (const { named, name, path } of loose) {
        const original = named.original ?? name;
        if (!files.has(original)) files.set(original, path);
      }
      submissions.push({
        ...submissionOf(first, 'files'),
        path: folder,
        files: [...files].map(([name, path]) => ({ name, path })),
      });
    }
  }
  return { submissions, unreadable, notices };
}

const isProgram = (part: Attempt) => /\.(ts|py)$/.test(part.name);

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
  return (b.named.number ?? 0) - (a.named.number ?? 0);
}

function attemptsText(newest: Attempt, others: readonly Attempt[]): string {
  const list = others.slice(0, 5).map(part => shown(part.name));
  const more = others.length > 5 ? ` and ${others.length - 5} more` : '';
  const told = others.every(
    other => difference(newest, other) !== 0 || (other.kind === 'file' && !archiveKind(other.name)),
  );
  const why = told
    ? 'the newest'
    : 'the last by name, for nothing says which is newer; move the others away if that is wrong';
  return `${newest.learner.id}: ${shown(newest.name)} counts (${why}); not graded: ${list.join(', ')}${more}`;
}
