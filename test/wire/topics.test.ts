import fc from 'fast-check';
import { expect, test } from 'vitest';
import { matches, validFilter, validTopicName } from '../../broker/index.js';
import { topicMatches } from '../../wire/index.js';

/** The examples of 3.1.1 section 4.7, in its order. */
test.each([
  // 4.7.1.2: the multi-level wildcard stands for the parent and any number of child levels.
  ['sport/tennis/player1/#', 'sport/tennis/player1', true],
  ['sport/tennis/player1/#', 'sport/tennis/player1/ranking', true],
  ['sport/tennis/player1/#', 'sport/tennis/player1/score/wimbledon', true],
  ['sport/tennis/player1/#', 'sport/tennis/player2', false],
  ['sport/#', 'sport', true],
  ['#', 'sport/tennis/player1', true],
  ['sport/tennis/#', 'sport/tennis', true],
  ['sport/tennis/#', 'sport/tennistable', false],
  // 4.7.1.3: the single-level wildcard stands for one level, an empty one too.
  ['sport/tennis/+', 'sport/tennis/player1', true],
  ['sport/tennis/+', 'sport/tennis/player2', true],
  ['sport/tennis/+', 'sport/tennis/player1/ranking', false],
  ['sport/+', 'sport', false],
  ['sport/+', 'sport/', true],
  ['+', 'sport', true],
  ['+/tennis/#', 'sport/tennis/player1/ranking', true],
  ['sport/+/player1', 'sport/tennis/player1', true],
  ['sport/+/player1', 'sport/tennis/player2', false],
  ['+/+', '/finance', true],
  ['/+', '/finance', true],
  ['+', '/finance', false],
  // 4.7.2: a wildcard at the beginning does not match a topic that begins with $.
  ['#', '$SYS/monitor/Clients', false],
  ['+/monitor/Clients', '$SYS/monitor/Clients', false],
  ['$SYS/#', '$SYS/monitor/Clients', true],
  ['$SYS/#', '$SYS', true],
  ['$SYS/monitor/+', '$SYS/monitor/Clients', true],
  ['$SYS/+/Clients', '$SYS/monitor/Clients', true],
  ['$SYS/monitor/+', '$SYS/monitor', false],
  // 4.7.3: case and slashes count; names are compared as they are.
  ['ACCOUNTS', 'Accounts', false],
  ['Accounts payable', 'Accounts payable', true],
  ['finance', '/finance', false],
  ['finance', 'finance/', false],
  ['/', '/', true],
])('%s and %s: %s', (filter, topic, wanted) => {
  expect(topicMatches(filter, topic)).toBe(wanted);
});

test.each([
  ['$', '$', true],
  ['$/#', '$', true],
  ['+', '$', false],
  ['a/$SYS', 'a/$SYS', true],
  ['a/+', 'a/$SYS', true],
  ['a/#', 'a/$SYS/b', true],
  ['$share/#', '$SYS/a', false],
])(
  'a dollar counts at the beginning of the topic alone: %s and %s: %s',
  (filter, topic, wanted) => {
    expect(topicMatches(filter, topic)).toBe(wanted);
  },
);

test.each([
  ['a//b', 'a//b', true],
  ['a/+/b', 'a//b', true],
  ['a/b', 'a//b', false],
  ['a/#', 'a//', true],
  ['+/+/+', '//', true],
  ['+/+', '//', false],
  ['//#', '/', true],
  ['//#', '//', true],
  ['/#', '', true],
  ['a/+/#', 'a', false],
  ['a/+/#', 'a/', true],
])('an empty level is a level: %s and %s: %s', (filter, topic, wanted) => {
  expect(topicMatches(filter, topic)).toBe(wanted);
});

/** The same question answered another way: a filter as a regular expression. */
function naive(filter: string, topic: string): boolean {
  if (/^[+#]/.test(filter) && topic.startsWith('$')) return false;
  if (filter === '#') return true;
  const parent = filter.endsWith('/#');
  const levels = (parent ? filter.slice(0, -2) : filter).split('/');
  const parts = levels.map(level =>
    level === '+' ? '[^/]*' : level.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'),
  );
  return new RegExp(`^${parts.join('/')}${parent ? '(?:/[^]*)?' : ''}$`).test(topic);
}

const level = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom('a', 'b', '', '$SYS', 'ä', '.', '*') },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 3 }) },
);
const topics = fc
  .array(level, { minLength: 1, maxLength: 5 })
  .map(levels => levels.join('/'))
  .filter(validTopicName);
const filters = fc
  .tuple(
    fc.array(fc.oneof({ weight: 2, arbitrary: level }, fc.constant('+')), { maxLength: 5 }),
    fc.boolean(),
  )
  .map(([levels, all]) => [...levels, ...(all ? ['#'] : [])].join('/'))
  .filter(validFilter);

test('any valid filter and topic: as a regular expression says, and as the broker says', () => {
  let matched = 0;
  fc.assert(
    fc.property(filters, topics, (filter, topic) => {
      const wanted = naive(filter, topic);
      if (wanted) matched++;
      expect(topicMatches(filter, topic)).toBe(wanted);
      expect(matches(filter, topic)).toBe(wanted);
    }),
    { numRuns: 20_000 },
  );
  // A matcher that says no to everything must not pass by luck.
  expect(matched).toBeGreaterThan(500);
});

test('every topic matches itself, #, and itself with any one level as +', () => {
  fc.assert(
    fc.property(topics, fc.nat(), (topic, seed) => {
      const levels = topic.split('/');
      const at = seed % levels.length;
      const dollar = topic.startsWith('$');
      expect(topicMatches(topic, topic)).toBe(true);
      expect(topicMatches('#', topic)).toBe(!dollar);
      expect(topicMatches(levels.with(at, '+').join('/'), topic)).toBe(!(dollar && at === 0));
      expect(topicMatches(`${topic}/#`, topic)).toBe(true);
      expect(topicMatches(`${topic}/+`, topic)).toBe(false);
    }),
  );
});
