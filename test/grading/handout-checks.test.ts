import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseAst } from 'rollup/parseAst';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Check } from '../../checker/harness/check.js';
import { filesUnder, lessonIds, packageRoot } from '../../course/index.js';
import { parseCourseFile } from '../../grading/course-file.js';
import {
  type HandedOut,
  type LessonModules,
  lessonModules,
  makeHandout,
  publicLesson,
} from '../../grading/handout/index.js';

/** What students get of the hidden tests: any check of any lesson can be kept back. */

const top = mkdtempSync(join(tmpdir(), 'handout-checks-'));
afterAll(() => rmSync(top, { recursive: true, force: true }));

/** The texts in a program: literals, and the fixed parts of templates. */
function textsOf(code: string): string[] {
  const texts: string[] = [];
  const visit = (node: unknown): void => {
    if (Array.isArray(node)) for (const one of node) visit(one);
    if (typeof node !== 'object' || node === null || !('type' in node)) return;
    if (node.type === 'Literal' && 'value' in node && typeof node.value === 'string') {
      texts.push(node.value);
    }
    if (node.type === 'TemplateElement' && 'value' in node) {
      texts.push((node.value as { cooked: string }).cooked);
    }
    for (const part of Object.values(node)) visit(part);
  };
  visit(parseAst(code).body);
  return texts;
}

/** The text of each constant at the top of a module, by its name. */
function declarations(code: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const statement of parseAst(code).body) {
    if (statement.type !== 'VariableDeclaration') continue;
    const { start, end } = statement as unknown as { start: number; end: number };
    for (const { id } of statement.declarations) {
      if (id.type === 'Identifier') found.set(id.name, code.slice(start, end));
    }
  }
  return found;
}

/** Words of a trace, in checks as everywhere. */
const ofTraces = ['to-broker', 'stop-asked'];

const built = join(packageRoot(), 'dist', 'checker', 'lessons');

describe.each(lessonIds())('%s', id => {
  let modules: LessonModules;
  let all: readonly string[];
  let whole: string;

  beforeAll(async () => {
    modules = await lessonModules(id);
    all = modules.lesson.checks.map(check => check.id);
    whole = (await publicLesson(modules, all)).text;
  });

  test('with every check it says what the lesson says', () => {
    const texts = new Set(textsOf(whole));
    for (const { title, clauses } of modules.lesson.checks) {
      for (const clause of clauses) expect(texts).toContain(clause);
      // A title may be a template: a part of it is there.
      expect([...texts].some(text => text.length > 10 && title.includes(text))).toBe(true);
    }
    for (const { failure } of modules.lesson.diagnoses) {
      expect(textsOf(`(${failure.toString()})`).every(text => texts.has(text))).toBe(true);
    }
  });

  test('each check can be kept back, with what it alone says', async () => {
    const count = new Map<string, number>();
    for (const text of textsOf(whole)) count.set(text, (count.get(text) ?? 0) + 1);
    const statements = declarations(whole);
    for (const check of modules.lesson.checks) {
      const others = all.filter(one => one !== check.id);
      const { text, keptBack } = await publicLesson(modules, others);
      expect(keptBack).toEqual([check.id]);
      const texts = new Set(textsOf(text));
      const statement = statements.get(modules.exported.get(check)?.name ?? '') ?? '';
      const alone = [check.title, ...textsOf(statement)].filter(
        one => one.length > 3 && count.get(one) === 1,
      );
      expect(alone.length, check.id).toBeGreaterThan(0);
      for (const one of alone) expect(texts.has(one), `${check.id}: ${one}`).toBe(false);
      expect(text).not.toMatch(new RegExp(`\\bid: ["']${check.id}["']`));
    }
  });

  test('each check can be the only one, with its own scenarios', async () => {
    // What a practice run needs is there anyway.
    const always = new Set(textsOf((await publicLesson(modules, [])).text));
    const scenarios = (check: Check) => [check.on].flat().map(one => one.name);
    for (const check of modules.lesson.checks) {
      const { text, keptBack } = await publicLesson(modules, [check.id]);
      const texts = new Set(textsOf(text));
      expect(keptBack).toEqual(all.filter(one => one !== check.id));
      for (const other of modules.lesson.checks) {
        if (other.title !== check.title) expect(texts, check.id).not.toContain(other.title);
        const foreign = scenarios(other).filter(name => !scenarios(check).includes(name));
        for (const name of foreign.filter(one => !always.has(one))) {
          expect(texts, `${check.id}: scenario of ${other.id}`).not.toContain(name);
        }
      }
    }
  });
});

describe('lesson 5 with T1, T2 and T3 alone', () => {
  const id = '05-wildcards';
  const place = join(top, 'wildcards');
  const unpacked = join(top, 'unpacked');
  let made: HandedOut;

  beforeAll(async () => {
    const courseFile = await parseCourseFile(
      'lessons:\n  5:\n    public: [T1, T2, T3]\n',
      'grading.yaml',
      { checksOf: async () => ['T1', 'T2', 'T3'] },
    );
    made = await makeHandout({ folder: place, lessons: [id], courseFile });
    mkdirSync(unpacked);
    execFileSync('tar', ['xzf', join(place, made.tarball), '-C', unpacked, '--strip', '1']);
  });

  test('the others are kept back', async () => {
    const { lesson } = await lessonModules(id);
    const others = lesson.checks.map(check => check.id).slice(3);
    expect(others.length).toBeGreaterThan(5);
    expect(made.keptBack).toEqual(others.map(check => ({ lesson: id, id: check })));
  });

  test('no file of the package says what they say', async () => {
    const { lesson } = await lessonModules(id);
    const shown = textsOf(
      readFileSync(join(unpacked, 'dist/checker/lessons', `${id}.test.js`), 'utf8'),
    );
    const sources = [`${id}.test.js`, `${id}/scenarios.js`, 'shared/leaves-cleanly.js'];
    const all = sources.flatMap(name => textsOf(readFileSync(join(built, name), 'utf8')));
    const hidden = [...new Set(all)].filter(text => text.length > 8 && !shown.includes(text));
    // Among them what a helper makes, what one more helper says, and a scenario.
    for (const { id: check, title } of lesson.checks.slice(3)) {
      expect(hidden, check).toContain(title);
    }
    expect(hidden).toContain('nothing-recorded');
    expect(hidden).toContain('hung-after-goodbye');
    expect(hidden).toContain('3.1.1 MQTT-4.7.3-4');
    const files = filesUnder(unpacked).filter(({ name }) => name.endsWith('.js'));
    expect(files.length).toBeGreaterThan(100);
    for (const { name, path } of files) {
      const file = readFileSync(path, 'utf8');
      const sentences = hidden.filter(text => text.length > 20 && text.includes(' '));
      expect(
        sentences.filter(text => file.includes(text)),
        name,
      ).toEqual([]);
      if (!name.startsWith('dist/checker/')) continue;
      const said = new Set(textsOf(file));
      expect(
        hidden.filter(text => said.has(text) && !ofTraces.includes(text)),
        name,
      ).toEqual([]);
    }
  });
});

describe('a slip of an author is told', () => {
  /** A lesson with two checks in one module, beside a harness that takes what it gets. */
  async function fixture(name: string, body: string): Promise<LessonModules> {
    const folder = join(top, name, 'lessons');
    mkdirSync(folder, { recursive: true });
    cpSync(join(built, '..', 'harness'), join(top, name, 'harness'), { recursive: true });
    const module = join(folder, '99-made-up.test.mjs');
    writeFileSync(join(top, name, 'package.json'), '{"type":"module"}');
    writeFileSync(
      module,
      `const check = definition => definition;\nexport const practice = { env: () => ({}) };\n${body}
export const lesson = { id: '99-made-up', checks: [one, two], diagnoses: [], practice };\n`,
    );
    const values = (await import(pathToFileURL(module).href)) as Record<string, unknown>;
    const exported = new Map(
      Object.entries(values).map(([name, value]) => [value, { module, name }]),
    );
    return { lesson: values['lesson'] as LessonModules['lesson'], folder, exported };
  }

  const one = `export const one = check({ id: 'T1', title: 'first', clauses: [], verify() {} });`;
  const two = `export const two = check({ id: 'T2', title: 'second', needs: ['T1'], clauses: [], verify() {} });`;

  test('none is made of a lesson without one', async () => {
    const { text, keptBack } = await publicLesson(await fixture('right', `${one}\n${two}`), ['T2']);
    expect(keptBack).toEqual(['T1']);
    expect(textsOf(text)).not.toContain('first');
    // What it needs is not there.
    expect(text).toMatch(/\{ \.\.\.two, needs: \[\] \}/);
  });

  test('a check that is no export', async () => {
    const hidden = await fixture('hidden', `${one}\n${two.replace('export ', '')}`);
    await expect(publicLesson(hidden, ['T1'])).rejects.toThrow('T2 is no export');
  });

  test('a check that a public one uses', async () => {
    const used = await fixture(
      'used',
      `${one}\n${two.replace('verify() {}', 'verify() { one.verify(); }')}`,
    );
    await expect(publicLesson(used, ['T2'])).rejects.toThrow('one cannot be kept back');
  });

  test('a check that is made by something that happens', async () => {
    const tag =
      "const tag = ([text]) => { globalThis.made = text; return { id: 'T2', title: text, clauses: [] }; };";
    const happens = await fixture('happens', `${one}\n${tag}\nexport const two = tag\`second\`;`);
    await expect(publicLesson(happens, ['T1'])).rejects.toThrow('only declares');
  });

  test('what a kept-back check needs is needed in its place', async () => {
    const modules = await lessonModules('05-wildcards');
    const { text } = await publicLesson(modules, ['T1', 'T4', 'T8']);
    expect(text).toContain('{ ...strangeNames, needs: ["T4"] }');
    expect(text).toContain('{ ...replies, needs: ["T1"] }');
  });
});
