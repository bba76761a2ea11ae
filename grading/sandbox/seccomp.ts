/*
 * The filter of system calls that every program in the sandbox runs under: classic BPF, as seccomp(2)
 * takes it, made here so that nothing has to be installed. It refuses what a program of the course never
 * needs and an attack may: looking into other processes, keys, new namespaces, mounts, memory that no
 * limit counts, and the parts of the kernel that are most often broken into.
 */

/** One instruction of classic BPF. */
export interface Instruction {
  readonly code: number;
  /** Instructions to skip when the comparison holds, and when it does not. */
  readonly jt: number;
  readonly jf: number;
  readonly k: number;
}

/** Architectures for which the numbers of the system calls are known here. */
export type FilterArch = 'x64' | 'arm64';

/** Instruction codes used: load a word, compare, test bits, return. */
export const BPF = { load: 0x20, equal: 0x15, atLeast: 0x35, anyBit: 0x45, give: 0x06 } as const;

/** What the filter answers. */
export const ANSWER = {
  allow: 0x7fff_0000,
  kill: 0x8000_0000,
  error: (errno: number) => 0x0005_0000 | errno,
} as const;

export const EPERM = 1;
/** Makes the C library fall back: to `clone`, to plain files. */
export const ENOSYS = 38;
export const EAFNOSUPPORT = 97;

/** Offsets in `struct seccomp_data`; arguments are 64 bits wide, the low half first. */
const NR = 0;
const ARCH = 4;
const argument = (index: number) => 16 + 8 * index;

/** Calls of the x32 table carry this bit. */
const X32 = 0x4000_0000;

/** AUDIT_ARCH_X86_64, AUDIT_ARCH_AARCH64 */
const audit: Readonly<Record<FilterArch, number>> = { x64: 0xc000_003e, arm64: 0xc000_00b7 };

/** Refused with EPERM, by name: its number on x86-64 and on arm64; undefined where there is none. */
export const refused: Readonly<Record<string, readonly [x64?: number, arm64?: number]>> = {
  // Other processes, and what belongs to them.
  ptrace: [101, 117],
  process_vm_readv: [310, 270],
  process_vm_writev: [311, 271],
  process_madvise: [440, 440],
  process_mrelease: [448, 448],
  kcmp: [312, 272],
  pidfd_getfd: [438, 438],
  // Keys: a keyring is handed down from whoever started the grading.
  add_key: [248, 217],
  request_key: [249, 218],
  keyctl: [250, 219],
  // Namespaces, mounts, files by handle.
  unshare: [272, 97],
  setns: [308, 268],
  mount: [165, 40],
  umount2: [166, 39],
  pivot_root: [155, 41],
  chroot: [161, 51],
  open_tree: [428, 428],
  move_mount: [429, 429],
  fsopen: [430, 430],
  fsconfig: [431, 431],
  fsmount: [432, 432],
  fspick: [433, 433],
  mount_setattr: [442, 442],
  name_to_handle_at: [303, 264],
  open_by_handle_at: [304, 265],
  // Parts of the kernel that programs of the course do not need.
  perf_event_open: [298, 241],
  bpf: [321, 280],
  userfaultfd: [323, 282],
  io_uring_setup: [425, 425],
  io_uring_enter: [426, 426],
  io_uring_register: [427, 427],
  fanotify_init: [300, 262],
  personality: [135, 92],
  modify_ldt: [154],
  uselib: [134],
  iopl: [172],
  ioperm: [173],
  vmsplice: [278, 75],
  migrate_pages: [256, 238],
  move_pages: [279, 239],
  // The machine.
  kexec_load: [246, 104],
  kexec_file_load: [320, 294],
  init_module: [175, 105],
  finit_module: [313, 273],
  delete_module: [176, 106],
  reboot: [169, 142],
  swapon: [167, 224],
  swapoff: [168, 225],
  acct: [163, 89],
  quotactl: [179, 60],
  syslog: [103, 116],
  settimeofday: [164, 170],
  clock_settime: [227, 112],
  sethostname: [170, 161],
  setdomainname: [171, 162],
  vhangup: [153, 58],
  // Memory that stays when no process maps it, so that no limit counts it.
  memfd_create: [319, 279],
  memfd_secret: [447, 447],
  shmget: [29, 194],
  shmat: [30, 196],
  msgget: [68, 186],
  mq_open: [240, 180],
  mlock: [149, 228],
  mlock2: [325, 284],
  mlockall: [151, 230],
};

/** Answered as if the kernel did not know it: its flags lie in memory, where a filter does not see. */
const CLONE3 = 435;

const numbers = {
  x64: { clone: 56, prctl: 157, ioctl: 16, fcntl: 72, socket: 41 },
  arm64: { clone: 220, prctl: 167, ioctl: 29, fcntl: 25, socket: 198 },
} as const;

/** CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET */
export const NEW_NAMESPACES = 0x7e02_0000;
/** PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_MM: how a process hides from, or outlives, its keeper. */
export const refusedPrctl = [1, 4, 35] as const;
/** TIOCSTI, TIOCLINUX: what one types on somebody else's terminal. */
export const refusedIoctl = [0x5412, 0x541c] as const;
/** F_SETPIPE_SZ: a pipe holds what it holds from the start. */
export const refusedFcntl = [1031] as const;
/** AF_UNIX, AF_INET, AF_INET6, AF_NETLINK. Some others (vsock) are not part of a network namespace. */
export const allowedFamilies = [1, 2, 10, 16] as const;

const at = (code: number, k: number, jt = 0, jf = 0): Instruction => ({ code, jt, jf, k });
const give = (answer: number) => at(BPF.give, answer);

/** Answers `answer` when the word that was loaded is `value`; goes on otherwise. */
const answerTo = (value: number, answer: number) => [at(BPF.equal, value, 0, 1), give(answer)];

/** For one call: looks at the low half of an argument. Ends there, whatever it finds. */
function looksAt(call: number, index: number, tests: readonly Instruction[], otherwise: number) {
  const body = [at(BPF.load, argument(index)), ...tests, give(otherwise)];
  return [at(BPF.equal, call, 0, body.length), ...body];
}

/** The filter of an architecture. */
export function filterFor(arch: FilterArch): Instruction[] {
  const { clone, prctl, ioctl, fcntl, socket } = numbers[arch];
  const no = ANSWER.error(EPERM);
  const refuse = (values: readonly number[]) => values.flatMap(one => answerTo(one, no));
  const index = arch === 'x64' ? 0 : 1;
  return [
    at(BPF.load, ARCH),
    at(BPF.equal, audit[arch], 1, 0),
    give(ANSWER.kill),
    at(BPF.load, NR),
    ...(arch === 'x64' ? [at(BPF.atLeast, X32, 0, 1), give(no)] : []),
    ...answerTo(CLONE3, ANSWER.error(ENOSYS)),
    ...refuse(Object.values(refused).flatMap(one => one[index] ?? [])),
    ...looksAt(clone, 0, [at(BPF.anyBit, NEW_NAMESPACES, 0, 1), give(no)], ANSWER.allow),
    ...looksAt(prctl, 0, refuse(refusedPrctl), ANSWER.allow),
    ...looksAt(ioctl, 1, refuse(refusedIoctl), ANSWER.allow),
    ...looksAt(fcntl, 1, refuse(refusedFcntl), ANSWER.allow),
    ...looksAt(
      socket,
      0,
      allowedFamilies.flatMap(one => answerTo(one, ANSWER.allow)),
      ANSWER.error(EAFNOSUPPORT),
    ),
    give(ANSWER.allow),
  ];
}

/** Instructions as the kernel reads them: `struct sock_filter`, 8 bytes each, low byte first. */
export function encode(filter: readonly Instruction[]): Buffer {
  const bytes = Buffer.alloc(filter.length * 8);
  for (const [index, { code, jt, jf, k }] of filter.entries()) {
    bytes.writeUInt16LE(code, index * 8);
    bytes.writeUInt8(jt, index * 8 + 2);
    bytes.writeUInt8(jf, index * 8 + 3);
    bytes.writeUInt32LE(k >>> 0, index * 8 + 4);
  }
  return bytes;
}

/** The filter for this machine; undefined where the numbers of its system calls are not known here. */
export function filterHere(arch: string = process.arch): Buffer | undefined {
  return arch === 'x64' || arch === 'arm64' ? encode(filterFor(arch)) : undefined;
}
