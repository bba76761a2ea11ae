import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  type Authored,
  copyDiffers,
  copyFolder,
  makeCopy,
  writeDown,
  writtenProgram,
} from '../../checker/prove/author.js';
import { corpus, corpusFolder } from '../../checker/prove/corpus.js';
import { put, temporaryFolder } from '../course/fixture.js';

const lesson = '13-lab';
const expects = { mistake: 'hung', fails: ['T2'] };

function course(): string {
  const root = temporaryFolder();
  put(root, {
    [`solutions/${lesson}/typescript/main.ts`]: 'connect();\nend();\n',
    [`solutions/${lesson}/typescript/acl`]: 'user ada\n',
    [`solutions/${lesson}/python/main.py`]: 'connect()\nend()\n',
    [`checker/prove/variants/${lesson}/typescript/promises.ts`]: 'await connect();\nawait end();\n',
  });
  return root;
}

/** What an author does to a file of the copy. */
function edit(one: Authored, file: string, change: (text: string) => string): void {
  const path = join(copyFolder(one), file);
  writeFileSync(path, change(existsSync(path) ? readFileSync(path, 'utf8') : ''));
}
const programs = (root: string) =>
  readFileSync(join(corpusFolder('mutant', lesson, root), 'programs.diff'), 'utf8');

test('a copy of the solution becomes an edit, and the copy goes', () => {
  const one: Authored = { lesson, name: 'hangs', part: 'typescript', root: course() };
  expect(makeCopy(one)).toBe(join(one.root ?? '', '.tmp/mutants', lesson, 'typescript/hangs'));
  expect(copyDiffers(one)).toBe(false);
  edit(one, 'main.ts', text => text.replace('end();\n', ''));
  expect(copyDiffers(one)).toBe(true);
  const { line, text } = writeDown(one, { expects, does: 'Stays.', cause: 'Nothing ends it.' });
  expect(text).toBe(
    '## hangs\nfails: T2 as hung\ndoes: Stays.\ncause: Nothing ends it.\n@@ typescript\n-end();\n',
  );
  expect(
    programs(one.root ?? '')
      .split('\n')
      .slice(line - 1)
      .join('\n'),
  ).toBe(text);
  expect(existsSync(copyFolder(one))).toBe(false);
  expect(writtenProgram(one)?.expects).toEqual(expects);
});

test('what is not said yet is a question mark; said later, the edit stays', () => {
  const one: Authored = { lesson, name: 'hangs', part: 'typescript', root: course() };
  makeCopy(one);
  edit(one, 'main.ts', text => text.replace('end();\n', ''));
  expect(writeDown(one, { expects }).text).toContain('does: ?\ncause: ?\n');
  expect(() => corpus(lesson, 'typescript', one.root)).toThrow(/still to be written/);
  makeCopy(one);
  expect(readFileSync(join(copyFolder(one), 'main.ts'), 'utf8')).toBe('connect();\n');
  const { text } = writeDown(one, { does: 'Stays.', cause: 'Nothing ends it.' });
  expect(text).toContain('fails: T2 as hung\ndoes: Stays.\n');
});

test('the same mistake in the other track stands beside it; one that fails otherwise does not', () => {
  const root = course();
  const made = (part: 'typescript' | 'python', fails: string) => {
    const one: Authored = { lesson, name: 'hangs', part, root };
    makeCopy(one);
    edit(one, part === 'python' ? 'main.py' : 'main.ts', text => text.replace(/^end.*\n/m, ''));
    return writeDown(one, {
      expects: { mistake: 'hung', fails: [fails] },
      ...(part === 'typescript' ? { does: 'Stays.', cause: 'Nothing ends it.' } : {}),
    }).text;
  };
  made('typescript', 'T2');
  expect(made('python', 'T2')).toBe(
    '## hangs\nfails: T2 as hung\ndoes: Stays.\ncause: Nothing ends it.\n' +
      '@@ typescript\n-end();\n@@ python\n-end()\n',
  );
  expect(made('python', 'T3')).toContain('fails: T3 as hung\ndoes: Stays.\n');
  expect(programs(root).match(/^## hangs$/gm)).toHaveLength(2);
  made('python', 'T2');
  expect(programs(root).match(/^## hangs$/gm)).toHaveLength(1);
});

test('entries stand in the order of their names, and the others stay as they are', () => {
  const root = course();
  const file = join(corpusFolder('mutant', lesson, root), 'programs.diff');
  const other = (name: string) =>
    `## ${name}\nfails: T1 as a\ndoes: b\ncause: c\n@@ python\n connect()\n\n-end()\n`;
  const before = `For people.\n\n${other('a')}\n${other('z')}`;
  put(root, { [`checker/prove/mutants/${lesson}/programs.diff`]: before });
  const one: Authored = { lesson, name: 'm', part: 'typescript', root };
  makeCopy(one);
  edit(one, 'main.ts', () => 'connect();\n');
  const { text } = writeDown(one, { expects });
  expect(readFileSync(file, 'utf8')).toBe(`For people.\n\n${other('a')}\n${text}\n${other('z')}`);
});

test('of another right program: what it is a change of is kept in mind', () => {
  const one: Authored = { lesson, name: 'rude', part: 'typescript', root: course() };
  makeCopy({ ...one, of: 'variant/promises' });
  edit(one, 'main.ts', text => text.replace('await end', 'exit'));
  const { text } = writeDown(one, { expects });
  expect(text).toContain('## rude\nof: variant/promises\n');
  expect(text).toContain('-await end();\n+exit();\n');
  makeCopy(one);
  edit(one, 'main.ts', text => text.replace('exit', 'abort'));
  expect(writeDown(one, {}).text).toContain('of: variant/promises\n');
});

test('a configuration: lines, a new file, one that goes, one that is no text', () => {
  const one: Authored = { lesson, name: 'open', part: 'config', root: course() };
  makeCopy(one);
  rmSync(join(copyFolder(one), 'acl'));
  edit(one, 'guests', () => 'eve:x');
  const bytes = Buffer.from([0xff, 0x00, 0x01]);
  writeFileSync(join(copyFolder(one), 'server.der'), bytes);
  const { text, file } = writeDown(one, { expects, does: 'Opens.', cause: 'No list.' });
  expect(file).toMatch(/configuration\.diff$/);
  expect(text).toContain(
    '@@ config guests new\n+eve:x\n\\ No newline at end of file\n@@ config server.der whole\n@@ config acl deleted\n',
  );
  const program = corpus(lesson, 'typescript', one.root).find(it => it.name === 'mutant/open');
  expect(program?.files.get('server.der')).toEqual(bytes);
  expect([...(program?.files.keys() ?? [])].sort()).toEqual(['guests', 'main.ts', 'server.der']);
});

test('a program that has little in common with the solution is kept whole, until it has', () => {
  const root = course();
  const solution = Array.from({ length: 30 }, (_, at) => `step(${at});\n`).join('');
  put(root, { [`solutions/${lesson}/typescript/main.ts`]: solution });
  const one: Authored = { lesson, name: 'other', part: 'typescript', root };
  makeCopy(one);
  edit(one, 'main.ts', () => 'all();\n');
  expect(writeDown(one, { expects }).text).toMatch(/@@ typescript whole\n$/);
  const whole = join(corpusFolder('mutant', lesson, root), 'typescript/other/main.ts');
  expect(readFileSync(whole, 'utf8')).toBe('all();\n');
  makeCopy(one);
  edit(one, 'main.ts', () => `${solution}more();\n`);
  expect(writeDown(one, {}).text).toMatch(/@@ typescript\n step\(29\);\n\+more\(\);\n$/);
  expect(existsSync(whole)).toBe(false);
});

test('wrong use is told', () => {
  const root = course();
  const name = (text: string): Authored => ({ lesson, name: text, part: 'typescript', root });
  expect(() => makeCopy(name('for_gets'))).toThrow(/small letters, digits and hyphens/);
  expect(() => makeCopy({ ...name('a'), of: 'variant/none' })).toThrow(
    '13-lab has no variant/none in typescript that could be changed',
  );
  put(root, { [`checker/prove/mutants/${lesson}/programs.diff`]: '## a\nnonsense\n' });
  makeCopy(name('a'));
  edit(name('a'), 'main.ts', () => 'x\n');
  expect(() => writeDown(name('a'), { expects })).toThrow(/programs\.diff:2: expected one of/);
});
