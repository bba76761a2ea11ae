import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import type { LauncherRef, Track } from '../../checker/index.js';
import type { Isolation, ProgramLimits } from '../types.js';
import { PACKETS, WIRE_BYTES } from './limits.js';
import {
  findTool,
  type LimitHit,
  limitHitsFile,
  openToAll,
  type SandboxOptions,
  type Tools,
} from './options.js';
import { killNamed, killUser } from './processes.js';
import { freeUsers, releaseUsers, USERS_EACH } from './users.js';
import { visibleFiles } from './visible.js';

export interface Sandbox {
  /** How the programs of one submission are started: for `ProgramSpec.launcher`. */
  launcher(submission: { readonly folder: string; readonly track: Track }): LauncherRef;
  readonly limits: ProgramLimits;
  readonly tier: Isolation;
  /** Ends everything that was started in it, and removes its files. */
  close(): Promise<void>;
  /**
   * Limits that programs ran into since it was opened, in words, each once.
   * @param folder only those of the submission that lies there
   */
  limitHits(folder?: string): readonly string[];
}

export interface OpenSandboxOptions {
  readonly tier: Isolation;
  readonly limits: ProgramLimits;
  /** Where its own folder is made. */
  readonly tmp: string;
  /**
   * Makes the client identifiers of the checker's clients, with the seed of a run. Keep it from
   * learners; give the same one to get the same traces. Default: a new one.
   */
  readonly salt?: string;
}

/** Makes a sandbox ready. @throws Error when its tier cannot be had here: ask `probeIsolation` first */
export async function openSandbox(options: OpenSandboxOptions): Promise<Sandbox> {
  const { tier, limits } = options;
  const root = process.getuid?.() === 0;
  const uid = root && tier !== 'process' ? freeUsers() : undefined;
  const tools = await findTools();
  requireTools(tier, tools, root);
  await mkdir(options.tmp, { recursive: true });
  // The program's user has to get through to its files.
  const place = uid === undefined || openToAll(options.tmp) ? options.tmp : tmpdir();
  const tmp = await mkdtemp(join(place, 'mqtt-course-sandbox-'));
  await chmod(tmp, uid === undefined ? 0o700 : 0o711);
  for (const name of ['machine', 'scratch']) await mkdir(join(tmp, name));
  await writeFile(limitHitsFile(tmp), '', { mode: 0o600 });
  await writeEtc(tmp, uid ?? process.getuid?.() ?? 0);
  const visible =
    tier === 'process'
      ? { binds: [], node: process.execPath }
      : await visibleFiles(tmp, uid !== undefined, tools.prlimit);
  const salt = options.salt ?? randomBytes(8).toString('hex');
  const shared = {
    tier,
    limits,
    tmp,
    tools,
    ...visible,
    nodeMajor: Number(process.versions.node.split('.')[0]),
    ...(uid === undefined ? {} : { uid }),
  };
  return {
    tier,
    limits,
    launcher: submission => ({
      module: launcherModule(),
      options: { ...shared, submission } satisfies SandboxOptions,
      guards: {
        connections: limits.connections,
        packetBytes: limits.packetBytes,
        packets: PACKETS,
        bytes: WIRE_BYTES,
        retainedBytes: limits.retainedBytes,
        queuedMessages: limits.queuedMessages,
        salt,
      },
    }),
    limitHits: folder => [
      ...new Set(
        readLimitHits(tmp)
          .filter(hit => folder === undefined || hit.folder === folder)
          .map(hit => hit.text),
      ),
    ],
    async close() {
      // Whatever was started has this path in its command line; what it started in turn dies with it.
      while (killNamed(tmp) > 0) await new Promise(resolve => setTimeout(resolve, 20));
      if (tier === 'container' && uid !== undefined) {
        for (let one = uid; one < uid + USERS_EACH; one++) killUser(one);
      }
      if (uid !== undefined) releaseUsers(uid);
      await rm(tmp, { recursive: true, force: true });
    },
  };
}

function readLimitHits(tmp: string): LimitHit[] {
  const file = limitHitsFile(tmp);
  if (!existsSync(file)) return [];
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map(line => JSON.parse(line) as LimitHit);
}

/** Beside this file: `launcher.js` when built, `launcher.ts` in the sources. */
function launcherModule(): string {
  const built = new URL('./launcher.js', import.meta.url);
  return existsSync(fileURLToPath(built))
    ? built.href
    : new URL('./launcher.ts', import.meta.url).href;
}

async function findTools(): Promise<Tools> {
  const named = Object.fromEntries(
    (['bwrap', 'setpriv', 'nsenter', 'prlimit'] as const).flatMap(name => {
      const path = findTool(name);
      return path === undefined ? [] : [[name, path]];
    }),
  );
  const help = named['bwrap']
    ? await execa(named['bwrap'], ['--help'], { reject: false })
    : undefined;
  return { ...named, disableUserns: help?.stdout.includes('--disable-userns') ?? false };
}

/** Says what is missing. Nothing is left out silently. */
function requireTools(tier: Isolation, tools: Tools, root: boolean): void {
  const wanted = {
    bwrap: ['bwrap', 'nsenter', 'prlimit', ...(root ? ['setpriv'] : [])],
    container: ['setpriv', 'prlimit'],
    process: [],
  }[tier];
  const missing = wanted.filter(name => !(name in tools));
  if (missing.length === 0) return;
  const install = missing.map(name => (name === 'bwrap' ? 'bubblewrap' : 'util-linux'));
  throw new Error(
    `isolation ${tier} needs ${missing.join(' and ')}. Debian and Ubuntu: sudo apt install ${[...new Set(install)].join(' ')}`,
  );
}

async function writeEtc(tmp: string, uid: number): Promise<void> {
  const etc = join(tmp, 'etc');
  await mkdir(etc);
  const files = {
    passwd: `root:x:0:0:root:/root:/usr/sbin/nologin\nlearner:x:${uid}:${uid}:learner:/tmp:/usr/sbin/nologin\n`,
    group: `root:x:0:\nlearner:x:${uid}:\n`,
    hosts: '127.0.0.1 localhost\n',
  };
  for (const [name, text] of Object.entries(files)) {
    await writeFile(join(etc, name), text, { mode: 0o644 });
  }
}
