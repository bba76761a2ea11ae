import { spawn } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll } from 'vitest';
import { buildFolder } from '../place.js';

const root = join(import.meta.dirname, '..', '..');

export interface Finished {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export interface RunOptions {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
  /** Runs as this user; only where the tests are run by root. */
  readonly uid?: number;
  /** Sends SIGINT, once, as soon as this is true. */
  readonly interruptWhen?: () => boolean;
}

/** Builds the command line from the sources, for the tests of one file. */
export function commandLine(): (args: readonly string[], options: RunOptions) => Promise<Finished> {
  return builtCommandLine().run;
}

/** The same, with the path of the program: for tests that talk with it while it runs. */
export function builtCommandLine(): {
  readonly bin: string;
  run(args: readonly string[], options: RunOptions): Promise<Finished>;
} {
  const place = buildFolder('cli');
  chmodSync(place, 0o755);
  beforeAll(async () => {
    const sources = ['cli', 'grading', 'course', 'checker', 'broker', 'wire'].flatMap(room =>
      readdirSync(join(root, room), { recursive: true, encoding: 'utf8' })
        .map(name => join(room, name))
        .filter(path => /^(?!.*(mutants|variants)).*\.ts$/.test(path)),
    );
    await build({
      absWorkingDir: root,
      entryPoints: sources,
      outdir: join(place, 'dist'),
      outbase: '.',
      format: 'esm',
      platform: 'node',
      target: 'node20.12',
      logLevel: 'error',
    });
    mkdirSync(join(place, 'bin'));
    copyFileSync(join(root, 'bin/mqtt-course.js'), join(place, 'bin/mqtt-course.js'));
  });
  afterAll(() => rmSync(place, { recursive: true, force: true }));
  const bin = join(place, 'bin/mqtt-course.js');
  return { bin, run: (args, options) => run([bin, ...args], options) };
}

/** Runs a Node program without a terminal, and with nothing of this terminal in its environment. */
export function run(args: readonly string[], options: RunOptions): Promise<Finished> {
  const { PATH = '', HOME = '', TMPDIR = '', SYSTEMROOT } = process.env;
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...args], {
      cwd: options.cwd,
      env: { PATH, HOME, TMPDIR, ...(SYSTEMROOT ? { SYSTEMROOT } : {}), ...options.env },
      stdio: ['pipe', 'pipe', 'pipe'],
      ...(options.uid === undefined ? {} : { uid: options.uid }),
    });
    let out = '';
    let err = '';
    child.stdout.on('data', (data: Buffer) => {
      out += data.toString('utf8');
    });
    child.stderr.on('data', (data: Buffer) => {
      err += data.toString('utf8');
    });
    const { interruptWhen } = options;
    const timer = interruptWhen
      ? setInterval(() => {
          if (!interruptWhen()) return;
          clearInterval(timer);
          child.kill('SIGINT');
        }, 20)
      : undefined;
    child.on('error', reject);
    child.on('close', code => {
      clearInterval(timer);
      resolve({ code, out, err });
    });
    child.stdin.on('error', () => undefined);
    child.stdin.end(options.input ?? '');
  });
}
