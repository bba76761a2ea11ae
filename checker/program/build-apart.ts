import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { packageRoot } from '../../course/package-root.js';
import type { Bundled, BundleRequest } from './bundle.js';
import type { Child } from './child.js';
import { launchChild } from './launched.js';
import { type LauncherRef, type OpenLauncher, ProgramUnavailable } from './spec.js';

/** How long the compiler may take for one program, the time that it waited for a processor aside. */
const BUILD_MS = 15_000;
/** What it may say: a program with all that it imports. */
const MOST_BYTES = 7 << 20;

/**
 * Makes one JavaScript file of a program that is not trusted, where programs of that launcher run: the
 * compiler reads what a stranger wrote, and what it is made to do it does in there.
 * @throws ProgramUnavailable `work` when the compiler got as far as the program and did not come back
 */
export async function bundleApart(request: BundleRequest, ref: LauncherRef): Promise<Bundled> {
  const { openLauncher } = (await import(ref.module)) as { openLauncher: OpenLauncher };
  const limits: string[] = [];
  const launcher = await openLauncher(ref.options, (_, text) => limits.push(text));
  try {
    const { entry, kit, ...rest } = request;
    const child = launchChild(launcher, 'compiler', {
      command: process.execPath,
      args: [builderScript(), entry, kit],
      cwd: dirname(entry),
      env: {},
      build: true,
    });
    const said = readAll(child);
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(JSON.stringify(rest));
    const stopWatching = endLate(child, () => limits.push(`took longer than ${BUILD_MS / 1000} s`));
    const ending = await child.ended;
    stopWatching();
    await child.closed;
    const { stdout, stderr } = said();
    const [ready, answer] = stdout.split('\n');
    if (ready !== 'ready') {
      const why = ending.startError ?? (stderr.trim().split('\n').at(-1) || 'no reason was given');
      throw new Error(`the compiler could not be started where programs run: ${why}`);
    }
    const made = answer ? understood(answer) : undefined;
    if (made) return made;
    const what = limits.at(-1) ?? `it ended with ${ending.signal ?? ending.code}`;
    throw new ProgramUnavailable(
      `the compiler did not get through the program: ${what}. It is too deeply nested, or too large`,
      'work',
    );
  } finally {
    await launcher.close();
  }
}

/** Beside this file when built; the sources are not run by Node as they are. */
export function builderScript(): string {
  const beside = fileURLToPath(new URL('./builder.js', import.meta.url));
  return existsSync(beside)
    ? beside
    : join(packageRoot(), 'dist', 'checker', 'program', 'builder.js');
}

function readAll(child: Child): () => { stdout: string; stderr: string } {
  const texts = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding('utf8').on('data', (text: string) => {
      if (texts[name].length + text.length <= MOST_BYTES) texts[name] += text;
    });
    child[name]?.on('error', () => undefined);
  }
  return () => texts;
}

function endLate(child: Child, onLate: () => void): () => void {
  const began = performance.now();
  const timer = setInterval(() => {
    if (performance.now() - began - child.starvedMs() < BUILD_MS) return;
    clearInterval(timer);
    onLate();
    child.kill();
  }, 100);
  return () => clearInterval(timer);
}

/** It comes from where the program runs: anything may stand there. */
function understood(line: string): Bundled | undefined {
  let made: unknown;
  try {
    made = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (typeof made !== 'object' || made === null) return undefined;
  if ('text' in made && typeof made.text === 'string') return { text: made.text };
  if (!('error' in made) || typeof made.error !== 'string') return undefined;
  const place = 'place' in made ? made.place : undefined;
  const known =
    typeof place === 'object' &&
    place !== null &&
    'file' in place &&
    'line' in place &&
    'excerpt' in place
      ? { file: String(place.file), line: Number(place.line), excerpt: String(place.excerpt) }
      : undefined;
  return { error: made.error, ...(known ? { place: known } : {}) };
}
