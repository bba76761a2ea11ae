import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { corpus, corpusFolder, editFiles, layOut, readCorpus } from '../../checker/prove/corpus.js';
import { parseEdits } from '../../checker/prove/edits.js';
import { applyHunks, makeHunks } from '../../checker/prove/hunks.js';
import { lessonIds, tracks } from '../../course/index.js';
import { put, temporaryFolder } from '../course/fixture.js';

const lesson = '13-lab';
const prove = 'checker/prove';
const mutants = `${prove}/mutants/${lesson}/programs.diff`;
const header = 'fails: T1 as wrong\ndoes: Something else.\ncause: A line is wrong.\n';
const entry = (name: string, ...lines: string[]) => `## ${name}\n${header}${lines.join('\n')}\n\n`;

/** A course of one lesson, with more files. */
function course(files: Record<string, string>): string {
  const root = temporaryFolder();
  put(root, {
    [`solutions/${lesson}/typescript/main.ts`]: 'connect();\nend();\n',
    [`solutions/${lesson}/typescript/acl`]: 'user ada\ntopic read a/#\n',
    [`solutions/${lesson}/python/main.py`]: 'connect()\nend()\n',
    [`solutions/${lesson}/python/acl`]: 'user ada\ntopic read a/#\n',
    ...files,
  });
  return root;
}

/** The files of one program as text. */
function filesOf(root: string, name: string, track: 'typescript' | 'python' = 'typescript') {
  const program = corpus(lesson, track, root).find(one => one.name === name);
  return Object.fromEntries([...(program?.files ?? [])].map(([file, it]) => [file, it.toString()]));
}
const told = (root: string) =>
  readCorpus(lesson, 'typescript', { root }).problems.map(
    ({ name, where, text }) => `${name} ${where} ${text}`,
  );

describe('a program is made of another one', () => {
  test('in each track, with the other files of the solution', () => {
    const root = course({
      [mutants]: entry('hangs', '@@ typescript', '-end();', '@@ python', '-end()', '+pass'),
    });
    const acl = 'user ada\ntopic read a/#\n';
    expect(filesOf(root, 'mutant/hangs')).toEqual({ 'main.ts': 'connect();\n', acl });
    expect(filesOf(root, 'mutant/hangs', 'python')).toEqual({
      'main.py': 'connect()\npass\n',
      acl,
    });
    const [mutant] = corpus(lesson, 'python', root).filter(one => one.role === 'mutant');
    expect(mutant?.expects).toEqual({ mistake: 'wrong', fails: ['T1'] });
  });

  test('without the lines that say what is wrong: it is as a learner would write it', () => {
    const root = course({ [mutants]: entry('hangs', '@@ typescript', '-end();') });
    expect(filesOf(root, 'mutant/hangs')['main.ts']).not.toMatch(/wrong|T1/);
  });

  test('a configuration: a line, a new file, one that goes, one that is no text', () => {
    const root = course({
      [`${prove}/mutants/${lesson}/configuration.diff`]: entry(
        'open-door',
        '@@ config acl',
        '-topic read a/#',
        '+topic readwrite #',
        '@@ config guests new',
        '+eve:x',
        '@@ config server.der whole',
      ).concat(entry('no-acl', '@@ config acl deleted')),
    });
    const bytes = Buffer.from([0x30, 0x82, 0xff, 0x00]);
    const whole = join(corpusFolder('mutant', lesson, root), 'config/open-door/server.der');
    put(root, { [`${prove}/mutants/${lesson}/config/open-door/server.der`]: '' });
    writeFileSync(whole, bytes);
    const [noAcl, openDoor] = corpus(lesson, 'typescript', root).filter(
      one => one.role === 'mutant',
    );
    expect([...(noAcl?.files.keys() ?? [])].sort()).toEqual(['main.ts']);
    expect(openDoor?.files.get('acl')?.toString()).toBe('user ada\ntopic readwrite #\n');
    expect(openDoor?.files.get('guests')?.toString()).toBe('eve:x\n');
    expect(openDoor?.files.get('server.der')).toEqual(bytes);
    // Proven once, not in each track.
    expect(corpus(lesson, 'python', root).map(one => one.role)).toEqual(['solution']);
  });

  test('of a variant, whole or itself an edit', () => {
    const root = course({
      [`${prove}/variants/${lesson}/typescript/promises.ts`]: 'await connect();\nawait end();\n',
      [`${prove}/variants/${lesson}/programs.diff`]:
        '## waits\ndoes: Waits first.\nof: variant/promises\n@@ typescript\n+await calm();\n await end();\n',
      [mutants]: entry('rude', 'of: variant/waits', '@@ typescript', '-await end();', '+exit();'),
    });
    expect(filesOf(root, 'variant/waits')['main.ts']).toBe(
      'await connect();\nawait calm();\nawait end();\n',
    );
    expect(filesOf(root, 'mutant/rude')['main.ts']).toBe(
      'await connect();\nawait calm();\nexit();\n',
    );
  });

  test('and put into a folder of its own to be run', async () => {
    const root = course({ [mutants]: entry('hangs', '@@ typescript', '-end();') });
    const [solution, mutant] = corpus(lesson, 'typescript', root);
    if (!solution || !mutant) throw new Error('there are two');
    const inPlace = await layOut(solution);
    expect(inPlace.path).toBe(join(root, 'solutions', lesson, 'typescript', 'main.ts'));
    await inPlace.dispose();
    expect(existsSync(inPlace.path)).toBe(true);
    const laid = await layOut(mutant);
    expect(readFileSync(laid.path, 'utf8')).toBe('connect();\n');
    expect(readFileSync(join(laid.path, '../acl'), 'utf8')).toContain('user ada');
    await laid.dispose();
    expect(existsSync(laid.path)).toBe(false);
  });
});

describe('what cannot be made is told: which program, where, and why', () => {
  const cases: [string, string[], string][] = [
    [
      'a line that is no longer there',
      ['@@ typescript', '-close();'],
      `mutant/a ${mutants}:6 main.ts of the solution has no such lines:`,
    ],
    [
      'a file that is no longer there',
      ['@@ config lab.env', '-a'],
      `mutant/a ${mutants}:5 it changes lab.env, and the solution has none`,
    ],
    [
      'a file that is there by now',
      ['@@ config acl new', '+a'],
      `mutant/a ${mutants}:5 it makes acl new, and the solution has it`,
    ],
    [
      'a whole file that is missing',
      ['@@ typescript whole'],
      `mutant/a ${mutants}:5 it is whole, and typescript/a/main.ts is not there`,
    ],
    [
      'no such program',
      ['of: variant/b', '@@ typescript', '-a'],
      'there is no variant/b to change',
    ],
    ['a circle', ['of: mutant/a', '@@ typescript', '-end();'], 'it is made of itself'],
  ];
  test.each(cases)('%s', (_, lines, expected) => {
    const root = course({ [mutants]: entry('a', ...lines) });
    const [first, ...others] = told(root);
    expect(first).toContain(expected);
    expect(others).toEqual([]);
    expect(() => corpus(lesson, 'typescript', root)).toThrow(expected.split(' ').at(-1));
  });

  test('what is made of it as well; the others are there', () => {
    const root = course({
      [mutants]:
        entry('a', '@@ typescript', '-close();') +
        entry('b', 'of: mutant/a', '@@ typescript', '-end();') +
        entry('c', '@@ typescript', '-end();'),
    });
    expect(told(root)).toHaveLength(2);
    const { programs } = readCorpus(lesson, 'typescript', { root });
    expect(programs.map(one => one.name)).toEqual(['solution', 'mutant/c']);
  });

  test('what cannot be read, with its line', () => {
    const root = course({ [mutants]: '## a\nfails: T1 as b\ndoes: c\ncause: ?\n' });
    expect(told(root)).toEqual([`mutant/a ${mutants}:4 cause is still to be written`]);
  });

  test('two of one name', () => {
    const root = course({
      [mutants]: entry('a', '@@ typescript', '-end();', '@@ config acl deleted'),
    });
    expect(told(root)).toEqual([`mutant/a ${mutants}:1 there is another one of this name`]);
  });
});

describe.each(lessonIds())('%s', id => {
  test.each(tracks)('%s: all can be made, and the edits are as they would be written', track => {
    const { programs, problems } = readCorpus(id, track);
    expect(problems).toEqual([]);
    const solution = programs.find(one => one.role === 'solution');
    for (const { name, files } of programs) {
      for (const [file, content] of files) {
        const base = solution?.files.get(file)?.toString() ?? '';
        const edited = content.toString();
        expect(applyHunks(base, makeHunks(base, edited), file), `${name} ${file}`).toBe(edited);
      }
    }
  });

  test('a TypeScript variant is a file, which the type check reads', () => {
    for (const file of editFiles(corpusFolder('variant', id))) {
      const { entries } = parseEdits(readFileSync(file, 'utf8'), 'variant');
      for (const { name, changes } of entries) {
        expect(
          changes.map(one => one.part),
          name,
        ).not.toContain('typescript');
      }
    }
  });

  test('each mistake says what it does and its cause in a sentence, in the order of the names', () => {
    for (const file of editFiles(corpusFolder('mutant', id))) {
      const { entries } = parseEdits(readFileSync(file, 'utf8'), 'mutant');
      expect(entries.map(one => one.name)).toEqual(entries.map(one => one.name).sort());
      for (const { name, does, cause } of entries) {
        for (const text of [does, cause ?? '']) expect(text, name).toMatch(/^.{8,160}[.?!]$/);
        expect(cause, name).not.toBe(does);
      }
    }
  });
});
