import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { unzipSync } from 'fflate';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { UsageError } from '../../course/errors.js';
import { FORMATS, type Format, writeExports } from '../../grading/exports/index.js';
import { maskDeep, maskGrades, openPseudonyms, unmask } from '../../grading/pseudonyms.js';
import { bundleOf, classGrades, EVIL, hostileClass, learnerOf } from './class.js';

let root = '';
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'exports-'));
  writeFileSync(
    join(root, 'canvas-in.csv'),
    'Student,ID,SIS User ID,SIS Login ID,Section,mqtt-course (7)\n"Bauer, Jonas",4001,,,A,\n',
  );
  writeFileSync(
    join(root, 'moodle-in.csv'),
    'Identifier,Grade,Maximum grade\nParticipant 91007,,50.00\n',
  );
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

const all = (Object.keys(FORMATS) as Format[]).filter(one => one !== 'moodle-feedback');
const bundle = async (learner: string, lesson: string) => bundleOf(learner, lesson);
const given = () => ({ canvas: join(root, 'canvas-in.csv'), moodle: join(root, 'moodle-in.csv') });

function contents(folder: string): Map<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true });
  return new Map(
    files
      .filter(one => one.isFile())
      .map(one => join(one.parentPath ?? one.path, one.name))
      .sort()
      .map(path => [path.slice(folder.length + 1), readFileSync(path, 'utf8')]),
  );
}

describe('writing', () => {
  test('every format, the same bytes each time, and the list of what was written', async () => {
    const [one, two] = [join(root, 'one'), join(root, 'two')];
    const written = await writeExports(classGrades(), {
      out: one,
      formats: all,
      bundle,
      ...given(),
    });
    await writeExports(classGrades(), { out: two, formats: all, bundle, ...given() });
    const files = contents(one);
    expect([...files.keys()].filter(name => name !== '.exports.json')).toEqual([...written].sort());
    expect(contents(two)).toEqual(files);
    expect(files.get('canvas.csv')).toContain('"Bauer, Jonas",4001,,,A,33\n');
    expect(files.get('moodle.csv')).toContain('Participant 91007,33,50.00\n');
    expect(files.get('feedback/novak-p.html')).toContain('<svg xmlns');
    expect(files.get('report.html')).toContain('href="feedback/novak-p.html"');
    const capture = readFileSync(join(one, 'traces', 'novak-p_09-last-will.pcapng'));
    expect(capture.readUInt32LE(0)).toBe(0x0a0d0d0a);
    expect(JSON.parse(files.get('class.json') ?? '')).toEqual(classGrades());
  });

  test('without a format: tables, data, feedback, report', async () => {
    const out = join(root, 'default');
    const written = await writeExports(classGrades(), { out });
    expect(written.filter(name => !name.startsWith('feedback/'))).toEqual([
      'checks.csv',
      'class.json',
      'grades.csv',
      'report.html',
    ]);
    expect(written).toHaveLength(16);
  });

  test('ids cannot leave the folder, hide, or meet', async () => {
    const out = join(root, 'ids');
    const grades = classGrades();
    const ids = ['../../evil', '/etc/passwd', '.hidden', 'A', 'a', 'C:\\x', '..', '-rf', EVIL[1]];
    const odd = {
      ...grades,
      learners: grades.learners
        .slice(0, ids.length)
        .map((one, at) => ({ ...one, learner: { id: ids[at] ?? '' } })),
    };
    const written = await writeExports(odd, { out, formats: ['feedback', 'report'] });
    const names = written.filter(name => name.startsWith('feedback/'));
    expect(names).toHaveLength(ids.length);
    expect(new Set(names.map(name => name.toLowerCase())).size).toBe(ids.length);
    for (const name of names)
      expect(name).toMatch(/^feedback\/[\p{L}\p{N}_][\p{L}\p{N}._-]*\.html$/u);
    expect(readdirSync(join(out, 'feedback'))).toHaveLength(ids.length);
  });

  test('a hostile class can be written in every format', async () => {
    const out = join(root, 'hostile');
    await writeExports(hostileClass(), {
      out,
      formats: all.filter(one => one !== 'canvas' && one !== 'moodle'),
    });
    for (const [, text] of contents(out)) expect(text).not.toMatch(/[^\n\r\P{Cc}]|[\u202E\u2066]/u);
  });

  test('what an earlier export wrote and this one does not is removed; other files stay', async () => {
    const out = join(root, 'stale');
    await writeExports(classGrades(), { out, formats: ['feedback', 'csv'] });
    writeFileSync(join(out, 'feedback', 'mine.html'), 'mine');
    await writeExports(classGrades(), {
      out,
      formats: ['feedback'],
      pseudonyms: join(root, 'k.json'),
    });
    const names = [...contents(out).keys()];
    expect(names.filter(name => name.startsWith('feedback/learner-'))).toHaveLength(12);
    expect(names.filter(name => !name.startsWith('feedback/learner-'))).toEqual([
      '.exports.json',
      'feedback/mine.html',
    ]);
  });

  test('a list that was tampered with removes nothing outside', async () => {
    const out = join(root, 'tampered');
    await writeExports(classGrades(), { out, formats: ['csv'] });
    const precious = join(root, 'precious.txt');
    writeFileSync(precious, 'x');
    writeFileSync(join(out, '.exports.json'), JSON.stringify(['../precious.txt', precious, 7]));
    await writeExports(classGrades(), { out, formats: ['csv'] });
    expect(existsSync(precious)).toBe(true);
  });

  test('pages go back to Moodle under the names of its own folders, under real names', async () => {
    const out = join(root, 'moodle');
    const grades = classGrades();
    const named = {
      ...grades,
      learners: grades.learners.map((one, at) =>
        at < 2
          ? { ...one, submission: `${one.learner.name}_9100${at}_assignsubmission_file_` }
          : one,
      ),
    };
    const options = { out, formats: ['moodle-feedback' as const], bundle };
    await writeExports(named, { ...options, pseudonyms: join(root, 'm.json') });
    const first = readFileSync(join(out, 'moodle-feedback.zip'));
    const inside = unzipSync(first);
    expect(Object.keys(inside)).toEqual([
      'Folasade Adeyemi_91000_assignsubmission_file_/feedback.html',
      'Jonas Bauer_91001_assignsubmission_file_/feedback.html',
    ]);
    const page = new TextDecoder().decode(Object.values(inside)[1]);
    expect(page).toContain('<svg xmlns');
    expect(page).toContain('Jonas Bauer');
    await expect(writeExports(grades, options)).rejects.toThrow(/Download all submissions/);
  });

  test.each([
    [{ formats: ['canvas' as const] }, /name it: --canvas FILE.csv/],
    [
      { formats: ['pcap' as const], pseudonyms: '/nowhere/k.json' },
      /leave out pcap or --pseudonyms/,
    ],
    [{ moodle: '/nowhere/x.csv' }, /\/nowhere\/x.csv cannot be read/],
  ])('says what is missing: %j', async (options, message) => {
    const wrong = writeExports(classGrades(), { out: join(root, 'wrong'), ...options });
    await expect(wrong).rejects.toThrow(message);
    await expect(wrong).rejects.toBeInstanceOf(UsageError);
  });

  test('a gradebook that is no UTF-8 is refused, not damaged', async () => {
    const path = join(root, 'latin1.csv');
    writeFileSync(path, Buffer.from('Student,ID,Section,x (1)\nGarc\u00eda,1,A,\n', 'latin1'));
    const wrong = writeExports(classGrades(), {
      out: join(root, 'wrong'),
      formats: [],
      canvas: path,
    });
    await expect(wrong).rejects.toThrow(/not UTF-8; export it again/);
  });
});

describe('pseudonyms', () => {
  test('no name, id or address of a learner is left in anything that is given out', async () => {
    const out = join(root, 'masked');
    const grades = classGrades();
    // A learner who signs the work: in a payload, and in what the program prints.
    const signed = {
      ...grades,
      learners: grades.learners.map(one => ({
        ...one,
        lessons: one.lessons.map(it => ({
          ...it,
          checks: it.checks.map(check =>
            check.seen ? { ...check, seen: `${check.seen} by ${one.learner.name}` } : check,
          ),
          ...(it.program
            ? {
                program: { ...it.program, stdout: `I am ${one.learner.email} ${one.learner.id}\n` },
              }
            : {}),
        })),
      })),
    };
    const formats = all.filter(one => !/canvas|moodle|pcap/.test(one));
    const key = join(root, 'key.json');
    await writeExports(signed, { out, formats, bundle, pseudonyms: key });
    const secrets = grades.learners.flatMap(({ learner }) => [
      learner.id,
      learner.name,
      learner.email,
    ]);
    for (const [name, text] of contents(out)) {
      for (const secret of [...secrets, 'smith-a', 'copy of bauer'])
        expect(`${name}\n${text}`).not.toContain(secret);
    }
    expect(contents(out).get('report.html')).toContain('<svg xmlns');
    if (process.platform !== 'win32') expect(statSync(key).mode & 0o777).toBe(0o600);
  });

  test('stable, reversible with the key file, and different under another key', () => {
    const path = join(root, 'stable.json');
    const first = openPseudonyms(path);
    const masked = maskGrades(classGrades(), first);
    first.save();
    const second = openPseudonyms(path);
    expect(maskGrades(classGrades(), second)).toEqual(masked);
    for (const { learner } of masked.learners) {
      const real = second.behind(learner.id);
      expect(learnerOf(classGrades(), real?.id ?? '').learner.name).toBe(real?.name);
    }
    expect(unmask(`see ${second.of('novak-p')}!`, second)).toBe('see Petr Novák (novak-p)!');
    expect(unmask('learner-zzzzzzz', second)).toBe('learner-zzzzzzz');
    const other = openPseudonyms(join(root, 'other.json'));
    expect(other.of('novak-p')).not.toBe(second.of('novak-p'));
    const order = masked.learners.map(one => one.learner.id);
    expect(order).toEqual([...order].sort());
    expect(masked.learners.map(one => one.points).sort()).toEqual(
      classGrades()
        .learners.map(one => one.points)
        .sort(),
    );
  });

  test('what the course says itself is never taken for a name', () => {
    const pseudonyms = openPseudonyms(join(root, 'words.json'));
    const learner = { id: 'failed', name: 'Will Stored', ids: { canvas: '4001' } };
    const value = { status: 'failed', why: 'Will Stored', seen: 'id=4001 by Will Stored', n: 4001 };
    expect(maskDeep(value, learner, pseudonyms)).toEqual({
      status: 'failed',
      why: 'Will Stored',
      seen: `id=4001 by ${pseudonyms.of('failed')}`,
      n: 4001,
    });
  });

  test('a file that is something else is not overwritten', () => {
    const path = join(root, 'grades.json');
    writeFileSync(path, '{"schema":"something"}');
    expect(() => openPseudonyms(path)).toThrow(UsageError);
    expect(readFileSync(path, 'utf8')).toBe('{"schema":"something"}');
  });
});
