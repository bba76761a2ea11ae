/**
 * What students get of a lesson's hidden tests: one module with the checks that are public, and of
 * everything else what these reach. Nothing is cut out of a text. A check that is kept back is not
 * imported, and a bundler leaves out what nobody imports: the check, however it is made, its texts,
 * its helpers, the scenarios that it alone looks at.
 */
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Check } from '../../checker/harness/check.js';
import type { Lesson } from '../../checker/harness/lesson.js';
import { hiddenTestFile, loadLesson } from '../../checker/index.js';
import { filesUnder, packageRoot } from '../../course/index.js';
import { bundle, type Export } from './bundle.js';

/** A lesson with the modules that it is made of. */
export interface LessonModules {
  readonly lesson: Lesson;
  /** The folder of the built hidden tests of all lessons. */
  readonly folder: string;
  /** Where a part of the lesson can be imported from. */
  readonly exported: ReadonlyMap<unknown, Export>;
}

export interface PublicLesson {
  /** The module: what belongs in place of the lesson's own file. */
  readonly text: string;
  /** Ids of the checks that are not in it. */
  readonly keptBack: readonly string[];
}

/** Reads the modules of a lesson: its own file, and those in its folder. */
export async function lessonModules(id: string): Promise<LessonModules> {
  const file = hiddenTestFile(id);
  if (!file) throw new Error(`there are no hidden tests for ${id}`);
  const sources = dirname(file);
  const folder = join(packageRoot(), 'dist', 'checker', 'lessons');
  const paths = [file, ...filesUnder(join(sources, id)).map(one => one.path)];
  const exported = new Map<unknown, Export>();
  for (const path of paths.filter(one => /\.[jt]s$/.test(one))) {
    const module = join(folder, path.slice(sources.length + 1).replace(/\.ts$/, '.js'));
    const values = (await import(pathToFileURL(path).href)) as Readonly<Record<string, unknown>>;
    for (const [name, value] of Object.entries(values)) {
      if (!exported.has(value)) exported.set(value, { module, name });
    }
  }
  return { lesson: await loadLesson(id), folder, exported };
}

/**
 * @param shown ids of the checks that students get
 * @throws Error when a part of the lesson is no export, or a check that is kept back would stay all
 *   the same: an author's slip
 */
export async function publicLesson(
  { lesson, folder, exported }: LessonModules,
  shown: readonly string[],
): Promise<PublicLesson> {
  const isShown = (id: string) => shown.includes(id);
  const hidden = lesson.checks.filter(check => !isShown(check.id));
  const exportOf = (part: object, what: string): Export => {
    const found = exported.get(part);
    if (!found) throw new Error(`${lesson.id}: ${what} is no export of the lesson's modules`);
    return found;
  };
  const imports: Export[] = [];
  const nameOf = (part: object, what: string): string => {
    const one = exportOf(part, what);
    imports.push(one);
    return `part${imports.length - 1}`;
  };
  const checks = lesson.checks
    .filter(check => isShown(check.id))
    .map(check => {
      const name = nameOf(check, check.id);
      if (check.needs?.every(isShown) ?? true) return name;
      return `{ ...${name}, needs: ${JSON.stringify(shownNeeds(lesson, check, isShown))} }`;
    });
  const diagnoses = lesson.diagnoses
    // One cause of several failures: it speaks of each of them.
    .filter(({ leads, covers = [] }) => [leads, ...covers].every(isShown))
    .map(one => nameOf(one, `the diagnosis of ${one.leads}`));
  const practice = nameOf(lesson.practice, 'practice');
  const harness = (name: string) => JSON.stringify(join(folder, '..', 'harness', name));
  const text = await bundle({
    folder,
    name: `${lesson.id}.test.js`,
    entry: [
      `import { hiddenTests } from ${harness('vitest.js')};`,
      `import { defineLesson } from ${harness('lesson.js')};`,
      ...imports.map(
        ({ module, name }, at) => `import { ${name} as part${at} } from ${JSON.stringify(module)};`,
      ),
      'export const lesson = hiddenTests(defineLesson({',
      `  id: ${JSON.stringify(lesson.id)},`,
      `  checks: [${checks.join(', ')}],`,
      `  diagnoses: [${diagnoses.join(', ')}],`,
      `  practice: ${practice},`,
      '}));',
    ].join('\n'),
    without: hidden.map(check => exportOf(check, check.id)),
  });
  return { text, keptBack: hidden.map(check => check.id) };
}

/** What a check needs; in place of one that is kept back, what that one needs. */
function shownNeeds(
  lesson: Lesson,
  check: Check,
  isShown: (id: string) => boolean,
): readonly string[] {
  const needs = (check.needs ?? []).flatMap(id => {
    const needed = lesson.checks.find(one => one.id === id);
    return isShown(id) || !needed ? [id] : shownNeeds(lesson, needed, isShown);
  });
  return [...new Set(needs)];
}
