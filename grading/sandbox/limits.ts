import { constants } from 'node:os';
import type { Track } from '../../checker/index.js';
import type { ProgramLimits } from '../types.js';

/** Room for every honest program of the course, several times over. */
export const defaultLimits: ProgramLimits = {
  memoryMiB: 256,
  processes: 64,
  fileMiB: 16,
  cpuSeconds: 30,
  wallSeconds: 120,
  connections: 500,
  packetBytes: 1 << 20,
  retainedBytes: 4 << 20,
  queuedMessages: 1000,
};

/** Output of one start after which it is ended, bytes. */
export const OUTPUT_BYTES = 8 << 20;
/** Packets that a program may send in one scenario: an honest one sends some hundred. */
export const PACKETS = 15_000;
/** Bytes that a program may send in one scenario. */
export const WIRE_BYTES = 32 << 20;
/** Messages that a program may have stored, and have sent to it, in one scenario. */
export const RETAINED_MESSAGES = 2000;
export const DELIVERIES = 30_000;
/** Topic filters that it may ask for in one scenario, those of each new connection included. */
export const TOPIC_FILTERS = 1000;
/** Levels of a topic; Mosquitto has the same limit. */
export const TOPIC_LEVELS = 200;
/** Size of all that a program can write to in one scenario (/tmp, /dev/shm, its own folder), MiB. */
export const SCRATCH_MIB = 32;
/** Files and folders in there. */
export const SCRATCH_INODES = 4096;
/** Sockets at once in one scenario, those that we accepted for it included. */
export const SOCKETS = 1200;
/**
 * Address space of a Python program beyond its memory, MiB: its libraries and the stacks of its
 * threads. For Node there is no such limit: V8 reserves many gibibytes that it does not use.
 */
const PYTHON_SPACE_MIB = 1024;

const MIB = 1 << 20;

/**
 * RLIMIT_DATA in bytes. It counts what is really private memory, where RLIMIT_AS would count the
 * ranges that V8 only reserves. From Node 24 on each isolate's code range of 512 MiB counts too: one
 * for the program and one for a worker of its own.
 */
export function dataBytes(limits: ProgramLimits, track: Track, nodeMajor: number): number {
  const base = track === 'typescript' && nodeMajor >= 24 ? 512 * 2 + 64 : 64;
  return (base + limits.memoryMiB) * MIB;
}

/**
 * The options of `prlimit` that hold for each process of a program.
 * @param options.ownUser nobody else's processes count as this user's: else the system would count
 * ours, and the number of processes is only watched
 */
export function prlimitArgs(
  limits: ProgramLimits,
  track: Track,
  nodeMajor: number,
  { ownUser = true }: { readonly ownUser?: boolean } = {},
): string[] {
  return [
    `--data=${dataBytes(limits, track, nodeMajor)}`,
    ...(ownUser ? [`--nproc=${limits.processes}`] : []),
    `--fsize=${limits.fileMiB * MIB}`,
    `--cpu=${limits.cpuSeconds}:${limits.cpuSeconds + 2}`,
    ...(track === 'python' ? [`--as=${(PYTHON_SPACE_MIB + limits.memoryMiB) * MIB}`] : []),
    '--nofile=256',
    '--core=0',
    '--memlock=0',
    '--msgqueue=0',
  ];
}

/**
 * A program's end as it would be seen without the commands around it: their 128 + n is a signal.
 * @param around whether there are such commands
 */
export function endingOf(code: number | null, signal: string | undefined, around = true) {
  if (signal !== undefined) return { exitCode: null, signal };
  const name =
    around && code !== null && code > 128
      ? Object.entries(constants.signals).find(([, number]) => number === code - 128)?.[0]
      : undefined;
  return name === undefined ? { exitCode: code } : { exitCode: null, signal: name };
}
