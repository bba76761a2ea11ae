import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import type { LauncherRef, Track } from '../../checker/index.js';
import type { Isolation, ProgramLimits } from '../types.js';
import { PYTHON_TRIAL } from './holder.js';
import {
  DELIVERIES,
  PACKETS,
  RETAINED_MESSAGES,
  TOPIC_FILTERS,
  TOPIC_LEVELS,
  WIRE_BYTES,
} from './limits.js';
import {
  type Alarm,
  alarmsFile,
  filterFile,
  findTool,
  type LimitHit,
  limitHitsFile,
  networksFile,
  openNetworks,
  openToAll,
  type SandboxOptions,
  type Tools,
} from './options.js';
import { emptyNetworks, killNamed, killUser } from './processes.js';
import { filterHere } from './seccomp.js';
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
   * ProgramLimits that programs ran into since it was opened, in words, each once.
   * @param folder only those of the submission that lies there
   */
  limitHits(folder?: string): readonly string[];
  /**
   * What must never happen, in words: a program that left something alive. Nothing after it counts.
   * @param folder only what programs of the submission did that lies there
   */
  alarms(folder?: string): readonly string[];
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
  requireTools(tier, tools);
  await mkdir(options.tmp, { recursive: true });
  // The program's user has to get through to its files.
  const place = uid === undefined || openToAll(options.tmp) ? options.tmp : tmpdir();
  const tmp = await mkdtemp(join(place, 'mqtt-course-sandbox-'));
  await chmod(tmp, uid === undefined ? 0o700 : 0o711);
  // For the programs' user as well, whatever the umask is.
  for (const name of ['machine', 'scratch', 'etc']) {
    await mkdir(join(tmp, name));
    await chmod(join(tmp, name), 0o755);
  }
  for (const file of [limitHitsFile(tmp), networksFile(tmp), alarmsFile(tmp)]) {
    await writeFile(file, '', { mode: 0o600 });
  }
  const filter = filterHere();
  if (filter) await writeOpen(filterFile(tmp), filter);
  await writeEtc(tmp, uid ?? process.getuid?.() ?? 0);
  const visible =
    tier === 'process'
      ? { binds: [], buildBinds: [], node: process.execPath }
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
        retainedMessages: RETAINED_MESSAGES,
        topicFilters: TOPIC_FILTERS,
        topicLevels: TOPIC_LEVELS,
        deliveries: DELIVERIES,
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
    alarms: folder =>
      linesIn(alarmsFile(tmp))
        .map(line => JSON.parse(line) as Alarm)
        .filter(one => folder === undefined || one.folder === folder)
        .map(one => one.text),
    async close() {
      // Whatever was started has this path in its command line; what it started in turn dies with it.
      while (killNamed(tmp) > 0) await new Promise(resolve => setTimeout(resolve, 20));
      // A program can change its command line, not the network that it is in.
      const left = await emptyNetworks(
        openNetworks(linesIn(networksFile(tmp))),
        undefined,
        EMPTY_MS,
        uid,
      );
      if (left.length > 0) {
        throw new Error(`programs of a submission cannot be ended: processes ${left.join(', ')}`);
      }
      if (tier === 'container' && uid !== undefined) {
        for (let one = uid; one < uid + USERS_EACH; one++) killUser(one);
      }
      if (uid !== undefined) releaseUsers(uid);
      await rm(tmp, { recursive: true, force: true });
    },
  };
}

/** How long what a sandbox started may take to be gone when it is closed. */
const EMPTY_MS = 10_000;

function linesIn(file: string): string[] {
  return existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : [];
}

const readLimitHits = (tmp: string) =>
  linesIn(limitHitsFile(tmp)).map(line => JSON.parse(line) as LimitHit);

/** Beside this file: `launcher.js` when built, `launcher.ts` in the sources. */
function launcherModule(): string {
  const built = new URL('./launcher.js', import.meta.url);
  return existsSync(fileURLToPath(built))
    ? built.href
    : new URL('./launcher.ts', import.meta.url).href;
}

async function findTools(): Promise<Tools> {
  const named = Object.fromEntries(
    (['bwrap', 'setpriv', 'nsenter', 'prlimit', 'mount'] as const).flatMap(name => {
      const path = findTool(name);
      return path === undefined ? [] : [[name, path]];
    }),
  );
  const help = named['bwrap']
    ? await execa(named['bwrap'], ['--help'], { reject: false })
    : undefined;
  const python = findTool('python3');
  const holds =
    python !== undefined &&
    (await execa(python, PYTHON_TRIAL, { reject: false, stdio: 'ignore' })).exitCode === 0;
  return {
    ...named,
    ...(holds ? { python } : {}),
    disableUserns: help?.stdout.includes('--disable-userns') ?? false,
  };
}

const packageOf: Readonly<Record<string, string>> = { bwrap: 'bubblewrap', mount: 'mount' };

/** Says what is missing. Nothing is left out silently. */
function requireTools(tier: Isolation, tools: Tools): void {
  const wanted = {
    bwrap: ['bwrap', 'nsenter', 'prlimit', 'setpriv', 'mount'],
    container: ['setpriv', 'prlimit'],
    process: [],
  }[tier];
  const missing = wanted.filter(name => !(name in tools));
  if (tier === 'bwrap' && !filterHere()) {
    throw new Error(`isolation bwrap has no filter of system calls for ${process.arch}`);
  }
  if (missing.length === 0) return;
  const install = missing.map(name => packageOf[name] ?? 'util-linux');
  throw new Error(
    `isolation ${tier} needs ${missing.join(' and ')}. Debian and Ubuntu: sudo apt install ${[...new Set(install)].join(' ')}`,
  );
}

async function writeEtc(tmp: string, uid: number): Promise<void> {
  const files = {
    passwd: `root:x:0:0:root:/root:/usr/sbin/nologin\nlearner:x:${uid}:${uid}:learner:/tmp:/usr/sbin/nologin\n`,
    group: `root:x:0:\nlearner:x:${uid}:\n`,
    hosts: '127.0.0.1 localhost\n',
  };
  for (const [name, text] of Object.entries(files)) {
    await writeOpen(join(tmp, 'etc', name), text);
  }
}

async function writeOpen(path: string, contents: string | Buffer): Promise<void> {
  await writeFile(path, contents);
  await chmod(path, 0o644);
}
