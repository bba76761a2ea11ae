import { accessSync, constants, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Track } from '../../checker/index.js';
import type { Isolation, ProgramLimits } from '../types.js';

/** What a launcher is told. Plain JSON: it crosses into the worker that runs the hidden tests. */
export interface SandboxOptions {
  readonly tier: Isolation;
  readonly limits: ProgramLimits;
  /** The sandbox's own folder. Its path is in the command line of whatever it starts. */
  readonly tmp: string;
  readonly submission: { readonly folder: string; readonly track: Track };
  readonly tools: Tools;
  /** The user that programs run as, when we are root. */
  readonly uid?: number;
  /** What a program sees of this machine, read-only: where it lies, and where it appears. */
  readonly binds: readonly (readonly [source: string, target: string])[];
  /** What the compiler sees beside that. */
  readonly buildBinds: readonly (readonly [source: string, target: string])[];
  /** Node as the dropped user can start it. */
  readonly node: string;
  readonly nodeMajor: number;
}

/** Paths of the commands; undefined where they are not installed. */
export interface Tools {
  readonly bwrap?: string;
  readonly setpriv?: string;
  readonly nsenter?: string;
  readonly prlimit?: string;
  readonly mount?: string;
  /** The system's Python, where it can hold a network. */
  readonly python?: string;
  /** bubblewrap knows `--disable-userns` (0.8.0 and later). */
  readonly disableUserns?: boolean;
}

/** Where a sandbox keeps what programs ran into, one JSON line each. */
export const limitHitsFile = (tmp: string) => join(tmp, 'hits.jsonl');

/** Where the filter of system calls lies that programs run under. */
export const filterFile = (tmp: string) => join(tmp, 'filter.bpf');

/**
 * The networks of a sandbox, by their names in the kernel: `+` when one was made, `-` when it was given
 * up. Whoever is in one of them is a program. A name is the kernel's for as long as the network is
 * there, and then goes to the next one that anybody makes on this machine.
 */
export const networksFile = (tmp: string) => join(tmp, 'networks.txt');

/** The networks that were made and not given up. */
export function openNetworks(lines: readonly string[]): ReadonlySet<string> {
  const open = new Set<string>();
  for (const line of lines) {
    const name = line.slice(1);
    if (line.startsWith('+')) open.add(name);
    else open.delete(name);
  }
  return open;
}

/** What must never happen, and in whose sandbox it did. */
export interface Alarm {
  readonly folder: string;
  readonly text: string;
}

/** Where a sandbox keeps what must never happen, one JSON line each. */
export const alarmsFile = (tmp: string) => join(tmp, 'alarms.txt');

export interface LimitHit {
  readonly folder: string;
  readonly program: string;
  readonly text: string;
}

const places = ['/usr/bin', '/bin', '/usr/sbin', '/sbin', '/usr/local/bin'];

/** The path of a command of the system. The path of the environment is not asked. */
export function findTool(name: string): string | undefined {
  return places
    .map(place => join(place, name))
    .find(path => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

/** Whether a user that is nobody in particular can read this path. */
export function openToAll(path: string): boolean {
  try {
    const { mode } = statSync(path);
    if ((mode & 0o004) === 0) return false;
    for (let folder = dirname(path); ; folder = dirname(folder)) {
      if ((statSync(folder).mode & 0o001) === 0) return false;
      if (folder === dirname(folder)) return true;
    }
  } catch {
    return false;
  }
}
