import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findPython, type Track } from '../checker/index.js';
import { filesUnder, packageRoot } from '../course/index.js';
import type { GradeInputs } from './types.js';

const sha256 = (text: string | Uint8Array) => createHash('sha256').update(text).digest('hex');

/** What the content of nothing at all hashes to: a lesson for which nothing was handed in. */
export const NOTHING = sha256('');

/** The folder of the rooms that run: `dist` when built, else the root of the sources. */
const rooms = join(dirname(fileURLToPath(import.meta.url)), '..');

/** Wrong and right programs that prove the checks decide no grade. */
const noVerdict = /^prove\//;

let tests: string | undefined;

/**
 * SHA-256 over what a verdict comes from: the hidden tests, the checker, the broker, the wire, the
 * stubs with the kit, and the MQTT libraries. Two machines with the same one give the same grades.
 */
export function testsHash(): string {
  if (tests !== undefined) return tests;
  const hash = createHash('sha256');
  const add = (room: string, folder: string, wanted: (name: string) => boolean) => {
    for (const { name, path } of filesUnder(folder)) {
      if (wanted(name)) hash.update(`${room}/${name}\n${sha256(readFileSync(path))}\n`);
    }
  };
  const code = (name: string) => /\.(js|ts|py|mjs|cjs)$/.test(name) && !noVerdict.test(name);
  for (const room of ['checker', 'broker', 'wire', 'vendor']) add(room, join(rooms, room), code);
  add('exercises', join(packageRoot(), 'exercises'), () => true);
  const require = createRequire(import.meta.url);
  for (const library of ['aedes', 'mqtt', 'mqtt-packet']) {
    hash.update(`${library} ${versionOf(require, library)}\n`);
  }
  tests = hash.digest('hex');
  return tests;
}

/** The version in a package's own package.json, which its exports may hide. */
function versionOf(require: NodeJS.Require, name: string): string {
  for (const folder of require.resolve.paths(name) ?? []) {
    try {
      const text = readFileSync(join(folder, name, 'package.json'), 'utf8');
      return (JSON.parse(text) as { version: string }).version;
    } catch {
      // Further up.
    }
  }
  return 'unknown';
}

/** The programs that run submissions, as far as a verdict could depend on them. */
export async function runtimes(): Promise<Readonly<Record<Track, string>>> {
  const node = `node ${process.versions.node.split('.')[0]}`;
  const python = await findPython();
  return {
    typescript: node,
    python: python
      ? `${node}, python ${python.version}, paho-mqtt ${python.paho ?? 'missing'}`
      : `${node}, no python`,
  };
}

/** Everything that a result depends on, as one hash: the same key is not run again. */
export function gradeKey(inputs: GradeInputs): string {
  return sha256(JSON.stringify(sorted(inputs)));
}

function sorted(value: unknown): unknown {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([name, one]) => [name, sorted(one)]));
}
