import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { complete } from '../../../cli/run/complete.js';
import { COMMANDS, helpLines, PACKET_TYPES } from '../../../cli/run/help.js';
import { parseLine } from '../../../cli/run/parse.js';

const command = (line: string) => {
  const parsed = parseLine(line);
  if (!parsed || 'problem' in parsed) throw new Error(parsed?.problem ?? 'empty');
  return parsed.command;
};
const problem = (line: string) => {
  const parsed = parseLine(line);
  return parsed && 'problem' in parsed ? parsed.problem : undefined;
};
const every = Number.POSITIVE_INFINITY;

test.each([
  ['home/temp 21.5', { topic: 'home/temp', payload: '21.5', qos: 0, retain: false }],
  ['home/temp', { topic: 'home/temp', payload: '', qos: 0, retain: false }],
  ['pub temp 21.5 -q 1 -r', { topic: 'temp', payload: '21.5', qos: 1, retain: true }],
  ['pub -r -q2 temp', { topic: 'temp', payload: '', qos: 2, retain: true }],
  ['publish a/b {"a": [1, 2]} -q 1', { payload: '{"a": [1, 2]}', qos: 1 }],
  ['pub "Dock 2/North" "two words"', { topic: 'Dock 2/North', payload: 'two words' }],
  ['a/b "say -r"', { payload: 'say -r', retain: false }],
  ['a/b minus -5', { payload: 'minus -5', retain: false }],
  ['a/b ☃ ü', { payload: '☃ ü' }],
  ['$SYS/x 1', { topic: '$SYS/x' }],
  ['pub cut now', { topic: 'cut', payload: 'now' }],
])('a message: %s', (line, wanted) => {
  expect(command(line)).toMatchObject({ kind: 'pub', ...wanted });
});

test.each([
  ['cut', { kind: 'cut' }],
  ['CUT to-broker', { kind: 'cut', direction: 'to-broker' }],
  ['cut before puback', { kind: 'cut-at', passes: false, aim: { type: 'PUBACK', times: 1 } }],
  ['cut after CONNACK', { kind: 'cut-at', passes: true, aim: { type: 'CONNACK' } }],
  ['blackhole', { kind: 'blackhole' }],
  ['withhold PUBACK', { kind: 'withhold', aim: { type: 'PUBACK', times: 1 } }],
  [
    'withhold to-client PUBLISH 3',
    { kind: 'withhold', aim: { type: 'PUBLISH', direction: 'to-client', times: 3 } },
  ],
  ['drop pubrec all', { kind: 'drop', aim: { type: 'PUBREC', times: every } }],
  ['duplicate', { kind: 'duplicate', aim: { type: 'PUBLISH', times: 1 } }],
  ['dup 2', { kind: 'duplicate', aim: { type: 'PUBLISH', times: 2 } }],
  ['delay 500', { kind: 'delay', ms: 500, aim: { times: 1 } }],
  ['delay 2s PUBLISH all', { kind: 'delay', ms: 2000, aim: { type: 'PUBLISH', times: every } }],
  ['release', { kind: 'release' }],
  ['heal', { kind: 'heal' }],
  ['restart', { kind: 'restart', state: 'keep' }],
  ['restart wipe', { kind: 'restart', state: 'wipe' }],
  ['in {"temp": 21.5}', { kind: 'in', line: { temp: 21.5 } }],
  ['in 7', { kind: 'in', line: 7 }],
  ['events off', { kind: 'events', on: false }],
  ['explain #4', { kind: 'explain', packet: 4 }],
  ['view list', { kind: 'view', as: 'list' }],
  ['wait suback', { kind: 'wait', type: 'SUBACK' }],
  ['q', { kind: 'quit' }],
  ['  again  ', { kind: 'again' }],
])('%s', (line, wanted) => {
  expect(command(line)).toMatchObject(wanted);
});

test.each([
  ['blackhol', 'there is no command blackhol. Did you mean blackhole?'],
  ['frobnicate', 'there is no command frobnicate. All of them: help'],
  ['temp 21.5', 'To publish to the topic temp: pub temp 21.5'],
  ['pub', 'For example: pub home/kitchen/temp 21.5 -q 1'],
  ['home/+/temp 1', 'home/+/temp has a wildcard; a topic name has none (3.1.1 MQTT-3.3.2-2)'],
  ['a/b 1 -q 3', 'the QoS is 0, 1 or 2'],
  ['in {temp: 1}', 'reads lines of JSON'],
  ['in', 'For example: in {"temp": 21.5}'],
  ['withhold', 'withhold which packet? For example: withhold PUBACK'],
  ['withhold PUBACKS', 'PUBACKS is no packet; they are CONNECT, '],
  ['withhold PUBACK PUBREC', 'For example: withhold PUBACK'],
  ['withhold PUBACK 0', 'For example: withhold PUBACK'],
  ['duplicate PUBACK', 'only a PUBLISH can come twice'],
  ['delay', 'delay takes milliseconds'],
  ['delay -5', 'delay takes milliseconds'],
  ['delay 99999999', 'delay takes milliseconds'],
  ['cut before', 'cut which packet?'],
  ['cut PUBACK', 'For example: cut before PUBACK'],
  ['restart everything', 'restart [keep|wipe]. For example: restart wipe'],
  ['events', 'events on|off. For example'],
  ['explain four', 'explain N. For example: explain 4'],
  ['release all', 'release. For example: release'],
  ['help cutt', 'Did you mean cut?'],
])('%s is wrong, and what would be right is said', (line, message) => {
  expect(problem(line)).toContain(message);
});

test('an empty line and a comment are nothing', () => {
  for (const line of ['', '   ', '# withhold', '#']) expect(parseLine(line)).toBeUndefined();
});

test('the example of every command is one, and help names every command', () => {
  const help = helpLines(undefined, 80).join('\n');
  for (const { name, example } of COMMANDS) {
    expect(command(example).kind.replace('-at', '')).toBe(name);
    expect(help).toMatch(new RegExp(`^  ${name}\\b`, 'm'));
  }
});

test('every message that can be typed comes out as it was typed', () => {
  const topic = fc.stringMatching(/^[a-z0-9]{1,8}(\/[a-z0-9 ]{0,8}){1,3}$/);
  const payload = fc.stringMatching(/^[a-z0-9{}:,.[\]-]{0,20}$/);
  fc.assert(
    fc.property(topic, payload, fc.constantFrom(0, 1, 2), fc.boolean(), (name, text, qos, r) => {
      const line = `pub "${name}" '${text}' -q ${qos}${r ? ' -r' : ''}`;
      expect(command(line)).toEqual({ kind: 'pub', topic: name, payload: text, qos, retain: r });
    }),
  );
});

test('whatever is typed: a command, or a problem in words', () => {
  const word = fc.oneof(
    fc.constantFrom(...COMMANDS.map(one => one.name), ...PACKET_TYPES, '-q', '-r', 'all', '3'),
    fc.string(),
    fc.string({ unit: 'binary' }),
  );
  fc.assert(
    fc.property(fc.array(word, { maxLength: 6 }), words => {
      const parsed = parseLine(words.join(' '));
      if (parsed && 'problem' in parsed) expect(parsed.problem).toMatch(/\S/);
    }),
  );
});

describe('Tab', () => {
  const topics = ['home/kitchen/temp', 'home/kitchen/hum'];

  test.each([
    ['wi', 'withhold '],
    ['withhold puba', 'withhold PUBACK '],
    ['withhold PUB', 'withhold PUB'],
    ['withhold to', 'withhold to-'],
    ['withhold PUBACK a', 'withhold PUBACK all '],
    ['restart w', 'restart wipe '],
    ['ho', 'home/kitchen/'],
    ['pub home/kitchen/t', 'pub home/kitchen/temp '],
    ['view d', 'view diagram '],
    ['zz', 'zz'],
    ['release ', 'release '],
  ])('%s', (line, wanted) => {
    expect(complete(line, topics).line).toBe(wanted);
  });

  test('only adds to what is typed, but for its case', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 20 }), line => {
        const done = complete(line, topics).line;
        expect(done.toLowerCase().startsWith(line.toLowerCase())).toBe(true);
      }),
    );
  });
});
