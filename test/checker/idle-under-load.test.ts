import { expect, test } from 'vitest';
import { look } from '../../checker/harness/judge.js';
import type { Recording } from '../../checker/harness/recording.js';
import { alive } from '../../checker/lessons/01-first-connection.test.js';
import type { TraceEntry } from '../../wire/index.js';
import { connected, recording, sentPacket } from './recordings.js';

/*
 * Lesson 1, T5: a keep-alive of one second, and who ended the connection. A library that hears
 * nothing for too long leaves and dials again; whether the fault is the program's or the machine's
 * is told by what was on that connection, and by the time in which nothing ran.
 */

const ping = (n: number, t: number) => sentPacket(n, { type: 'PINGREQ' }, { t });
const pong = (n: number, t: number) =>
  sentPacket(n, { type: 'PINGRESP' }, { t, direction: 'to-client' });
const closes = (t: number, by: 'broker' | 'client'): TraceEntry => ({
  kind: 'connection',
  t,
  connection: 1,
  who: 'program',
  event: 'closed',
  by,
});
/** It dials again, as mqtt.js does by itself. */
const again = (n: number, t: number): TraceEntry[] => [
  { kind: 'connection', t, connection: 2, who: 'program', event: 'opened' },
  sentPacket(
    n,
    {
      type: 'CONNECT',
      protocolName: 'MQTT',
      protocolVersion: 4,
      clientId: 'a',
      clean: true,
      keepalive: 1,
    },
    { t: t + 5, connection: 2 },
  ),
];

function told(entries: readonly TraceEntry[], stalls: Recording['stalls'] = []) {
  const idle = { ...recording([...connected(), ...entries]), scenario: 'idle', stalls };
  const facts = { clientId: 'a', keepalive: 1 };
  const found = look(alive, { idle: { ...idle, facts } });
  return found.status === 'failed' ? found.failure.mistake : found.status;
}

test('it leaves without an answer to its PINGREQ, and dials again: could not tell', () => {
  expect(told([ping(3, 1020), closes(1520, 'client'), ...again(4, 2520)])).toBe('unknown');
});

test('an answer that was there, and a program that could not run to read it: could not tell', () => {
  const answered = [ping(3, 1020), pong(4, 1030), closes(2100, 'client'), ...again(5, 3100)];
  expect(told(answered, [{ from: 1100, to: 1900 }])).toBe('unknown');
  expect(told(answered)).toBe('left-while-idle');
});

test('silence while nothing could run is not the program’s', () => {
  const silent = [closes(1520, 'broker'), ...again(3, 2520)];
  expect(told(silent, [{ from: 300, to: 1300 }])).toBe('unknown');
  expect(told(silent)).toBe('silent');
});

test('it leaves by itself: told, whatever it does afterwards', () => {
  expect(told([closes(700, 'client')])).toBe('left-while-idle');
  expect(told([closes(700, 'client'), ...again(3, 900)])).toBe('left-while-idle');
});
