import { existsSync } from 'node:fs';
import { prlimitArgs, SCRATCH_INODES, SCRATCH_MIB } from './limits.js';
import { filterFile, type SandboxOptions } from './options.js';

/** Runs a command as the user that programs run as. Nothing when we are that user already. */
export function dropArgs({ uid, tools }: SandboxOptions): string[] {
  if (uid === undefined) return [];
  return [
    tools.setpriv ?? 'setpriv',
    `--reuid=${uid}`,
    `--regid=${uid}`,
    '--clear-groups',
    '--inh-caps=-all',
  ];
}

const SHELL = '/bin/sh';

/**
 * Runs a command with nothing of ours: files and folders are made for all to read, and no file is
 * open but the three of a program, 3 for what is said of it, and 4, which is the filter. (A shell
 * closes only those with one digit; the others are closed before: see `inherited.ts`.)
 */
function freshArgs(filter?: string): string[] {
  const closed = `${filter === undefined ? '4>&- ' : '4<"$0" '}5>&- 6>&- 7>&- 8>&- 9>&-`;
  return [SHELL, '-c', `umask 022; exec "$@" ${closed}`, filter ?? SHELL];
}

/**
 * The command that makes a network with nothing but loopback in it, and a folder in memory with room
 * for so many bytes and so many files, and runs `command` there without any rights.
 */
export function networkArgs(options: SandboxOptions, command: readonly string[]): string[] {
  const { bwrap = 'bwrap', setpriv = 'setpriv', mount = 'mount' } = options.tools;
  const scratch = `${options.tmp}/scratch`;
  const size = `remount,size=${SCRATCH_MIB}m,nr_inodes=${SCRATCH_INODES}`;
  return [
    ...freshArgs(),
    ...dropArgs(options),
    bwrap,
    '--unshare-user',
    '--unshare-net',
    '--die-with-parent',
    // To say how many files it may hold, which bubblewrap does not; it is given up right after.
    '--cap-add',
    'CAP_SYS_ADMIN',
    '--dev-bind',
    '/',
    '/',
    '--tmpfs',
    scratch,
    SHELL,
    '-c',
    `${mount} -o ${size} "$0" && exec "$@"`,
    scratch,
    setpriv,
    '--inh-caps=-all',
    '--ambient-caps=-all',
    ...command,
  ];
}

export interface BoxRequest {
  /** A process in the network that the program shall be in. */
  readonly networkPid: number;
  readonly command: readonly string[];
  readonly cwd: string;
  /** Of this start, read-only. */
  readonly binds: readonly (readonly [source: string, target: string])[];
  /** Folders of this start that the program may write to. */
  readonly writable: readonly (readonly [source: string, target: string])[];
}

/**
 * The command line of one start in bubblewrap: a root made of what `binds` names and nothing else.
 * The environment is that of bubblewrap itself (it shows in /proc/1/environ), so it has to be
 * started with the program's environment and no more.
 */
export function boxArgs(options: SandboxOptions, request: BoxRequest): string[] {
  const { tools, limits, submission, nodeMajor, tmp } = options;
  const bind = (kind: string, list: BoxRequest['binds']) =>
    list.flatMap(([source, target]) => [kind, source, target]);
  return [
    ...freshArgs(filterFile(tmp)),
    ...dropArgs(options),
    tools.nsenter ?? 'nsenter',
    `--target=${request.networkPid}`,
    '--user',
    '--net',
    '--mount',
    '--preserve-credentials',
    tools.bwrap ?? 'bwrap',
    '--unshare-user',
    '--unshare-pid',
    '--unshare-ipc',
    '--unshare-uts',
    '--unshare-cgroup-try',
    ...(tools.disableUserns ? ['--disable-userns'] : []),
    // Nothing of ours is in there with it: the program is the first process of its namespace, and
    // when it ends the kernel ends all that it started.
    '--as-pid-1',
    '--seccomp',
    '4',
    '--die-with-parent',
    '--new-session',
    // Tells that the program was reached: its exit code comes there, and it cannot write to it.
    '--json-status-fd',
    '3',
    '--cap-drop',
    'ALL',
    '--hostname',
    'localhost',
    '--proc',
    '/proc',
    '--dev',
    '/dev',
    '--remount-ro',
    '/dev',
    // All that it can write to is one folder in memory, with one limit.
    '--bind',
    `${tmp}/scratch/shm`,
    '/dev/shm',
    // Names of keys, of whoever graded.
    ...['/proc/keys', '/proc/key-users'].flatMap(path =>
      existsSync(path) ? ['--ro-bind', '/dev/null', path] : [],
    ),
    // What a program writes is there when it is started again in the same scenario, as at home.
    '--bind',
    `${tmp}/scratch/tmp`,
    '/tmp',
    // Behind the folders above: the course itself, or the submission, may lie in /tmp.
    ...bind('--ro-bind', options.binds),
    '--ro-bind',
    `${tmp}/etc/passwd`,
    '/etc/passwd',
    '--ro-bind',
    `${tmp}/etc/group`,
    '/etc/group',
    '--ro-bind',
    `${tmp}/etc/hosts`,
    '/etc/hosts',
    '--bind',
    `${tmp}/scratch/submission`,
    submission.folder,
    ...bind('--ro-bind', request.binds),
    ...bind('--bind', request.writable),
    '--remount-ro',
    '/',
    '--chdir',
    request.cwd,
    tools.prlimit ?? 'prlimit',
    ...prlimitArgs(limits, submission.track, nodeMajor),
    '--',
    ...request.command,
  ];
}
