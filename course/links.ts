import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { writeAtomic } from './atomic.js';
import { packageRoot } from './package-root.js';

const windows = process.platform === 'win32';

/**
 * The program behind the scripts of a workspace: runs the course from the workspace's node_modules,
 * else from where it was when the workspace was made, else through npx. So nothing is downloaded
 * as long as the course is somewhere on this machine.
 */
function shim(root: string): string {
  return `#!/usr/bin/env node
// Made by mqtt-course; made again when the course moves.
import { spawnSync } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const workspace = dirname(dirname(fileURLToPath(import.meta.url)));
const places = [join(workspace, 'node_modules', 'mqtt-course'), ${JSON.stringify(root)}];
const place = places.find(folder => existsSync(join(folder, 'bin', 'mqtt-course.js')));
if (place) {
  await import(pathToFileURL(join(realpathSync(place), 'bin', 'mqtt-course.js')).href);
} else {
  const windows = process.platform === 'win32';
  const args = ['--yes', 'mqtt-course', ...process.argv.slice(2)];
  // Beside the workspace: in it, npx would find this file again.
  const cwd = dirname(workspace);
  const env = { ...process.env, MQTT_COURSE_CWD: process.cwd() };
  const run = spawnSync(windows ? 'npx.cmd' : 'npx', args, { stdio: 'inherit', shell: windows, cwd, env });
  if (run.error) console.error('The course is not on this machine, and npx cannot fetch it: ' + run.error.message);
  process.exitCode = run.status ?? 3;
}
`;
}

/** Writes `.mqtt-course/bin.mjs` when it is missing or the course has moved. */
export function writeShim(meta: string, root: string = packageRoot()): void {
  const path = join(meta, 'bin.mjs');
  const text = shim(root);
  if (existsSync(path) && readFileSync(path, 'utf8') === text) return;
  writeAtomic(path, text, 0o755);
}

/**
 * Makes the links that let editors find the types, and that keep `npx mqtt-course` local. Best
 * effort: the course works without them.
 */
export function makeLinks(folder: string, root: string = packageRoot()): void {
  const modules = join(folder, 'node_modules');
  attempt(() => link(root, join(modules, 'mqtt-course')));
  // The client library as the course brings it: one file, with its types.
  const client = join(root, 'dist', 'vendor', 'mqtt');
  const targets = {
    mqtt: existsSync(client) ? client : installed('mqtt', root),
    '@types/node': installed('@types/node', root),
  };
  for (const [name, target] of Object.entries(targets)) {
    if (target) attempt(() => link(target, join(modules, name)));
  }
  attempt(() => linkCommand(folder, join(modules, '.bin')));
}

function linkCommand(folder: string, bin: string): void {
  const target = join(folder, '.mqtt-course', 'bin.mjs');
  if (windows) {
    const path = join(bin, 'mqtt-course.cmd');
    if (existsSync(path)) return;
    mkdirSync(bin, { recursive: true });
    writeFileSync(path, '@node "%~dp0\\..\\..\\.mqtt-course\\bin.mjs" %*\r\n');
    return;
  }
  chmodSync(target, 0o755);
  link(join('..', '..', '.mqtt-course', 'bin.mjs'), join(bin, 'mqtt-course'), 'file');
}

/** Where a package that the course depends on is: beside the course, or in its own node_modules. */
function installed(name: string, root: string): string | undefined {
  for (let folder = root; ; folder = dirname(folder)) {
    const path = join(folder, 'node_modules', name);
    if (existsSync(join(path, 'package.json'))) return path;
    if (folder === dirname(folder)) return undefined;
  }
}

/** A real folder at `path` is left alone; a link that is broken or leads elsewhere is replaced. */
function link(target: string, path: string, type: 'dir' | 'file' = 'dir'): void {
  const there = lstatSync(path, { throwIfNoEntry: false });
  if (there && !there.isSymbolicLink()) return;
  if (there) {
    const wanted = resolve(dirname(path), target);
    if (existsSync(path) && realpathSync(path) === realpathSync(wanted)) return;
    rmSync(path, { force: true });
  }
  mkdirSync(dirname(path), { recursive: true });
  symlinkSync(target, path, type === 'file' ? 'file' : windows ? 'junction' : 'dir');
}

function attempt(work: () => void): void {
  try {
    work();
  } catch {
    // Editors lose some comfort; the course runs all the same.
  }
}
