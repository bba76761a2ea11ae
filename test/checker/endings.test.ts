/** How a program ended, in whatever language it is written: the cause that a learner is told. */
import { describe, expect, test } from 'vitest';
import { neverConnected } from '../../checker/harness/detectors/dialling.js';
import { crashed, threadDead } from '../../checker/harness/detectors/ended.js';
import { wrongVersion } from '../../checker/harness/detectors/packets.js';
import { crashSignal, endingWords } from '../../checker/harness/ending.js';
import { randomFrom } from '../../checker/harness/random.js';
import { libraryOf } from '../../checker/harness/scenario.js';
import { readCrash } from '../../checker/harness/stderr.js';
import { idle } from '../../checker/lessons/01-first-connection/scenarios.js';
import { facts } from '../../checker/lessons/09-last-will/scenarios.js';
import type { TraceEntry } from '../../wire/index.js';
import { connected, recording } from './recordings.js';

const command = { source: '', track: 'command' };

describe('a crash of another language', () => {
  test.each([
    [
      'Go',
      'panic: runtime error: index out of range [3] with length 2\n\ngoroutine 1 [running]:\nmain.main()\n\t/home/x/lesson/main.go:12 +0x1d\nexit status 2\n',
      { error: 'panic: runtime error: index out of range [3] with length 2', where: 'main.go:12' },
    ],
    [
      'the JVM',
      'Exception in thread "main" java.lang.NullPointerException: no payload\n\tat org.eclipse.paho.client.mqttv3.MqttMessage.x(MqttMessage.java:8)\n\tat Main.answer(Main.java:31)\n',
      { error: 'java.lang.NullPointerException: no payload', where: 'Main.java:31' },
    ],
    [
      'Rust',
      "thread 'main' panicked at src/main.rs:14:37:\ncalled `Option::unwrap()` on a `None` value\nnote: run with `RUST_BACKTRACE=1`\n",
      { error: 'panicked: called `Option::unwrap()` on a `None` value', where: 'main.rs:14' },
    ],
    [
      'older Rust',
      "thread 'main' panicked at 'no topic', src/main.rs:3:5\n",
      { error: 'panicked: no topic', where: 'main.rs:3' },
    ],
    [
      'Ruby',
      "/home/x/reading.rb:9:in `+': nil can't be coerced into Integer (TypeError)\n\tfrom /home/x/reading.rb:9:in `<main>'\n",
      { error: "TypeError: nil can't be coerced into Integer", where: 'reading.rb:9' },
    ],
    [
      'C++',
      "terminate called after throwing an instance of 'std::out_of_range'\n  what():  map::at\n",
      { error: 'std::out_of_range: map::at' },
    ],
    [
      'C, an assertion',
      "p: p.c:17: main: Assertion `mosq' failed.\n",
      { error: "Assertion `mosq' failed.", where: 'p.c:17' },
    ],
    ['C, the heap', 'free(): invalid pointer\n', { error: 'free(): invalid pointer' }],
    [
      'a library that is not there',
      './p: error while loading shared libraries: libmosquitto.so.1: cannot open shared object file\n',
      { kind: 'import' },
    ],
    ['Perl', "Can't use an undefined value at p.pl line 4.\n", { where: 'p.pl:4' }],
  ])('%s: the error and the place', (_, stderr, wanted) => {
    expect(readCrash(stderr)).toMatchObject(wanted);
  });

  test('no module is no address that does not answer', () => {
    const stderr =
      'Traceback (most recent call last):\n  File "p.py", line 2, in <module>\n    import paho\nModuleNotFoundError: No module named \'paho\'\n';
    const found = crashed.find(recording([], { exitCode: 1, exitedAt: 40, stderr }), command);
    expect(found?.mistake).toBe('import-error');
  });

  test('a line of a program in a language that we do not know is no exception yet', () => {
    const stderr = 'Error: the queue is full\n';
    const found = crashed.find(
      recording(connected(), { exitCode: 1, exitedAt: 40, stderr }),
      command,
    );
    expect(found?.seen).toContain('Error: the queue is full');
    expect(found?.why).not.toContain('exception');
  });

  test('a thread of the JVM that died is none of paho for Python', () => {
    const stderr =
      'Exception in thread "pool-1" java.lang.IllegalStateException: x\n\tat A.b(A.java:2)\n';
    const found = threadDead.find(recording(connected(), { stderr }), command);
    expect(found?.why).toMatch(/ended a thread/);
    expect(found?.why).not.toMatch(/paho/);
  });

  test('a command that builds in each situation is told to build once', () => {
    const stderr = 'sh: 1: ./p: Text file busy\n';
    const found = crashed.find(recording([], { exitCode: 126, exitedAt: 40, stderr }), command);
    expect(found).toMatchObject({ mistake: 'built-together' });
    expect(found?.try).toContain('--build');
  });
});

describe('a signal', () => {
  test('that says that a program broke is a crash, also in the words of a shell', () => {
    for (const end of [{ exitCode: null, signal: 'SIGSEGV' }, { exitCode: 139 }]) {
      expect(crashSignal(end)).toBe('SIGSEGV');
      const found = crashed.find(recording(connected(), { ...end, exitedAt: 40 }), command);
      expect(found).toMatchObject({ mistake: 'crashed' });
      expect(JSON.stringify(found?.seen)).toContain('SIGSEGV (a segmentation fault');
    }
  });

  test('of our own is not told as the end that a program chose', () => {
    const ours = { exitCode: null, signal: 'SIGKILL', killedAt: 30 };
    expect(crashSignal(ours)).toBeUndefined();
    expect(endingWords(ours)).toBe('when the check ended it');
    expect(
      crashed.find(recording(connected(), { ...ours, exitedAt: 40 }), command),
    ).toBeUndefined();
    expect(endingWords({ exitCode: 3 })).toBe('with exit code 3');
    expect(endingWords({ exitCode: null, signal: 'SIGABRT' })).toMatch(/^by SIGABRT \(/);
  });

  test('before anything was dialled is told, and no exit code that is null', () => {
    const found = neverConnected.find(
      recording([], { exitCode: null, signal: 'SIGHUP', exitedAt: 40 }),
      command,
    );
    expect(JSON.stringify(found)).not.toMatch(/null|undefined/);
    expect(found?.why).toMatch(/ended before it dialled/);
  });
});

describe('the version of the protocol', () => {
  const version = (protocolVersion: 3 | 5, returnCode: number): TraceEntry[] =>
    connected().map(entry =>
      entry.kind !== 'packet'
        ? entry
        : entry.packet.type === 'CONNECT'
          ? { ...entry, packet: { ...entry.packet, protocolVersion } }
          : entry.packet.type === 'CONNACK'
            ? { ...entry, packet: { ...entry.packet, returnCode } }
            : entry,
    );

  test('3.1 is fine where the broker took it, and told where it did not', () => {
    expect(wrongVersion.find(recording(version(3, 0)), command)).toBeUndefined();
    expect(wrongVersion.find(recording(version(3, 1)), command)?.mistake).toBe('protocol-version');
  });

  test('5 is another lesson', () => {
    expect(wrongVersion.find(recording(version(5, 0)), command)?.mistake).toBe('protocol-version');
  });
});

describe('the keep-alive that a program is given', () => {
  const of = (track: 'command' | 'python', word: string) =>
    libraryOf({ track, command: word }).leastKeepAlive;

  test('is one that every library takes, where the library is not known', () => {
    expect(of('command', './p')).toBe(5);
    expect(of('command', 'java')).toBe(5);
    expect(of('command', '/usr/bin/python3.11')).toBe(1);
    expect(of('command', 'node')).toBe(1);
    expect(of('python', '/usr/bin/python3')).toBe(1);
    const library = libraryOf({ track: 'command', command: './p' });
    for (let seed = 0; seed < 200; seed++) {
      const random = randomFrom(String(seed), 'x');
      expect(idle.facts(random, library).keepalive).toBe(5);
      expect(facts(random, library).short).toBe(5);
    }
    expect(idle.facts(randomFrom('a', 'x')).keepalive).toBe(1);
  });
});
