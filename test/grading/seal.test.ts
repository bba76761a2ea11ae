import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, describe, expect, test } from 'vitest';
import { findTool } from '../../grading/sandbox/options.js';
import { sealContainer } from '../../grading/sandbox/seal.js';
import { freeUsers, releaseUsers } from '../../grading/sandbox/users.js';

const setpriv = findTool('setpriv');
const usable = process.getuid?.() === 0 && setpriv !== undefined;
if (!usable) console.warn('skipped: the isolation container is for root, with setpriv');

const made: string[] = [];
afterAll(() => {
  for (const folder of made) rmSync(folder, { recursive: true, force: true });
});

/** As `npm install --global` leaves it, by root and for all to read; beside it a class. */
function container() {
  const top = mkdtempSync(join(tmpdir(), 'mqtt-course-layout-'));
  made.push(top);
  chmodSync(top, 0o755);
  const root = join(top, 'lib', 'mqtt-course');
  const write = (path: string) => {
    mkdirSync(join(path, '..'), { recursive: true, mode: 0o755 });
    writeFileSync(path, 'secret', { mode: 0o644 });
    return path;
  };
  const secret = [
    'solutions/01-first-connection/typescript/main.ts',
    'dist/checker/lessons/01-first-connection.test.js',
    'dist/checker/prove/proofs/01-first-connection.js',
  ].map(path => write(join(root, path)));
  const needed = [
    'exercises/kit/kit.ts',
    'dist/checker/program/builder.js',
    'dist/vendor/mqtt.mjs',
  ];
  const open = needed.map(path => write(join(root, path)));
  const folders = ['submissions', 'grades'].map(name => join(top, 'class', name));
  const others = folders.map(folder => write(join(folder, 'ada', 'main.ts')));
  return { root, folders, secret: [...secret, ...others], open };
}

/** As a program of the container tier reads: `open(path).read()`. */
async function read(path: string, uid: number): Promise<string> {
  const drop = [`--reuid=${uid}`, `--regid=${uid}`, '--clear-groups', '--inh-caps=-all'];
  const { stdout } = await execa(setpriv ?? '', [...drop, 'cat', path], { reject: false });
  return stdout;
}

describe.skipIf(!usable)('the isolation container keeps its secrets', () => {
  const uid = freeUsers();
  releaseUsers(uid);

  test('solutions, hidden tests, other submissions and results are for root alone', async () => {
    const { root, folders, secret, open } = container();
    for (const path of [...secret, ...open]) expect(await read(path, uid)).toBe('secret');
    expect(await sealContainer({ root, folders })).toEqual([]);
    for (const path of secret) expect(await read(path, uid), path).toBe('');
    for (const path of open) expect(await read(path, uid), path).toBe('secret');
    expect(statSync(join(root, 'solutions')).mode & 0o777).toBe(0o700);
    expect(await sealContainer({ root, folders })).toEqual([]);
  });

  test('what stays open is named: there is no sandbox then', async () => {
    const { root, folders } = container();
    const own = join(root, 'solutions');
    chownSync(own, uid, uid);
    expect(await sealContainer({ root, folders })).toEqual([own]);
  });
});
