/** The course installed in the rig, and a learner's commands in it. */
import { execFileSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { NODE } from './rig.mjs';

/** A folder with a space in its name, in the home of a user with one. */
const FOLDER = 'my course';

export const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

/** Every file below a folder, relative to it. */
export function filesBelow(folder, prefix = '') {
  return readdirSync(folder, { withFileTypes: true }).flatMap(entry =>
    entry.isDirectory()
      ? filesBelow(join(folder, entry.name), `${prefix}${entry.name}/`)
      : [`${prefix}${entry.name}`],
  );
}

/** The line ends of Windows, as editors and git's autocrlf give them. */
export function withCrlf(folder) {
  for (const name of filesBelow(folder)) {
    const file = join(folder, name);
    const text = readFileSync(file, 'utf8');
    writeFileSync(file, text.replace(/\r?\n/g, '\r\n'));
  }
}

/**
 * Packs the course as npm would publish it, and installs it for Windows in the user's home.
 * @param {ReturnType<typeof import('./wine.mjs').openWine>} wine
 */
export function installCourse(wine) {
  const { rig } = wine;
  const folder = join(rig.home, FOLDER);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const npm = (words, cwd) =>
    execFileSync('npm', words, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  const packed = npm(['pack', '--silent', '--pack-destination', rig.folder], root);
  const tarball = join(rig.folder, packed.trim().split('\n').at(-1) ?? '');
  writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
  const system = ['--os=win32', '--cpu=x64'];
  npm(['install', ...system, '--no-audit', '--no-fund', '--no-progress', tarball], folder);
  rmSync(tarball);
}

/**
 * The course that is installed in the rig.
 * @param {ReturnType<typeof import('./wine.mjs').openWine>} wine
 */
export function openPlace(wine) {
  const folder = join(wine.rig.home, FOLDER);
  const course = join(folder, 'node_modules', 'mqtt-course');
  const bin = wine.path(join(course, 'bin', 'mqtt-course.js'));
  const npmCli = join(
    realpathSync(execFileSync('which', ['npm'], { encoding: 'utf8' }).trim()),
    '..',
    'npm-cli.js',
  );
  const workspace = join(folder, 'mqtt-course');
  const words = args => [NODE, bin, ...args];

  return {
    folder,
    course,
    workspace,
    /** One command of the course. */
    run: (args, options = {}) => wine.run(words(args), { cwd: workspace, ...options }),
    /** One that goes on. */
    begin: (args, options = {}) => wine.start(words(args), { cwd: workspace, ...options }),
    /** As a command line for a terminal. */
    line: args => words(args),
    npm: (args, options = {}) =>
      wine.run([NODE, wine.path(npmCli), ...args], { cwd: workspace, ...options }),
    exercise: (lesson, track = 'typescript') => join(workspace, 'exercises', lesson, track),
    lessons: () =>
      readdirSync(join(course, 'solutions'))
        .filter(name => /^\d/.test(name))
        .sort(),
    /** Puts the reference solution in place of the learner's work. */
    solve: (lesson, track = 'typescript') => {
      const from = join(course, 'solutions', lesson, track);
      if (!statSync(from, { throwIfNoEntry: false })) return;
      cpSync(from, join(workspace, 'exercises', lesson, track), { recursive: true });
    },
  };
}
