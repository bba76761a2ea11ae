import { prlimitArgs, SCRATCH_MIB } from './limits.js';
import type { SandboxOptions } from './options.js';

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

const SCRATCH_BYTES = String(SCRATCH_MIB << 20);

/**
 * The command that makes a network with nothing but loopback in it, and a sized folder in memory,
 * and runs `command` there.
 */
export function networkArgs(options: SandboxOptions, command: readonly string[]): string[] {
  const { bwrap = 'bwrap' } = options.tools;
  return [
    ...dropArgs(options),
    bwrap,
    '--unshare-user',
    '--unshare-net',
    '--die-with-parent',
    '--dev-bind',
    '/',
    '/',
    '--size',
    SCRATCH_BYTES,
    '--tmpfs',
    `${options.tmp}/scratch`,
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
    '--size',
    SCRATCH_BYTES,
    '--tmpfs',
    '/dev/shm',
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
