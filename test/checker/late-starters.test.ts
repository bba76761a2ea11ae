import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { perform } from '../../checker/harness/perform.js';
import { sent } from '../../checker/harness/recording.js';
import { scenario } from '../../checker/harness/scenario.js';
import { endForkServer } from '../../checker/program/fork-server.js';
import { prepareProgram } from '../../checker/program/prepare.js';
import { findPython } from '../../checker/program/python.js';

/*
 * A wait ends early when it is known that nothing will come. These programs are right, and do what
 * is awaited late, in every way we could think of: none of them may be given up.
 */

const folder = mkdtempSync(join(tmpdir(), 'mqtt-course-late-'));
const python = await findPython();
afterAll(() => {
  endForkServer();
  rmSync(folder, { recursive: true, force: true });
});

const late = scenario('late', {
  facts: () => ({}),
  run: async context => {
    const program = await context.start();
    // What a learner's program is given time for: far more than these take.
    await program.sends('PUBLISH', { what: 'late PUBLISH', within: 15_000 });
  },
});

/** `said`: the program was connected when it began to wait. */
const node: Readonly<Record<string, string>> = {
  'a timer': 'setTimeout(say, 1300);',
  'timers in a row':
    'let n = 0; const turn = () => ++n < 13 ? setTimeout(turn, 100) : say(); turn();',
  'an interval that counts': 'let n = 0; setInterval(() => { if (++n === 13) say(); }, 100);',
  'a timer as a promise': `import { setTimeout as sleep } from 'node:timers/promises'; await sleep(1300); say();`,
  'a busy loop': 'const end = Date.now() + 1300; while (Date.now() < end); say();',
  'a worker thread': `import { Worker } from 'node:worker_threads'; new Worker("const { parentPort } = require('node:worker_threads'); Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1300); parentPort.postMessage(1)", { eval: true }).on('message', say);`,
  'Atomics.waitAsync':
    'const keep = setInterval(() => {}, 60_000); (Atomics as any).waitAsync(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1300).value.then(() => { clearInterval(keep); say(); });',
  'a child process': `import { spawn } from 'node:child_process'; spawn('sleep', ['1.3']).on('exit', say);`,
  'a child process, waited for at once': `import { spawnSync } from 'node:child_process'; spawnSync('sleep', ['1.3']); say();`,
  'a process that left the family': `import { spawn, execFileSync } from 'node:child_process'; import { createReadStream } from 'node:fs'; execFileSync('mkfifo', ['late.fifo']); spawn('sh', ['-c', '(setsid sh -c "sleep 1.3; echo go > late.fifo" > /dev/null 2>&1 < /dev/null &)']); createReadStream('late.fifo').on('data', say).on('error', () => {});`,
  'a name server that does not answer': `import { Resolver } from 'node:dns'; import { createSocket } from 'node:dgram'; const deaf = createSocket('udp4').bind(0, '127.0.0.1', () => { const resolver = new Resolver({ timeout: 1300, tries: 1 }); resolver.setServers([\`127.0.0.1:\${deaf.address().port}\`]); resolver.resolve4('freezer.test', say); });`,
  'a file that is looked at again and again': `import { watchFile, writeFileSync } from 'node:fs'; import { spawn } from 'node:child_process'; watchFile('late.txt', { interval: 200 }, say); spawn('sh', ['-c', 'sleep 1.2; echo x > late.txt']);`,
  'WebAssembly and import late': `const until = Date.now() + 900; while (Date.now() < until) await import('node:zlib'); setTimeout(say, 300);`,
};

const pythonPrograms: Readonly<Record<string, string>> = {
  'a sleep': 'time.sleep(1.3)\nsay()',
  'sleeps that count': 'for _ in range(13):\n    time.sleep(0.1)\nsay()',
  'a timer thread': 'threading.Timer(1.3, say).start()\ntime.sleep(60)',
  'a timer thread beside the kit': 'threading.Timer(1.3, say).start()\nwait_for_stop()',
  'an event with a time-out': 'threading.Event().wait(1.3)\nsay()',
  'a queue with a time-out':
    'import queue\ntry:\n    queue.Queue().get(timeout=1.3)\nexcept queue.Empty:\n    say()',
  'select without files': 'import select\nselect.select([], [], [], 1.3)\nsay()',
  'select with files':
    'import select, os\nr, w = os.pipe()\nselect.select([r], [], [], 1.3)\nsay()',
  asyncio:
    'import asyncio\nasync def main():\n    await asyncio.sleep(1.3)\n    say()\nasyncio.run(main())',
  'a busy loop': 'end = time.time() + 1.3\nwhile time.time() < end:\n    pass\nsay()',
  'a child process': "import subprocess\nsubprocess.run(['sleep', '1.3'])\nsay()",
  'a pipe of a child process':
    "import subprocess\nsubprocess.run('sleep 1.3; echo go', shell=True, capture_output=True)\nsay()",
  'a process pool':
    "import multiprocessing\nif __name__ == '__main__':\n    p = multiprocessing.get_context('fork').Process(target=time.sleep, args=(1.3,))\n    p.start()\n    p.join()\n    say()",
  'a process that left the family':
    "import os\nr, w = os.pipe()\nif os.fork() == 0:\n    if os.fork() == 0:\n        os.setsid()\n        time.sleep(1.3)\n        os.write(w, b'x')\n    os._exit(0)\nos.close(w)\nos.read(r, 1)\nsay()",
  'an alarm':
    'import signal\nsignal.signal(signal.SIGALRM, lambda *_: say())\nsignal.setitimer(signal.ITIMER_REAL, 1.3)\nwhile True:\n    signal.pause()',
  'a timerfd':
    "import ctypes, os, select, struct\nlibc = ctypes.CDLL(None)\nfd = libc.timerfd_create(1, 0)\nlibc.timerfd_settime(fd, 0, struct.pack('qqqq', 0, 0, 1, 300000000), None)\nos.read(fd, 8)\nsay()",
  'its own turns of the network loop':
    'client.loop_stop()\nfor _ in range(2):\n    client.loop(1.0)\nsay()\nfor _ in range(5):\n    client.loop(0.2)',
  'a handler that sleeps':
    'client.on_subscribe = lambda *_: (time.sleep(1.3), client.publish("late", "x"))\nclient.subscribe("x")\nwait_for_stop()',
  'the end of the network loop, waited for': 'client.loop_stop()\nclient.loop_start()\nsay()',
  'a slow import':
    "open('slow_import.py', 'w').write('import time\\ntime.sleep(1.3)')\nimport sys\nsys.path.insert(0, '.')\nimport slow_import\nsay()",
};

async function play(name: string, track: 'typescript' | 'python' | 'command', text: string) {
  const own = mkdtempSync(join(folder, 'one-'));
  const path = join(own, track === 'python' ? 'main.py' : 'main.ts');
  writeFileSync(path, text);
  const program =
    track === 'command'
      ? ({ kind: 'command', command: ['sh', '-c', text], cwd: own } as const)
      : ({ kind: 'file', path } as const);
  const made = await prepareProgram({ id: name, lesson: 'x', track, program, seed: 's' });
  try {
    return await perform(late, made.spec);
  } finally {
    await made.dispose();
  }
}

const nodeProgram = (connected: boolean, wait: string) => `
import mqtt from 'mqtt';
const client = ${connected ? "await mqtt.connectAsync(process.env['MQTT_URL'] ?? '', { keepalive: 600 })" : 'undefined'};
let once = false;
function say() {
  if (once) return;
  once = true;
  const mine = client ?? mqtt.connect(process.env['MQTT_URL'] ?? '', { keepalive: 600 });
  mine.publish('late', 'x');
}
process.stdin.resume();
${wait.replaceAll(/import (\{[^}]*\}|\w+) from ('[^']+');/g, (_, what: string, from: string) => `const ${what.replaceAll(' as ', ': ')} = await import(${from});`)}
`;

const pythonProgram = (connected: boolean, wait: string) => `
import time, threading
from mqttkit import env, make_client, wait_for_stop
client = make_client()
def connect():
    client.connect(env("MQTT_HOST"), int(env("MQTT_PORT")), 600)
    client.loop_start()
${connected ? 'connect()' : ''}
def say():
    ${connected ? 'pass' : 'connect()'}
    client.publish("late", "x").wait_for_publish()
${wait}
`;

describe.skipIf(process.platform !== 'linux').concurrent('a program that is late', () => {
  for (const connected of [true, false]) {
    const when = connected ? 'connected' : 'before it connects';
    test.each(Object.entries(node))(
      `TypeScript, ${when}: %s`,
      { timeout: 60_000 },
      async (name, wait) => {
        const recording = await play(name, 'typescript', nodeProgram(connected, wait));
        expect({ gaveUp: recording.gaveUp, stderr: recording.programs[0]?.stderr }).toMatchObject({
          gaveUp: undefined,
        });
        expect(sent(recording, 'PUBLISH')).toHaveLength(1);
      },
    );
    test
      .skipIf(!python?.paho)
      .each(
        Object.entries(pythonPrograms).filter(([, text]) => connected || !text.includes('client.')),
      )(`Python, ${when}: %s`, { timeout: 60_000 }, async (name, wait) => {
      const recording = await play(name, 'python', pythonProgram(connected, wait));
      expect({ gaveUp: recording.gaveUp, stderr: recording.programs[0]?.stderr }).toMatchObject({
        gaveUp: undefined,
      });
      expect(sent(recording, 'PUBLISH')).toHaveLength(1);
    });
  }

  test('a command: a shell that sleeps, then becomes something else', {
    timeout: 60_000,
  }, async () => {
    const script =
      "require('net').connect(process.env.MQTT_PORT, process.env.MQTT_HOST).end(Buffer.from('100c00044d5154540402003c00003003000178', 'hex'))";
    const recording = await play(
      'sh',
      'command',
      `sleep 1.3; exec ${process.execPath} -e "${script}"`,
    );
    expect(recording.gaveUp).toBeUndefined();
  });
});

describe.skipIf(process.platform !== 'linux')('a program that will do nothing any more', () => {
  test('is known to be at rest: TypeScript', { timeout: 30_000 }, async () => {
    const recording = await play('rest', 'typescript', nodeProgram(true, '0;'));
    expect(recording.gaveUp).toMatchObject({ waitedFor: 'late PUBLISH', atRest: true });
  });
  test.skipIf(!python?.paho)('is known to be at rest: Python', { timeout: 30_000 }, async () => {
    for (const wait of ['wait_for_stop()', 'client.loop_stop()\nclient.loop_forever()']) {
      const recording = await play('rest', 'python', pythonProgram(true, wait));
      expect(recording.gaveUp).toMatchObject({ waitedFor: 'late PUBLISH', atRest: true });
    }
  });
  test('is not known where its keep-alive is due before the deadline', {
    timeout: 30_000,
  }, async () => {
    const pings = nodeProgram(true, 'setTimeout(() => process.exit(), 3000);').replaceAll(
      '600',
      '1',
    );
    const recording = await play('pings', 'typescript', pings);
    expect(recording.gaveUp?.atRest).toBeUndefined();
  });
});
