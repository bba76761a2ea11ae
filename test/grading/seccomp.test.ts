import { describe, expect, test } from 'vitest';
import {
  ANSWER,
  allowedFamilies,
  BPF,
  EAFNOSUPPORT,
  ENOSYS,
  EPERM,
  encode,
  type FilterArch,
  filterFor,
  filterHere,
  type Instruction,
  NEW_NAMESPACES,
  refused,
  refusedFcntl,
  refusedIoctl,
  refusedPrctl,
} from '../../grading/sandbox/seccomp.js';

interface Call {
  readonly nr: number;
  readonly arch: number;
  readonly args?: readonly bigint[];
}

/** `struct seccomp_data`: nr, arch, instruction pointer, six arguments. */
function seccompData({ nr, arch, args = [] }: Call): Buffer {
  const data = Buffer.alloc(64);
  data.writeUInt32LE(nr >>> 0, 0);
  data.writeUInt32LE(arch >>> 0, 4);
  for (const [index, value] of args.entries()) data.writeBigUInt64LE(value, 16 + 8 * index);
  return data;
}

/** Classic BPF as the kernel runs it, from the bytes; throws for what the kernel would refuse to load. */
function interpret(program: Buffer, call: Call, met: Set<number> = new Set()): number {
  const data = seccompData(call);
  let accumulator = 0;
  for (let at = 0; ; at++) {
    if (at * 8 >= program.length) throw new Error(`it runs past its end, at ${at}`);
    met.add(at);
    const code = program.readUInt16LE(at * 8);
    const jt = program.readUInt8(at * 8 + 2);
    const jf = program.readUInt8(at * 8 + 3);
    const k = program.readUInt32LE(at * 8 + 4);
    if (code === BPF.give) return k;
    if (code === BPF.load) {
      if (k % 4 !== 0 || k > 60) throw new Error(`it loads from ${k}`);
      accumulator = data.readUInt32LE(k);
    } else if (code === BPF.equal) at += accumulator === k ? jt : jf;
    else if (code === BPF.atLeast) at += accumulator >= k ? jt : jf;
    else if (code === BPF.anyBit) at += (accumulator & k) !== 0 ? jt : jf;
    else throw new Error(`code ${code} at ${at}`);
  }
}

const arches = [
  ['x64', 0xc000_003e],
  ['arm64', 0xc000_00b7],
] as const;
const no = ANSWER.error(EPERM);

/** From <asm/unistd.h> of either architecture: what a program of the course lives on. */
const needed: Readonly<Record<FilterArch, readonly number[]>> = {
  // read write openat close mmap mprotect munmap brk rt_sigaction pread64 access pipe select execve
  // exit wait4 kill connect accept bind listen epoll_wait epoll_pwait prlimit64 getrandom futex statx
  x64: [
    0, 1, 257, 3, 9, 10, 11, 12, 13, 17, 21, 22, 23, 59, 60, 61, 62, 42, 43, 49, 50, 232, 281, 302,
    318, 202, 332,
  ],
  arm64: [
    63, 64, 56, 57, 222, 226, 215, 214, 134, 67, 48, 59, 72, 221, 93, 260, 129, 203, 202, 200, 201,
    22, 261, 278, 98, 291,
  ],
};

describe.each(arches)('the filter of system calls for %s', (arch, token) => {
  const filter = filterFor(arch);
  const program = encode(filter);
  const ask = (nr: number, args: readonly bigint[] = []) =>
    interpret(program, { nr, arch: token, args });
  const numbers = Object.values(refused).flatMap(one => one[arch === 'x64' ? 0 : 1] ?? []);

  test('has the form that the kernel loads', () => {
    expect(filter.length).toBeLessThan(4096);
    expect(program).toHaveLength(filter.length * 8);
    const jumps: readonly number[] = [BPF.equal, BPF.atLeast, BPF.anyBit];
    for (const [at, one] of filter.entries()) {
      expect(Object.values(BPF)).toContain(one.code);
      if (!jumps.includes(one.code)) continue;
      expect(one.jt).toBeLessThan(256);
      expect(one.jf).toBeLessThan(256);
      expect(at + 1 + Math.max(one.jt, one.jf)).toBeLessThan(filter.length);
    }
    expect(filter.at(-1)).toEqual<Instruction>({ code: BPF.give, jt: 0, jf: 0, k: ANSWER.allow });
  });

  test('another architecture ends the program', () => {
    for (const other of [0x4000_0003, 0x4000_0028, 0, ...arches.map(one => one[1])]) {
      const answer = interpret(program, { nr: 0, arch: other });
      expect(answer).toBe(other === token ? ANSWER.allow : ANSWER.kill);
    }
  });

  test('every named call is refused, and none beside them', () => {
    expect(new Set(numbers).size).toBe(numbers.length);
    const other = arch === 'x64' ? [16, 41, 56, 72, 157] : [29, 198, 220, 25, 167];
    for (let nr = 0; nr < 600; nr++) {
      if (other.includes(nr)) continue;
      const wanted = nr === 435 ? ANSWER.error(ENOSYS) : numbers.includes(nr) ? no : ANSWER.allow;
      expect(ask(nr), `call ${nr}`).toBe(wanted);
    }
    for (const nr of needed[arch]) expect(ask(nr), `call ${nr}`).toBe(ANSWER.allow);
  });

  test('the second table of x86-64 is refused as a whole', () => {
    for (const nr of [0x4000_0000, 0x4000_0065, 0xffff_ffff]) {
      if (arch === 'x64') expect(ask(nr)).toBe(no);
    }
    expect(ask(0x3fff_ffff)).toBe(ANSWER.allow);
  });

  test('a process or thread may be started, a namespace not', () => {
    const clone = arch === 'x64' ? 56 : 220;
    // SIGCHLD; what pthread_create asks for; vfork.
    for (const flags of [17n, 0x3d0f00n, 0x4111n]) expect(ask(clone, [flags])).toBe(ANSWER.allow);
    for (let bit = 0; bit < 32; bit++) {
      const isNew = ((NEW_NAMESPACES >>> bit) & 1) === 1;
      expect(ask(clone, [1n << BigInt(bit)])).toBe(isNew ? no : ANSWER.allow);
    }
    expect(ask(clone, [17n | 0x1000_0000n])).toBe(no);
  });

  test('arguments: only the part that the kernel reads counts', () => {
    const [prctl, ioctl, fcntl, socket] = arch === 'x64' ? [157, 16, 72, 41] : [167, 29, 25, 198];
    const high = 1n << 32n;
    for (const option of refusedPrctl) {
      expect(ask(prctl, [BigInt(option)])).toBe(no);
      expect(ask(prctl, [BigInt(option) + high])).toBe(no);
    }
    // PR_SET_NAME, PR_SET_NO_NEW_PRIVS, PR_SET_VMA
    for (const option of [15n, 38n, 0x53564d41n]) {
      expect(ask(prctl, [option])).toBe(ANSWER.allow);
    }
    for (const request of refusedIoctl) expect(ask(ioctl, [0n, BigInt(request) + high])).toBe(no);
    // FIONBIO, FIOCLEX, TCGETS; the first argument is the file.
    for (const request of [0x5421n, 0x5451n, 0x5401n]) {
      expect(ask(ioctl, [0x5412n, request])).toBe(ANSWER.allow);
    }
    for (const command of refusedFcntl) expect(ask(fcntl, [0n, BigInt(command)])).toBe(no);
    for (const command of [0n, 1n, 2n, 3n, 4n, 1030n, 1032n]) {
      expect(ask(fcntl, [1031n, command])).toBe(ANSWER.allow);
    }
    for (let family = 0; family < 50; family++) {
      const allowed = allowedFamilies.some(one => one === family);
      const wanted = allowed ? ANSWER.allow : ANSWER.error(EAFNOSUPPORT);
      expect(ask(socket, [BigInt(family)]), `family ${family}`).toBe(wanted);
    }
  });

  test('every instruction is reached by some call', () => {
    const met = new Set<number>();
    interpret(program, { nr: 0, arch: 1 }, met);
    for (const nr of [...Array(600).keys(), 0x4000_0001]) {
      for (const value of [0n, 1n, 2n, 4n, 10n, 16n, 35n, 1031n, 0x5412n, 0x541cn, 0x1000_0000n]) {
        interpret(program, { nr, arch: token, args: [value, value] }, met);
      }
    }
    expect(filter.flatMap((_, at) => (met.has(at) ? [] : [at]))).toEqual([]);
  });
});

test('there is a filter for two architectures, and no other', () => {
  expect(filterHere('x64')).toEqual(encode(filterFor('x64')));
  expect(filterHere('arm64')).toEqual(encode(filterFor('arm64')));
  expect(filterHere('riscv64')).toBeUndefined();
});
