import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { type PracticeSession, practise } from '../../../checker/index.js';
import { makeStyle } from '../../../cli/render/style.js';
import { createActor } from '../../../cli/run/act.js';
import { parseLine } from '../../../cli/run/parse.js';
import { packageRoot } from '../../../course/index.js';
import type { PacketEntry, TraceEntry } from '../../../wire/trace.js';

// A busy machine starts a program slowly.
vi.setConfig({ testTimeout: 60_000 });

const style = makeStyle({ plain: true, env: {} });
const lesson = '03-subscribe-and-react';
let open: PracticeSession | undefined;
afterEach(async () => {
  await open?.stop();
  open = undefined;
});

/** The solution of lesson 3 at work: it answers each reading with one at QoS 1. */
async function begin() {
  const session = await practise({
    lesson,
    track: 'typescript',
    seed: 'live',
    program: { kind: 'file', path: join(packageRoot(), 'solutions', lesson, 'typescript/main.ts') },
    onEntry: () => undefined,
    onOutput: () => undefined,
  });
  open = session;
  session.tell(false);
  const actor = createActor(session, { patient: true });
  const type = async (line: string) => {
    const parsed = parseLine(line);
    if (!parsed || 'problem' in parsed) throw new Error(line);
    return actor.do(parsed.command as Parameters<typeof actor.do>[0], style);
  };
  const until = (when: (entry: TraceEntry) => boolean, from = 0) =>
    session.tap.until(when, { from, signal: AbortSignal.timeout(30_000) });
  const { IN_TOPIC: input = '', OUT_TOPIC: output = '' } = session.env;
  await until(one => one.kind === 'packet' && one.packet.type === 'SUBACK');
  return { session, actor, type, until, input, output };
}

const isPacket = (entry: TraceEntry, type: string): entry is PacketEntry =>
  entry.kind === 'packet' && entry.who === 'program' && entry.packet.type === type;
const faults = (session: PracticeSession) =>
  session.tap.entries.flatMap(one => (one.kind === 'fault' ? [one.fault] : []));
const reading = (topic: string, seq: number) => `${topic} {"device":"d","temp":21.5,"seq":${seq}}`;

test('a message reaches the program; withhold keeps a packet, release passes it on', async () => {
  const { session, actor, type, until, input, output } = await begin();
  expect(await type('withhold PUBACK')).toMatchObject({ kind: 'said' });
  expect(actor.faults()).toBe('withhold PUBACK');
  expect(await type(reading(input, 1))).toMatchObject({ kind: 'said' });
  const answer = await until(one => isPacket(one, 'PUBLISH') && one.direction === 'to-broker');
  expect(answer).toMatchObject({ packet: { topic: output } });
  const kept = await until(one => isPacket(one, 'PUBACK') && one.fate === 'withheld');
  expect(actor.faults()).toBe('1 kept back');
  expect((await type('release')).lines).toEqual(['passed on: 1 packet']);
  expect((kept as PacketEntry).releasedAt).toBeGreaterThan(0);
  expect(await type('release')).toMatchObject({ kind: 'problem' });
  expect(faults(session)).toEqual(['withhold', 'release']);
});

test('duplicate, drop and delay apply to the next packet, heal takes them away', async () => {
  const { session, actor, type, until, input } = await begin();
  for (const line of ['duplicate to-client', 'drop PUBACK', 'delay 30 PUBLISH to-broker 2']) {
    expect(await type(line)).toMatchObject({ kind: 'said' });
  }
  await type(reading(input, 1));
  await until(one => isPacket(one, 'PUBLISH') && one.copyOf !== undefined);
  await until(one => isPacket(one, 'PUBACK') && one.fate === 'dropped');
  await until(one => one.kind === 'fault' && one.fault === 'delay');
  expect(faults(session)).toEqual(expect.arrayContaining(['duplicate', 'drop', 'delay']));
  expect((await type('heal')).kind).toBe('said');
  expect(actor.faults()).toBe('');
});

test('cut: the program comes back; restart wipe: the broker forgets, and the world still can', async () => {
  const { session, type, until, input } = await begin();
  const before = session.tap.entries.length;
  expect((await type('cut')).lines[0]).toMatch(/^cut: connection \d/);
  await until(one => isPacket(one, 'SUBACK'), before);
  await type('state/kept yes -q 1 -r');
  expect(session.broker.retained()).toHaveLength(1);
  const then = session.tap.entries.length;
  expect((await type('restart wipe')).kind).toBe('said');
  expect(session.broker.retained()).toHaveLength(0);
  await until(one => isPacket(one, 'SUBACK'), then);
  expect((await type(reading(input, 2))).kind).toBe('said');
  await until(one => isPacket(one, 'PUBLISH') && one.direction === 'to-broker', then);
  expect(faults(session)).toEqual(['cut', 'restart-wipe']);
});

test('blackhole: both ends believe it lives', async () => {
  const { session, type, until, input } = await begin();
  expect((await type('blackhole')).lines[0]).toContain('black hole');
  await type(reading(input, 1));
  const lost = await until(one => isPacket(one, 'PUBLISH'));
  expect(lost).toMatchObject({ fate: 'lost' });
  expect(session.tap.connections().some(one => one.who === 'program' && one.open)).toBe(true);
});

test('crash and again: a second start, with packets of its own; nothing is left behind', async () => {
  const { session, type, until } = await begin();
  const first = session.program;
  expect((await type('crash')).kind).toBe('said');
  expect(first.record().signal).toBe('SIGKILL');
  expect((await type('cut')).lines[0]).toContain('start it: again');
  const then = session.tap.entries.length;
  expect((await type('again')).kind).toBe('said');
  expect(session.program).not.toBe(first);
  await until(one => isPacket(one, 'SUBACK'), then);
  expect((await type('stop')).kind).toBe('said');
  expect(session.program.record().exitCode).toBe(0);
  expect(session.tap.connections().filter(one => one.who === 'program' && one.open)).toEqual([]);
});

test('explain, env and help are texts; a packet that is not there is said', async () => {
  const { type } = await begin();
  const bytes = await type('explain 1');
  expect(bytes.kind).toBe('text');
  expect(bytes.lines.join('\n')).toContain('MQTT-3.1.2-1');
  expect((await type('env')).lines.join('\n')).toMatch(/^IN_TOPIC=lab\//m);
  expect((await type('explain 99')).lines[0]).toMatch(/there is no packet 99 yet; the last is #\d/);
  expect((await type('help drop')).lines).toContain('  drop PUBACK');
});
