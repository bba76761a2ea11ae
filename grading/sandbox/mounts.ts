import { chmodSync, chownSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, isAbsolute, join } from 'node:path';
import type { LaunchRequest } from '../../checker/index.js';
import { readPlain } from './copy.js';
import type { SandboxOptions } from './options.js';

export type Mount = readonly [source: string, target: string];

/** A folder for what the lesson asks a program to write: `RESULT_FILE`. */
export interface Outbox {
  readonly folder: string;
  /** Where the program sees it. */
  readonly target: string;
  readonly names: readonly string[];
}

/** One start with its files where the program's user can read them. */
export interface MountedStart {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** Where the files of this start lie, and where the program looks for them. */
  readonly binds: readonly Mount[];
  readonly outbox?: Outbox;
}

/** The largest program after it was built, and the largest certificate: bytes. */
const FILE_BYTES = 32 << 20;
/** What a program left in its outbox is taken over up to this size, bytes. */
const RESULT_BYTES = 1 << 20;

const inside = (path: string, folder: string) => path === folder || path.startsWith(`${folder}/`);

/** Lets the program's user in; others may not list our own folders. */
export function letIn(folder: string, { uid }: SandboxOptions): void {
  chmodSync(folder, uid === undefined ? 0o700 : 0o711);
}

/**
 * Copies what a start names (the built program, a certificate) to where the program's user can read
 * it, and makes a place for what it shall write.
 * @param files the copy of the submission's files
 * @param own an empty folder for this start
 */
export function mountFiles(
  options: SandboxOptions,
  files: string,
  own: string,
  request: LaunchRequest,
): MountedStart {
  const env = { ...base, ...request.env };
  const { command, cwd } = request;
  if (options.tier === 'process') return { command, args: request.args, cwd, env, binds: [] };
  // In bubblewrap the folder comes out of the scenario's scratch folder.
  const binds: Mount[] = [
    ...(request.build ? options.buildBinds : []),
    ...(options.tier === 'bwrap' ? [] : [[files, options.submission.folder] as const]),
  ];
  if (!inside(cwd, options.submission.folder)) {
    throw new Error(`the program starts in ${cwd}, which is not part of the submission`);
  }
  const visible = (path: string) =>
    inside(path, options.submission.folder) ||
    options.binds.some(([, target]) => inside(path, target));
  const copy = (path: string): void => {
    if (visible(path) || binds.some(([, target]) => target === path)) return;
    const bytes = readPlain(path, FILE_BYTES);
    if (!bytes) return;
    const source = join(own, `file-${binds.length}`);
    writeFileSync(source, bytes);
    chmodSync(source, 0o644);
    binds.push([source, path]);
  };
  for (const arg of request.args) if (isAbsolute(arg)) copy(arg);
  const results: string[] = [];
  for (const [name, value] of Object.entries(request.env)) {
    if (!name.endsWith('_FILE') || !isAbsolute(value)) continue;
    if (exists(value)) copy(value);
    else results.push(value);
  }
  const [result] = results;
  const outbox = result === undefined ? undefined : makeOutbox(options, own, result, results);
  const mounted = { command, args: request.args, cwd, env, binds, ...(outbox ? { outbox } : {}) };
  return options.tier === 'bwrap' ? mounted : rewritten(options, mounted);
}

const base = { PATH: '/usr/bin:/bin', HOME: '/tmp', USER: 'learner', LANG: 'C.UTF-8' };

function exists(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}

function makeOutbox(
  { uid }: SandboxOptions,
  own: string,
  first: string,
  results: readonly string[],
): Outbox {
  const folder = join(own, 'outbox');
  const target = dirname(first);
  mkdirSync(folder, { mode: 0o700 });
  if (uid !== undefined) chownSync(folder, uid, uid);
  const names = results.filter(path => dirname(path) === target).map(path => basename(path));
  return { folder, target, names };
}

/** Without a root of its own the program has to be told where the copies are. */
function rewritten(options: SandboxOptions, mounted: MountedStart): MountedStart {
  const { outbox } = mounted;
  const pairs: Mount[] = [
    ...mounted.binds,
    ...(outbox ? ([[outbox.folder, outbox.target]] as const) : []),
  ];
  const moved = (path: string): string => {
    const pair = pairs.find(([, target]) => inside(path, target));
    return pair ? pair[0] + path.slice(pair[1].length) : path;
  };
  return {
    ...mounted,
    command: mounted.command === process.execPath ? options.node : mounted.command,
    args: mounted.args.map(moved),
    cwd: moved(mounted.cwd),
    env: Object.fromEntries(Object.entries(mounted.env).map(([key, value]) => [key, moved(value)])),
  };
}

/**
 * Takes over what the program wrote, as far as it was asked for and is a regular file. Nothing
 * happens when nobody waits for it any more.
 */
export function takeResults(outbox: Outbox | undefined): void {
  if (!outbox || !exists(outbox.target)) return;
  for (const name of outbox.names) {
    const bytes = readPlain(join(outbox.folder, name), RESULT_BYTES);
    const target = join(outbox.target, name);
    if (bytes) writeFileSync(target, bytes);
    else rmSync(target, { force: true });
  }
}
