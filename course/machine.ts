/** This machine did not do its part: what and where, and what to do about it. Exit code 3. */
export class MachineError extends Error {
  override readonly name = 'MachineError';
}

const windows = process.platform === 'win32';

/** What the codes of the operating system say about a machine, and what to do; `at` is a place. */
const reasons: Readonly<Record<string, (at: string) => readonly [what: string, todo: string]>> = {
  ENOSPC: full,
  EDQUOT: full,
  EROFS: at => [`the disk is read-only${at}`, 'choose a folder on another disk'],
  EIO: at => [`the disk reports an error${at}`, 'save your work elsewhere, and look at the disk'],
  EMFILE: noHandles,
  ENFILE: noHandles,
  EAGAIN: noProcess,
  ENOMEM: noProcess,
  EBUSY: locked,
  ETXTBSY: locked,
  ENETUNREACH: noLoopback,
  ENETDOWN: noLoopback,
  EADDRNOTAVAIL: noLoopback,
  EAFNOSUPPORT: noLoopback,
};

function full(at: string): readonly [string, string] {
  return [`there is no room left${at}`, 'delete what is not needed there'];
}

function noHandles(): readonly [string, string] {
  const todo = windows ? 'close some programs' : 'allow more of them in this shell: ulimit -n 1024';
  return ['no file and no connection can be opened any more; there is a limit for them', todo];
}

function noProcess(): readonly [string, string] {
  return ['no further program can be started; memory or a limit is used up', 'close some programs'];
}

function locked(at: string): readonly [string, string] {
  return [
    `another program holds a file${at}: an antivirus, a synchronised folder`,
    'try again in a moment',
  ];
}

function noLoopback(): readonly [string, string] {
  const up = process.platform === 'linux' ? ': sudo ip link set lo up' : '';
  return [
    'nothing can be reached at 127.0.0.1, not even by this machine itself',
    `the loopback interface is down, or a firewall or sandbox is in the way${up}`,
  ];
}

/** The reason that lies with this machine, in a sentence with its code; undefined for any other error. */
export function machineReason(error: unknown): string | undefined {
  const { code = '', path } = (error ?? {}) as NodeJS.ErrnoException;
  return reasonOf(code, path === undefined ? '' : ` at ${path}`);
}

/** The same, of a text that names a code: `spawn EAGAIN`. */
export function machineReasonIn(text: string): string | undefined {
  const code = /\bE[A-Z]{3,}\b/.exec(text)?.[0] ?? '';
  return reasonOf(code, '');
}

function reasonOf(code: string, at: string): string | undefined {
  const found = reasons[code]?.(at);
  return found && `${found[0]} (${code}). What to do: ${found[1]}.`;
}
