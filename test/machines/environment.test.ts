import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { forThreads, passedOn } from '../../course/environment.js';
import { commandLine } from '../cli/command-line.js';
import { learner, PUBLISH, TLS } from './lab.js';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const cli = commandLine();
const { folder } = learner(PUBLISH, TLS);
const preload = join(folder, 'preload.cjs');
writeFileSync(
  preload,
  `const { isMainThread } = require('node:worker_threads');
  if (!isMainThread) for (let i = 0; i < 100; i++) {
    console.error('a preload that prints'.repeat(1000));
    process.stdout.write('on both streams');
    process.emitWarning('a warning');
  }`,
);

describe('check gives its result and ends, whatever is in the environment', () => {
  test.each<[string, string, Record<string, string>]>([
    ['a warning of Node in a thread', TLS, { NODE_TLS_REJECT_UNAUTHORIZED: '0' }],
    ['libraries that debug', PUBLISH, { DEBUG: '*' }],
    ['a preload that prints', PUBLISH, { NODE_OPTIONS: `--require ${preload}` }],
    ['deprecations as errors', TLS, { NODE_OPTIONS: '--throw-deprecation --pending-deprecation' }],
    ['warnings with their traces', PUBLISH, { NODE_OPTIONS: '--trace-warnings --trace-exit' }],
    ['both colour variables', PUBLISH, { NO_COLOR: '1', FORCE_COLOR: '0' }],
    ['another place for packages', PUBLISH, { NODE_PATH: folder }],
    ['a proxy', PUBLISH, { HTTPS_PROXY: 'http://127.0.0.1:1', all_proxy: 'socks5://127.0.0.1:1' }],
    ['settings of MQTT', PUBLISH, { MQTT_URL: 'mqtt://127.0.0.1:1', MQTT_CLIENT_ID: 'same' }],
  ])('%s', async (_, lesson, env) => {
    const { code, out, err } = await cli(['check', lesson], { cwd: folder, env });
    expect({ code, err: err.replace(/^\(node.*\n|^ {4}at .*\n/gm, '') }).toEqual({
      code: 0,
      err: '',
    });
    expect(out).toContain('passed');
    expect(out).not.toContain('\u001B[');
  });

  test('Node’s own debugging, which only Node can turn off', async () => {
    const env = { NODE_DEBUG: 'net,tls,worker,timer' };
    expect((await cli(['check', PUBLISH], { cwd: folder, env })).code).toBe(0);
  });
});

test('a program sees none of it', async () => {
  const source = `import { env as contract } from '#kit';
    console.error('SEES ' + Object.keys(process.env).sort().join(' '));
    void contract;`;
  const other = learner();
  writeFileSync(other.file(PUBLISH), source);
  const env = {
    NODE_OPTIONS: '--no-deprecation',
    NODE_TLS_REJECT_UNAUTHORIZED: '0',
    NODE_PATH: '/nowhere',
    HTTPS_PROXY: 'http://127.0.0.1:1',
    NO_COLOR: '1',
    DEBUG: 'x',
    SECRET: 'y',
  };
  const { out } = await cli(['check', PUBLISH, '--json'], { cwd: other.folder, env });
  const { program } = JSON.parse(out) as { program: { stderr: string } };
  const names = /SEES (.*)/.exec(program.stderr)?.[1]?.split(' ') ?? [];
  expect(names).toContain('MQTT_URL');
  expect(names.filter(name => name in env)).toEqual([]);
});

test('what is chosen by the person keeps what they have', async () => {
  const { personsEnvironment, settleEnvironment } = await import('../../course/environment.js');
  const before = { ...process.env };
  Object.assign(process.env, { NODE_PATH: '/mine', FORCE_COLOR: '1', NO_COLOR: '1' });
  settleEnvironment();
  expect(process.env['NODE_PATH']).toBeUndefined();
  expect(process.env['NO_COLOR']).toBeUndefined();
  expect(personsEnvironment()['NODE_PATH']).toBe('/mine');
  expect(personsEnvironment()['NO_COLOR']).toBe('1');
  for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name];
  Object.assign(process.env, before);
});

test('threads see the settings of the course, programs do not', () => {
  const env = { PATH: '/bin', MQTT_COURSE_DEBUG: '1', MQTT_URL: 'x', NODE_OPTIONS: 'y' };
  expect(forThreads(env)).toEqual({ PATH: '/bin', MQTT_COURSE_DEBUG: '1' });
  expect(passedOn(env)).toEqual({ PATH: '/bin' });
});
