import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import {
  type Due,
  deliveredFiles,
  dueText,
  emptyState,
  filesUnder,
  HANDOUT_SCHEMA,
  type Handout,
  packageRoot,
  packageVersion,
  textHash,
  UsageError,
} from '../../course/index.js';
import type { CourseFile } from '../course-file.js';
import { rounded } from '../decimal.js';
import { lessonModules, publicLesson } from './public-lesson.js';
import { type TarFile, tarball } from './tarball.js';

export interface HandoutRequest {
  /** A folder that is new or empty. */
  readonly folder: string;
  /** Lesson ids, in course order. */
  readonly lessons: readonly string[];
  readonly courseFile: CourseFile;
  /** The points and deadlines of the course file are told to students. */
  readonly dated?: boolean;
}

export interface HandedOut {
  /** Relative to the folder. */
  readonly files: readonly string[];
  /** Name of the course's tarball in it. */
  readonly tarball: string;
  readonly keptBack: readonly KeptBack[];
}

/** A check that students do not get. */
export interface KeptBack {
  readonly lesson: string;
  readonly id: string;
}

/** Rooms and files of the package that students do without, and the hidden tests as they are here. */
const forInstructors =
  /^(dist\/(grading|checker\/(prove\/(proofs|mutate)|lessons))\/|dist\/cli\/(grade\/|commands\/(grade|regrade|handout|verify)[^/]*$)|.*\.map$|dist\/vendor\/.*\.cache$)/;

/**
 * Makes what students get: a workspace to begin in, and the course as a tarball without solutions,
 * wrong programs, or the checks that are kept back. The same course gives the same bytes.
 * @throws UsageError when the folder holds something, or cannot be written
 */
export async function makeHandout(request: HandoutRequest): Promise<HandedOut> {
  const { folder, lessons } = request;
  prepare(folder);
  if (!existsSync(join(packageRoot(), 'dist', 'cli', 'main.js'))) {
    throw new UsageError('the course is not built yet. In the folder of the course: npm install');
  }
  const checks = new Map<string, string>();
  const keptBack: KeptBack[] = [];
  for (const lesson of lessons) {
    const modules = await lessonModules(lesson);
    const shown = request.courseFile.lessons[lesson]?.public;
    const made = await publicLesson(modules, shown ?? modules.lesson.checks.map(({ id }) => id));
    checks.set(`dist/checker/lessons/${lesson}.test.js`, made.text);
    keptBack.push(...made.keptBack.map(id => ({ lesson, id })));
  }
  const due = request.dated ? dueOf(lessons, request.courseFile) : undefined;
  const handout: Handout = {
    schema: HANDOUT_SCHEMA,
    keptBack: counted(keptBack),
    ...(due ? { due } : {}),
  };
  const name = `mqtt-course-${packageVersion()}.tgz`;
  const inside = courseFiles(lessons, checks, handout);
  const written: string[] = [];
  const write = (path: string, content: string | Uint8Array) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
    written.push(path);
  };
  write(name, await tarball(inside));
  for (const { path, text } of workspaceFiles(lessons, name, due)) write(path, text);
  return { files: written.sort(), tarball: name, keptBack };
}

function prepare(folder: string): void {
  const there = statSync(folder, { throwIfNoEntry: false });
  if (there && !there.isDirectory()) {
    throw new UsageError(`${folder} is a file. Name a folder that is new or empty.`);
  }
  if (there && readdirSync(folder).length > 0) {
    throw new UsageError(
      `${folder} holds other files already. Name a folder that is new or empty.`,
    );
  }
  try {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'package.json'), '');
  } catch (error) {
    throw new UsageError(
      `${folder} cannot be written (${(error as NodeJS.ErrnoException).code}). Name another folder.`,
    );
  }
}

function dueOf(lessons: readonly string[], courseFile: CourseFile): Record<string, Due> {
  return Object.fromEntries(
    lessons.map((id): [string, Due] => {
      const own = courseFile.lessons[id];
      const deadline = own?.deadline ?? courseFile.deadline;
      const rubric = Object.values(own?.rubric ?? {});
      const points = rubric.reduce(
        (sum, one) => sum.plus(one),
        rounded(own?.points ?? courseFile.points),
      );
      return [id, { points: points.toNumber(), ...(deadline ? { deadline: deadline.iso } : {}) }];
    }),
  );
}

function counted(keptBack: readonly KeptBack[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { lesson } of keptBack) counts[lesson] = (counts[lesson] ?? 0) + 1;
  return counts;
}

/** What is in the tarball, as npm packs it: below `package/`. */
function courseFiles(
  lessons: readonly string[],
  checks: ReadonlyMap<string, string>,
  handout: Handout,
): TarFile[] {
  const root = packageRoot();
  const ofOtherLesson = (path: string) => {
    const id = /\/(\d{2,}-[a-z0-9-]+)(?:[./]|$)/.exec(path)?.[1];
    return id !== undefined && !lessons.includes(id);
  };
  const files = ['bin', 'dist', 'lessons', 'exercises'].flatMap(room =>
    filesUnder(join(root, room)).map(file => ({ path: `${room}/${file.name}`, from: file.path })),
  );
  const chosen: TarFile[] = files
    .filter(({ path }) => !forInstructors.test(path) && !ofOtherLesson(path))
    .map(({ path, from }) => ({
      path: `package/${path}`,
      content: withoutMap(path, readFileSync(from)),
      ...(path.startsWith('bin/') ? { executable: true } : {}),
    }));
  const license = join(root, 'LICENSE');
  return [
    ...chosen,
    ...[...checks].map(([path, content]) => ({ path: `package/${path}`, content })),
    ...(existsSync(license) ? [{ path: 'package/LICENSE', content: readFileSync(license) }] : []),
    { path: 'package/README.md', content: courseReadme },
    { path: 'package/package.json', content: json(coursePackage(root)) },
    { path: 'package/handout.json', content: json(handout) },
  ].sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** The maps stay with the course; a comment that names one would only be a broken link. */
function withoutMap(path: string, content: string | Uint8Array): string | Uint8Array {
  if (!path.endsWith('.js')) return content;
  return content.toString().replace(/\n\/\/# sourceMappingURL=.*\n?$/, '\n');
}

const json = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`;

const courseReadme = `# mqtt-course

The course of your class: lessons, exercises and their checks. Your instructor keeps the solutions.
`;

/** The course's own package.json, without what builds and tests it. */
function coursePackage(root: string): Record<string, unknown> {
  const own = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Record<
    string,
    unknown
  >;
  const { scripts: _, devDependencies: __, files: ___, ...rest } = own;
  return rest;
}

/** The workspace that students begin in: stubs of the chosen lessons, scripts, how to start. */
function workspaceFiles(
  lessons: readonly string[],
  tarballName: string,
  due?: Readonly<Record<string, Due>>,
): { path: string; text: string }[] {
  const files = deliveredFiles().filter(({ path }) => {
    const id = /^exercises\/(\d[^/]*)\//.exec(path)?.[1];
    return id === undefined || lessons.includes(id);
  });
  const state = {
    ...emptyState(),
    stubs: Object.fromEntries(files.map(({ path, text }) => [path, textHash(text)])),
  };
  const own = files.map(({ path, text }) => {
    if (path === 'README.md') return { path, text: studentReadme(lessons, due) };
    if (path !== 'package.json') return { path, text };
    const own = JSON.parse(text) as { scripts: Record<string, string> };
    const scripts = Object.fromEntries(
      Object.keys(own.scripts).map(command => [command, `mqtt-course ${command}`]),
    );
    const dependencies = { 'mqtt-course': `file:${tarballName}` };
    return { path, text: json({ ...own, scripts, dependencies }) };
  });
  return [...own, { path: '.mqtt-course/state.json', text: json(state) }];
}

function studentReadme(lessons: readonly string[], due?: Readonly<Record<string, Due>>): string {
  const first = Number.parseInt(lessons[0] ?? '1', 10);
  return `# MQTT course

You need Node 20.12 or later. In this folder:

    npm install
    npx mqtt-course start

\`start\` shows where you are: the lesson to read, your exercise, its check, hints. The first check of
an exercise is red: red is where everyone starts. Once installed, nothing needs the internet.

    npm run check lesson-${first}     check your work
    npm run watch lesson-${first}     check it at every save

Write in \`exercises/\`, in \`typescript\` or in \`python\`. The Python track needs Python 3 with
paho-mqtt (\`pip install paho-mqtt\`).

Hand in this folder as one .zip, without \`node_modules\`. Leave the names of files as they are. Your
own files beside \`main.ts\` or \`main.py\`, in the folder of the lesson, come along; what lies elsewhere
does not, and packages that you install do not either.

${due ? dueTable(lessons, due) : `Lessons: ${lessons.join(', ')}.\n`}`;
}

function dueTable(lessons: readonly string[], due: Readonly<Record<string, Due>>): string {
  const rows = lessons.map(id => {
    const one = due[id];
    return `| ${id} | ${one ? dueText(one) : ''} |`;
  });
  return ['| Lesson | In your class |', '|---|---|', ...rows, ''].join('\n');
}
