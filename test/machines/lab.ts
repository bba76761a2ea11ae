/** A learner's workspace on a machine that something is wrong with. */
import { spawn, spawnSync } from 'node:child_process';
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { createWorkspace, packageRoot, type Track } from '../../course/index.js';
import { workspacePlace } from '../place.js';

export interface Learner {
  readonly folder: string;
  /** The file of an exercise. */
  file(lesson: string, track?: Track): string;
}

/** A new workspace in which these lessons are solved, in both tracks. */
export function learner(...lessons: string[]): Learner {
  const folder = workspacePlace();
  createWorkspace(folder);
  for (const lesson of lessons) {
    cpSync(join(packageRoot(), 'solutions', lesson), join(folder, 'exercises', lesson), {
      recursive: true,
    });
  }
  return {
    folder,
    file: (lesson, track = 'typescript') =>
      join(folder, 'exercises', lesson, track, track === 'python' ? 'main.py' : 'main.ts'),
  };
}

export const PUBLISH = '02-publish-a-reading';
export const TLS = '14-tls';

export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs a script of the shell: for what a process cannot do to itself, such as limits. */
export function shell(
  script: string,
  options: { readonly cwd: string; readonly env?: Readonly<Record<string, string>> },
): Promise<Ended> {
  const { PATH = '', HOME = '', TMPDIR = '' } = process.env;
  return new Promise((resolve, reject) => {
    const child = spawn('/bin/bash', ['-c', script], {
      cwd: options.cwd,
      env: { PATH, HOME, TMPDIR, ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let out = '';
    let err = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      out += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      err += text;
    });
    child.once('error', reject);
    child.once('close', code => resolve({ code, out, err }));
  });
}

/** How to enter namespaces of one's own here, as the beginning of a command; undefined: not at all. */
export function namespaces(...kinds: readonly ('-n' | '-m')[]): string | undefined {
  const ways = [kinds, ['-r', ...kinds]].map(flags => ['unshare', ...flags]);
  const way = ways.find(
    ([command = '', ...flags]) => spawnSync(command, [...flags, 'true']).status === 0,
  );
  if (!way)
    console.warn(
      `unshare ${kinds.join(' ')} is not possible here: tests that need it are left out`,
    );
  return way?.join(' ');
}

/** Text of a screen without the breaks of its lines. */
export const flowing = (text: string): string => text.replace(/\s+/g, ' ');
