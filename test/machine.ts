import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { chmod } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { findWorkspace, packageRoot } from '../course/index.js';

/**
 * What the tests keep of the environment that they were started in: what the system needs to start a
 * program, and what the tests themselves are told by it. Everything else is somebody's own
 * (`NODE_OPTIONS`, `MQTT_URL`, `TMUX`, `NO_COLOR`, what npm adds, …), and no test may depend on it.
 */
const kept =
  /^(PATH|PATHEXT|SYSTEMROOT|SYSTEMDRIVE|WINDIR|COMSPEC|PROGRAM(FILES|DATA|W6432).*|PROCESSOR_\w+|NUMBER_OF_PROCESSORS|(LD|DYLD)_LIBRARY_PATH|CI|VITEST\w*|TEST|NODE_ENV|FUZZ_\w+|ACL_\w+|CHEATS)$/i;

/** Folders in which a folder for the tests may be made, the best first. */
function candidates(): string[] {
  return [tmpdir(), '/tmp', '/var/tmp', '/dev/shm', homedir(), dirname(packageRoot())];
}

/**
 * A new folder that belongs to no workspace: not below the clone, and nothing above it is one. Short,
 * since the names of sockets are.
 */
function freshFolder(): string {
  for (const place of candidates()) {
    const inClone = `${place}/`.startsWith(`${packageRoot()}/`);
    if (inClone || !existsSync(place) || findWorkspace(place)) continue;
    try {
      return mkdtempSync(join(place, 'mct-'));
    } catch {
      // Full or read-only: the next one.
    }
  }
  throw new Error(
    `the tests need a folder outside of every workspace, and can write to none of ${candidates().join(', ')}; set TMPDIR to one`,
  );
}

let folder: string | undefined;

/**
 * Vitest's global set-up: before any test, in the process that starts the others. Gives all of them
 * one machine to run on, whoever's it is: a known environment, an empty home, a folder for temporary
 * files (`os.tmpdir()`) that goes when the tests have ended.
 */
export async function setup(): Promise<void> {
  const home = homedir();
  folder = freshFolder();
  for (const name of Object.keys(process.env)) if (!kept.test(name)) delete process.env[name];
  const own = { tmp: join(folder, 't'), home: join(folder, 'h') };
  for (const one of Object.values(own)) mkdirSync(one);
  keepPythonPackages(home, own.home);
  for (const name of ['TMPDIR', 'TEMP', 'TMP', 'TMUX_TMPDIR']) process.env[name] = own.tmp;
  for (const name of ['HOME', 'USERPROFILE']) process.env[name] = own.home;
  Object.assign(process.env, { LANG: 'C.UTF-8', TZ: 'UTC' });
  process.umask(0o022);
  // Some tests go on as another user.
  await chmod(folder, 0o755);
  await chmod(own.tmp, 0o1777);
}

export function teardown(): void {
  if (folder) rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
}

/** `pip install --user` puts packages into the home: they belong to the machine's Python. */
function keepPythonPackages(home: string, own: string): void {
  const packages = join(home, '.local', 'lib');
  if (process.platform === 'win32' || !existsSync(packages)) return;
  mkdirSync(join(own, '.local'));
  symlinkSync(packages, join(own, '.local', 'lib'));
}
