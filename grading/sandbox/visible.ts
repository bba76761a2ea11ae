import { cpSync, existsSync, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { builderScript, findPython, kitFolder } from '../../checker/index.js';
import { packageRoot } from '../../course/index.js';
import type { Mount } from './mounts.js';
import { findTool, openToAll } from './options.js';

/** What a program sees of this machine. */
export interface Visible {
  readonly binds: readonly Mount[];
  /** What the compiler needs beside that: it runs where programs run. */
  readonly buildBinds: readonly Mount[];
  /** Node as the program's user can start it. */
  readonly node: string;
}

/**
 * Finds the files of this machine that a program needs and nothing more: Node, Python with
 * paho-mqtt, the libraries both are linked with, the kit, the client library.
 * @param tmp where copies go of what the program's user could not read where it is
 * @param others whether the programs run as another user than we do
 */
export async function visibleFiles(
  tmp: string,
  others: boolean,
  prlimit: string | undefined,
): Promise<Visible> {
  const node = realpathSync(process.execPath);
  const python = await pythonFiles();
  const programs = [node, ...(prlimit ? [prlimit] : []), ...(python?.binaries ?? [])];
  const wanted: Mount[] = [
    [node, process.execPath],
    ...(await libraries(programs)).map(path => [realpathSync(path), path] as const),
    ...(prlimit ? [[realpathSync(prlimit), prlimit] as const] : []),
    ...(python?.binds ?? []),
    ...course().map(path => [path, path] as const),
    ...['/etc/ld.so.cache', '/usr/lib/locale/C.utf8', '/etc/localtime', '/usr/share/zoneinfo/UTC']
      .filter(existsSync)
      .map(path => [realpathSync(path), path] as const),
  ];
  const seen = new Set<string>();
  let copies = 0;
  const readable = ([source, target]: Mount): Mount => {
    if (!others || openToAll(source)) return [source, target];
    const copy = join(tmp, 'machine', String(copies++));
    cpSync(source, copy, { recursive: true, dereference: true });
    return [copy, target];
  };
  const binds = wanted.filter(([, target]) => !seen.has(target) && seen.add(target)).map(readable);
  return {
    binds,
    buildBinds: compiler().map(path => readable([realpathSync(path), path])),
    node: binds.find(([, target]) => target === process.execPath)?.[0] ?? node,
  };
}

/** The script that builds a program, and esbuild with its binary for this machine. */
function compiler(): string[] {
  const script = builderScript();
  // The manifest says that the scripts are modules.
  const ours = [script, join(dirname(script), 'bundle.js'), join(packageRoot(), 'package.json')];
  return [...ours, ...packagesFor(['esbuild', `@esbuild/${process.platform}-${process.arch}`])];
}

/** The kit, the client library in one file, and packages that a TypeScript program may import. */
function course(): string[] {
  const vendor = join(packageRoot(), 'dist', 'vendor');
  const vendored = existsSync(join(vendor, 'mqtt.mjs'));
  const packages = vendored ? [] : packagesFor(['mqtt', 'mqtt-packet']);
  return [kitFolder(), ...(vendored ? [vendor] : []), ...packages];
}

/** The folders of packages and of all that they need. */
function packagesFor(names: readonly string[]): string[] {
  const found = new Set<string>();
  const add = (name: string, from: string): void => {
    const folder = (createRequire(from).resolve.paths(name) ?? [])
      .map(place => join(place, name))
      .find(place => existsSync(join(place, 'package.json')));
    if (folder === undefined || found.has(folder)) return;
    found.add(folder);
    const manifest = join(folder, 'package.json');
    const { dependencies = {} } = JSON.parse(readFileSync(manifest, 'utf8')) as {
      dependencies?: Record<string, string>;
    };
    for (const one of Object.keys(dependencies)) add(one, manifest);
  };
  for (const name of names) add(name, import.meta.url);
  return [...found];
}

const pythonProbe = `
import json, os, sys, sysconfig, paho
paths = sysconfig.get_paths()
lib = [paths['stdlib'], paths['platstdlib'], *paho.__path__]
conf = os.path.join(sys.prefix, 'pyvenv.cfg')
extra = [conf] if os.path.exists(conf) else []
dynload = [p for p in sys.path if p.endswith('lib-dynload')]
print(json.dumps({'executable': sys.executable, 'lib': lib, 'extra': extra, 'dynload': dynload}))
`;

interface PythonFiles {
  readonly binds: readonly Mount[];
  /** What has to be asked for libraries. */
  readonly binaries: readonly string[];
}

/** The Python that programs are run with; undefined where there is none with paho-mqtt. */
async function pythonFiles(): Promise<PythonFiles | undefined> {
  const python = await findPython();
  if (!python?.paho) return undefined;
  const asked = await execa(python.command, [...python.args, '-c', pythonProbe], { reject: false });
  if (asked.exitCode !== 0) return undefined;
  const found = JSON.parse(asked.stdout) as Record<'lib' | 'extra' | 'dynload', string[]> & {
    executable: string;
  };
  const binary = realpathSync(found.executable);
  const modules = found.dynload.flatMap(folder => [folder]);
  const files = [...new Set([...found.lib, ...found.extra, ...modules])];
  const places = [...new Set([python.command, found.executable])];
  return {
    binds: [
      ...places.map(place => [binary, place] as const),
      ...files.filter(existsSync).map(path => [realpathSync(path), path] as const),
    ],
    binaries: [binary, ...modules.filter(folder => statSync(folder).isDirectory())],
  };
}

/** The libraries that binaries are linked with (of a folder: all shared objects in it), as `ldd` finds them. */
async function libraries(binaries: readonly string[]): Promise<string[]> {
  const files = binaries.flatMap(path =>
    statSync(path).isDirectory()
      ? readdirSync(path)
          .filter(name => name.includes('.so'))
          .map(name => join(path, name))
      : [path],
  );
  const ldd = findTool('ldd');
  if (!ldd)
    throw new Error('isolation bwrap needs ldd. Debian and Ubuntu: sudo apt install libc-bin');
  const { stdout } = await execa(ldd, files, {
    reject: false,
    extendEnv: false,
    env: { LC_ALL: 'C', PATH: '/usr/bin:/bin' },
  });
  const paths = stdout.split('\n').flatMap(line => /(?:=> )?(\/\S+) \(0x/.exec(line)?.[1] ?? []);
  return [...new Set(paths)];
}
