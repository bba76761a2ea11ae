import { existsSync, lstatSync, readdirSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { filesUnder } from '../../course/index.js';
import { crc32, plainCrc32 } from '../../grading/submissions/crc32.js';
import { UnreadableSubmission } from '../../grading/submissions/index.js';
import { paxPath, type TarEntry, tarOf, type ZipEntry, zipOf } from './archives.js';
import { stub, temporary, unpack, unpackedText } from './handed-in.js';

const path = 'exercises/05-wildcards/typescript/main.ts';
const good: ZipEntry & TarEntry = { name: path, data: 'export const mine = 1;\n' };

async function save(name: string, bytes: Uint8Array): Promise<string> {
  const file = join(temporary(), name);
  await writeFile(file, bytes);
  return file;
}
const zip = async (entries: readonly ZipEntry[]) => save('ada.zip', zipOf(entries));
const tar = async (entries: readonly TarEntry[]) => save('ada.tar', tarOf(entries));
const tgz = async (entries: readonly TarEntry[]) => save('ada.tgz', gzipSync(tarOf(entries)));

async function reason(file: string, kind: 'zip' | 'tar', limits = {}): Promise<string> {
  const into = temporary();
  const error = await unpack(file, kind, { limits, into }).catch((problem: unknown) => problem);
  expect(error).toBeInstanceOf(UnreadableSubmission);
  expect(readdirSync(into)).toEqual([]);
  return (error as Error).message;
}

describe('an honest archive', () => {
  it.each([
    ['zip', zip],
    ['tar', tar],
    ['tar', tgz],
  ] as const)('is unpacked (%s)', async (kind, make) => {
    const file = await make([
      { name: 'exercises/', ...(kind === 'tar' ? { type: '5' } : {}) },
      good,
    ]);
    const before = readFileSync(file);
    const unpacked = await unpack(file, kind);
    expect(unpackedText(unpacked, '05-wildcards', 'main.ts')).toBe(good.data);
    expect(unpacked.notices).toEqual([]);
    const exercise = unpacked.exercises.get('05-wildcards');
    expect(exercise).toMatchObject({ track: 'typescript', isStub: false });
    expect(exercise && lstatSync(exercise.entry).mode & 0o7777).toBe(0o644);
    expect(readFileSync(file)).toEqual(before);
    await unpacked.dispose();
    expect(exercise && existsSync(exercise.folder)).toBe(false);
  });

  it('of a stored entry, a long pax name, and a name with ./', async () => {
    const stored = await unpack(await zip([{ ...good, method: 0 }]), 'zip');
    expect(unpackedText(stored, '05-wildcards', 'main.ts')).toBe(good.data);
    const long = `${'a'.repeat(120)}/${path}`;
    const pax = await unpack(await tar([paxPath(long), { ...good, name: 'short' }]), 'tar');
    expect(unpackedText(pax, '05-wildcards', 'main.ts')).toBe(good.data);
    const dotted = await unpack(await tar([{ ...good, name: `./${path}` }]), 'tar');
    expect(unpackedText(dotted, '05-wildcards', 'main.ts')).toBe(good.data);
  });

  it('may hold what systems and tools add, links in node_modules too', async () => {
    const unpacked = await unpack(
      await zip([
        good,
        { name: `__MACOSX/${path.replace('main', '._main')}`, data: 'junk' },
        { name: '.DS_Store', data: 'junk' },
        { name: 'node_modules/mqtt', mode: 0o120777, data: '/somewhere' },
        { name: '.git/config', data: '[core]\nfsmonitor = evil' },
      ]),
      'zip',
    );
    expect(unpacked.notices).toEqual([]);
    const folder = unpacked.exercises.get('05-wildcards')?.folder ?? '';
    expect(filesUnder(folder).map(one => one.name)).toEqual(['main.ts']);
  });

  it('made by Windows PowerShell 5 is read, and that is said', async () => {
    const unpacked = await unpack(
      await zip([{ ...good, name: path.replaceAll('/', '\\') }]),
      'zip',
    );
    expect(unpackedText(unpacked, '05-wildcards', 'main.ts')).toBe(good.data);
    expect(unpacked.notices.join()).toMatch(/backslashes/);
  });
});

describe('what an archive may not do', () => {
  const evil = 'export const evil = 1;\n';
  it.each([
    ['leads out of its folder', `../../${path}`],
    ['leads out of its folder', `a/../../${path}`],
    ['an absolute path', `/${path}`],
    ['names a drive', `C:/${path}`],
    ['a backslash', `a/..\\..\\${path}`],
    ['control characters', `a\u0007/${path}`],
    ['control characters', `a\u202e/${path}`],
    ['more than 1024 letters', `${'a'.repeat(1100)}/${path}`],
    ['folders deep', `${'a/'.repeat(40)}${path}`],
  ])('a name that %s', async (words, name) => {
    const outcomes = [
      await unpack(
        await zip([
          { name, data: evil },
          { name: 'x/y', data: '' },
        ]),
        'zip',
      ),
      await unpack(await tar([paxPath(name), { name: 'x', data: evil }]), 'tar'),
    ];
    for (const unpacked of outcomes) {
      expect(unpacked.exercises.size).toBe(0);
      expect(unpacked.notices.join('\n')).toMatch(/^refused: /);
      expect(unpacked.notices.join('\n')).toContain(words);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
      expect(unpacked.notices.join('\n')).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e]/);
    }
  });

  it('a link for the program, or above it', async () => {
    const cases = [
      await unpack(await zip([{ name: path, mode: 0o120777, data: '/etc/passwd' }]), 'zip'),
      await unpack(await tar([{ name: path, type: '2', link: '/etc/passwd' }]), 'tar'),
      await unpack(await tar([{ name: path, type: '1', link: '/etc/passwd' }]), 'tar'),
    ];
    for (const unpacked of cases) {
      expect(unpacked.exercises.size).toBe(0);
      expect(unpacked.notices).toEqual([`refused: ${path} is a link; links are never followed`]);
    }
    const above = await unpack(
      await tar([{ name: 'exercises', type: '2', link: '/tmp' }, good]),
      'tar',
    );
    expect(unpackedText(above, '05-wildcards', 'main.ts')).toBe(good.data);
    expect(above.notices).toEqual(['refused: exercises is a link; links are never followed']);
  });

  it.each(['3', '4', '6'])('a device or pipe (tar type %s)', async type => {
    const unpacked = await unpack(
      await tar([
        { name: path, type },
        { ...good, name: 'b' },
      ]),
      'tar',
    );
    expect(unpacked.exercises.size).toBe(0);
    expect(unpacked.notices.join()).toContain('special file');
  });

  it('a device in a zip', async () => {
    const unpacked = await unpack(await zip([{ name: path, mode: 0o020666, data: '' }]), 'zip');
    expect(unpacked.notices.join()).toContain('special file');
  });

  it('an encrypted entry, an unknown way of packing: alone they make it unreadable', async () => {
    expect(await reason(await zip([{ ...good, flags: 1 }]), 'zip')).toBe(
      `nothing of it can be read: ${path} is encrypted`,
    );
    expect(await reason(await zip([{ ...good, method: 93 }]), 'zip')).toContain('method 93');
    const beside = await unpack(await zip([good, { name: 'x', flags: 1 }]), 'zip');
    expect(unpackedText(beside, '05-wildcards', 'main.ts')).toBe(good.data);
    expect(beside.notices).toEqual(['refused: x is encrypted']);
  });

  it.each([
    ['is there twice', path, path],
    ['cannot be told from', path, path.replace('main.ts', 'MAIN.ts')],
    ['cannot be told from', path, path.replace('exercises', 'Exercises')],
    ['cannot be told from', `caf\u00e9/${path}`, `cafe\u0301/${path}`],
  ])('two names for one file: %s', async (words, first, second) => {
    for (const make of [zip, tar] as const) {
      const file = await make([
        { name: first, data: 'export const a = 1;\n' },
        { name: second, data: evil },
      ]);
      const unpacked = await unpack(file, make === zip ? 'zip' : 'tar');
      expect(unpacked.exercises.size).toBe(0);
      expect(unpacked.notices.join()).toContain(words);
    }
  });

  it('a composed name alone is no clash', async () => {
    const unpacked = await unpack(await zip([{ ...good, name: `cafe\u0301/${path}` }]), 'zip');
    expect(unpackedText(unpacked, '05-wildcards', 'main.ts')).toBe(good.data);
  });

  it('a bomb: by what it declares, by what comes out, by ratio', async () => {
    const zeros = Buffer.alloc(8 * 1024 * 1024);
    const declared = await zip([good, { name: 'big.bin', data: zeros }]);
    expect(await reason(declared, 'zip')).toContain('200 times larger');
    expect(await reason(declared, 'zip', { ratio: 1e9, unpackedBytes: 1024 ** 2 })).toContain(
      'more than 1 MiB',
    );
    const packed = await tgz([good, { name: 'big.bin', data: zeros }]);
    expect(await reason(packed, 'tar')).toContain('200 times larger');
    expect(await reason(packed, 'tar', { ratio: 1e9, unpackedBytes: 1024 ** 2 })).toContain(
      'more than 1 MiB',
    );
  });

  it('lie about the size of a file', async () => {
    const data = Buffer.alloc(8 * 1024 * 1024, 32);
    expect(await reason(await zip([{ name: path, data, size: 10 }]), 'zip')).toContain(
      'is damaged',
    );
    expect(await reason(await zip([{ ...good, size: 500 }]), 'zip')).toContain('is damaged');
  });

  it('a huge pax header', async () => {
    const header = { name: 'pax', type: 'x', data: Buffer.alloc(4 * 1024 * 1024, 65) };
    const unpacked = await unpack(await tar([header, good]), 'tar');
    expect(unpackedText(unpacked, '05-wildcards', 'main.ts')).toBe(good.data);
  });

  it('packing twice, past the counting', async () => {
    const file = await save('ada.tgz', gzipSync(gzipSync(tarOf([good]))));
    expect(await reason(file, 'tar')).toBe('it is packed twice');
  });

  it('too many files', async () => {
    const many = Array.from({ length: 300 }, (_, i) => ({ name: `f${i}`, data: '' }));
    expect(await reason(await zip(many), 'zip', { entries: 200 })).toContain('more than 200 files');
    expect(await reason(await tar(many), 'tar', { entries: 200 })).toContain('more than 200 files');
  });

  it('a checksum that is wrong', async () => {
    expect(await reason(await zip([{ ...good, crc: 1 }]), 'zip')).toContain(`damaged: ${path}`);
  });

  it('be larger than allowed', async () => {
    expect(await reason(await zip([good]), 'zip', { archiveBytes: 100 })).toContain('larger than');
  });
});

describe('a broken archive says why', () => {
  it('cut off', async () => {
    const data = stub('05-wildcards', 'typescript', 'main.ts');
    const whole = zipOf([{ ...good, data }]);
    expect(await reason(await save('a.zip', whole.subarray(0, -30)), 'zip')).toMatch(/broken/);
    const packed = gzipSync(tarOf([{ ...good, data }]));
    expect(await reason(await save('a.tgz', packed.subarray(0, 200)), 'tar')).toMatch(/broken/);
    const plain = tarOf([{ ...good, data }]);
    expect(await reason(await save('a.tar', plain.subarray(0, 700)), 'tar')).toMatch(/broken/);
  });

  it('noise, nothing, and another format', async () => {
    const noise = Buffer.from(Array.from({ length: 2000 }, (_, i) => (i * 7919) % 251));
    expect(await reason(await save('a.zip', noise), 'zip')).toMatch(/not a .zip or .tar/);
    expect(await reason(await save('a.zip', Buffer.alloc(0)), 'zip')).toBe('it is empty (0 bytes)');
    const rar = Buffer.from('Rar!\u001a\u0007\u0000 and so on');
    expect(await reason(await save('a.zip', rar), 'zip')).toMatch(/RAR archive.*ask for a \.zip/);
    const damaged = tarOf([good, { ...good, name: 'second' }]);
    damaged[512 * 2 + 3] = 1;
    expect(await reason(await save('a.tar', damaged), 'tar')).toMatch(/broken/);
  });

  it('a .tar that is called .zip is read all the same', async () => {
    const unpacked = await unpack(await save('a.zip', tarOf([good])), 'zip');
    expect(unpackedText(unpacked, '05-wildcards', 'main.ts')).toBe(good.data);
  });
});

describe('an archive in an archive', () => {
  it('is read when it is all there is, one level', async () => {
    const inner = zipOf([good]);
    const once = await unpack(await zip([{ name: 'work/ada.zip', data: inner }]), 'zip');
    expect(unpackedText(once, '05-wildcards', 'main.ts')).toBe(good.data);
    expect(once.notices).toEqual(['read from work/ada.zip, which is all it holds']);
    const mixed = await unpack(
      await tgz([{ name: 'ada.zip', data: inner }, { name: '.DS_Store' }]),
      'tar',
    );
    expect(unpackedText(mixed, '05-wildcards', 'main.ts')).toBe(good.data);
    const twice = zipOf([{ name: 'b.zip', data: zipOf([{ name: 'c.zip', data: inner }]) }]);
    expect(await reason(await save('a.zip', twice), 'zip')).toMatch(/in an archive in an archive/);
  });

  it('beside the work is left where it is', async () => {
    const inner = zipOf([{ ...good, data: 'export const other = 1;\n' }]);
    const unpacked = await unpack(await zip([good, { name: 'old.zip', data: inner }]), 'zip');
    expect(unpackedText(unpacked, '05-wildcards', 'main.ts')).toBe(good.data);
  });

  it('is held to the same limits', async () => {
    const bomb = zipOf([{ name: 'big', data: Buffer.alloc(8 * 1024 * 1024) }]);
    expect(await reason(await zip([{ name: 'b.zip', data: bomb }]), 'zip')).toContain(
      'times larger',
    );
  });
});

it('the checksum of a .zip is the known one, with Node and without', () => {
  for (const sum of [crc32, plainCrc32]) expect(sum(Buffer.from('123456789'))).toBe(0xcbf43926);
});

it('no byte that is changed does more than make an archive unreadable', async () => {
  const folder = temporary();
  const into = temporary();
  const file = join(folder, 'ada.bin');
  const files = [
    good,
    { name: 'exercises/05-wildcards/python/main.py', data: 'x = 1\n'.repeat(50) },
  ];
  const seeds = [zipOf(files), tarOf(files), gzipSync(tarOf(files))];
  const place = fc.noBias(fc.nat(9999)).map(value => value / 10_000);
  const outcomes = { unpacked: 0, unreadable: 0 };
  await fc.assert(
    fc.asyncProperty(
      fc.noBias(fc.nat(2)),
      fc.array(fc.tuple(place, fc.noBias(fc.nat(255))), { minLength: 1, maxLength: 4 }),
      fc.option(place, { freq: 1 }),
      async (which, changes, cut) => {
        const bytes = Buffer.from(seeds[which] ?? '');
        for (const [at, value] of changes) bytes[Math.floor(at * bytes.length)] = value;
        await writeFile(file, cut === null ? bytes : bytes.subarray(0, cut * bytes.length));
        try {
          const unpacked = await unpack(file, which === 0 ? 'zip' : 'tar', { into });
          outcomes.unpacked += 1;
          await unpacked.dispose();
        } catch (error) {
          expect(error).toBeInstanceOf(UnreadableSubmission);
          expect((error as Error).message).toMatch(/^(it|the|nothing) /);
          outcomes.unreadable += 1;
        }
        expect(readdirSync(into)).toEqual([]);
      },
    ),
    { numRuns: 200, seed: 7 },
  );
  expect(outcomes.unpacked).toBeGreaterThan(20);
  expect(outcomes.unreadable).toBeGreaterThan(20);
});
