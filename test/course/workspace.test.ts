import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  createWorkspace,
  exercisePlace,
  findWorkspace,
  lessonAt,
  openOrCreate,
  openWorkspace,
  planReset,
  readState,
  resetLesson,
  UsageError,
} from '../../course/index.js';
import { put, smallCourse, temporaryFolder } from './fixture.js';

function made() {
  const root = smallCourse();
  const folder = join(temporaryFolder(), 'mqtt-course');
  const { workspace } = createWorkspace(folder, root);
  const text = (path: string) => readFileSync(join(folder, path), 'utf8');
  const write = (path: string, value: string) => writeFileSync(join(folder, path), value);
  return { root, folder, workspace, text, write };
}

const main = 'exercises/05-wildcards/typescript/main.ts';

describe('a new workspace', () => {
  test('has the exercises of every lesson in both tracks, the kit, and what npm and editors need', () => {
    const { folder, text } = made();
    expect(text(main)).toBe('// stub of 05-wildcards\n');
    expect(text('exercises/01-first-connection/python/main.py')).toContain('stub');
    expect(text('exercises/kit/kit.ts')).toContain('kit');
    const manifest = JSON.parse(text('package.json'));
    expect(manifest.name).not.toBe('mqtt-course');
    expect(manifest.scripts.check).toBe('node .mqtt-course/bin.mjs check');
    expect(manifest.imports).toEqual({ '#kit': './exercises/kit/kit.ts' });
    expect(JSON.parse(text('.vscode/settings.json'))).toMatchObject({
      'python.analysis.extraPaths': ['exercises/kit'],
    });
    expect(readdirSync(folder).sort()).toEqual([
      '.gitignore',
      '.mqtt-course',
      '.vscode',
      'README.md',
      'exercises',
      'node_modules',
      'package.json',
      'tsconfig.json',
    ]);
  });

  test('has neither solutions nor hidden tests', () => {
    const { folder } = made();
    const all = readdirSync(folder, { recursive: true }).map(String);
    const own = all.filter(path => !path.startsWith('node_modules'));
    expect(own).toContain(join('exercises', '05-wildcards', 'python', 'main.py'));
    expect(own.filter(path => /solution|\.test\./.test(path))).toEqual([]);
  });

  test('links to the course, and the links are made again when broken', () => {
    const { root, folder, workspace } = made();
    const link = join(folder, 'node_modules', 'mqtt-course');
    expect(realpathSync(link)).toBe(realpathSync(root));
    rmSync(link);
    symlinkSync(join(folder, 'gone'), link);
    rmSync(join(folder, 'node_modules', '.bin'), { recursive: true });
    openWorkspace(workspace, root);
    expect(realpathSync(link)).toBe(realpathSync(root));
    expect(lstatSync(join(folder, 'node_modules', '.bin', 'mqtt-course')).isSymbolicLink()).toBe(
      true,
    );
  });

  test('a real folder in node_modules is left alone', () => {
    const { root, folder, workspace } = made();
    const link = join(folder, 'node_modules', 'mqtt-course');
    rmSync(link);
    put(link, { 'package.json': '{}' });
    openWorkspace(workspace, root);
    expect(lstatSync(link).isDirectory()).toBe(true);
  });

  test('is refused where something else is, and the flag is named', () => {
    const root = smallCourse();
    const folder = temporaryFolder();
    put(folder, { 'thesis.txt': 'mine' });
    expect(() => createWorkspace(folder, root)).toThrow(UsageError);
    expect(() => createWorkspace(folder, root)).toThrow('--dir');
    expect(readdirSync(folder)).toEqual(['thesis.txt']);
    expect(() => createWorkspace(join(folder, 'thesis.txt'), root)).toThrow('is a file');
    expect(() => createWorkspace(join(folder, 'thesis.txt', 'sub'), root)).toThrow(UsageError);
  });

  test('a folder with nothing but .git will do', () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, '.git'));
    expect(openOrCreate(folder, smallCourse()).created).toBe(true);
  });

  test('is opened, not made again, the second time', () => {
    const { root, folder } = made();
    expect(openOrCreate(folder, root)).toMatchObject({ created: false, notices: [] });
  });
});

describe('finding the workspace', () => {
  test('from any folder in it', () => {
    const { folder } = made();
    expect(findWorkspace(join(folder, 'exercises/05-wildcards'))?.folder).toBe(folder);
    expect(findWorkspace(folder)?.folder).toBe(folder);
  });

  test('from the folder above, as in a clone of the course', () => {
    const { folder } = made();
    expect(findWorkspace(join(folder, '..'))?.folder).toBe(folder);
  });

  test('nothing where nothing is', () => {
    expect(findWorkspace(temporaryFolder())).toBeUndefined();
  });

  test('a folder tells its lesson and track', () => {
    const { root, workspace, folder } = made();
    const inside = join(folder, 'exercises', '05-wildcards');
    expect(lessonAt(workspace, inside, root)).toEqual({ lesson: '05-wildcards' });
    expect(lessonAt(workspace, join(inside, 'python'), root)).toEqual({
      lesson: '05-wildcards',
      track: 'python',
    });
    expect(lessonAt(workspace, folder, root)).toEqual({});
    expect(lessonAt(workspace, join(folder, '..'), root)).toEqual({});
  });

  test('a lesson without an exercise in the track names the other track', () => {
    const { root, workspace } = made();
    rmSync(join(root, 'exercises/05-wildcards/python'), { recursive: true });
    expect(() => exercisePlace(workspace, '05-wildcards', 'python', root)).toThrow(
      '--track typescript',
    );
    expect(exercisePlace(workspace, '05-wildcards', 'typescript', root).shown).toBe(main);
  });
});

describe('a newer course', () => {
  test('replaces stubs that were not touched, and says so', () => {
    const { root, workspace, text } = made();
    put(root, { [main]: '// better stub\n' });
    const { notices } = openWorkspace(workspace, root);
    expect(text(main)).toBe('// better stub\n');
    expect(notices.join()).toContain(main);
    expect(openWorkspace(workspace, root).notices).toEqual([]);
  });

  test('keeps touched stubs and puts the newer one beside, once', () => {
    const { root, folder, workspace, text, write } = made();
    write(main, '// my work\n');
    expect(openWorkspace(workspace, root).notices).toEqual([]);
    put(root, { [main]: '// better stub\n' });
    const { notices } = openWorkspace(workspace, root);
    expect(text(main)).toBe('// my work\n');
    expect(text(main.replace('.ts', '.new.ts'))).toBe('// better stub\n');
    expect(notices.join()).toContain('main.new.ts');
    rmSync(join(folder, main.replace('.ts', '.new.ts')));
    expect(openWorkspace(workspace, root).notices).toEqual([]);
    expect(existsSync(join(folder, main.replace('.ts', '.new.ts')))).toBe(false);
  });

  test('line ends alone are not work', () => {
    const { root, workspace, text, write } = made();
    write(main, '// stub of 05-wildcards\r\n');
    put(root, { [main]: '// better stub\n' });
    openWorkspace(workspace, root);
    expect(text(main)).toBe('// better stub\n');
  });

  test('adds new lessons', () => {
    const { root, workspace, text } = made();
    put(root, {
      'lessons/06-qos.md': 'x',
      'exercises/06-qos/typescript/main.ts': '// six\n',
    });
    expect(openWorkspace(workspace, root).notices).toEqual(['New in the course: 06-qos.']);
    expect(text('exercises/06-qos/typescript/main.ts')).toBe('// six\n');
  });

  test('does not bring back an exercise that the learner deleted; brings back the kit', () => {
    const { root, folder, workspace } = made();
    rmSync(join(folder, main));
    rmSync(join(folder, 'exercises/kit/kit.ts'));
    const { notices } = openWorkspace(workspace, root);
    expect(existsSync(join(folder, main))).toBe(false);
    expect(notices).toEqual(['exercises/kit/kit.ts was missing, and is there again.']);
  });

  test('a package.json of the learner gets the scripts it lacks, and keeps the rest', () => {
    const { root, workspace, text, write } = made();
    write(
      'package.json',
      '{"name":"mine","scripts":{"check":"echo mine"},"dependencies":{"x":"1"}}',
    );
    openWorkspace(workspace, root);
    const manifest = JSON.parse(text('package.json'));
    expect(manifest).toMatchObject({ name: 'mine', dependencies: { x: '1' } });
    expect(manifest.scripts.check).toBe('echo mine');
    expect(manifest.scripts.hint).toBe('node .mqtt-course/bin.mjs hint');
  });

  test('work survives even when the memory of what was delivered is lost', () => {
    const { root, folder, workspace, text, write } = made();
    write(main, '// my work\n');
    rmSync(join(folder, '.mqtt-course/state.json'));
    openWorkspace(workspace, root);
    put(root, { [main]: '// better stub\n' });
    openWorkspace(workspace, root);
    expect(text(main)).toBe('// my work\n');
  });
});

describe('reset', () => {
  test('saves first, says where, then gives the stub back', () => {
    const { root, folder, workspace, text, write } = made();
    write(main, '// my work\n');
    expect(planReset(workspace, '5', 'typescript', root)).toEqual({
      lesson: '05-wildcards',
      files: [main],
      changed: [main],
      missing: [],
    });
    const done = resetLesson(workspace, '5', 'typescript', root);
    expect(text(main)).toBe('// stub of 05-wildcards\n');
    expect(text(`${done.backup}/${main}`)).toBe('// my work\n');
    expect(done.backup).toMatch(/^\.mqtt-course\/backups\//);
    write(main, '// again\n');
    const second = resetLesson(workspace, '5', 'typescript', root);
    expect(second.backup).not.toBe(done.backup);
    expect(readFileSync(join(folder, second.backup ?? '', main), 'utf8')).toBe('// again\n');
  });

  test('brings back a deleted file, and needs no backup for it', () => {
    const { root, folder, workspace, text } = made();
    rmSync(join(folder, main));
    const done = resetLesson(workspace, '5', 'typescript', root);
    expect(done).toMatchObject({ missing: [main], changed: [] });
    expect(done.backup).toBeUndefined();
    expect(text(main)).toBe('// stub of 05-wildcards\n');
  });

  test('a stub that was reset counts as untouched again', () => {
    const { root, workspace, text, write } = made();
    write(main, '// my work\n');
    put(root, { [main]: '// better\n' });
    openWorkspace(workspace, root);
    resetLesson(workspace, '5', 'typescript', root);
    put(root, { [main]: '// best\n' });
    openWorkspace(workspace, root);
    expect(text(main)).toBe('// best\n');
    expect(readState(workspace.meta).state.stubs[main]).toBeDefined();
  });
});
