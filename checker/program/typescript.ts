import { existsSync, realpathSync } from 'node:fs';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { BuildFailure, Plugin } from 'esbuild';
import { machineReasonIn } from '../../course/machine.js';
import { packageRoot } from '../../course/package-root.js';
import { removeTemporary } from '../../course/system/locked.js';
import { scratchFolder, temporaryUnavailable } from './scratch.js';
import { ProgramUnavailable, type UnreadableWords } from './spec.js';

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
 * @param options.confined build in nothing from outside of the entry's folder: it is read by us, not
 * by the learner's program
 * @throws ProgramUnavailable with file, line and excerpt when the file does not parse
 */
export async function buildTypescript(
  entry: string,
  kit: string,
  { confined = false }: { readonly confined?: boolean } = {},
): Promise<BuiltProgram> {
  const [{ build }] = await Promise.all([import('esbuild'), warmClientLibrary()]);
  const folder = await mkdtemp(join(scratchFolder(), 'program-')).catch(error => {
    throw temporaryUnavailable(error);
  });
  const outfile = join(folder, 'main.mjs');
  const dispose = () => removeTemporary(folder);
  try {
    const { outputFiles } = await build({
      write: false,
      entryPoints: [entry],
      outfile,
      bundle: true,
      format: 'esm',
      platform: 'node',
      target: 'node20.12',
      sourcemap: 'inline',
      sourcesContent: false,
      logLevel: 'silent',
      tsconfigRaw: '{}',
      define: {
        'import.meta.url': JSON.stringify(pathToFileURL(entry).href),
        'import.meta.filename': JSON.stringify(entry),
        'import.meta.dirname': JSON.stringify(dirname(entry)),
      },
      plugins: [...(confined ? [confine(dirname(entry), kit)] : []), linkPackages(kit, confined)],
    });
    // Written by ourselves: of esbuild, a full disk is a mistake in the learner's file.
    await writeFile(outfile, outputFiles[0]?.contents ?? '').catch(error => {
      throw temporaryUnavailable(error);
    });
  } catch (error) {
    await dispose().catch(() => undefined);
    throw unavailable(error, entry);
  }
  return { args: ['--enable-source-maps', outfile], dispose };
}

/**
 * Packages stay outside the built file. Those that the course itself brings (`mqtt`) are found
 * beside the course, so that a workspace needs no installation of its own; any other one is looked
 * for where the learner's file is.
 */
function linkPackages(kit: string, confined: boolean): Plugin {
  return {
    name: 'link-packages',
    setup(build) {
      build.onResolve({ filter: /^#kit$/ }, () => ({ path: kit }));
      build.onResolve({ filter: /^[^./#]/ }, async ({ path, kind, resolveDir, pluginData }) => {
        if (
          kind === 'entry-point' ||
          path.startsWith('node:') ||
          /^[A-Za-z]:[\\/]/.test(path) ||
          pluginData === 'seen'
        )
          return;
        const ours = resolveFromCourse(path);
        if (ours) return { path: ours, external: true };
        if (confined) return { path, external: true };
        const found = await build.resolve(path, { kind, resolveDir, pluginData: 'seen' });
        return found.errors.length > 0 || found.external
          ? { path, external: true }
          : { path: pathToFileURL(found.path).href, external: true };
      });
    },
  };
}

/** Refuses files outside of a folder, whatever name or link leads there. */
function confine(folder: string, kit: string): Plugin {
  const home = realpathSync(folder);
  const outside = (path: string) => {
    const real = realpathSync(path);
    return real !== realpathSync(kit) && relative(home, real).startsWith('..');
  };
  return {
    name: 'confine',
    setup(build) {
      build.onLoad({ filter: /.*/ }, ({ path, namespace }) => {
        if (namespace === 'file' && !outside(path)) return undefined;
        const text = `${basename(path)} is not one of the exercise's files: a program is handed in as its own folder`;
        return { errors: [{ text }] };
      });
    },
  };
}

function resolveFromCourse(name: string): string | undefined {
  if (name !== 'mqtt' && name !== 'mqtt-packet') return undefined;
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

function unavailable(error: unknown, entry: string): Error {
  const first = (error as Partial<BuildFailure>).errors?.[0];
  if (!first || error instanceof ProgramUnavailable)
    return error instanceof Error ? error : new Error(String(error));
  const file = first.location?.file ? resolve(first.location.file) : entry;
  const line = first.location?.line ?? 0;
  const column = first.location?.column ?? 0;
  // The learner's line is not at fault: the builder itself could not do its work.
  if (machineReasonIn(first.text) !== undefined || systemWords.test(first.text)) {
    return new ProgramUnavailable(`This machine did not do its part: ${first.text}`, 'machine');
  }
  // The helpers of the course are known by the name that the file imports.
  const said = first.text.replace(/"[^"]*[\\/]kit[\\/]kit\.ts"/, '"#kit"');
  const text = first.location?.lineText ?? '';
  const caret = `${' '.repeat(column)}${'^'.repeat(Math.max(1, first.location?.length ?? 1))}`;
  return new ProgramUnavailable(
    said,
    'work',
    {
      file,
      line,
      excerpt: `${String(line).padStart(4)} | ${text}\n     | ${caret}`,
    },
    importWords(said),
  );
}

/** How the builder, which is written in Go, names what the system did not let it do. */
const systemWords = /permission denied|too many open files|no space left|input\/output error/;

/** A file that parses, and imports what is not there. */
function importWords(text: string): UnreadableWords | undefined {
  const missing = /^Could not resolve "(.*)"$/.exec(text)?.[1];
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
