/** What is said before the first program runs, and what a grading leaves alone. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { probeIsolation, removeLeftFolders } from '../../grading/index.js';
import { commandLine } from '../cli/command-line.js';
import { programText } from '../programs.js';
import { folder } from './lab.js';

const run = commandLine();
const { tier } = await probeIsolation();
const isolation = tier === 'process' ? ['--isolation', 'process'] : [];
const lesson = '02-publish-a-reading';

function place(ids: readonly string[]): string {
  const top = folder();
  for (const id of ids) {
    const to = join(top, 'class', id, 'exercises', lesson, 'typescript');
    mkdirSync(to, { recursive: true });
    // A stub is no work: nothing has to run for what is tested here.
    writeFileSync(join(to, 'main.ts'), 'console.log(1);\n');
  }
  return top;
}
const grade = ['grade', 'class', '--lessons', '2', '--isolation', 'process'];

describe('before the first program', () => {
  const gradebook = 'Student,ID,SIS User ID,Section,Lab 2 (12)\n"Lovelace, Ada",100,ada,A,\n';
  const cases: [name: string, files: Record<string, string>, args: string[], says: RegExp][] = [
    [
      'a column of Canvas that is not there',
      { 'book.csv': gradebook },
      ['--canvas', 'book.csv', '--canvas-column', '2=Lab 3'],
      /no column "Lab 3"/,
    ],
    [
      'a file that is no gradebook',
      { 'book.csv': 'a,b\n1,2\n' },
      ['--canvas', 'book.csv', '--roster', 'r.csv'],
      /Canvas gradebook begins with/,
    ],
    [
      'a file that is no worksheet',
      { 'sheet.csv': 'a,b\n1,2\n' },
      ['--moodle', 'sheet.csv', '--roster', 'r.csv'],
      /no grading worksheet|no column says/,
    ],
    [
      'a decision about nobody',
      { 'o.csv': 'learner,lesson,points,reason,who\nzoe,2,5,x,y\n' },
      ['--overrides', 'o.csv'],
      /o\.csv:2: zoe is not in this class/,
    ],
    ['a key file that is none', { 'key.json': '{}' }, ['--pseudonyms', 'key.json'], /no key file/],
    [
      'times that cannot be read',
      { 't.csv': 'id,submitted_at\nada,noon\n' },
      ['--times', 't.csv'],
      /t\.csv:2: "noon"/,
    ],
  ];
  test.each(cases)('%s', async (_, files, args, says) => {
    const cwd = place(['ada']);
    writeFileSync(join(cwd, 'r.csv'), 'id\nada\n');
    for (const [name, text] of Object.entries(files)) writeFileSync(join(cwd, name), text);
    const { code, err, out } = await run([...grade, ...args], { cwd });
    expect(err).toMatch(says);
    expect(code).toBe(2);
    expect(out).not.toContain('grading ');
    expect(existsSync(join(cwd, 'grades', 'run.json'))).toBe(false);
  });
});

test('a second grading in the same folder says so and stops', async () => {
  const cwd = place(['ada']);
  mkdirSync(join(cwd, 'grades', 'results'), { recursive: true });
  const began =
    /^.*\) (?:\S+ ){19}(\S+)/.exec(readFileSync('/proc/self/stat', 'utf8'))?.[1] ?? null;
  const lock = { pid: process.pid, host: (await import('node:os')).hostname(), began };
  writeFileSync(join(cwd, 'grades', '.grading'), JSON.stringify(lock));
  const { code, err } = await run(grade, { cwd });
  expect(code).toBe(2);
  expect(err).toMatch(/another grading writes to/);
});

test('a roster of 100,000 lines lists in two seconds', async () => {
  const cwd = place(['s4']);
  const lines = Array.from(
    { length: 100_000 },
    (_, at) => `s${at},"Müller, Anna ${at % 977}",s${at}@uni.example`,
  );
  writeFileSync(join(cwd, 'big.csv'), `id,name,email\n${lines.join('\n')}\n`);
  const before = process.cpuUsage();
  const { code, out } = await run([...grade, '--list', '--roster', 'big.csv'], { cwd });
  const spent = process.cpuUsage(before);
  expect(code).toBe(0);
  expect(out).toMatch(/1 submission/);
  expect(out).toMatch(/and 99799 more/);
  // Processor time of this process, where the command line runs apart: a bound, not a measurement.
  expect((spent.user + spent.system) / 1e6).toBeLessThan(8);
});

test('control characters of a roster never reach the terminal', async () => {
  const cwd = place(['ada']);
  const evil = 'Ada\u001b[2J\u0007\u202eevil';
  writeFileSync(join(cwd, 'r.csv'), `id,name\nada,${evil}\nbob,${evil}\n`);
  const listed = await run([...grade, '--list', '--roster', 'r.csv'], { cwd });
  writeFileSync(join(cwd, 'bad.csv'), `id,name\nad\u001b[2Ja,x\n`);
  const refused = await run([...grade, '--list', '--roster', 'bad.csv'], { cwd });
  writeFileSync(join(cwd, 'twice.csv'), `id,\u001b[2Jname\nada,x\nADA,x\n`);
  const twice = await run([...grade, '--list', '--roster', 'twice.csv'], { cwd });
  expect(refused.code).toBe(2);
  expect(twice.err).toMatch(/there twice/);
  for (const { out, err } of [listed, refused, twice]) {
    expect(out + err).not.toMatch(/[^\n\P{Cc}]|[\u202a-\u202e]/u);
  }
});

test('temporary folders of gradings that were killed go; those of living ones stay', () => {
  const dead = mkdtempSync(join(tmpdir(), `mqtt-course-grade-${2 ** 22 - 1}-`));
  const living = mkdtempSync(join(tmpdir(), `mqtt-course-grade-${process.pid}-`));
  const other = mkdtempSync(join(tmpdir(), 'mqtt-course-grade-test-'));
  removeLeftFolders();
  expect([dead, living, other].map(one => existsSync(one))).toEqual([false, true, true]);
});

test('what passes at home with files beside the program passes here, in both tracks', async () => {
  const cwd = folder();
  const work = (id: string, track: string, files: Record<string, string>) => {
    for (const [name, text] of Object.entries(files)) {
      const path = join(cwd, 'class', id, 'exercises', lesson, track, name);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, text);
    }
  };
  const ts = programText(lesson, `solutions/${lesson}/typescript/main.ts`);
  const py = programText(lesson, `solutions/${lesson}/python/main.py`);
  work('ada', 'typescript', {
    'main.ts': `import { shape } from './lib/shape.ts';\n${ts.replaceAll('JSON.stringify(', 'shape(')}`,
    'lib/shape.ts':
      "import names from './names.json';\nexport const shape = (value: unknown) => JSON.stringify(value) + names.join('');\n",
    'lib/names.json': '[]',
  });
  work('bob', 'python', {
    'main.py': `from tools import shape\n${py.replaceAll('json.dumps(', 'shape.dumps(')}`,
    'tools/shape.py': 'from json import dumps\n',
  });
  const { code, out } = await run(['grade', 'class', '--lessons', '2', ...isolation], { cwd });
  expect(out).toMatch(/^ada +10 +10\/10$/m);
  expect(out).toMatch(/^bob +10 +10\/10$/m);
  expect(code).toBe(0);
}, 120_000);
