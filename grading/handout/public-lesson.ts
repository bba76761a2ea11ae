/**
 * What students get of a lesson's hidden tests: one module with the checks that are public, and of
 * everything else what these reach. Nothing is cut out of a text. A check that is kept back is not
 * imported, and a bundler leaves out what nobody imports: the check, however it is made, its texts,
 * its helpers, the scenarios that it alone looks at.
 */
import { dirname, isAbsolute, join, resolve, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type OutputChunk, type Plugin, rollup } from 'rollup';
import { parseAst } from 'rollup/parseAst';
import { hiddenTestFile, loadLesson } from '../../checker/index.js';
import { filesUnder, packageRoot } from '../../course/index.js';

type Lesson = Awaited<ReturnType<typeof loadLesson>>;
type Check = Lesson['checks'][number];

export interface PublicLesson {
  /** Where it is in the package. */
  readonly path: string;
  readonly text: string;
  /** Ids of the checks that are not in it. */
  readonly keptBack: readonly string[];
}

/** Where a part of a lesson can be imported from. */
interface Export {
  /** The built module. */
  readonly module: string;
  readonly name: string;
}

const ENTRY = '\0public-lesson';

/**
 * @param shown ids of the checks that students get
 * @throws Error when a check cannot be kept back, or is no export of the lesson: an author's slip
 */
export async function publicLesson(id: string, shown: readonly string[]): Promise<PublicLesson> {
  const { lesson, exported } = await readLesson(id);
  const isShown = (check: string) => shown.includes(check);
  const hidden = lesson.checks.filter(check => !isShown(check.id));
  const exportOf = (part: object, what: string): Export => {
    const found = exported.get(part);
    if (!found) throw new Error(`${id}: ${what} is no export of the lesson's modules`);
    return found;
  };
  const wanted: Export[] = [];
  const use = (part: object, what: string): string => `_${wanted.push(exportOf(part, what)) - 1}`;
  const checks = lesson.checks
    .filter(check => isShown(check.id))
    .map(check => {
      const needs = shownNeeds(lesson, check, isShown);
      const name = use(check, check.id);
      return check.needs?.every(isShown) === false
        ? `{ ...${name}, needs: ${JSON.stringify(needs)} }`
        : name;
    });
  const diagnoses = lesson.diagnoses
    // One cause of several failures: it speaks of each of them.
    .filter(({ leads, covers = [] }) => [leads, ...covers].every(isShown))
    .map(one => use(one, `the diagnosis of ${one.leads}`));
  const definition = `{
  id: ${JSON.stringify(id)},
  checks: [${checks.join(', ')}],
  diagnoses: [${diagnoses.join(', ')}],
  practice: ${use(lesson.practice, 'practice')},
}`;
  const chunk = await bundle(built(`${id}.test.js`), entryText(wanted, definition));
  proveLeftOut(
    chunk,
    hidden.map(check => ({ id: check.id, ...exportOf(check, check.id) })),
    id,
  );
  return {
    path: `dist/checker/lessons/${id}.test.js`,
    text: chunk.code,
    keptBack: hidden.map(check => check.id),
  };
}

/** A built module of the hidden tests. */
const built = (...names: readonly string[]) =>
  join(packageRoot(), 'dist', 'checker', 'lessons', ...names);

/** A lesson with everything that its modules export. */
async function readLesson(id: string): Promise<{ lesson: Lesson; exported: Map<unknown, Export> }> {
  const file = hiddenTestFile(id);
  if (!file) throw new Error(`there are no hidden tests for ${id}`);
  const folder = dirname(file);
  const paths = [file, ...filesUnder(join(folder, id)).map(one => one.path)];
  const exported = new Map<unknown, Export>();
  for (const path of paths.filter(one => /\.[jt]s$/.test(one))) {
    const module = built(path.slice(folder.length + 1).replace(/\.ts$/, '.js'));
    const values = (await import(pathToFileURL(path).href)) as Readonly<Record<string, unknown>>;
    for (const [name, value] of Object.entries(values)) {
      if (!exported.has(value)) exported.set(value, { module, name });
    }
  }
  return { lesson: await loadLesson(id), exported };
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

function entryText(wanted: readonly Export[], definition: string): string {
  const harness = (name: string) => JSON.stringify(built('..', 'harness', name));
  return [
    `import { hiddenTests } from ${harness('vitest.js')};`,
    `import { defineLesson } from ${harness('lesson.js')};`,
    ...wanted.map(
      ({ module, name }, at) => `import { ${name} as _${at} } from ${JSON.stringify(module)};`,
    ),
    `export const lesson = hiddenTests(defineLesson(${definition}));`,
  ].join('\n');
}

/** @param file where the module will be: its imports of other rooms are relative to it */
async function bundle(file: string, entry: string): Promise<OutputChunk> {
  const made = await rollup({
    input: ENTRY,
    plugins: [lessonModules(entry)],
    treeshake: { moduleSideEffects: false, propertyReadSideEffects: false },
    onwarn: warning => {
      throw new Error(warning.message);
    },
  });
  try {
    const { output } = await made.generate({ format: 'es', file });
    return output[0];
  } finally {
    await made.close();
  }
}

/** The modules below `lessons/` are taken in; what they import from other rooms stays an import. */
function lessonModules(entry: string): Plugin {
  return {
    name: 'lesson-modules',
    resolveId(source, importer) {
      if (source === ENTRY) return ENTRY;
      const path = isAbsolute(source)
        ? source
        : source.startsWith('.') && importer
          ? resolve(dirname(importer), source)
          : undefined;
      if (path === undefined) return { id: source, external: true };
      return path.startsWith(built() + sep) ? path : { id: path, external: 'relative' };
    },
    load: id => (id === ENTRY ? entry : null),
    transform(code, id) {
      return id === ENTRY ? null : { code: markAsPure(code, this.parse(code).body), map: null };
    },
  };
}

/**
 * A module of a lesson declares, and does nothing: whatever makes a constant that nobody uses need
 * not be called. The bundler cannot know this of a function from another room.
 */
function markAsPure(code: string, statements: readonly unknown[]): string {
  const calls = new Set<number>();
  const visit = (node: unknown): void => {
    if (Array.isArray(node)) for (const one of node) visit(one);
    if (!isNode(node) || /Function/.test(node.type)) return;
    if (node.type === 'CallExpression' || node.type === 'NewExpression') calls.add(node.start);
    for (const part of Object.values(node)) visit(part);
  };
  for (const statement of statements.filter(isNode)) {
    const declared = statement['declaration'] ?? statement;
    if (isNode(declared) && declared.type === 'VariableDeclaration') visit(declared);
  }
  return [...calls]
    .sort((a, b) => b - a)
    .reduce((text, at) => `${text.slice(0, at)}/* @__PURE__ */ ${text.slice(at)}`, code);
}

/** A part of a program, as the parser gives it. */
interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [part: string]: unknown;
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value && 'start' in value;
}

/** @throws Error when something of a check that is kept back may have stayed */
function proveLeftOut(
  chunk: OutputChunk,
  hidden: readonly (Export & { readonly id: string })[],
  lesson: string,
): void {
  for (const { id, module, name } of hidden) {
    if (chunk.modules[module]?.renderedExports.includes(name)) {
      throw new Error(`${lesson}: ${id} cannot be kept back, for a check that is public uses it`);
    }
  }
  const statements: readonly unknown[] = parseAst(chunk.code).body;
  const done = statements
    .filter(isNode)
    .find(({ type }) => !/^(Import|Export|Variable|Function|Class).*Declaration$/.test(type));
  if (done) {
    const text = chunk.code.slice(done.start, done.end);
    throw new Error(
      `${lesson}: a module of a lesson only declares, and this does something: ${text}`,
    );
  }
}
