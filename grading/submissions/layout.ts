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
  /** Those of `files` that have another name in the submission: `main (1).ts`. */
  readonly renamed: ReadonlyMap<string, string>;
  /** Files of the learner's own beside the program, by their path from its folder. */
  readonly helpers: ReadonlyMap<string, string>;
  /** In a folder `exercises`, as the workspace has it. */
  readonly workspace: boolean;
}

export interface WorkLayout {
  readonly candidates: readonly Candidate[];
  /** Files beside the work that do not count, by lesson. */
  readonly extra: ReadonlyMap<string, readonly string[]>;
  /** Programs of which nobody can tell what lesson they are for. */
  readonly unplaced: readonly string[];
  /** Whether something lies in the folder of a lesson that is not graded now. */
  readonly others: boolean;
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
/** Folders around the work, `repo-main/mqtt-course/exercises`: more are looked into, and said. */
const USUAL_DEPTH = 5;
const SHOWN = 5;

/** A file with the lesson that its place or its name says it is for. */
interface Placed {
  readonly lesson: string;
  readonly root: string;
  readonly workspace: boolean;
  readonly track?: Track;
  /** From the folder of the exercise. */
  readonly name: string;
  readonly path: string;
  /** The file is named after the lesson: `02-publish-a-reading.ts`. */
  readonly byName?: true;
}

/**
 * Finds the work in a list of paths: the workspace as `start` makes it, also some folders down;
 * folders of lessons; files named after a lesson; and, for one lesson, its files at the top. A file
 * that browsers, mail programs or Windows gave another name is known again, and that is said.
 */
export function findWork(
  paths: readonly string[],
  exercises: readonly Exercise[],
  course: readonly LessonRef[] = lessonRefs(),
): WorkLayout {
  const lessons = [...new Set(exercises.map(one => one.lesson))];
  const placed: Placed[] = [];
  const loose: string[] = [];
  const notices: string[] = [];
  let others = false;
  for (const path of paths) {
    const one = placeOf(path, course);
    if (one === 'not theirs') continue;
    if (one === undefined) loose.push(path);
    else if (lessons.includes(one.lesson)) placed.push(one);
    else others = true;
  }
  const found = collect(placed, exercises);
  let unplaced = loose.filter(isProgram);
  const [only] = lessons;
  if (found.candidates.length === 0 && only !== undefined && lessons.length === 1) {
    const single = collect(looseOf(loose, only, exercises), exercises);
    found.candidates.push(...single.candidates);
    const rest = [...single.extra].flatMap(([, list]) => list).filter(isCode);
    if (rest.length > 0) found.extra.set(only, [...(found.extra.get(only) ?? []), ...rest]);
    unplaced = [];
  } else if (found.candidates.length > 0) {
    // Beside work that is in its place, only a file that is called as the exercises are.
    unplaced = unplaced.filter(path => isEntryName(baseOf(path)));
  }
  const candidates = withoutHalves(found.candidates);
  const near = nearest(candidates);
  if (near.length < candidates.length) {
    notices.push(
      `the same lesson is there in more than ${PLACES} folders; only the ${PLACES} nearest to the top were looked at`,
    );
  }
  const deep = near.find(one => one.root.split('/').length > USUAL_DEPTH);
  if (deep) notices.push(`read from ${deep.root}/`);
  return { candidates: near, extra: found.extra, unplaced, others, notices };
}

const baseOf = (path: string) => path.slice(path.lastIndexOf('/') + 1);
const isCode = (path: string) => /\.([cm]?[jt]sx?|py)$/i.test(path);
const isEntryName = (base: string) => tracks.some(track => usualName(base) === entryFile(track));

/** A program that a learner may have written, wherever it lies: no settings, no kit, no declarations. */
function isProgram(path: string): boolean {
  const folders = path.split('/').slice(0, -1);
  const base = baseOf(path);
  if (folders.some(part => notTheirs.has(part.toLowerCase()) || ours.has(part))) return false;
  if (base.startsWith('.') || /\.(config|test|spec)\.[^.]+$|\.d\.[cm]?ts$/i.test(base))
    return false;
  return isCode(base) || isEntryName(base);
}

/** Where a path belongs; undefined when neither a folder nor its own name says a lesson. */
function placeOf(path: string, course: readonly LessonRef[]): Placed | 'not theirs' | undefined {
  const parts = path.split('/');
  const { at, lesson } = lessonIn(parts, course);
  if (at < 0) {
    const base = parts.at(-1) ?? '';
    const folders = parts.slice(0, -1);
    if (!isProgram(path)) return undefined;
    const named = lessonOfFile(base, course);
    if (named === undefined) return undefined;
    const track = tracks.find(one => one === folders.at(-1)?.toLowerCase());
    const root = (track ? folders.slice(0, -1) : folders).join('/');
    return {
      lesson: named,
      root,
      workspace: false,
      ...(track ? { track } : {}),
      name: base,
      path,
      byName: true,
    };
  }
  const above = parts.slice(0, at);
  if (above.some(part => notTheirs.has(part.toLowerCase()))) return 'not theirs';
  const rest = parts.slice(at + 1);
  if (rest[0] === 'observe') return 'not theirs';
  const track = tracks.find(one => one === rest[0]?.toLowerCase());
  return {
    lesson,
    root: above.join('/'),
    workspace: above.at(-1)?.toLowerCase() === 'exercises',
    ...(track ? { track } : {}),
    name: (track ? rest.slice(1) : rest).join('/'),
    path,
  };
}

/** `02-publish-a-reading.ts`, `lesson-2.py`, `lesson2_main.ts`, `publish-a-reading (1).ts`. */
function lessonOfFile(base: string, course: readonly LessonRef[]): string | undefined {
  const lower = base.toLowerCase().replace(/\.txt$/, '');
  // `lesson-2.ts` first: its number is no copy's.
  for (const name of [lower, usualName(base)]) {
    const plain = name.replace(/\.\w+$/, '').replace(/[-_ ]+(?:main|typescript|python)$/, '');
    const exact = course.find(ref => ref.id === plain || ref.id.replace(/^\d+-/, '') === plain);
    const meant = exact ?? numbered(plain, course);
    if (meant) return meant.id;
  }
  return undefined;
}

interface Collected {
  readonly candidates: Candidate[];
  readonly extra: Map<string, string[]>;
}

/** The candidates that placed files make; what is none of an exercise's files is a helper or extra. */
function collect(placed: readonly Placed[], exercises: readonly Exercise[]): Collected {
  const extra = new Map<string, string[]>();
  const groups = new Map<string, Placed[]>();
  for (const one of placed) {
    const key = `${one.lesson}\n${one.root}`;
    groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  const candidates: Candidate[] = [];
  for (const files of groups.values()) {
    const taken = new Set<string>();
    const made: Candidate[] = [];
    for (const exercise of exercises.filter(one => one.lesson === files[0]?.lesson)) {
      const own = files.filter(one => !one.track || one.track === exercise.track);
      for (const candidate of candidatesOf(exercise, own)) {
        made.push(candidate);
        for (const path of candidate.files.values()) taken.add(path);
        for (const path of candidate.helpers.values()) taken.add(path);
      }
    }
    candidates.push(...made);
    for (const { lesson, path } of files) {
      const base = baseOf(path);
      const left = /\.new(\.[^.]+)?$/.test(base) || base.startsWith('.');
      if (!taken.has(path) && !left) extra.set(lesson, [...(extra.get(lesson) ?? []), path]);
    }
  }
  return { candidates, extra };
}

/**
 * One candidate of the files under their names. Where files lie there under nearly these names, a
 * second one takes them instead: which of the two counts, their contents say.
 */
function candidatesOf(exercise: Exercise, files: readonly Placed[]): readonly Candidate[] {
  const [first] = files;
  if (!first) return [];
  const exact = new Map<string, string>();
  const rest: Placed[] = [];
  for (const one of files) {
    if (!one.byName && exercise.names.has(one.name) && !exact.has(one.name)) {
      exact.set(one.name, one.path);
    } else rest.push(one);
  }
  const renamed = renamedAmong(exercise, rest, !exact.has(exercise.entry));
  const helpers = new Map<string, string>();
  for (const { name, path, track, byName } of rest) {
    if (byName || helpers.has(name) || !isHelper(exercise, name, track !== undefined)) continue;
    helpers.set(name, path);
  }
  const used = new Set(renamed.values());
  const others = new Map([...helpers].filter(([, path]) => !used.has(path)));
  const base = { exercise, root: first.root, workspace: first.workspace };
  const whole = { ...base, files: exact, renamed: new Map<string, string>(), helpers };
  const again = { ...base, files: new Map([...exact, ...renamed]), renamed, helpers: others };
  return [...(exact.size > 0 ? [whole] : []), ...(renamed.size > 0 ? [again] : [])];
}

/** Files under another name than the exercise's, by the name that is meant. */
function renamedAmong(
  exercise: Exercise,
  files: readonly Placed[],
  wanted: boolean,
): Map<string, string> {
  const renamed = new Map<string, string>();
  const names = new Map([...exercise.names].map(name => [name.toLowerCase(), name]));
  const numberOf = (path: string) => Number(/(\d+)\)?(?:\.\w+)*$/.exec(path)?.[1] ?? 0);
  // Of several copies the last: who downloads again gets the next number.
  for (const { name, path } of [...files].sort((a, b) => numberOf(b.path) - numberOf(a.path))) {
    const meant = names.get(usualName(name));
    if (meant !== undefined && !renamed.has(meant)) renamed.set(meant, path);
  }
  if (!wanted || renamed.has(exercise.entry)) return renamed;
  // The only program that is there is the program.
  const ending = exercise.entry.slice(exercise.entry.lastIndexOf('.'));
  const programs = files.filter(
    ({ name }) => !name.includes('/') && !settings.test(name) && usualName(name).endsWith(ending),
  );
  const named = programs.filter(one => one.byName);
  const [only, ...more] = named.length > 0 ? named : programs;
  if (only && more.length === 0) renamed.set(exercise.entry, only.path);
  return renamed;
}

/** Files that are never the learner's own module or data, though they lie beside the program. */
const settings =
  /^(?:package(?:-lock)?\.json|[jt]sconfig[^/]*\.json|deno\.jsonc?|\.[^/]*|sitecustomize\.py|usercustomize\.py|mqttkit[^/]*)$|^paho(?:\/|\.py$)|(?:^|\/)(?:node_modules|\.[^/]+)(?:\/|$)/i;

/** Whether a file beside the program is the learner's own, and comes along: a module, its data. */
function isHelper({ track }: Exercise, name: string, inTrack: boolean): boolean {
  if (settings.test(name) || /\.new(\.[^.]+)?$/.test(name)) return false;
  if (/\.(pdf|docx?|odt|png|jpe?g|gif|svg|mp4|zip|tar|t?gz|rar|7z|html?|log)$/i.test(name))
    return false;
  if (inTrack) return true;
  const script = /\.[cm]?[jt]sx?$/i.test(name);
  return track === 'typescript' ? !/\.py$/i.test(name) : !script;
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
    const meant = numbered(part, course);
    if (meant) return { at, lesson: meant.id };
  }
  return { at: -1, lesson: '' };
}

/** Not a bare 5: that is as likely the fifth attempt. */
function numbered(text: string, course: readonly LessonRef[]): LessonRef | undefined {
  const [, named, two] = /^(?:lesson[-_ ]?0*(\d{1,3})|(\d{2}))$/.exec(text) ?? [];
  const number = named ?? two;
  return number === undefined ? undefined : course.find(ref => ref.number === Number(number));
}

/** The files of a single lesson at the top, or in a folder of their own. */
function looseOf(
  paths: readonly string[],
  lesson: string,
  exercises: readonly Exercise[],
): Placed[] {
  const usable = paths.filter(path => {
    const folders = path.split('/').slice(0, -1);
    return !folders.some(part => notTheirs.has(part.toLowerCase()) || ours.has(part));
  });
  const names = new Set(exercises.flatMap(one => [...one.names].map(name => name.toLowerCase())));
  const isEntry = (path: string) => names.has(usualName(baseOf(path)));
  // Where the exercise's own files lie, what is below them is beside the program.
  const homes = [...new Set(usable.filter(isEntry).map(folderOf))].sort(
    (a, b) => b.length - a.length,
  );
  return usable.map((path): Placed => {
    const home = homes.find(one => one === '' || path.startsWith(`${one}/`)) ?? folderOf(path);
    const folders = home === '' ? [] : home.split('/');
    const track = tracks.find(one => one === folders.at(-1)?.toLowerCase());
    return {
      lesson,
      root: (track ? folders.slice(0, -1) : folders).join('/'),
      workspace: false,
      ...(track ? { track } : {}),
      name: home === '' ? path : path.slice(home.length + 1),
      path,
    };
  });
}

const folderOf = (path: string) => path.slice(0, Math.max(0, path.lastIndexOf('/')));

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
 * The name that a file most likely had, in small letters: browsers, mail programs, Windows and
 * learners rename (`Main.ts`, `main (1).ts`, `main - Copy.ts`, `main.ts.txt`).
 */
export function usualName(name: string): string {
  const plain = name.normalize('NFKC').toLowerCase().trim();
  const known = plain.replace(/\.txt$/, '').replace(/^copy (?:\(\d+\) )?of /, '');
  return known.replace(
    /(?:[ _-]*\(\d+\)|[ _-]+\d+|[ _-]*copy(?: ?\(?\d+\)?)?|[ _-]+kopie(?: ?\(?\d+\)?)?)(?=\.\w+$|$)/,
    '',
  );
}
