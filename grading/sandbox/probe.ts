import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Launcher } from '../../checker/index.js';
import { errorText } from '../../wire/error-text.js';
import type { Isolation } from '../types.js';
import { openLauncher } from './launcher.js';
import { defaultLimits } from './limits.js';
import { findTool } from './options.js';
import { killTree } from './processes.js';
import { openSandbox } from './sandbox.js';

export interface IsolationProbe {
  readonly tier: Isolation;
  /** Why it is not bubblewrap, in words, with what to do about it. */
  readonly reason?: string;
}

/** What programs can be kept apart with here. Really starts one: a sandbox is not believed in. */
export async function probeIsolation(): Promise<IsolationProbe> {
  if (process.platform !== 'linux') {
    return {
      tier: 'process',
      reason:
        'bubblewrap needs Linux. Grade programs you do not trust on a Linux machine, or in a Linux container.',
    };
  }
  const trouble = await tryTier('bwrap');
  if (trouble === undefined) return { tier: 'bwrap' };
  const reason = inWords(trouble);
  // What can be installed is to be installed: a lesser sandbox is not taken for want of a tool.
  const lacksTool = findTool('bwrap') !== undefined && /^isolation bwrap needs/.test(trouble);
  if (
    !lacksTool &&
    process.getuid?.() === 0 &&
    inContainer() &&
    (await tryTier('container')) === undefined
  ) {
    return { tier: 'container', reason };
  }
  const limits = findTool('prlimit')
    ? ''
    : ' Without prlimit (util-linux) there are no limits either.';
  return { tier: 'process', reason: `${reason}${limits}` };
}

/** Starts a program in that tier that dials us. @returns what stands in the way */
async function tryTier(tier: Isolation): Promise<string | undefined> {
  const folder = mkdtempSync(join(tmpdir(), 'mqtt-course-probe-'));
  writeFileSync(join(folder, 'main.mjs'), "process.stdout.write('ready')");
  let sandbox: Awaited<ReturnType<typeof openSandbox>> | undefined;
  let launcher: Launcher | undefined;
  try {
    sandbox = await openSandbox({ tier, limits: defaultLimits, tmp: tmpdir() });
    const { options } = sandbox.launcher({ folder, track: 'typescript' });
    launcher = await openLauncher(options, () => undefined);
    const bound = await launcher.bind?.(0);
    if (bound) {
      await new Promise<void>((resolve, reject) => {
        const server = createServer().once('error', reject);
        server.listen(bound, () => server.close(() => resolve()));
      });
    }
    return await runOnce(launcher, folder);
  } catch (error) {
    return errorText(error);
  } finally {
    await launcher?.close();
    await sandbox?.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

function runOnce(launcher: Launcher, folder: string): Promise<string | undefined> {
  const launched = launcher.launch({
    name: 'probe',
    command: process.execPath,
    args: [join(folder, 'main.mjs')],
    cwd: folder,
    env: {},
  });
  return new Promise(resolve => {
    const child = spawn(launched.command, launched.args, {
      cwd: launched.cwd,
      env: launched.env,
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    });
    const said = { stdout: '', stderr: '' };
    const timer = setTimeout(() => {
      if (child.pid !== undefined) killTree(child.pid);
      resolve('a program in it did not end');
    }, 20_000);
    child.stdout?.on('data', text => {
      said.stdout += text;
    });
    child.stderr?.on('data', text => {
      said.stderr += text;
    });
    child.once('error', error => resolve(error.message));
    child.once('close', (code, signal) => {
      clearTimeout(timer);
      launched.ended(code, signal ?? undefined, '');
      resolve(
        said.stdout === 'ready'
          ? undefined
          : said.stderr.trim() || `it ended with ${signal ?? code}`,
      );
    });
  });
}

const read = (path: string) => (existsSync(path) ? readFileSync(path, 'latin1') : '');

/** Whether this is a container that can be thrown away, as far as it can be seen from inside. */
function inContainer(): boolean {
  return (
    existsSync('/.dockerenv') ||
    existsSync('/run/.containerenv') ||
    process.env['KUBERNETES_SERVICE_HOST'] !== undefined ||
    /docker|kubepods|containerd|lxc/.test(read('/proc/1/cgroup'))
  );
}

/** What bubblewrap's complaint means here, and the command that helps. */
export function inWords(trouble: string): string {
  const said = trouble.split('\n').find(line => line.includes('bwrap')) ?? trouble.split('\n')[0];
  const restricted = read('/proc/sys/kernel/apparmor_restrict_unprivileged_userns').trim() === '1';
  if (/isolation bwrap needs/.test(trouble)) {
    return trouble.replace('isolation bwrap needs', 'the sandbox needs');
  }
  if (inContainer() && /namespace|mount proc|not permitted|No permissions/i.test(trouble)) {
    return `this container does not let bubblewrap work (${said}). Start it with: docker run --security-opt seccomp=unconfined --security-opt apparmor=unconfined --security-opt systempaths=unconfined`;
  }
  if (restricted || /uid map: Permission denied/.test(trouble)) {
    return `AppArmor keeps bubblewrap from making a user namespace (${said}). Allow it: sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0   or grade as root`;
  }
  if (read('/proc/sys/user/max_user_namespaces').trim() === '0') {
    return `this system has no user namespaces (${said}). Allow them: sudo sysctl -w user.max_user_namespaces=10000`;
  }
  if (read('/proc/sys/kernel/unprivileged_userns_clone').trim() === '0') {
    return `this system keeps user namespaces for root (${said}). Allow them: sudo sysctl -w kernel.unprivileged_userns_clone=1`;
  }
  return `bubblewrap does not work here: ${said}`;
}
