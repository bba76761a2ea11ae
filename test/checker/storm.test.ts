import { expect, test } from 'vitest';
import { detectors } from '../../checker/harness/detectors/index.js';
import { recording, sentPacket } from './recordings.js';

const storm = detectors.find(one => one.id === 'U5');

/** A CONNECT under each name, every 100 ms. */
const connects = (names: readonly string[]) =>
  recording(
    names.map((clientId, at) =>
      sentPacket(
        at + 1,
        {
          type: 'CONNECT',
          protocolName: 'MQTT',
          protocolVersion: 4,
          clientId,
          clean: true,
          keepalive: 30,
        },
        { t: at * 100, connection: at + 1 },
      ),
    ),
  );
const found = (names: readonly string[]) =>
  storm?.find(connects(names), { source: '', track: 'typescript' })?.mistake;

test('one client six times within a second is a storm, five times is none', () => {
  expect(found(Array(6).fill('a'))).toBe('storm');
  expect(found(Array(5).fill('a'))).toBeUndefined();
});

test('three clients that come back together are none', () => {
  expect(found(['a', 'b', 'c', 'a', 'b', 'c'])).toBeUndefined();
});

test('a new name each time does not hide it', () => {
  expect(found(['1', '2', '3', '4', '5', '6'])).toBe('storm');
});
