import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { loadLesson } from '../../checker/check/test-host.js';
import { runLesson } from '../../checker/harness/run.js';
import { findPython, type Launcher, type Track } from '../../checker/index.js';
import { prepareProgram } from '../../checker/program/prepare.js';
import { startProgram } from '../../checker/program/run.js';
import { corpus, layOut } from '../../checker/prove/corpus.js';
import { prove } from '../../checker/prove/expectation.js';
import { boxArgs } from '../../grading/sandbox/argv.js';
import { copyPlain, readPlain } from '../../grading/sandbox/copy.js';
import {
  defaultLimits,
  openSandbox,
  probeIsolation,
  type Sandbox,
} from '../../grading/sandbox/index.js';
import { openLauncher } from '../../grading/sandbox/launcher.js';
import { dataBytes, endingOf } from '../../grading/sandbox/limits.js';
import { openNetworks, type SandboxOptions } from '../../grading/sandbox/options.js';
import { inWords } from '../../grading/sandbox/probe.js';
import { killTree, treeOf } from '../../grading/sandbox/processes.js';
import type { Isolation } from '../../grading/types.js';
import { listen } from '../../wire/listen.js';

const probe = await probeIsolation();
const python = await findPython();
const here = probe.tier === 'bwrap';
if (!here) console.warn(`skipped: ${probe.reason}`);
if (!python?.paho) console.warn('skipped for Python: it needs Python 3 with paho-mqtt');
const tracks: readonly Track[] = python?.paho ? ['typescript', 'python'] : ['typescript'];

const folders: string[] = [];
const folder = () => {
  const made = mkdtempSync(join(tmpdir(), 'mqtt-course-sandbox-test-'));
  folders.push(made);
  return made;
};
const sandboxes: Sandbox[] = [];
async function open(tier: Isolation, limits = defaultLimits): Promise<Sandbox> {
  const sandbox = await openSandbox({ tier, limits, tmp: tmpdir() });
  sandboxes.push(sandbox);
  return sandbox;
}
afterAll(async () => {
  for (const sandbox of sandboxes) await sandbox.close();
  for (const one of folders) rmSync(one, { recursive: true, force: true });
});

describe('what the sandbox is made of', () => {
  const options = {
    tier: 'bwrap' as const,
    limits: defaultLimits,
    tmp: '/tmp/box',
    submission: { folder: '/work', track: 'typescript' as const },
    tools: { bwrap: '/usr/bin/bwrap', disableUserns: true },
    binds: [['/real/node', '/usr/bin/node']] as const,
    buildBinds: [],
    node: '/real/node',
    nodeMajor: 20,
  };
  const request = { networkPid: 7, command: ['node', 'x'], cwd: '/work', binds: [], writable: [] };

  test('a root of named files, read-only at the end, and no rights', () => {
    const argv = boxArgs({ ...options, uid: 64_200 }, request).join(' ');
    expect(argv).toMatch(/^\/bin\/sh -c umask 022; exec "\$@" 4<"\$0" 5>&- 6>&- 7>&- 8>&- 9>&- /);
    expect(argv).toContain('setpriv --reuid=64200 --regid=64200 --clear-groups --inh-caps=-all ');
    expect(argv).toContain('--ro-bind /real/node /usr/bin/node');
    expect(argv).toContain('--remount-ro / --chdir /work');
    for (const flag of [
      '--disable-userns',
      '--new-session',
      '--die-with-parent',
      '--as-pid-1',
      '--seccomp 4',
      '--cap-drop ALL',
    ]) {
      expect(argv).toContain(flag);
    }
    expect(argv).not.toMatch(/--(dev-bind|setenv|share-net)/);
    expect(argv.match(/--bind \S+/g)).toEqual([
      '--bind /tmp/box/scratch/shm',
      '--bind /tmp/box/scratch/tmp',
      '--bind /tmp/box/scratch/submission',
    ]);
  });

  test('a course that lies in /tmp is not hidden by the private /tmp', () => {
    const binds = [['/tmp/course/kit', '/tmp/course/kit']] as const;
    const argv = boxArgs({ ...options, binds }, request).join(' ');
    expect(argv.indexOf('/scratch/tmp /tmp')).toBeLessThan(argv.indexOf('/tmp/course/kit'));
  });

  test('an older bubblewrap is not given a flag that it does not know', () => {
    const older = boxArgs({ ...options, tools: {} }, request);
    expect(older).not.toContain('--disable-userns');
    expect(older).toContain('nsenter');
  });

  test('memory: private pages above what Node itself needs', () => {
    const mib = (major: number, track: Track) => dataBytes(defaultLimits, track, major) / (1 << 20);
    expect(mib(20, 'typescript')).toBe(64 + 256);
    expect(mib(24, 'typescript')).toBe(1088 + 256);
    expect(mib(24, 'python')).toBe(64 + 256);
  });

  test('a shell code above 128 is a signal, as at home', () => {
    expect(endingOf(139, undefined)).toEqual({ exitCode: null, signal: 'SIGSEGV' });
    expect(endingOf(3, undefined)).toEqual({ exitCode: 3 });
    expect(endingOf(255, undefined)).toEqual({ exitCode: 255 });
    expect(endingOf(null, 'SIGKILL')).toEqual({ exitCode: null, signal: 'SIGKILL' });
  });

  test('links, pipes and devices are not copied, nor read', () => {
    const from = folder();
    const to = join(folder(), 'copy');
    mkdirSync(join(from, 'inner'));
    writeFileSync(join(from, 'inner', 'main.ts'), 'text');
    symlinkSync('/etc/passwd', join(from, 'link'));
    symlinkSync('/etc', join(from, 'folder'));
    execFileSync('mkfifo', [join(from, 'pipe')]);
    copyPlain(from, to);
    expect(readFileSync(join(to, 'inner', 'main.ts'), 'utf8')).toBe('text');
    for (const name of ['link', 'folder', 'pipe']) {
      expect(readPlain(join(from, name), 1e6)).toBeUndefined();
      expect(() => readFileSync(join(to, name))).toThrow(/ENOENT/);
    }
    expect(readPlain(join(from, 'inner', 'main.ts'), 3)).toBeUndefined();
  });

  test('why it does not work is said with the command that helps', () => {
    const said = inWords('bwrap: setting up uid map: Permission denied');
    expect(said).toContain('sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0');
    expect(
      inWords('isolation bwrap needs bwrap. Debian and Ubuntu: sudo apt install bubblewrap'),
    ).toBe('the sandbox needs bwrap. Debian and Ubuntu: sudo apt install bubblewrap');
  });
});

/** One start of a small program, outside of any lesson. */
async function run(
  sandbox: Pick<Sandbox, 'launcher'>,
  source: string,
  drive: (
    program: ReturnType<typeof startProgram>,
    launcher: Launcher,
  ) => void | Promise<void> = one => one.endInput(),
  env: Record<string, string> = {},
) {
  const place = folder();
  writeFileSync(join(place, 'main.mjs'), source);
  const notes: string[] = [];
  const ref = sandbox.launcher({ folder: place, track: 'typescript' });
  const launcher: Launcher = await openLauncher(ref.options, (_, text) => notes.push(text));
  try {
    const spec = {
      id: 'test',
      lesson: 'none',
      track: 'typescript' as const,
      command: process.execPath,
      args: [join(place, 'main.mjs')],
      cwd: place,
      env: {},
      source,
      seed: 'x',
    };
    const now = () => performance.now();
    const program = startProgram('test', spec, env, now, () => {}, undefined, launcher);
    await drive(program, launcher);
    await program.exited;
    return { ...program.record(), notes };
  } finally {
    await launcher.close();
  }
}

const tiers: Isolation[] = [
  ...(here ? (['bwrap'] as const) : []),
  ...(here && process.getuid?.() === 0 ? (['container'] as const) : []),
  'process',
];

test.runIf(here)(
  'who dials while a port is opened again is refused or answered, never held',
  async () => {
    const sandbox = await open('bwrap');
    // Each dial is over when a byte has come, or when it was refused.
    const source = `
    import { connect } from 'node:net';
    import { createInterface } from 'node:readline';
    let answered = 0, refused = 0, stop = false;
    const dial = port => {
      const socket = connect(port, '127.0.0.1');
      const held = setTimeout(() => { console.log('held'); process.exit(1); }, 3000);
      socket.once('data', () => { answered++; socket.destroy(); });
      socket.once('error', () => { refused++; });
      socket.once('close', () => {
        clearTimeout(held);
        if (!stop) setImmediate(dial, port);
        else if (!ended) { ended = true; console.log(answered > 0, refused > 0); process.exit(); }
      });
    };
    let ended = false;
    const lines = createInterface({ input: process.stdin });
    lines.once('line', text => { for (let i = 0; i < 4; i++) dial(JSON.parse(text).port); });
    lines.on('close', () => { stop = true; });`;
    const ended = await run(sandbox, source, async (program, launcher) => {
      if (!launcher.bind) throw new Error('no network');
      const connected = (socket: Socket) => {
        socket.on('error', () => {});
        socket.end('x');
      };
      const listener = await listen(
        { who: 'program', socket: launcher.bind },
        { connected, tlsFailed: () => {} },
      );
      program.feed({ port: listener.port });
      for (let times = 0; times < 60; times++) {
        await listener.close();
        await new Promise(resolve => setTimeout(resolve, 5));
        await listener.reopen();
        await new Promise(resolve => setTimeout(resolve, 5));
      }
      program.endInput();
      await program.exited;
      listener.destroy();
    });
    expect(ended).toMatchObject({ exitCode: 0, stdout: 'true true\n' });
  },
);

test.runIf(here)('a program that takes the port while the broker is away is ended', async () => {
  const sandbox = await open('bwrap');
  const source = `
    import { createServer } from 'node:net';
    import { createInterface } from 'node:readline';
    const lines = createInterface({ input: process.stdin });
    lines.once('line', text =>
      createServer().listen(JSON.parse(text).port, '127.0.0.1', () => console.log('mine')));`;
  const ended = await run(sandbox, source, async (program, launcher) => {
    if (!launcher.bind) throw new Error('no network');
    const listener = await listen(
      { who: 'program', socket: launcher.bind },
      { connected: socket => socket.destroy(), tlsFailed: () => {} },
    );
    await listener.close();
    program.feed({ port: listener.port });
    while (program.record().stdout === '') await new Promise(resolve => setTimeout(resolve, 5));
    await listener.reopen();
    await program.exited;
    listener.destroy();
  });
  expect(ended.stdout).toBe('mine\n');
  expect(ended.notes).toEqual([
    "the program took the broker's port while it was away, and was ended",
  ]);
});

describe.each(tiers)('the contract of a program in %s', tier => {
  test('input, its end, output and the exit code', async () => {
    const sandbox = await open(tier);
    const source = `
      let text = '';
      process.stdin.on('data', one => { text += one; });
      process.stdin.on('end', () => { console.log(text.trim()); console.error('bye'); process.exit(3); });`;
    const ended = await run(sandbox, source, program => {
      program.feed({ temp: 4 });
      program.endInput();
    });
    expect(ended).toMatchObject({ exitCode: 3, stdout: '{"temp":4}\n', stderr: 'bye\n' });
    expect(ended.signal).toBeUndefined();
  });

  test('a crash, and a signal of its own', async () => {
    const sandbox = await open(tier);
    const crash = await run(sandbox, 'setInterval(() => {}, 1000)', program => program.kill());
    expect(crash).toMatchObject({ exitCode: null, signal: 'SIGKILL' });
    // The first process of a namespace gets no signal that it sends itself, but what ends it ends it.
    const own = await run(sandbox, 'process.abort()');
    const signal = tier === 'bwrap' ? 'SIGSEGV' : 'SIGABRT';
    expect(own).toMatchObject({ exitCode: null, signal });
  });

  test('a crash is no orderly stop: the end of the input is never seen', async () => {
    const sandbox = await open(tier);
    const env = { RESULT_FILE: join(folder(), 'result.json') };
    const source = `
      import { writeFileSync } from 'node:fs';
      process.stdin.on('end', () => writeFileSync(process.env.RESULT_FILE, 'stopped')).resume();
      setInterval(() => {}, 1000);`;
    for (let round = 0; round < 8; round++) {
      const ready = (program: ReturnType<typeof startProgram>) =>
        void setTimeout(program.kill, 120);
      await run(sandbox, source, ready, env);
      expect(existsSync(env.RESULT_FILE)).toBe(false);
    }
  });

  test('the environment is the contract and no more', async () => {
    process.env['CANARY_SECRET'] = 'hunter2';
    const sandbox = await open(tier);
    const source = 'console.log(JSON.stringify([process.env, process.getuid()]))';
    const { stdout } = await run(sandbox, source, undefined, { MQTT_URL: 'mqtt://x' });
    const [env, uid] = JSON.parse(stdout) as [Record<string, string>, number];
    expect(Object.keys(env).sort()).toEqual([
      'HOME',
      'LANG',
      'MQTT_COURSE_PROGRAM',
      'MQTT_URL',
      'PATH',
      ...(tier === 'bwrap' ? ['PWD'] : []),
      'USER',
    ]);
    if (tier !== 'process') expect(uid).not.toBe(0);
  });

  test('what it leaves in RESULT_FILE is taken over; a link is not', async () => {
    const sandbox = await open(tier);
    const out = folder();
    const env = { RESULT_FILE: join(out, 'result.json') };
    const write = (text: string) => `import { symlinkSync, writeFileSync } from 'node:fs'; ${text}`;
    await run(sandbox, write("writeFileSync(process.env.RESULT_FILE, 'mine')"), undefined, env);
    expect(readFileSync(env.RESULT_FILE, 'utf8')).toBe('mine');
    if (tier === 'process') return;
    rmSync(env.RESULT_FILE);
    const link = write("symlinkSync('/etc/passwd', process.env.RESULT_FILE)");
    const ended = await run(sandbox, link, undefined, env);
    expect(ended.exitCode).toBe(0);
    expect(() => readFileSync(env.RESULT_FILE)).toThrow(/ENOENT/);
  });

  test('the clock ends what never ends, and says so', async () => {
    const sandbox = await open(tier, { ...defaultLimits, wallSeconds: 1 });
    const ended = await run(sandbox, 'setInterval(() => {}, 1000)', () => undefined);
    expect(ended.notes).toEqual(['the program ran longer than 1 s, and was ended']);
    expect(sandbox.limitHits()).toEqual(ended.notes);
  });

  test('processor time ends what keeps busy', async () => {
    const sandbox = await open(tier, { ...defaultLimits, cpuSeconds: 1 });
    const ended = await run(sandbox, 'for (;;);', () => undefined);
    expect(ended.signal).toBe('SIGXCPU');
    expect(ended.notes).toEqual(['the program used more than 1 s of processor time']);
  });
});

describe.skipIf(!here)("what is not the program's fault", () => {
  test('a sandbox that does not come up is told from a program that ends', async () => {
    const sandbox = await open('bwrap');
    const ended = await run(sandbox, "console.error('bwrap: not really'); process.exit(1)");
    expect(ended.startError).toBeUndefined();
    expect(ended.exitCode).toBe(1);
    const ref = sandbox.launcher({ folder: '', track: 'typescript' });
    const options = ref.options as SandboxOptions;
    const binds = [...options.binds, ['/nowhere/at/all', '/nowhere']];
    const broken = {
      ...sandbox,
      launcher: (submission: SandboxOptions['submission']) => ({
        ...ref,
        options: { ...options, binds, submission },
      }),
    };
    const never = await run(broken, '');
    expect(never).toMatchObject({ exitCode: 1, startError: 'the sandbox could not start it' });
    expect(never.stderr).toContain("bwrap: Can't find source path /nowhere/at/all");
  });

  test('the innermost process is killed first', async () => {
    const shell = spawn('sh', ['-c', 'sh -c "sleep 60; true"; true'], { stdio: 'ignore' });
    const pid = shell.pid ?? 0;
    while (treeOf(pid).length < 3) await new Promise(resolve => setTimeout(resolve, 5));
    const tree = treeOf(pid);
    const killed: number[] = [];
    const kill = vi.spyOn(process, 'kill').mockImplementation(one => {
      killed.push(one);
      return true;
    });
    killTree(pid);
    kill.mockRestore();
    expect(killed).toEqual([...tree].reverse());
    expect(killed.at(-1)).toBe(pid);
    killTree(pid);
    await new Promise(resolve => shell.once('exit', resolve));
  });
});

/** Solution, and one mutant: what passes at home passes, what fails fails with the same mistake. */
describe.skipIf(!here)('lessons in bubblewrap', async () => {
  const sandbox = here ? await open('bwrap') : undefined;
  const wanted: [lesson: string, mutant: Record<Track, string>][] = [
    ['01-first-connection', { typescript: 'no-client-id', python: 'no-client-id' }],
    ['06-qos-handshakes', { typescript: '', python: '' }],
    ['09-last-will', { typescript: '', python: '' }],
    ['12-reconnect', { typescript: '', python: '' }],
    ['14-tls', { typescript: '', python: '' }],
    ['15-acl-lab', { typescript: '', python: '' }],
  ];
  const programs = wanted.flatMap(([lesson, mutant]) =>
    tracks.flatMap(track => {
      const all = corpus(lesson, track);
      const solution = all.find(one => one.role === 'solution');
      const wrong = all.find(
        one => one.role === 'mutant' && (mutant[track] === '' || one.name.endsWith(mutant[track])),
      );
      return [solution, wrong].flatMap(one =>
        one ? [{ ...one, title: `${lesson} ${track} ${one.name}`, one }] : [],
      );
    }),
  );

  test.concurrent.each(programs)('$title', { timeout: 120_000 }, async ({ one, lesson, track }) => {
    if (!sandbox) return;
    const laid = await layOut(one);
    const path = laid.path;
    const launcher = sandbox.launcher({ folder: join(path, '..'), track });
    const program = { kind: 'file', path } as const;
    const prepared = await prepareProgram({
      id: 'x',
      lesson,
      track,
      program,
      seed: 'box',
      launcher,
    });
    try {
      const run = runLesson(await loadLesson(lesson), prepared.spec);
      const proof = prove(one, { spec: prepared.spec, verdicts: await run.verdicts() });
      expect(proof.problem).toBeUndefined();
    } finally {
      await prepared.dispose();
      await laid.dispose();
    }
  });
});

test('the names of networks that were given up are nobody’s: they may be of another sandbox by now', () => {
  expect([...openNetworks(['+net:[1]', '+net:[2]', '-net:[1]'])]).toEqual(['net:[2]']);
  expect([...openNetworks(['+net:[1]', '-net:[1]', '+net:[1]'])]).toEqual(['net:[1]']);
});

test.runIf(here)(
  'closing a sandbox ends nobody in a network that took the name of one of its own',
  { timeout: 60_000 },
  async () => {
    const first = await openSandbox({ tier: 'bwrap', limits: defaultLimits, tmp: folder() });
    const { launcher } = await started(first);
    await launcher.close();
    // The kernel gives names out again, the lowest first: one of these has that of the first.
    const second = await openSandbox({ tier: 'bwrap', limits: defaultLimits, tmp: folder() });
    const others = await Promise.all([1, 2, 3].map(() => started(second)));
    await first.close();
    for (const { child } of others) expect(child.exitCode ?? child.signalCode).toBeNull();
    for (const { launcher: one } of others) await one.close();
    await second.close();
  },
);

/** A program that only waits, in a scenario of its own. */
async function started(sandbox: Awaited<ReturnType<typeof openSandbox>>) {
  const place = folder();
  writeFileSync(join(place, 'main.mjs'), "console.log('there'); process.stdin.resume();");
  const { options } = sandbox.launcher({ folder: place, track: 'typescript' });
  const launcher = await openLauncher(options, () => undefined);
  const launched = launcher.launch({
    name: 'waits',
    command: process.execPath,
    args: [join(place, 'main.mjs')],
    cwd: place,
    env: {},
  });
  const child = spawn(launched.command, [...launched.args], {
    cwd: launched.cwd,
    env: launched.env,
    stdio: ['pipe', 'pipe', 'inherit', 'pipe'],
  });
  if (child.pid !== undefined) launched.started(child.pid);
  await once(child.stdout as Socket, 'data');
  return { launcher, child };
}
