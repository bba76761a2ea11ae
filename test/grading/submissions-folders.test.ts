import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { appendFile, cp } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  createWorkspace,
  filesUnder,
  packageRoot,
  solutionFiles,
  type Track,
} from '../../course/index.js';
import { openFiles, openFolder } from '../../grading/submissions/folder.js';
import {
  intakeLimits,
  UnreadableSubmission,
  unpackSubmission,
} from '../../grading/submissions/index.js';
import { zipOf } from './archives.js';
import { solution, stub, submission, temporary, unpack, unpackedText, write } from './handed-in.js';

const lesson = '05-wildcards';
const mine = 'export const mine = 1;\n';
const posix = process.platform !== 'win32';

const at = (prefix: string, track: Track = 'typescript', of = lesson) =>
  `${prefix}${of}/${track}/${track === 'typescript' ? 'main.ts' : 'main.py'}`;

describe('the layout of a submission', () => {
  it('is a workspace as start makes it: everything is the stub', async () => {
    const folder = join(temporary(), 'work');
    createWorkspace(folder);
    const lessons = [lesson, '15-acl-lab'];
    const unpacked = await unpack(folder, 'folder', { lessons });
    expect(unpacked.notices).toEqual([]);
    expect([...unpacked.exercises.keys()]).toEqual(lessons);
    expect([...unpacked.exercises.values()].map(one => one.isStub)).toEqual([true, true]);
    expect(
      filesUnder(unpacked.exercises.get('15-acl-lab')?.folder ?? '').map(one => one.name),
    ).toEqual(['SECURITY.md', 'acl', 'lab.env', 'main.ts', 'mosquitto.conf']);
    await unpacked.dispose();
  });

  it.each([
    'exercises/',
    'repo-main/mqtt-course/exercises/',
    'mqtt-course/exercises/',
    '',
    'week 5/',
  ])('may be nested: %s', async prefix => {
    const folder = await write(temporary(), { [at(prefix)]: mine, 'README.md': 'hello' });
    const unpacked = await unpack(folder, 'folder', { lessons: [lesson, '09-last-will'] });
    expect(unpackedText(unpacked, lesson, 'main.ts')).toBe(mine);
    expect([...unpacked.exercises.keys()]).toEqual([lesson]);
    expect(unpacked.notices).toEqual([]);
  });

  it.each(['main.ts', 'typescript/main.ts', '1/main.ts', 'task/typescript/main.ts'])(
    'may be the files of one lesson: %s',
    async name => {
      const folder = await write(temporary(), { [name]: mine });
      const unpacked = await unpack(folder, 'folder');
      expect(unpackedText(unpacked, lesson, 'main.ts')).toBe(mine);
      const several = await unpack(folder, 'folder', { lessons: [lesson, '09-last-will'] });
      expect(several.exercises.size).toBe(0);
      expect([...several.open.values()]).toEqual([
        `which lesson ${name} is for cannot be told`,
        `which lesson ${name} is for cannot be told`,
      ]);
    },
  );

  it.each([
    'lesson-5/main.ts',
    'Lesson 05/typescript/main.ts',
    'mqtt/05/main.ts',
    'lesson5/main.ts',
  ])('may name the lesson as people do: %s', async name => {
    const folder = await write(temporary(), { [name]: mine, '9/exercises/x': '' });
    const lessons = [lesson, '09-last-will'];
    const unpacked = await unpack(folder, 'folder', { lessons });
    expect(unpackedText(unpacked, lesson, 'main.ts')).toBe(mine);
    expect([...unpacked.exercises.keys()]).toEqual([lesson]);
  });

  it("the lesson's own name comes before a number above it", async () => {
    const folder = await write(temporary(), { [`9/${at('exercises/')}`]: mine });
    const unpacked = await unpack(folder, 'folder', { lessons: [lesson, '09-last-will'] });
    expect([...unpacked.exercises.keys()]).toEqual([lesson]);
  });

  it('takes the configuration beside a program without a folder of its track', async () => {
    const folder = await write(temporary(), {
      'main.py': 'print("mine")\n',
      'mosquitto.conf': 'listener 1883\n',
      passwd: 'ada:x\n',
      'package.json': '{}',
    });
    const unpacked = await unpack(folder, 'folder', { lessons: ['13-login-and-public-brokers'] });
    const exercise = unpacked.exercises.get('13-login-and-public-brokers');
    expect(exercise?.track).toBe('python');
    expect(filesUnder(exercise?.folder ?? '').map(one => one.name)).toEqual([
      'main.py',
      'mosquitto.conf',
      'passwd',
    ]);
    expect(exercise?.notices).toEqual([]);
  });

  it('of another lesson is not taken for the one that is asked for', async () => {
    const folder = await write(temporary(), {
      [at('exercises/', 'typescript', '04-topic-names')]: mine,
    });
    expect((await unpack(folder, 'folder')).exercises.size).toBe(0);
  });

  it('of a clone of the course: never the solutions, the mutants, or the kit', async () => {
    const folder = temporary();
    for (const part of ['exercises', 'solutions']) {
      await cp(join(packageRoot(), part), join(folder, part), { recursive: true });
    }
    const proofs = 'checker/prove/variants';
    await cp(join(packageRoot(), proofs), join(folder, proofs), { recursive: true });
    // A wrong program that is kept whole.
    await write(folder, { [at('checker/prove/mutants/')]: 'export const wrong = 1;\n' });
    const untouched = await unpack(folder, 'folder');
    expect(untouched.exercises.get(lesson)?.isStub).toBe(true);
    await write(folder, { [at('mqtt-course/exercises/')]: mine });
    const unpacked = await unpack(folder, 'folder');
    expect(unpackedText(unpacked, lesson, 'main.ts')).toBe(mine);
    expect(unpacked.exercises.get(lesson)?.notices).toEqual([]);
  });

  it('with work in two places: the one with more changed, and that is said', async () => {
    const folder = await write(temporary(), {
      [at('a/exercises/')]: mine,
      [at('b/exercises/')]: `${mine}export const more = 2;\n`,
    });
    const unpacked = await unpack(folder, 'folder');
    expect(unpackedText(unpacked, lesson, 'main.ts')).toContain('more');
    expect(unpacked.exercises.get(lesson)?.notices.join()).toContain('b/exercises/ counts');
  });

  it('in more places than anybody needs: the nearest are looked at, and that is said', async () => {
    const many = Array.from({ length: 40 }, (_, i) => [at(`deep/copy${i}/exercises/`), mine]);
    const folder = await write(temporary(), {
      ...Object.fromEntries(many),
      [at('exercises/')]: `${mine}export const more = 2;\n`,
    });
    const unpacked = await unpack(folder, 'folder');
    expect(unpackedText(unpacked, lesson, 'main.ts')).toContain('more');
    expect(unpacked.notices.join()).toContain('more than 8 folders');
  });

  it('an empty folder is nothing handed in', async () => {
    const unpacked = await unpack(temporary(), 'folder');
    expect(unpacked.exercises.size).toBe(0);
    expect(unpacked.notices).toEqual([]);
  });

  it('a folder with one archive in it is that archive', async () => {
    const archive = zipOf([{ name: at('exercises/'), data: mine }]);
    const folder = await write(temporary(), { 'work.zip': archive });
    expect(unpackedText(await unpack(folder, 'folder'), lesson, 'main.ts')).toBe(mine);
  });
});

describe('which track counts', () => {
  const both = {
    [at('exercises/')]: stub(lesson, 'typescript', 'main.ts'),
    [at('exercises/', 'python')]: `${stub(lesson, 'python', 'main.py')}print("mine")\n`,
  };

  it('the one whose files differ from the stub', async () => {
    const unpacked = await unpack(await write(temporary(), both), 'folder', {
      track: 'typescript',
    });
    expect(unpacked.exercises.get(lesson)).toMatchObject({
      track: 'python',
      isStub: false,
      notices: [],
    });
  });

  it('of both, the one with more changed; or the one that is asked for', async () => {
    const folder = await write(temporary(), { ...both, [at('exercises/')]: `${mine}${mine}x\n` });
    const more = (await unpack(folder, 'folder')).exercises.get(lesson);
    expect(more?.track).toBe('typescript');
    expect(more?.notices).toEqual([
      '05-wildcards: TypeScript and Python were both handed in; TypeScript counts (more of it was changed)',
    ]);
    const asked = (await unpack(folder, 'folder', { track: 'python' })).exercises.get(lesson);
    expect(asked?.track).toBe('python');
    expect(asked?.notices.join()).toContain('as asked for');
  });

  it('for an untouched lesson, the one in which the others were done', async () => {
    const folder = join(temporary(), 'work');
    createWorkspace(folder);
    await appendFile(join(folder, at('exercises/', 'python')), 'print("mine")\n');
    const lessons = [lesson, '09-last-will'];
    const unpacked = await unpack(folder, 'folder', { lessons });
    expect(unpacked.exercises.get('09-last-will')).toMatchObject({ track: 'python', isStub: true });
  });

  it('line ends and a BOM do not make a stub a change', async () => {
    const text = stub(lesson, 'typescript', 'main.ts').replaceAll('\n', '\r\n');
    const folder = await write(temporary(), { [at('exercises/')]: `\ufeff${text}` });
    expect((await unpack(folder, 'folder')).exercises.get(lesson)?.isStub).toBe(true);
  });
});

describe('what is unpacked', () => {
  it('the exercise and what lies beside it; settings and what lies elsewhere stay away', async () => {
    const folder = await write(temporary(), {
      [at('exercises/')]: mine,
      [`exercises/${lesson}/typescript/helper.ts`]: mine,
      [`exercises/${lesson}/typescript/lib/names.json`]: '[]',
      [`exercises/${lesson}/typescript/notes.pdf`]: 'x',
      [`exercises/${lesson}/typescript/package.json`]: '{"imports":{}}',
      [`exercises/${lesson}/typescript/node_modules/mqtt/index.js`]: mine,
      [`exercises/${lesson}/typescript/main.new.ts`]: mine,
      'exercises/kit/kit.ts': 'evil',
      'package.json': '{}',
      '.env': 'NODE_OPTIONS=evil',
    });
    const unpacked = await unpack(folder, 'folder');
    const exercise = unpacked.exercises.get(lesson);
    expect(filesUnder(exercise?.folder ?? '').map(one => one.name)).toEqual([
      'helper.ts',
      'lib/names.json',
      'main.ts',
    ]);
    expect(exercise?.notices.join()).toMatch(/left aside: .*notes\.pdf, .*package\.json$/);
  });

  it('of Python, too: modules, but no library, kit or start-up file of the submission', async () => {
    const own = [
      'paho/__init__.py',
      'paho/mqtt/client.py',
      'mqttkit.py',
      'sitecustomize.py',
      'helper/__init__.py',
    ];
    const folder = await write(temporary(), {
      [at('exercises/', 'python')]: 'print("mine")\n',
      ...Object.fromEntries(own.map(name => [`exercises/${lesson}/python/${name}`, 'evil'])),
      'exercises/kit/mqttkit.py': 'evil',
    });
    const exercise = (await unpack(folder, 'folder')).exercises.get(lesson);
    expect(exercise?.track).toBe('python');
    expect(filesUnder(exercise?.folder ?? '').map(one => one.name)).toEqual([
      'helper/__init__.py',
      'main.py',
    ]);
  });

  it('files that a solution adds count; files that were deleted stay missing', async () => {
    const folder = join(temporary(), 'work');
    createWorkspace(folder);
    const acl = '15-acl-lab';
    for (const { name, path } of solutionFiles(acl, 'typescript')) {
      if (name !== 'acl') await cp(path, join(folder, 'exercises', acl, 'typescript', name));
    }
    rmSync(join(folder, 'exercises', acl, 'typescript', 'acl'));
    const unpacked = await unpack(folder, 'folder', { lessons: [acl] });
    const exercise = unpacked.exercises.get(acl);
    const names = filesUnder(exercise?.folder ?? '').map(one => one.name);
    expect(names).toContain('passwd');
    expect(names).not.toContain('acl');
    expect(exercise?.notices).toContain('15-acl-lab: acl was not handed in');
  });

  it("the course's own solution is named as such", async () => {
    const text = solution(lesson, 'typescript', 'main.ts');
    const folder = await write(temporary(), { [at('exercises/')]: text });
    const notices = (await unpack(folder, 'folder')).exercises.get(lesson)?.notices;
    expect(notices?.join()).toContain("the course's own solution");
  });

  it('a program under another name counts, and that is said', async () => {
    const path = at('exercises/').replace('main', 'Main');
    const folder = await write(temporary(), { [path]: mine });
    const exercise = (await unpack(folder, 'folder')).exercises.get(lesson);
    expect(readFileSync(exercise?.entry ?? '', 'utf8')).toBe(mine);
    expect(exercise?.notices).toEqual([`${lesson}: ${path} was taken as main.ts`]);
  });

  it('beside the stub the renamed one counts; beside work under its name it does not', async () => {
    const copy = at('exercises/').replace('main.ts', 'main (1).ts');
    const original = stub(lesson, 'typescript', 'main.ts');
    const folder = await write(temporary(), { [at('exercises/')]: original, [copy]: mine });
    expect(unpackedText(await unpack(folder, 'folder'), lesson, 'main.ts')).toBe(mine);
    await write(folder, { [at('exercises/')]: `${mine}export const own = 2;\n` });
    const unpacked = await unpack(folder, 'folder');
    expect(unpackedText(unpacked, lesson, 'main.ts')).toContain('own = 2');
  });

  it.each([
    ['is not a text in UTF-8', Buffer.from([0xff, 0xfe, 0x61, 0x00, 0xd8])],
    ['zero bytes', Buffer.from('a\0b')],
    ['is larger than 256 KiB', Buffer.alloc(256 * 1024 + 1, 32)],
  ])('a file that %s is refused', async (words, data) => {
    const folder = await write(temporary(), { [at('exercises/')]: data });
    const unpacked = await unpack(folder, 'folder');
    const exercise = unpacked.exercises.get(lesson);
    expect(exercise?.notices.join()).toContain(words);
    expect(unpacked.open.get(lesson)).toContain(words);
    expect(exercise?.isStub).toBe(false);
    expect(readdirSync(exercise?.folder ?? '')).toEqual([]);
  });

  it('has the same hash wherever it came from, and another for other contents', async () => {
    const hashOf = async (path: string, text: string) => {
      const folder = await write(temporary(), { [path]: text });
      return (await unpack(folder, 'folder')).exercises.get(lesson)?.hash;
    };
    const one = await hashOf(at('exercises/'), mine);
    expect(await hashOf('main.ts', mine)).toBe(one);
    expect(await hashOf('main.ts', `${mine} `)).not.toBe(one);
    expect(one).toMatch(/^[0-9a-f]{64}$/);
  });
});

describe.runIf(posix)('a submission on disk that is not to be trusted', () => {
  it('links are refused: the program, a folder above it, a folder beside it', async () => {
    const secret = await write(temporary(), {
      'main.ts': 'secret',
      'typescript/main.ts': 'secret',
    });
    const file = await write(temporary(), { [`exercises/${lesson}/typescript/x`]: '' });
    symlinkSync(join(secret, 'main.ts'), join(file, at('exercises/')));
    const folder = await write(temporary(), { [`exercises/${lesson}/x`]: '' });
    symlinkSync(join(secret, 'typescript'), join(folder, 'exercises', lesson, 'typescript'));
    const above = temporary();
    symlinkSync(secret, join(above, lesson));
    for (const place of [file, folder, above]) {
      const unpacked = await unpack(place, 'folder');
      expect(unpacked.exercises.size).toBe(0);
      expect(unpacked.notices.join()).toContain('is a link; links are never followed');
    }
  });

  it('a folder that becomes a link after it was listed is noticed', async () => {
    const secret = await write(temporary(), { 'main.ts': 'secret' });
    const folder = await write(temporary(), { 'deep/main.ts': mine, 'deep/other.ts': mine });
    const source = await openFolder(folder, intakeLimits);
    renameSync(join(folder, 'deep'), join(folder, 'gone'));
    symlinkSync(secret, join(folder, 'deep'));
    const got = await source.extract(new Set(['deep/main.ts', 'deep/other.ts']), 1000);
    expect(got.get('deep/main.ts')).toEqual({
      refused: 'lies behind a link; links are never followed',
    });
    expect(got.get('deep/other.ts')).toEqual({ refused: 'cannot be opened' });
  });

  it('a file that becomes a link or a pipe after it was listed is refused', async () => {
    const folder = await write(temporary(), { a: mine, b: mine });
    const source = await openFolder(folder, intakeLimits);
    rmSync(join(folder, 'a'));
    rmSync(join(folder, 'b'));
    symlinkSync('/etc/passwd', join(folder, 'a'));
    execFileSync('mkfifo', [join(folder, 'b')]);
    const got = await source.extract(new Set(['a', 'b']), 1000);
    expect(got.get('a')).toEqual({ refused: 'is a link; links are never followed' });
    expect(got.get('b')).toEqual({ refused: 'is a device or another special file' });
  });

  it('a pipe does not hold up the listing', async () => {
    const folder = await write(temporary(), { [`exercises/${lesson}/typescript/x`]: '' });
    execFileSync('mkfifo', [join(folder, at('exercises/'))]);
    const unpacked = await unpack(folder, 'folder');
    expect(unpacked.exercises.size).toBe(0);
    expect(unpacked.notices.join()).toContain('special file');
  });

  it('git is not run and .git is not looked into', async () => {
    const folder = await write(temporary(), { [at('exercises/')]: mine });
    const trap = join(temporary(), 'ran');
    mkdirSync(join(folder, '.git'));
    writeFileSync(join(folder, '.git/config'), `[core]\nfsmonitor = "touch ${trap}"\n`);
    chmodSync(join(folder, '.git/config'), 0);
    const unpacked = await unpack(folder, 'folder');
    expect(unpackedText(unpacked, lesson, 'main.ts')).toBe(mine);
    expect(unpacked.notices).toEqual([]);
    expect(readdirSync(join(trap, '..'))).toEqual([]);
  });

  it('too many files, or a folder that may not be read, is unreadable', async () => {
    const folder = await write(temporary(), { a: '', b: '', c: '' });
    await expect(unpack(folder, 'folder', { limits: { entries: 2 } })).rejects.toThrow(
      UnreadableSubmission,
    );
    await expect(unpack(join(folder, 'none'), 'folder')).rejects.toThrow('cannot be opened');
  });

  it.runIf(process.platform === 'linux')(
    'a file that changes while it is read is said',
    async () => {
      // Files of /proc are longer than they say.
      const source = await openFiles('/proc/self', [{ name: 'main.ts', path: '/proc/self/stat' }]);
      const got = (await source.extract(new Set(['main.ts']), 10_000)).get('main.ts');
      expect(got).toMatchObject({ note: 'changed while it was read' });
    },
  );

  it('the input is never written to', async () => {
    const folder = await write(temporary(), { [at('exercises/')]: mine });
    linkSync(join(folder, at('exercises/')), join(folder, 'twin.ts'));
    const snapshot = () =>
      filesUnder(folder).map(({ name, path }) => {
        const { mtimeMs, size, mode } = lstatSync(path);
        return [name, mtimeMs, size, mode];
      });
    const before = snapshot();
    await (await unpack(folder, 'folder')).dispose();
    expect(snapshot()).toEqual(before);
  });
});

it('loose files of one learner are one submission', async () => {
  const folder = await write(temporary(), { ada_main: mine, ada_readme: 'x', bob_main: 'other' });
  const unpacked = await unpackSubmission(
    {
      ...submission(folder, 'files'),
      files: [{ name: 'main.ts', path: join(folder, 'ada_main') }],
    },
    { lessons: [lesson], into: temporary() },
  );
  expect(unpackedText(unpacked, lesson, 'main.ts')).toBe(mine);
});
