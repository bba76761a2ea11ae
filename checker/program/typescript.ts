import { existsSync } from 'node:fs';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { machineReasonIn } from '../../course/machine.js';
import { packageRoot } from '../../course/package-root.js';
import { removeTemporary } from '../../course/system/index.js';
import { bundleApart } from './build-apart.js';
import type { Bundled } from './bundle.js';
import { scratchFolder, temporaryUnavailable } from './scratch.js';
import { type LauncherRef, ProgramUnavailable, type UnreadableWords } from './spec.js';

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
  const folder = await mkdtemp(join(scratchFolder(), 'program-')).catch(error => {
    throw temporaryUnavailable(error);
  });
  const outfile = join(folder, 'main.mjs');
  const dispose = () => removeTemporary(folder);
  const request = { entry, outfile, kit, packages: packagesOfCourse() };
  try {
    const made = launcher
      ? await bundleApart({ ...request, confined: true }, launcher)
      : await bundle({ ...request, confined: false });
    if ('error' in made) throw unavailable(made, launcher !== undefined);
    // Written by ourselves: of esbuild, a full disk is a mistake in the learner's file.
    await writeFile(outfile, made.text).catch(error => {
      throw temporaryUnavailable(error);
    });
  } catch (error) {
    await dispose().catch(() => undefined);
    throw error;
  }
  return { args: ['--enable-source-maps', outfile], dispose };
}

const packagesOfCourse = () =>
  Object.fromEntries(['mqtt', 'mqtt-packet'].map(name => [name, resolveFromCourse(name)]));

function resolveFromCourse(name: string): string {
  const gathered = join(vendorFolder(), `${name}.mjs`);
  const file = existsSync(gathered) ? gathered : require.resolve(name);
  return pathToFileURL(file).href;
}

/** Libraries of one file each: see `scripts/vendor.mjs`. */
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

function unavailable(
  { error, place }: Extract<Bundled, { error: string }>,
  apart: boolean,
): ProgramUnavailable {
  // The learner's line is not at fault: the builder itself could not do its work. A program that is
  // not trusted could write these words itself, to be told from a mistake.
  if (!apart && (machineReasonIn(error) !== undefined || systemWords.test(error))) {
    return new ProgramUnavailable(`This machine did not do its part: ${error}`, 'machine');
  }
  // The helpers of the course are known by the name that the file imports.
  const said = error.replace(/"[^"]*[\\/]kit[\\/]kit\.ts"/, '"#kit"');
  return new ProgramUnavailable(said, 'work', place, importWords(said));
}

/** How the builder, which is written in Go, names what the system did not let it do. */
const systemWords = /permission denied|too many open files|no space left|input\/output error/;

/** A file that parses, and imports what is not there. */
function importWords(text: string): UnreadableWords | undefined {
  const missing = /^Could not resolve "([^"]*)"/.exec(text)?.[1];
  const name = /^No matching export in "(.*)" for import "(.*)"$/.exec(text);
  if (missing === undefined && !name) return undefined;
  return {
    mistake: 'import-error',
    expected: 'each import leads to a file that is there',
    why: name
      ? `${name[1]} exports nothing of the name ${name[2]}, so not one line of your program ran`
      : 'the file parses; what this line imports is not there, so not one line of it ran',
    try: name
      ? 'look at what that file exports; capitals count'
      : missing?.startsWith('.')
        ? `look for ${missing} from the folder of your file on; capitals count, and so does the ending`
        : 'look at the name; a file of your own begins with ./',
  };
}

/** The name of a file as a learner sees it: relative where that is shorter. */
export function shownPath(file: string, from: string): string {
  const path = file.startsWith('file:') ? fileURLToPath(file) : file;
  const short = relative(from, path);
  return short.startsWith('..') ? path : short;
}
