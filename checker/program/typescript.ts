import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { packageRoot } from '../../course/package-root.js';
import { bundleApart } from './build-apart.js';
import { scratchFolder } from './scratch.js';
import { type LauncherRef, ProgramUnavailable } from './spec.js';

const require = createRequire(import.meta.url);

/** A TypeScript program made ready to start with plain `node`. */
export interface BuiltProgram {
  readonly args: readonly string[];
  /** Removes the built file. */
  dispose(): Promise<void>;
}

/**
 * Makes one JavaScript file of the learner's TypeScript: starting it costs no more than `node` and
 * the client library. Stack traces keep naming the learner's file and line.
 * @param launcher how a program that is not trusted is started: it is built there as well, and
 * nothing is built in from outside of the entry's folder
 * @throws ProgramUnavailable with file, line and excerpt when the file does not parse
 */
export async function buildTypescript(
  entry: string,
  kit: string,
  launcher?: LauncherRef,
): Promise<BuiltProgram> {
  const [{ bundle }] = await Promise.all([import('./bundle.js'), warmClientLibrary()]);
  const folder = await mkdtemp(join(scratchFolder(), 'program-'));
  const outfile = join(folder, 'main.mjs');
  const dispose = () => rm(folder, { recursive: true, force: true });
  const request = { entry, outfile, kit, packages: packagesOfCourse() };
  try {
    const made = launcher
      ? await bundleApart({ ...request, confined: true }, launcher)
      : await bundle({ ...request, confined: false });
    if ('error' in made) throw new ProgramUnavailable(made.error, 'work', made.place);
    await writeFile(outfile, made.text);
  } catch (error) {
    await dispose();
    throw error;
  }
  return { args: ['--enable-source-maps', outfile], dispose };
}

const packagesOfCourse = () =>
  Object.fromEntries(['mqtt', 'mqtt-packet'].map(name => [name, resolveFromCourse(name)]));

function resolveFromCourse(name: string): string {
  const quick = join(vendorFolder(), 'mqtt.mjs');
  const file = name === 'mqtt' && existsSync(quick) ? quick : require.resolve(name);
  return pathToFileURL(file).href;
}

/** The client library in one file: see `scripts/vendor.mjs`. */
function vendorFolder(): string {
  return join(packageRoot(), 'dist', 'vendor');
}

let warmed: Promise<unknown> | undefined;

/** Makes V8's compiled code of the client library, once for each version of Node. */
function warmClientLibrary(): Promise<unknown> {
  const cache = join(vendorFolder(), `mqtt-${process.version}-${process.arch}.cache`);
  const maker = join(vendorFolder(), 'make-cache.mjs');
  warmed ??=
    existsSync(cache) || !existsSync(maker)
      ? Promise.resolve()
      : import('execa').then(({ execa }) =>
          execa(process.execPath, [maker], { reject: false, stdio: 'ignore' }),
        );
  return warmed;
}

/** The name of a file as a learner sees it: relative where that is shorter. */
export function shownPath(file: string, from: string): string {
  const path = file.startsWith('file:') ? fileURLToPath(file) : file;
  const short = relative(from, path);
  return short.startsWith('..') ? path : short;
}
