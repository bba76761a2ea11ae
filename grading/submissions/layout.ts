import {
  entryFile,
  exerciseEntry,
  exerciseFiles,
  type LessonRef,
  lessonRefs,
  solutionFiles,
  type Track,
  tracks,
} from '../../course/index.js';

/** What counts in one lesson and track: the names that may be handed in, and the pristine stub. */
export interface Exercise {
  readonly lesson: string;
  readonly track: Track;
  /** `main.ts`. */
  readonly entry: string;
  /** The stub's file names and those that a solution adds (`passwd`). */
  readonly names: ReadonlySet<string>;
  /** Where the stub's files are, by name. */
  readonly stub: ReadonlyMap<string, string>;
  readonly solution: ReadonlyMap<string, string>;
}

/** One place in a submission that could be the work for a lesson and track. */
export interface Candidate {
  readonly exercise: Exercise;
  /** The folder in the submission that holds the lesson's folder; `''` is the top. */
  readonly root: string;
  /** Paths in the submission, by name in the exercise. */
  readonly files: ReadonlyMap<string, string>;
  /** In a folder `exercises`, as the workspace has it. */
  readonly workspace: boolean;
}

export interface WorkLayout {
  readonly candidates: readonly Candidate[];
  /** Files beside the work that do not count, by lesson. */
  readonly extra: ReadonlyMap<string, readonly string[]>;
  readonly notices: readonly string[];
}

const known = new Map<string, readonly Exercise[]>();

/** Everything that may be handed in for some lessons, read from the course once: a class asks often. */
export function exercisesOf(lessons: readonly string[], root?: string): Exercise[] {
  return lessons.flatMap(lesson => {
    const key = `${root}\n${lesson}`;
    const exercises = known.get(key) ?? readExercises(lesson, root);
    known.set(key, exercises);
    return exercises;
  });
}

function readExercises(lesson: string, root?: string): Exercise[] {
  return tracks.flatMap(track => {
    const entry = exerciseEntry(lesson, track, root);
    if (entry === undefined) return [];
    const stub = new Map(exerciseFiles(lesson, track, root).map(one => [one.name, one.path]));
    const solution = new Map(solutionFiles(lesson, track, root).map(one => [one.name, one.path]));
    return [
      {
        lesson,
        track,
        entry,
        names: new Set([...stub.keys(), ...solution.keys()]),
        stub,
        solution,
      },
    ];
  });
}

/** A clone of the course holds other people's programs: never the learner's. */
const notTheirs = new Set(['solutions', 'checker', 'mutants', 'variants', 'dist', 'test']);
/** Folders of the course's own programs beside the exercises. */
const ours = new Set(['kit', 'observe', 'demo']);
/** Folders around the work: `repo-main/mqtt-course/exercises`. */
const DEEPEST = 5;
const SHOWN = 5;

/**
 * Finds the work in a list of paths: the workspace as `start` makes it, also some folders down;
 * folders of lessons; and, for one lesson, its files at the top.
 */
export function findWork(
  paths: readonly string[],
  exercises: readonly Exercise[],
  course: readonly LessonRef[] = lessonRefs(),
): WorkLayout {
  const lessons = [...new Set(exercises.map(one => one.lesson))];
  const found = new Map<string, Candidate & { files: Map<string, string> }>();
  const extra = new Map<string, string[]>();
  const loose: string[] = [];

  const put = (
    exercise: Exercise,
    root: string,
    workspace: boolean,
    name: string,
    path: string,
  ) => {
    const key = `${exercise.lesson}\n${exercise.track}\n${root}`;
    const candidate = found.get(key) ?? { exercise, root, workspace, files: new Map() };
    found.set(key, candidate);
    if (!candidate.files.has(name)) candidate.files.set(name, path);
  };
  const putExtra = (lesson: string, path: string) => {
    const base = path.slice(path.lastIndexOf('/') + 1);
    if (/\.new(\.[^.]+)?$/.test(base) || base.startsWith('.')) return;
    extra.set(lesson, [...(extra.get(lesson) ?? []), path]);
  };

  for (const path of paths) {
    const parts = path.split('/');
    const { at, lesson } = lessonIn(parts, course);
    if (at < 0) {
      loose.push(path);
      continue;
    }
    const above = parts.slice(0, at);
    if (!lessons.includes(lesson) || at > DEEPEST) continue;
    if (above.some(part => notTheirs.has(part.toLowerCase()))) continue;
    const workspace = above.at(-1)?.toLowerCase() === 'exercises';
    const root = above.join('/');
    const rest = parts.slice(at + 1);
    const track = tracks.find(one => one === rest[0]?.toLowerCase());
    const name = (track ? rest.slice(1) : rest).join('/');
    const fitting = exercises.filter(
      one => one.lesson === lesson && (!track || one.track === track) && one.names.has(name),
    );
    if (rest[0] === 'observe') continue;
    for (const exercise of fitting) put(exercise, root, workspace, name, path);
    if (fitting.length === 0) putExtra(lesson, path);
  }

  const notices: string[] = [];
  const [only] = lessons;
  if (found.size === 0 && only !== undefined && lessons.length === 1) {
    findLoose(loose, exercises, put, path => putExtra(only, path));
  } else if (found.size === 0 && loose.some(path => /(^|\/)main\.(ts|py)$/.test(path))) {
    notices.push(
      'a main.ts or main.py is there, but not in the folder of a lesson (05-wildcards/…); which lesson it is for cannot be told. Grade that lesson alone: --lessons LESSON',
    );
  }
  const candidates = withoutHalves([...found.values()]);
  const near = nearest(candidates);
  if (near.length < candidates.length) {
    notices.push(
      `the same lesson is there in more than ${PLACES} folders; only the ${PLACES} nearest to the top were looked at`,
    );
  }
  return { candidates: near, extra, notices };
}

/** In how many places work for a lesson is looked for: each is read into memory. */
const PLACES = 8;

function nearest(candidates: readonly Candidate[]): Candidate[] {
  const counts = new Map<Exercise, number>();
  const depth = (one: Candidate) => one.root.split('/').length;
  return [...candidates]
    .sort((a, b) => depth(a) - depth(b) || (a.root < b.root ? -1 : 1))
    .filter(({ exercise }) => {
      const count = (counts.get(exercise) ?? 0) + 1;
      counts.set(exercise, count);
      return count <= PLACES;
    });
}

/** Which folder of a path is that of a lesson: `05-wildcards`; else `lesson-5`, `Lesson 05`, `05`. */
function lessonIn(
  parts: readonly string[],
  course: readonly LessonRef[],
): { readonly at: number; readonly lesson: string } {
  const folders = parts.slice(0, -1).map(part => part.toLowerCase());
  for (const [at, part] of folders.entries()) {
    const exact = course.find(ref => ref.id === part);
    if (exact) return { at, lesson: exact.id };
  }
  for (const [at, part] of folders.entries()) {
    // Not a bare 5: that is as likely the fifth attempt.
    const [, named, two] = /^(?:lesson[-_ ]?0*(\d{1,3})|(\d{2}))$/.exec(part) ?? [];
    const number = named ?? two;
    const meant = course.find(ref => ref.number === Number(number));
    if (number !== undefined && meant) return { at, lesson: meant.id };
  }
  return { at: -1, lesson: '' };
}

/** The files of a single lesson at the top, or in a folder of their own. */
function findLoose(
  paths: readonly string[],
  exercises: readonly Exercise[],
  put: (exercise: Exercise, root: string, workspace: boolean, name: string, path: string) => void,
  putExtra: (path: string) => void,
): void {
  for (const path of paths) {
    const parts = path.split('/');
    const folders = parts.slice(0, -1);
    if (folders.some(part => notTheirs.has(part.toLowerCase()))) continue;
    if (folders.length > DEEPEST || folders.some(part => ours.has(part))) continue;
    const track = tracks.find(one => one === folders.at(-1)?.toLowerCase());
    const name = parts.at(-1) ?? '';
    const root = (track ? folders.slice(0, -1) : folders).join('/');
    const fitting = exercises.filter(one => one.names.has(name) && (!track || one.track === track));
    for (const exercise of fitting) put(exercise, root, false, name, path);
    if (fitting.length === 0 && /\.(ts|js|mjs|py)$/.test(name)) putExtra(path);
  }
}

/**
 * Configuration files without a folder of a track belong to the track whose program is beside them;
 * with no program at all, to the first track, so that they are not lost.
 */
function withoutHalves(candidates: readonly Candidate[]): Candidate[] {
  const program = (one: Candidate) => one.files.has(one.exercise.entry);
  return candidates.filter(one => {
    if (program(one)) return true;
    const twins = candidates.filter(
      other => other.exercise.lesson === one.exercise.lesson && other.root === one.root,
    );
    const shared = twins.filter(
      other =>
        other !== one && [...one.files].every(([name, path]) => other.files.get(name) === path),
    );
    if (shared.some(program)) return false;
    return !shared.some(other => candidates.indexOf(other) < candidates.indexOf(one));
  });
}

/** What to say about files that lie beside the work and do not count. */
export function extraNotice(lesson: string, paths: readonly string[]): string {
  const list = paths.slice(0, SHOWN).join(', ');
  const more = paths.length > SHOWN ? ` and ${paths.length - SHOWN} more` : '';
  return `${lesson}: not part of the exercise, so left aside: ${list}${more}`;
}

/**
 * A file that is most likely the exercise under another name: as browsers, mail programs, Windows and
 * learners rename them (`Main.ts`, `main (1).ts`, `main - Copy.ts`, `main.ts.txt`).
 */
export function nearMiss(
  exercise: Pick<Exercise, 'track'>,
  paths: readonly string[],
): string | undefined {
  const wanted = entryFile(exercise.track);
  return paths.find(path => {
    const base = path.slice(path.lastIndexOf('/') + 1);
    return base !== wanted && usualName(base) === wanted;
  });
}

function usualName(name: string): string {
  return name
    .toLowerCase()
    .replace(/\.txt$/, '')
    .replace(/^copy (?:\(\d+\) )?of /, '')
    .replace(/(?:[ _-]*\(\d+\)|[ _-]+\d+|[ _-]*copy(?: ?\(?\d+\)?)?)(?=\.\w+$)/, '');
}
