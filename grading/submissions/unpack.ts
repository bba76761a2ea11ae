import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Track, tracks, trackTitle } from '../../course/index.js';
import { patientRemoval, removeTemporary } from '../../course/system/index.js';
import { renamedNotice } from '../renamed.js';
import { SAME_AS_SOLUTION } from '../types.js';
import {
  type Candidate,
  type Exercise,
  exercisesOf,
  extraNotice,
  findWork,
  type WorkLayout,
} from './layout.js';
import { type IntakeLimits, intakeLimits, UnreadableSubmission } from './limits.js';
import { openSubmission } from './open.js';
import type { Extracted, Refused } from './source.js';
import type { Submission, UnpackedExercise, UnpackedSubmission } from './submission.js';

export interface UnpackOptions {
  /** Lesson ids. */
  readonly lessons: readonly string[];
  /** Folder for the copies; made when it is not there. Each submission gets a folder of its own in it. */
  readonly into: string;
  /** Which track counts where both were worked on. */
  readonly track?: Track;
  readonly limits?: Partial<IntakeLimits>;
}

/**
 * Copies the files of a submission that count, and nothing else, to a folder of ours. The submission
 * itself is only read.
 * @throws UnreadableSubmission with a reason to show, when it cannot be read at all
 */
export async function unpackSubmission(
  submission: Submission,
  options: UnpackOptions,
): Promise<UnpackedSubmission> {
  const limits = { ...intakeLimits, ...options.limits };
  await mkdir(options.into, { recursive: true });
  const folder = await mkdtemp(join(await realpath(options.into), 'submission-'));
  const dispose = () => removeTemporary(folder);
  try {
    await chmod(folder, 0o755);
    const source = await openSubmission(submission, join(folder, '.inner'), limits);
    try {
      const paths = source.files.map(file => file.path);
      const layout = findWork(paths, exercisesOf(options.lessons));
      const wanted = new Set(
        layout.candidates.flatMap(one => [...one.files.values(), ...someHelpers(one).values()]),
      );
      const contents = await source.extract(wanted, limits.fileBytes);
      const works = layout.candidates.map(one => weigh(one, contents));
      const chosen = options.lessons.flatMap(lesson => {
        const own = works.filter(one => one.exercise.lesson === lesson);
        const { work, notices } = choose(withoutTwins(own), works, options.track);
        return work ? [{ lesson, work, notices }] : [];
      });
      const locked = source.refused.filter(one => one.locked);
      if (chosen.length === 0 && locked.length > 0) {
        const [first] = refusedTexts(locked);
        throw new UnreadableSubmission(`nothing of it can be read: ${first}`);
      }
      const open = new Map<string, string>();
      for (const lesson of options.lessons) {
        const work = chosen.find(one => one.lesson === lesson)?.work;
        const extra = layout.extra.get(lesson) ?? [];
        const reason = work
          ? unfit(work, extra)
          : whyNothing(lesson, layout, source.refused, paths, chosen.length === 0);
        if (reason !== undefined) open.set(lesson, reason);
      }
      const copies = chosen.map(async ({ lesson, work, notices }) => {
        const extra = layout.extra.get(lesson) ?? [];
        const copied = await copy(work, join(folder, lesson, work.exercise.track));
        const more = [
          ...[...work.renamed].map(([name, path]) => renamedNotice(lesson, name, path)),
          ...(extra.length > 0 ? [extraNotice(lesson, extra)] : []),
          ...missingFiles(work),
          ...work.notices,
        ];
        return [lesson, { ...copied, notices: [...notices, ...more] }] as const;
      });
      const exercises = new Map<string, UnpackedExercise>(await Promise.all(copies));
      const lost = [...layout.extra].filter(([lesson]) => !exercises.has(lesson));
      return {
        exercises,
        open,
        notices: [
          ...source.notices,
          ...refusedTexts(source.refused).map(text => `refused: ${text}`),
          ...layout.notices,
          ...lost.map(([lesson, extra]) => extraNotice(lesson, extra)),
        ],
        dispose,
      };
    } finally {
      await source.close();
      await rm(join(folder, '.inner'), patientRemoval);
    }
  } catch (error) {
    await dispose();
    throw error;
  }
}

/** Files of the learner's own that come along, and their bytes together: far above an honest program's. */
const HELPERS = { files: 60, bytes: 1024 * 1024 };

function someHelpers({ helpers }: Candidate): ReadonlyMap<string, string> {
  return new Map([...helpers].slice(0, HELPERS.files));
}

/** Why a person has to look at a lesson whose program is there; undefined when it can be judged. */
function unfit(work: Work, extra: readonly string[]): string | undefined {
  const { entry, lesson } = work.exercise;
  const [bad] = work.unfit;
  if (bad !== undefined) return bad;
  if (!work.files.has(entry)) {
    const others = [...work.helpers.values(), ...extra].filter(isCode);
    return others.length > 0 ? `${entry} is missing, and ${listed(others)} is there` : undefined;
  }
  const others = [...work.helpers.values()].filter(isCode);
  return work.changed === 0 && others.length > 0
    ? `${lesson}/${entry} is as it was handed out, and ${listed(others)} lies beside it`
    : undefined;
}

/** Why a person has to look at a lesson for which nothing counts; undefined when nothing came for it. */
function whyNothing(
  lesson: string,
  layout: WorkLayout,
  refused: readonly Refused[],
  paths: readonly string[],
  none: boolean,
): string | undefined {
  const extra = layout.extra.get(lesson) ?? [];
  if (extra.length > 0) return `no program of it was found, but ${listed(extra)}`;
  const kept = refused.find(one => one.path.split('/').includes(lesson));
  if (kept) return `${kept.path} ${kept.because}`;
  if (layout.unplaced.length > 0) {
    return `which lesson ${listed(layout.unplaced)} is for cannot be told`;
  }
  if (!none || layout.others || (paths.length === 0 && refused.length === 0)) return undefined;
  const [first] = refusedTexts(refused);
  return paths.length > 0 ? `no exercise is in it, but ${listed(paths)}` : first;
}

const isCode = (path: string) => /\.([cm]?[jt]sx?|py)(\.txt)?$/i.test(path);

function listed(paths: readonly string[]): string {
  const more = paths.length > SHOWN ? ` and ${paths.length - SHOWN} more` : '';
  return `${paths.slice(0, SHOWN).join(', ')}${more}`;
}

/** Of one place, the files under their own names count, unless nothing was done in them. */
function withoutTwins(works: readonly Work[]): Work[] {
  return works.filter(one => {
    const twin = works.find(
      other => other !== one && other.exercise === one.exercise && other.root === one.root,
    );
    if (!twin) return true;
    const [exact, renamed] = one.renamed.size === 0 ? [one, twin] : [twin, one];
    const done = exact.files.has(exact.exercise.entry) && exact.changed > 0;
    return one === (done || renamed.changed === 0 ? exact : renamed);
  });
}

/** A candidate with its contents, and how far it is from the stub. */
interface Work extends Candidate {
  readonly texts: ReadonlyMap<string, Uint8Array>;
  /** Lines that the stub does not have; at least 1 when anything differs. */
  readonly changed: number;
  /** Files that count and cannot be read, with the reason: nobody can judge the rest. */
  readonly unfit: readonly string[];
  readonly notices: readonly string[];
}

function weigh(candidate: Candidate, contents: ReadonlyMap<string, Extracted>): Work {
  const texts = new Map<string, Uint8Array>();
  const notices: string[] = [];
  const unfit: string[] = [];
  let changed = 0;
  const take = (name: string, path: string, own: boolean) => {
    const got = contents.get(path) ?? { refused: 'could not be read' };
    const because = 'refused' in got ? got.refused : textProblem(got.bytes);
    if (because !== undefined || 'refused' in got) {
      notices.push(`${path} ${because}; it was refused`);
      if (own) unfit.push(`${path} ${because}`);
      if (own) changed += 1;
      return;
    }
    if (got.note) notices.push(`${path} ${got.note}; grade it again when it is at rest`);
    texts.set(name, got.bytes);
    if (own) changed += changedLines(candidate.exercise, name, got.bytes);
  };
  for (const [name, path] of candidate.files) take(name, path, true);
  let bytes = 0;
  for (const [name, path] of someHelpers(candidate)) {
    const got = contents.get(path);
    bytes += got && 'bytes' in got ? got.bytes.length : 0;
    if (bytes <= HELPERS.bytes) take(name, path, false);
    else notices.push(`${path} was left aside: the files beside the program are more than 1 MiB`);
  }
  if (candidate.helpers.size > HELPERS.files) {
    notices.push(
      `of ${candidate.helpers.size} files beside the program, ${HELPERS.files} came along`,
    );
  }
  if (changed > 0 && isSolution(candidate.exercise, texts)) {
    notices.push(SAME_AS_SOLUTION);
  }
  return { ...candidate, texts, changed, unfit, notices };
}

/** Why bytes are not the text of a program or a configuration; undefined when they are. */
function textProblem(bytes: Uint8Array): string | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return text.includes('\0') ? 'is not a text (it holds zero bytes)' : undefined;
  } catch {
    return 'is not a text in UTF-8';
  }
}

const linesOf = (text: string) => text.replaceAll('\r\n', '\n').split('\n');
const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes).replaceAll('\r\n', '\n');
const stubTexts = new Map<string, string>();

/** Stubs are read once: a class hands in the same lessons. */
function courseText(path: string): string {
  const known = stubTexts.get(path);
  if (known !== undefined) return known;
  const text = readFileSync(path, 'utf8')
    .replace(/^\ufeff/, '')
    .replaceAll('\r\n', '\n');
  stubTexts.set(path, text);
  return text;
}

function changedLines(exercise: Exercise, name: string, bytes: Uint8Array): number {
  const stub = exercise.stub.get(name);
  const theirs = decode(bytes);
  const ours = stub === undefined ? '' : courseText(stub);
  if (stub !== undefined && theirs === ours) return 0;
  const left = new Map<string, number>();
  for (const line of linesOf(ours)) left.set(line, (left.get(line) ?? 0) + 1);
  let changed = 0;
  for (const line of linesOf(theirs)) {
    const rest = left.get(line) ?? 0;
    if (rest > 0) left.set(line, rest - 1);
    else changed += 1;
  }
  return Math.max(1, changed);
}

function isSolution(exercise: Exercise, texts: ReadonlyMap<string, Uint8Array>): boolean {
  const entry = texts.get(exercise.entry);
  const solution = exercise.solution.get(exercise.entry);
  return (
    entry !== undefined &&
    solution !== undefined &&
    decode(entry).trim() === courseText(solution).trim() &&
    changedLines(exercise, exercise.entry, entry) > 0
  );
}

/**
 * The work that counts for a lesson: what the learner changed; of two tracks or two places, the one
 * with more changed.
 */
function choose(
  works: readonly Work[],
  all: readonly Work[],
  track: Track | undefined,
): { readonly work: Work | undefined; readonly notices: string[] } {
  const [first] = works;
  if (!first) return { work: undefined, notices: [] };
  const { lesson } = first.exercise;
  const usual = usualTrack(all, track);
  const order = (a: Work, b: Work) =>
    b.changed - a.changed ||
    Number(b.exercise.track === usual) - Number(a.exercise.track === usual) ||
    Number(b.workspace) - Number(a.workspace) ||
    depth(a) - depth(b) ||
    (a.root < b.root ? -1 : 1);
  const changed = works.filter(one => one.changed > 0);
  const both = new Set(changed.map(one => one.exercise.track)).size > 1;
  const asked = both && track ? changed.filter(one => one.exercise.track === track) : changed;
  const [work = first] = (asked.length > 0 ? [...asked] : [...works]).sort(order);
  const notices: string[] = [];
  if (both) {
    const why = track ? 'as asked for' : 'more of it was changed';
    notices.push(
      `${lesson}: ${tracks.map(trackTitle).join(' and ')} were both handed in; ${trackTitle(work.exercise.track)} counts (${why})`,
    );
  }
  const elsewhere = changed.filter(
    one => one.exercise.track === work.exercise.track && one.root !== work.root,
  );
  if (elsewhere.length > 0) {
    const places = [work, ...elsewhere].map(placeText).join(' and ');
    notices.push(
      `${lesson}: work was found in ${places}; ${placeText(work)} counts (more of it was changed)`,
    );
  }
  return { work, notices };
}

const depth = (work: Candidate) => (work.root === '' ? 0 : work.root.split('/').length);
const placeText = (work: Candidate) => (work.root === '' ? 'the top folder' : `${work.root}/`);

/** The track in which the learner changed most, over all lessons. */
function usualTrack(all: readonly Work[], track: Track | undefined): Track {
  const sum = (one: Track) =>
    all
      .filter(work => work.exercise.track === one)
      .reduce((total, work) => total + work.changed, 0);
  const [most] = [...tracks].sort((a, b) => sum(b) - sum(a));
  return most && sum(most) > 0 ? most : (track ?? 'typescript');
}

/** Files that the stub has and the submission does not: they stay missing, as at home. */
function missingFiles({ exercise, files }: Work): string[] {
  return [...exercise.stub.keys()]
    .filter(name => !files.has(name))
    .map(name => `${exercise.lesson}: ${name} was not handed in`);
}

async function copy(work: Work, folder: string): Promise<UnpackedExercise> {
  const { lesson, track, entry } = work.exercise;
  const hash = createHash('sha256').update(`${track}\n`);
  await makeFolder(folder);
  for (const [name, bytes] of [...work.texts].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const path = join(folder, name);
    if (name.includes('/')) await makeFolder(dirname(path));
    // Never over a file that is there: the folder is ours and new.
    await writeFile(path, bytes, { flag: 'wx', mode: 0o644 });
    await chmod(path, 0o644);
    hash.update(`${name}\n${bytes.length}\n`).update(bytes);
  }
  return {
    lesson,
    track,
    folder,
    entry: join(folder, entry),
    hash: hash.digest('hex'),
    isStub: work.changed === 0,
    notices: [],
  };
}

/** Readable for the user that the sandbox runs programs as, whatever the umask is. */
async function makeFolder(folder: string): Promise<void> {
  const first = await mkdir(folder, { recursive: true });
  for (let path = folder; first !== undefined; path = dirname(path)) {
    await chmod(path, 0o755);
    if (path === first) break;
  }
}

const SHOWN = 5;

/** Refused files, a line for each reason. */
function refusedTexts(refused: readonly Refused[]): string[] {
  const byReason = new Map<string, string[]>();
  for (const { path, because } of refused) {
    byReason.set(because, [...(byReason.get(because) ?? []), path]);
  }
  return [...byReason].map(([because, paths]) => {
    const [only] = paths;
    if (paths.length === 1) return `${only} ${because}`;
    const more = paths.length > SHOWN ? ` and ${paths.length - SHOWN} more` : '';
    return `each of ${paths.slice(0, SHOWN).join(', ')}${more} ${because}`;
  });
}
