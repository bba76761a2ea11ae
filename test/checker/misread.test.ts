import { describe, expect, test } from 'vitest';
import { check, fail } from '../../checker/harness/check.js';
import { judge } from '../../checker/harness/judge.js';
import { defineLesson } from '../../checker/harness/lesson.js';
import { misreadOption } from '../../checker/harness/matchers.js';
import { scenario } from '../../checker/harness/scenario.js';
import { connected, recording, sentPacket } from './recordings.js';

const on = scenario('s', { facts: () => ({}), run: async () => undefined });

const published = (qos: 0 | 1) =>
  sentPacket(3, {
    type: 'PUBLISH',
    topic: 'a',
    payload: { text: 'x', bytes: 1 } as never,
    qos,
    retain: false,
    dup: false,
    ...(qos > 0 ? { id: 1 } : {}),
  } as never);

/** The verdict on a program with this text, whose message came at this QoS. */
function verdict(source: string, more: { qos?: 0 | 1; mistake?: string; track?: string } = {}) {
  const packet = published(more.qos ?? 0);
  const claim = check({
    id: 'T1',
    title: 'claim',
    clauses: [],
    on,
    verify: () =>
      fail({
        mistake: more.mistake ?? 'qos-too-low',
        expected: 'e',
        seen: [packet],
        why: 'w',
        try: 't',
      }),
  });
  const lesson = defineLesson({ id: 'x', checks: [claim], practice: { env: () => ({}) } });
  const s = recording([...connected(), packet]);
  return judge(lesson, { s }, { source, track: more.track ?? 'typescript' })[0];
}

describe('a hint beside the reason: an option that the library ignores', () => {
  const number = `client.publish(topic, JSON.stringify({ a: 1 }), 1);`;
  const capital = `client.publish(topic, text, { QoS: 1 });`;
  const right = `client.publish(topic, text, { qos: 1 });`;

  test('is recognised in the text', () => {
    expect(misreadOption(number)).toContain('bare number');
    expect(misreadOption(`await client.subscribeAsync('a', 2)`)).toContain('bare number');
    expect(misreadOption(capital)).toContain('lower case');
    expect(misreadOption(right)).toBeUndefined();
    expect(misreadOption(`client.publish(topic, String(2), { qos: 1 })`)).toBeUndefined();
  });

  test('is a hint beside the message about QoS 0', () => {
    expect(verdict(number)).toMatchObject({ status: 'failed', mistake: 'qos-too-low', why: 'w' });
    expect(verdict(number)?.try).toMatch(/^t\. In your file .*bare number is ignored$/);
    expect(verdict(capital)?.try).toContain('qos, in lower case');
  });

  test('is not said where it is not so', () => {
    expect(verdict(right)?.try).toBe('t');
    expect(verdict(number, { qos: 1 })?.try).toBe('t');
    expect(verdict(number, { mistake: 'wrong-topic' })?.try).toBe('t');
    expect(verdict(number, { track: 'python' })?.try).toBe('t');
  });
});
