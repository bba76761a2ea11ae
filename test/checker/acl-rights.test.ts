import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decide, parseAcl } from '../../broker/index.js';
import { matches } from '../../broker/topics.js';
import { differences, kindsOfTopics, may } from '../../checker/lessons/15-acl-lab/rights.js';

const ids = { sensor: 'checker-sensor', dashboard: 'checker-dashboard' };
const right = ['user sensor', 'topic write home/sensors/#', 'user dashboard', 'topic read home/#'];

/** What differs, as `user access topic: wanted`. */
const found = (...lines: string[]) =>
  differences(parseAcl(lines.join('\n'), 'acl'), ids).map(
    ({ user, access, topic, wanted }) => `${user} ${access} ${topic}: ${wanted}`,
  );

describe('rights of an access list, over all topics', () => {
  it.each([
    ['as in the lesson', right],
    [
      'what is below, and not the level itself',
      ['user sensor', 'topic write home/sensors/+/#', 'user dashboard', 'topic read home/+/#'],
    ],
    [
      'in two parts',
      [
        'user dashboard',
        'topic read home/+',
        'topic read home/+/+/#',
        'user sensor',
        'topic write home/sensors/#',
      ],
    ],
    [
      'the same user twice',
      [
        'user sensor',
        'user dashboard',
        'topic read home/#',
        'user sensor',
        'topic write home/sensors/#',
      ],
    ],
    ['a line that is within another', [...right, 'topic read home/light/+']],
    ['a deny that denies nothing', [...right, 'topic deny office/#', 'pattern deny garden/%c/#']],
    ['lines for nobody', ['topic readwrite #', ...right, 'user admin', 'topic readwrite #']],
    ['what nobody may write anyway', [...right, 'topic write $SYS/+/#', 'topic write $share/a/b']],
  ])('nothing differs: %s', (_, lines) => {
    expect(found(...lines)).toEqual([]);
  });

  it.each([
    [
      'one topic too many',
      [...right, 'topic write home/commands/#'],
      'dashboard write home/commands: false',
    ],
    [
      'outside of home',
      [
        'user sensor',
        'topic write health/#',
        'topic write home/sensors/#',
        'user dashboard',
        'topic read home/#',
      ],
      'sensor write health: false',
    ],
    [
      'deep',
      [...right, 'user sensor', 'topic read a/+/b/+/c'],
      'sensor read a/pump/b/value/c: false',
    ],
    ['an empty level', [...right, 'topic read /home/#'], 'dashboard read /home: false'],
    [
      'below a deny',
      [...right, 'user sensor', 'topic deny home/sensors/+/secret'],
      'sensor write home/sensors/state/secret: true',
    ],
    [
      'one level',
      ['user sensor', 'topic write home/sensors/+', 'user dashboard', 'topic read home/#'],
      'sensor write home/sensors/state/value: true',
    ],
    [
      'a pattern for all',
      [...right, 'pattern write home/%us/#'],
      'dashboard write home/dashboards: false',
    ],
    [
      'a pattern with the client identifier',
      [...right, 'pattern read inbox/%c'],
      'sensor read inbox/checker-sensor: false',
    ],
    [
      'the broker itself',
      [...right, 'topic read $SYS/broker/uptime'],
      'dashboard read $SYS/broker/uptime: false',
    ],
    ['another $', [...right, 'topic write $internal/#'], 'dashboard write $internal: false'],
    ['no lines at all', ['topic readwrite home/#'], 'sensor write home/sensors/state: true'],
    [
      'letters',
      ['user sensor', 'topic write Home/sensors/#', 'user dashboard', 'topic read home/#'],
      'sensor write Home/sensors: false',
    ],
  ])('differs: %s', (_, lines, one) => {
    expect(found(...lines)).toContain(one);
  });

  it('stays small for a list that is made to be large', () => {
    const many = Array.from({ length: 60 }, (_, at) =>
      Array.from({ length: 40 }, (_, level) =>
        (at * 7 + level * 3) % 5 < 2 ? '+' : `l${at % 3}`,
      ).join('/'),
    );
    const began = performance.now();
    expect(kindsOfTopics(many).length).toBeLessThanOrEqual(20_000);
    expect(performance.now() - began).toBeLessThan(5000);
  });
});

const level = fc.constantFrom('home', 'sensors', 'a', '', '$SYS', '$x', 'garden', 'pump');
const filter = fc
  .tuple(fc.array(fc.oneof(level, fc.constant('+')), { minLength: 1, maxLength: 4 }), fc.boolean())
  .map(([levels, hash]) => [...levels, ...(hash ? ['#'] : [])].join('/'))
  .filter(text => text !== '');
const topic = fc
  .array(fc.oneof(level, fc.constantFrom('x', 'y')), { minLength: 1, maxLength: 6 })
  .map(levels => levels.join('/'))
  .filter(text => text !== '');
const line = fc.oneof(
  fc
    .tuple(fc.constantFrom('read', 'write', 'readwrite', 'deny'), filter)
    .map(([access, text]) => `topic ${access} ${text}`),
  fc
    .tuple(fc.constantFrom('read', 'write', 'deny'), filter)
    .map(([access, text]) => `pattern ${access} %u/${text}`),
  fc.constantFrom('user sensor', 'user dashboard', 'user other'),
);

describe('the kinds of topics', () => {
  it('hold one topic that every filter treats as it treats any given topic', () => {
    fc.assert(
      fc.property(fc.array(filter, { maxLength: 6 }), topic, (filters, one) => {
        const pattern = (text: string) => filters.map(own => matches(own, text)).join();
        expect(kindsOfTopics(filters).map(pattern)).toContain(pattern(one));
      }),
      { numRuns: 2000 },
    );
  });

  it("agree with the broker's own decision: what differs on any topic differs on one of them", () => {
    fc.assert(
      fc.property(
        fc.array(line, { maxLength: 8 }),
        topic,
        fc.constantFrom('sensor' as const, 'dashboard' as const),
        fc.constantFrom('read' as const, 'write' as const),
        (lines, one, user, access) => {
          const acl = parseAcl(lines.join('\n'), 'acl');
          const { allowed } = decide(acl, { clientId: ids[user], username: user }, access, one);
          const wanted = may(user, access, one);
          if (wanted === undefined || wanted === allowed) return;
          const same = differences(acl, ids).filter(
            other => other.user === user && other.access === access && other.wanted === wanted,
          );
          expect(same).not.toEqual([]);
        },
      ),
      { numRuns: 3000 },
    );
  });
});
