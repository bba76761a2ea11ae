/**
 * Whether this machine can do what a check needs: asked by `doctor`, and by a check that was red
 * before it says that the program is the reason.
 */

import { lookup } from 'node:dns/promises';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MachineError, machineReason } from '../../course/machine.js';

export interface MachinePart {
  readonly id: 'temporary' | 'loopback' | 'localhost' | 'handles' | 'clock';
  readonly title: string;
  /** What was found, in a few words. */
  readonly found: string;
  /** What to do; set when it does not work. */
  readonly todo?: string;
}

/** Every part, in the order in which one explains the next. */
export async function examineMachine(): Promise<readonly MachinePart[]> {
  return [
    temporaryFolder(),
    handles(HANDLES + LOADED),
    await loopback(),
    await localhost(),
    clock(0),
  ];
}

/**
 * The first thing of this machine that keeps every check from being right; undefined when all works.
 * @param jumpedMs what `watchClock` has seen since the check began
 */
export async function machineFault(jumpedMs = 0): Promise<string | undefined> {
  const parts = [temporaryFolder(), handles(), await loopback(), clock(jumpedMs)];
  const broken = parts.find(one => one.todo !== undefined);
  return broken && faultText(broken);
}

/** A clock that is put right by a little is no news. */
const JUMP_MS = 2000;

/** @returns what tells by how much the date has moved more, or less, than time has passed since */
export function watchClock(): () => number {
  const ahead = () => Date.now() - performance.now();
  const before = ahead();
  return () => ahead() - before;
}

/** The date of this machine jumps when it was asleep or is set; libfaketime bends every timer. */
function clock(jumpedMs: number): MachinePart {
  const base = { id: 'clock', title: 'Clock' } as const;
  if (/faketime/.test(process.env['LD_PRELOAD'] ?? '')) {
    const found = 'libfaketime changes the time for every program (LD_PRELOAD)';
    return { ...base, found, todo: 'run it without libfaketime' };
  }
  if (Math.abs(jumpedMs) < JUMP_MS) return { ...base, found: 'goes on evenly' };
  const seconds = (Math.abs(jumpedMs) / 1000).toFixed(0);
  const way = jumpedMs > 0 ? 'ahead' : 'back';
  return {
    ...base,
    found: `it went ${way} by ${seconds} s during the check: the machine was asleep, or the time was set`,
    todo: 'check again',
  };
}

/** @throws MachineError when the name does not lead to this machine */
export async function requireLocalhost(): Promise<void> {
  const part = await localhost();
  if (part.todo !== undefined) throw new MachineError(faultText(part));
}

export function faultText({ title, found, todo }: MachinePart): string {
  return `This machine did not do its part. ${title}: ${found}. What to do: ${todo}.`;
}

/** What one check writes there at most: programs, certificates, configurations. */
const ROOM_BYTES = 2 * 1024 * 1024;

const howToMove =
  process.platform === 'win32'
    ? 'set TEMP to another folder'
    : 'name another folder: TMPDIR=DIR npx mqtt-course doctor';

/** The folder for temporary files: there, writable, with some room. */
export function temporaryFolder(place: string = tmpdir()): MachinePart {
  const base = { id: 'temporary', title: 'Folder for temporary files' } as const;
  let folder: string | undefined;
  try {
    folder = mkdtempSync(join(place, 'mqtt-course-room-'));
    const file = join(folder, 'room');
    writeFileSync(file, Buffer.alloc(ROOM_BYTES, 1));
    if (readFileSync(file).length !== ROOM_BYTES) throw Object.assign(new Error(), { code: 'EIO' });
    return { ...base, found: `${place}, writable` };
  } catch (error) {
    return { ...base, ...temporaryProblem(error, place) };
  } finally {
    if (folder) rmSync(folder, { recursive: true, force: true });
  }
}

/** What is wrong with the folder for temporary files, after an attempt to write there. */
export function temporaryProblem(
  error: unknown,
  place: string = tmpdir(),
): { readonly found: string; readonly todo: string } {
  const { code = '', message = String(error) } = error as NodeJS.ErrnoException;
  const free = `make room there, or ${howToMove}`;
  if (code === 'ENOENT') {
    return { found: `${place} does not exist (${code})`, todo: `make it, or ${howToMove}` };
  }
  if (code === 'ENOTDIR') return { found: `${place} is a file (${code})`, todo: howToMove };
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return { found: `${place} is full (${code})`, todo: free };
  }
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') {
    return { found: `${place} is read-only for you (${code})`, todo: howToMove };
  }
  const reason = machineReason(error);
  return { found: `${place} does not work (${code || message})`, todo: reason ?? free };
}

/** Files, connections and pipes that a check may have open at once, beside those that are open now. */
const HANDLES = 64;
/** What a check has open itself when all of it is loaded, beside that of a command that only looks. */
const LOADED = 32;

function handles(wanted = HANDLES): MachinePart {
  const base = { id: 'handles', title: 'Open files' } as const;
  const open: number[] = [];
  try {
    while (open.length < wanted) open.push(openSync(process.execPath, 'r'));
    return { ...base, found: `${wanted} more at once` };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const todo =
      process.platform === 'win32'
        ? 'close some programs'
        : 'allow more of them in this shell: ulimit -n 1024';
    return { ...base, found: `only ${open.length} more at once, and then ${code}`, todo };
  } finally {
    for (const one of open) closeSync(one);
  }
}

const ANSWER_MS = 3000;

/** Listens on 127.0.0.1 and dials it: both are needed, and one may work without the other. */
function loopback(): Promise<MachinePart> {
  const base = { id: 'loopback', title: 'Loopback' } as const;
  return new Promise(resolve => {
    const server = createServer(socket => socket.end('answer'));
    const done = (error?: NodeJS.ErrnoException) => {
      clearTimeout(timer);
      client?.destroy();
      server.close();
      const why = error && `nothing can connect to 127.0.0.1 (${error.code ?? error.message})`;
      resolve(why ? { ...base, found: why, todo: repair } : { ...base, found: '127.0.0.1' });
    };
    const repair =
      process.platform === 'linux'
        ? 'bring the loopback interface up (sudo ip link set lo up), or leave the sandbox that you are in'
        : 'look at the firewall, or leave the sandbox that you are in';
    let client: ReturnType<typeof connect> | undefined;
    const timer = setTimeout(
      () => done(Object.assign(new Error('no answer'), { code: 'no answer' })),
      ANSWER_MS,
    );
    server.once('error', done);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      client = connect({ port, host: '127.0.0.1' });
      client.once('error', done);
      client.once('data', () => done());
    });
  });
}

async function localhost(): Promise<MachinePart> {
  const base = { id: 'localhost', title: 'The name localhost' } as const;
  const file =
    process.platform === 'win32' ? 'C:\\Windows\\System32\\drivers\\etc\\hosts' : '/etc/hosts';
  const todo = `add this line to ${file}: 127.0.0.1 localhost`;
  try {
    const found = (await lookup('localhost', { all: true })).map(one => one.address);
    const own = found.filter(address => /^(127\.|::1$)/.test(address));
    const shown = [...new Set(found)].join(', ');
    return own.length > 0
      ? { ...base, found: shown }
      : { ...base, found: `leads to ${shown || 'nothing'}, not to this machine`, todo };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return { ...base, found: `is not known (${code ?? message})`, todo };
  }
}
