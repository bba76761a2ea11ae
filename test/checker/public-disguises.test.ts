import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { randomFrom } from '../../checker/harness/random.js';
import { correlation } from '../../checker/lessons/13-login-and-public-brokers/dependence.js';
import { disguisesOf } from '../../checker/lessons/13-login-and-public-brokers/disguises.js';
import { ALIKE, threeHouses } from '../../checker/lessons/13-login-and-public-brokers/scenarios.js';

const serial = 'SN-K4TZ-20418';
const disguises = disguisesOf(serial, true);
const shows = (text: string, spoken = text) =>
  disguises.some(({ matches }) => matches({ text, spoken }));

describe('a serial in public', () => {
  it.each([
    ['whole', serial],
    ['in lower case', 'dev/sn-k4tz-20418/x'],
    ['without signs', 'SNK4TZ20418'],
    ['in base64', Buffer.from(serial).toString('base64')],
    ['in hexadecimal', Buffer.from(serial).toString('hex')],
    ['its number', 'demo-20418'],
    ['its letters', 'demo-k4tz'],
    ['the last four', 'dev0418'],
    ['the first four', 'dev-2041'],
    ['across the signs', 'k4tz_2'],
    ['backwards', '81402-ZT4K-NS'],
    ['its number backwards', 'x81402'],
    ['ROT13', 'FA-X4GM-20418'],
    ['md5', createHash('md5').update(serial).digest('hex')],
    ['the beginning of sha256', createHash('sha256').update(serial).digest('hex').slice(0, 12)],
    ['sha1 of its number', createHash('sha1').update('20418').digest('hex')],
    ['sha512 in base64', createHash('sha512').update(serial).digest('base64')],
    ['numbers of its letters', [...Buffer.from(serial)].join(',')],
  ])('%s', (_, text) => {
    expect(shows(text)).toBe(true);
  });

  it('a name-based UUID', () => {
    // uuid.uuid5(uuid.NAMESPACE_DNS, "SN-K4TZ-20418") begins with the SHA-1 of both.
    const space = Buffer.from('6ba7b8109dad11d180b400c04fd430c8', 'hex');
    const sum = createHash('sha1').update(space).update(serial).digest('hex');
    expect(shows(`${sum.slice(0, 8)}-${sum.slice(8, 12)}-5000-8000-000000000000`)).toBe(true);
  });

  it.each([
    'demo',
    'SN-DEMO-1',
    '{"temp":20.4}',
    '{"temp":20.4183}',
    '{"temp":120418}',
    'mqttjs_2041c',
    'dev-204183',
    'sn',
  ])('not in %s', text => {
    expect(shows(text)).toBe(false);
  });

  it('is not found by chance in what libraries and programs make up', () => {
    const hex = fc.stringMatching(/^mqttjs_[0-9a-f]{8}$/);
    const uuid = fc.uuid().map(one => `auto-${one}`);
    const number = fc
      .double({ min: -40, max: 60, noNaN: true })
      .map(temp => JSON.stringify({ temp }));
    let found = 0;
    fc.assert(
      fc.property(fc.oneof(hex, uuid, number), text => {
        if (shows(text, text.startsWith('{') ? 'temp' : text)) found += 1;
      }),
      { numRuns: 20_000 },
    );
    expect(found).toBeLessThanOrEqual(1);
  });
});

describe('numbers that go together', () => {
  const series = fc.array(fc.integer({ min: -30, max: 60 }), { minLength: 32, maxLength: 32 });

  it('another unit is the same series', () => {
    fc.assert(
      fc.property(series, temps => {
        fc.pre(new Set(temps).size > 3);
        expect(
          correlation(
            temps,
            temps.map(one => one * 1.8 + 32),
          ),
        ).toBeCloseTo(1);
        expect(
          correlation(
            temps,
            temps.map(one => -one),
          ),
        ).toBeCloseTo(-1);
      }),
    );
  });

  it('a constant goes with nothing', () => {
    expect(correlation([1, 2, 3], [5, 5, 5])).toBe(0);
  });

  it('chance does not go with anything', () => {
    let most = 0;
    for (let run = 0; run < 20_000; run++) {
      const list = () => Array.from({ length: 32 }, () => Math.random());
      most = Math.max(most, Math.abs(correlation(list(), list())));
    }
    expect(most).toBeLessThan(0.8);
  });
});

describe('two houses', () => {
  const houses = Array.from({ length: 300 }, (_, seed) => {
    const { temps, twin } = threeHouses.facts(randomFrom(String(seed), threeHouses.name));
    return { mine: temps, other: twin?.temps ?? [] };
  });

  it('the first half of the readings is the same', () => {
    for (const { mine, other } of houses) {
      expect([mine.length, other.length]).toEqual([ALIKE, ALIKE]);
      expect(mine.slice(0, ALIKE / 2)).toEqual(other.slice(0, ALIKE / 2));
    }
  });

  it.each([-15, 0, 4, 15, 20, 45])('no reading behind it is on the same side of %i', line => {
    for (const { mine, other } of houses) {
      const alike = mine.filter(
        (temp, at) => at >= ALIKE / 2 && temp > line === (other[at] ?? Number.NaN) > line,
      );
      expect(alike).toEqual([]);
    }
  });

  it('what rises in one falls in the other', () => {
    for (const { mine, other } of houses) {
      const rises = (list: readonly number[], at: number) => (list[at] ?? 0) > (list[at - 1] ?? 0);
      for (let at = ALIKE / 2 + 1; at < ALIKE; at++) {
        if (mine[at] !== mine[at - 1]) expect(rises(mine, at)).not.toBe(rises(other, at));
      }
    }
  });

  it('the readings go with no fixed round', () => {
    const round = Array.from({ length: ALIKE }, (_, at) => 20 + (at % 5) / 10);
    const most = Math.max(...houses.map(({ mine }) => Math.abs(correlation(mine, round))));
    expect(most).toBeLessThan(0.8);
  });
});
