import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { ProgramRecord } from '../../checker/harness/recording.js';
import { endForkServer } from '../../checker/program/fork-server.js';
import { kitFolder, prepareProgram } from '../../checker/program/prepare.js';
import { findPython } from '../../checker/program/python.js';
import { type RunningProgram, startProgram } from '../../checker/program/run.js';
import type { ProgramSpec } from '../../checker/program/spec.js';
import { keepWarm, takenSince, waitingPids } from '../../checker/program/warm.js';
import { packageRoot } from '../../course/package-root.js';

const built = existsSync(join(packageRoot(), 'dist', 'vendor', 'warm.mjs'));
const python = await findPython();
const folder = mkdtempSync(join(tmpdir(), 'mqtt-course-ready-'));

afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Run {
  readonly record: ProgramRecord;
  readonly text: string;
}

/** Starts a program and gives what is left of it when it has ended. */
async function run(
  spec: ProgramSpec,
  during: (program: RunningProgram) => void | Promise<void> = program => program.endInput(),
): Promise<Run> {
  let record: ProgramRecord | undefined;
  const program = startProgram(
    'program',
    spec,
    { TOPIC: 'a/b' },
    () => performance.now(),
    one => {
      record = one;
    },
  );
  await during(program);
  await program.exited;
  if (!record) throw new Error('no record');
  return { record, text: record.stdout };
}

function essence({ record }: Run) {
  const { exitCode, signal, stdout, stderr, startError } = record;
  return { exitCode, signal, stdout, stderr, startError };
}

async function said(program: RunningProgram, text: string): Promise<void> {
  await expect.poll(() => program.record().stdout, { timeout: 10_000 }).toContain(text);
}

/** What a program can ask about itself, and how it can end: the same, however it was started. */
const endings = {
  typescript: {
    'ends by itself': `import { basename } from 'node:path'; console.log(process.env.TOPIC, process.cwd(), basename(process.argv[1] ?? ''), process.argv.length, process.execArgv.join(), typeof process.send, process.channel === undefined);`,
    'sees the environment of the contract, and no more': `console.log(JSON.stringify(Object.keys(process.env).sort()));`,
    'ends with a code': `process.exitCode = 7; console.error('on stderr');`,
    'ends at once': `process.exit(3);`,
    'throws an error': `const deep = () => { throw new Error('deep'); };\nconsole.log('before');\ndeep();`,
    'throws what is no error': `throw 'a text';`,
    'has a promise that nobody awaits': `void Promise.reject(new Error('lost'));`,
    'waits for what never comes': `await new Promise(() => {});`,
    'reads its input to the end': `let text = ''; for await (const part of process.stdin) text += part; console.log(JSON.stringify(text));`,
    'has only its own files open': `import { readdirSync, readlinkSync } from 'node:fs'; if (process.platform === 'linux') console.log(readdirSync('/proc/self/fd').map(fd => { try { return readlinkSync('/proc/self/fd/' + fd); } catch { return ''; } }).filter(to => /^(socket|pipe)/.test(to)).length);`,
    'does not load': `import { missing } from 'mqtt';\nconsole.log(missing);`,
  },
  python: {
    'ends by itself': `import os, sys\nprint(os.environ['TOPIC'], os.getcwd(), sys.argv, sys.path[0], __name__, __file__, sys.flags.isolated)`,
    'sees the environment of the contract, and no more': `import os\nprint(sorted(os.environ))`,
    'ends with a code': `import sys\nprint('on stderr', file=sys.stderr)\nsys.exit(7)`,
    'ends with a text': `import sys\nsys.exit('a reason')`,
    'ends at once': `import os\nos._exit(3)`,
    'raises an error': `def deep():\n    raise ValueError('deep')\n\nprint('before')\ndeep()`,
    'raises with a cause': `try:\n    {}['x']\nexcept KeyError as error:\n    raise RuntimeError('why') from error`,
    'does not parse': `def (:\n    pass`,
    'raises in a thread': `import threading\nt = threading.Thread(target=lambda: 1 / 0)\nt.start()\nt.join()`,
    'waits for its threads, then says goodbye': `import atexit, threading, time\natexit.register(print, 'bye')\nthreading.Thread(target=lambda: (time.sleep(0.2), print('thread'))).start()`,
    'reads its input to the end': `import sys\nprint(repr(sys.stdin.read()))`,
    'is interrupted': `raise KeyboardInterrupt`,
    'draws random numbers': `import random\na = random.random()\nprint(0 <= a < 1)`,
    'has only its own files open': `import os\nprint(len([1 for fd in os.listdir('/proc/self/fd') if os.path.exists('/proc/self/fd') and int(fd) > 2]))`,
    'leads a group of its own': `import os\nprint(os.getpgid(0) == os.getpid(), os.getsid(0) == os.getpid())`,
  },
} as const;

async function specOf(track: 'typescript' | 'python', text: string) {
  const path = join(folder, track === 'python' ? 'main.py' : 'main.ts');
  writeFileSync(path, `${text}\n`);
  if (track === 'typescript') {
    return prepareProgram({
      id: 'test',
      lesson: 'test',
      track,
      program: { kind: 'file', path },
      seed: 'seed',
    });
  }
  const spec: ProgramSpec = {
    id: 'test',
    lesson: 'test',
    track,
    command: python?.command ?? 'python3',
    args: [...(python?.args ?? []), path],
    cwd: folder,
    env: { PYTHONPATH: kitFolder(), PYTHONUNBUFFERED: '1', PYTHONDONTWRITEBYTECODE: '1' },
    source: text,
    seed: 'seed',
  };
  return { spec, dispose: async () => undefined };
}

const feed = (program: RunningProgram) => {
  program.feed({ temp: 1 });
  program.endInput();
};

describe.skipIf(!built)('a Node that waited', () => {
  afterEach(() => keepWarm(0));

  test.each(Object.entries(endings.typescript))('%s', async (_, text) => {
    const { spec, dispose } = await specOf('typescript', text);
    keepWarm(0);
    const plain = await run(spec, feed);
    keepWarm(1);
    const [waiting] = waitingPids();
    let pid: number | undefined;
    takenSince();
    const warm = await run(spec, program => {
      pid = program.pid;
      feed(program);
    });
    await dispose();
    expect(pid).toBe(waiting);
    expect(takenSince()).toBe(1);
    expect(essence(warm)).toEqual(essence(plain));
  });

  test('names the line of the learner in a stack trace', async () => {
    const { spec, dispose } = await specOf('typescript', endings.typescript['throws an error']);
    keepWarm(1);
    const { record } = await run(spec);
    await dispose();
    expect(record.stderr).toContain('main.ts:1:');
    expect(record.stderr).toContain('main.ts:3:');
    expect(record.stderr).not.toContain('warm.mjs');
  });

  test('is killed, with what it started', async () => {
    const { spec, dispose } = await specOf(
      'typescript',
      `import { spawn } from 'node:child_process';\nconst one = spawn('sleep', ['60'], { stdio: 'ignore' });\nconsole.log(one.pid);\nconsole.log('there');\nsetInterval(() => {}, 1000);`,
    );
    keepWarm(1);
    const { record, text } = await run(spec, async program => {
      await said(program, 'there');
      program.kill();
    });
    await dispose();
    expect(record).toMatchObject({ exitCode: null, signal: 'SIGKILL' });
    expect(alive(Number(text.split('\n')[0]))).toBe(false);
  });

  test('is used once; when none is left, the program starts as ever', async () => {
    const { spec, dispose } = await specOf('typescript', `console.log('ran', process.pid);`);
    keepWarm(1);
    const runs = await Promise.all([run(spec), run(spec), run(spec)]);
    await dispose();
    expect(new Set(runs.map(one => one.text)).size).toBe(3);
    expect(runs.every(one => one.record.exitCode === 0)).toBe(true);
  });

  test('is not used for a command; a program for a sandbox never starts without one', async () => {
    const { spec, dispose } = await specOf('typescript', `console.log('ran');`);
    keepWarm(1);
    await run({ ...spec, track: 'command' });
    const sandboxed = { ...spec, launcher: { module: 'file:///none.mjs', options: {} } };
    const start = () =>
      startProgram(
        'program',
        sandboxed,
        {},
        () => 0,
        () => undefined,
      );
    expect(start).toThrow('was to be started by file:///none.mjs');
    expect(waitingPids()).toHaveLength(1);
    await dispose();
  });

  test('ends when it is no longer wanted', async () => {
    keepWarm(2);
    const pids = waitingPids();
    expect(pids).toHaveLength(2);
    keepWarm(0);
    await expect.poll(() => pids.filter(alive), { timeout: 10_000 }).toEqual([]);
  });
});

describe.skipIf(!built || process.platform !== 'linux' || !python?.paho)('a fork of Python', () => {
  beforeAll(() => endForkServer());
  afterAll(() => endForkServer());

  /** The same program, started by itself. */
  const alone = (spec: ProgramSpec): ProgramSpec => ({ ...spec, track: 'command' });

  test.each(Object.entries(endings.python))('%s', async (_, text) => {
    const { spec } = await specOf('python', text);
    const plain = await run(alone(spec), feed);
    const forked = await run(spec, feed);
    expect(essence(forked)).toEqual(essence(plain));
  });

  test('is a fork', async () => {
    const { spec } = await specOf('python', `import os\nprint(os.getppid())`);
    const [first, second] = [await run(spec), await run(spec)];
    expect(first.text).toBe(second.text);
    expect(Number(first.text)).not.toBe(process.pid);
  });

  test('does not share random numbers with its brothers', async () => {
    const { spec } = await specOf('python', `import random\nprint(random.random())`);
    const [first, second] = await Promise.all([run(spec), run(spec)]);
    expect(first?.text).not.toBe(second?.text);
  });

  test('is killed, with what it started and moved away', async () => {
    const { spec } = await specOf(
      'python',
      `import os, time, subprocess\nprint(subprocess.Popen(['sleep', '60']).pid)\npid = os.fork()\nif pid == 0:\n    os.setsid()\n    time.sleep(60)\nprint(pid)\nprint('there')\ntime.sleep(60)`,
    );
    const { record, text } = await run(spec, async program => {
      await said(program, 'there');
      program.kill();
    });
    expect(record).toMatchObject({ exitCode: null, signal: 'SIGKILL' });
    const left = text.split('\n').slice(0, 2).map(Number);
    await expect.poll(() => left.filter(alive), { timeout: 5000 }).toEqual([]);
  });

  test('is killed at once, before it has begun', async () => {
    const { spec } = await specOf('python', `import time\ntime.sleep(60)`);
    const { record } = await run(spec, program => program.kill());
    expect(record.signal).toBe('SIGKILL');
  });

  test('sees its own end by a signal', async () => {
    const { spec } = await specOf(
      'python',
      `import os, signal\nos.kill(os.getpid(), signal.SIGTERM)`,
    );
    expect((await run(spec)).record).toMatchObject({ exitCode: null, signal: 'SIGTERM' });
  });

  test('gives all of a large output', async () => {
    const { spec } = await specOf('python', `print('x' * 3_000_000)`);
    expect((await run(spec)).record.stdoutBytes).toBe(3_000_001);
  });

  test('carries the mark of its own program', async () => {
    const { spec } = await specOf(
      'python',
      `import os\nfor line in open('/proc/self/environ').read().split('\\0'):\n    if line.startswith('MQTT_COURSE_PROGRAM='): print(line == 'MQTT_COURSE_PROGRAM=' + os.environ['MQTT_COURSE_PROGRAM'])`,
    );
    expect((await run(spec)).text).toBe('True\n');
  });

  test('dies with the Python it came from, and the next program starts as ever', async () => {
    const { spec } = await specOf(
      'python',
      `import os, time\nprint(os.getppid())\nprint('there')\nif os.environ.get('TOPIC') == 'a/b': time.sleep(60)`,
    );
    const { record } = await run(spec, async program => {
      await said(program, 'there');
      process.kill(Number(program.record().stdout.split('\n')[0]), 'SIGKILL');
    });
    expect(record.startError).toContain('Python');
    const { spec: next } = await specOf('python', `import os\nprint(os.getppid())`);
    expect(Number((await run(next)).text)).toBe(process.pid);
  });
});

function alive(pid: number): boolean {
  if (process.platform === 'win32') {
    return spawnSync('tasklist', ['/fi', `PID eq ${pid}`]).stdout.includes(String(pid));
  }
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  // A zombie that nobody has collected yet is dead, too.
  try {
    return !/^\d+ \(.*\) Z/s.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return readdirSync('/').includes('proc') === false;
  }
}
