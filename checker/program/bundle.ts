import { readFileSync, realpathSync } from 'node:fs';
import { dirname, extname, relative, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { BuildFailure, Plugin } from 'esbuild';

/** What is to be made into one JavaScript file. Plain JSON: the build may be done in another process. */
export interface BundleRequest {
  readonly entry: string;
  /** Where the file will lie: what it says of its sources is relative to it. */
  readonly outfile: string;
  readonly kit: string;
  /** Where the packages are that the course itself brings, as URLs. */
  readonly packages: Readonly<Record<string, string>>;
  /** Build in nothing from outside of the entry's folder. */
  readonly confined: boolean;
}

/** The file, or why there is none. */
export type Bundled =
  | { readonly text: string }
  | {
      readonly error: string;
      readonly place?: { readonly file: string; readonly line: number; readonly excerpt: string };
    };

/**
 * Makes one JavaScript file of a learner's TypeScript. Stack traces keep naming the learner's file and
 * line. Imports nothing of the course, so that it runs in a sandbox where only this file is.
 */
export async function bundle(request: BundleRequest): Promise<Bundled> {
  const { entry, kit, confined } = request;
  const { build } = await import('esbuild');
  try {
    const { outputFiles } = await build({
      entryPoints: [entry],
      outfile: request.outfile,
      write: false,
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
      plugins: [...(confined ? [confine(dirname(entry), kit)] : []), linkPackages(request)],
    });
    return { text: outputFiles[0]?.text ?? '' };
  } catch (error) {
    return told(error, request);
  }
}

/**
 * Packages stay outside the built file. Those that the course itself brings (`mqtt`) are found
 * beside the course, so that a workspace needs no installation of its own; any other one is looked
 * for where the learner's file is.
 */
function linkPackages({ kit, packages, confined }: BundleRequest): Plugin {
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
        const ours = Object.hasOwn(packages, path) ? packages[path] : undefined;
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

const loaders = {
  '.ts': 'ts',
  '.mts': 'ts',
  '.cts': 'ts',
  '.tsx': 'tsx',
  '.js': 'js',
  '.mjs': 'js',
  '.cjs': 'js',
  '.jsx': 'jsx',
} as const;

/**
 * Refuses files outside of a folder, whatever name or link leads there; and a program's word on where
 * its source map lies, which would be read whatever it names.
 */
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
        if (namespace !== 'file' || outside(path)) {
          const text =
            "a file that it imports is not one of the exercise's files: a program is handed in as its own folder";
          return { errors: [{ text }] };
        }
        const loader = loaders[extname(path) as keyof typeof loaders];
        if (!loader) return undefined;
        const contents = readFileSync(path, 'utf8').replace(
          /[#@](?=[ \t]*sourceMappingURL=)/g,
          ' ',
        );
        return { contents, loader };
      });
    },
  };
}

const notHandedIn =
  ": it is not one of the exercise's files, and a program is handed in as its own folder";

/** Characters of a line that are shown. */
const SHOWN = 200;

function told(error: unknown, { entry, confined }: BundleRequest): Bundled {
  const first = (error as Partial<BuildFailure>).errors?.[0];
  // Not the file's fault as far as is known.
  if (!first) throw error;
  const file = first.location?.file ? resolve(first.location.file) : entry;
  const line = first.location?.line ?? 0;
  const column = first.location?.column ?? 0;
  const text = first.location?.lineText ?? '';
  const caret = `${' '.repeat(Math.min(column, SHOWN))}${'^'.repeat(
    Math.min(Math.max(1, first.location?.length ?? 1), SHOWN),
  )}`;
  const away = confined && /^Could not resolve "[./]/.test(first.text) ? notHandedIn : '';
  return {
    error: `${first.text.slice(0, 1000)}${away}`,
    place: {
      file,
      line,
      excerpt: `${String(line).padStart(4)} | ${text.slice(0, SHOWN)}\n     | ${caret}`,
    },
  };
}
