import { spawn } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, delimiter, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { packageRoot } from '../../course/index.js';
import { openRegistry, type Registry } from './registry.js';

const LESSON = '02-publish-a-reading';
const tools = join(packageRoot(), '.tmp', 'tools', 'node_modules');
const top = mkdtempSync(join(tmpdir(), 'packages-'));
let registry: Registry;
let tarball = '';

interface Ran {
  readonly code: number | null;
  /** Both streams. */
  readonly said: string;
}

function run(
  command: string,
  args: readonly string[],
  cwd: string,
  env: Record<string, string> = {},
) {
  const { PATH = '', HOME = '', TMPDIR = '' } = process.env;
  const own = {
    npm_config_registry: registry.url,
    npm_config_cache: join(top, 'npm-cache'),
    npm_config_update_notifier: 'false',
    npm_config_audit: 'false',
    npm_config_fund: 'false',
    YARN_NPM_REGISTRY_SERVER: registry.url,
    YARN_UNSAFE_HTTP_WHITELIST: '127.0.0.1',
    YARN_ENABLE_TELEMETRY: '0',
    YARN_ENABLE_IMMUTABLE_INSTALLS: 'false',
    YARN_NPM_MINIMAL_AGE_GATE: '0',
    YARN_GLOBAL_FOLDER: join(top, 'yarn'),
    YARN_CACHE_FOLDER: join(top, 'yarn-cache'),
    COREPACK_ENABLE_STRICT: '0',
  };
  return new Promise<Ran>((resolve, reject) => {
    const child = spawn(command, [...args], {
      cwd,
      env: { PATH, HOME, TMPDIR, ...own, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let said = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        said += text;
      });
    }
    child.once('error', reject);
    child.once('close', code => resolve({ code, said }));
  });
}

/** The same, and it has to go well. */
async function does(
  command: string,
  args: readonly string[],
  cwd: string,
  env = {},
): Promise<string> {
  const { code, said } = await run(command, args, cwd, env);
  expect(code, `${command} ${args.join(' ')}\n${said}`).toBe(0);
  return said;
}

function project(name: string, fields: Record<string, unknown> = {}): string {
  const folder = join(top, name);
  mkdirSync(folder, { recursive: true });
  const all = { name: basename(name), private: true, ...fields };
  writeFileSync(join(folder, 'package.json'), JSON.stringify(all));
  return folder;
}

/** In a workspace: red for the stub, green for the solution, by the command that `start` names. */
async function learns(workspace: string): Promise<void> {
  const check = () => run('npm', ['run', 'check', 'lesson-2'], workspace);
  const take = (from: string) =>
    cpSync(
      join(packageRoot(), from, LESSON, 'typescript'),
      join(workspace, 'exercises', LESSON, 'typescript'),
      { recursive: true },
    );
  take('exercises');
  const red = await check();
  expect(red.said).toMatch(/✗ failed {2}T1/);
  expect(red.code).toBe(1);
  take('solutions');
  const green = await check();
  expect(green.said).toMatch(/\d+ passed/);
  expect(green.code).toBe(0);
  const npx = await run('npx', ['mqtt-course', 'check', '2'], join(workspace, 'exercises'));
  expect(npx).toMatchObject({ code: 0 });
}

const tool = (...path: string[]) => join(tools, ...path);
const missing = (name: string, file: string) => {
  if (existsSync(file)) return false;
  console.warn(`${name} is not here (npm run tools installs it): it is not tried`);
  return true;
};
const node = process.execPath;

beforeAll(async () => {
  registry = await openRegistry();
  await does('npm', ['pack', '--ignore-scripts', '--pack-destination', top], packageRoot());
  tarball = join(top, readdirSync(top).find(name => name.endsWith('.tgz')) ?? '');
});
afterAll(() => registry?.close());

describe('npm', () => {
  test('in a project, with scripts switched off', async () => {
    const folder = project('npm-project');
    await does('npm', ['install', '--ignore-scripts', tarball], folder);
    await does('npx', ['mqtt-course', 'start', '--yes'], folder);
    await learns(join(folder, 'mqtt-course'));
  });

  test('globally', async () => {
    const prefix = join(top, 'global');
    const at = join(top, 'anywhere');
    mkdirSync(at);
    await does('npm', ['install', '--global', '--prefix', prefix, tarball], at);
    const PATH = `${join(prefix, 'bin')}${delimiter}${process.env['PATH']}`;
    await does('mqtt-course', ['start', '--yes'], at, { PATH });
    await learns(join(at, 'mqtt-course'));
  });

  test('in a workspace of npm that takes every folder for a package', async () => {
    const folder = project('npm-workspaces', { workspaces: ['*', 'packages/*'] });
    const member = project('npm-workspaces/packages/lab');
    await does('npm', ['install', '--workspace', 'lab', tarball], folder);
    await does('npx', ['mqtt-course', 'start', '--yes'], member);
    await learns(join(member, 'mqtt-course'));
    await does('npx', ['mqtt-course', 'start', '--yes'], folder);
    await learns(join(folder, 'mqtt-course'));
    await does('npm', ['install'], folder);
    await learns(join(folder, 'mqtt-course'));
  });

  test('from its cache, offline', async () => {
    const env = { npm_config_cache: join(top, 'own-cache') };
    await does('npm', ['install', tarball], project('cache-filled'), env);
    const folder = project('npm-offline');
    await does('npm', ['install', tarball], folder, { ...env, npm_config_offline: 'true' });
    await does('npx', ['mqtt-course', 'start', '--yes'], folder, { npm_config_offline: 'true' });
    await learns(join(folder, 'mqtt-course'));
  });

  test('a clone that was installed without its scripts builds itself, once', async () => {
    const clone = join(top, 'clone');
    for (const name of readdirSync(packageRoot())) {
      if (['node_modules', 'dist', 'mqtt-course', '.git', '.tmp'].includes(name)) continue;
      cpSync(join(packageRoot(), name), join(clone, name), { recursive: true });
    }
    const lost = await run(node, [join(clone, 'bin', 'mqtt-course.js'), 'list'], top);
    expect(lost.code).toBe(3);
    expect(lost.said).toContain('npm install && npm run build');
    const env = { npm_config_ignore_scripts: 'true' };
    await does('npm', ['install', '--no-package-lock'], clone, env);
    const first = await does('npx', ['mqtt-course', 'start', '--yes'], clone, env);
    expect(first).toContain('Building the course, once');
    await learns(join(clone, 'mqtt-course'));
  });
});

describe.skipIf(missing('pnpm', tool('pnpm', 'bin', 'pnpm.cjs')))('pnpm', () => {
  test('in a project', async () => {
    const folder = project('pnpm-project');
    const pnpm = (...args: string[]) =>
      does(node, [tool('pnpm', 'bin', 'pnpm.cjs'), ...args], folder, {
        npm_config_store_dir: join(top, 'pnpm-store'),
        PNPM_HOME: join(top, 'pnpm-home'),
      });
    await pnpm('add', tarball);
    await pnpm('exec', 'mqtt-course', 'start', '--yes');
    await learns(join(folder, 'mqtt-course'));
  });
});

describe.skipIf(missing('yarn 1', tool('yarn', 'bin', 'yarn.js')))('yarn 1', () => {
  test('in a project', async () => {
    const folder = project('yarn1-project');
    const yarn = (...args: string[]) =>
      does(node, [tool('yarn', 'bin', 'yarn.js'), '--non-interactive', ...args], folder);
    await yarn('add', `file:${tarball}`, '--registry', registry.url);
    await yarn('mqtt-course', 'start', '--yes');
    await learns(join(folder, 'mqtt-course'));
  });
});

const yarn4 = tool('@yarnpkg', 'cli-dist', 'bin', 'yarn.js');
describe.skipIf(missing('yarn 4', yarn4))('yarn 4', () => {
  const yarn = (folder: string, ...args: string[]) => run(node, [yarn4, ...args], folder);
  const added = async (name: string, linker?: string) => {
    const folder = project(name);
    writeFileSync(join(folder, 'yarn.lock'), '');
    if (linker) writeFileSync(join(folder, '.yarnrc.yml'), `nodeLinker: ${linker}\n`);
    const { code, said } = await yarn(folder, 'add', `mqtt-course@file:${tarball}`);
    expect(code, said).toBe(0);
    return folder;
  };

  test('with Plug’n’Play, its default: one sentence says what to do, and doing it helps', async () => {
    const folder = await added('yarn4-pnp');
    const { code, said } = await yarn(folder, 'mqtt-course', 'start', '--yes');
    expect(code).toBe(3);
    const advice = /What to do: (.*)/.exec(said)?.[1] ?? '';
    expect(advice).toBe('yarn config set nodeLinker node-modules && yarn install');
    for (const command of advice.split(' && ')) {
      const done = await yarn(folder, ...command.split(' ').slice(1));
      expect(done.code, done.said).toBe(0);
    }
    expect((await yarn(folder, 'mqtt-course', 'start', '--yes')).code).toBe(0);
    await learns(join(folder, 'mqtt-course'));
  });
});

const bun = tool('.bin', 'bun');
describe.skipIf(missing('bun', bun))('bun', () => {
  test('in a project', async () => {
    const folder = project('bun-project');
    const env = { BUN_INSTALL_CACHE_DIR: join(top, 'bun-cache') };
    await does(bun, ['add', tarball], folder, env);
    await does(bun, ['x', 'mqtt-course', 'start', '--yes'], folder, env);
    await learns(join(folder, 'mqtt-course'));
    const forced = await run(bun, ['--bun', 'x', 'mqtt-course', 'list'], folder, env);
    if (forced.code !== 0) expect(forced.said).toContain('What to do: leave out --bun');
    const own = join(folder, 'node_modules', 'mqtt-course', 'bin', 'mqtt-course.js');
    const inside = await run(bun, [realpathSync(own), 'list'], folder, env);
    expect(inside.said).toContain('What to do: leave out --bun');
    expect(inside.code).toBe(3);
  });
});
