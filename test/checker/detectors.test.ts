import { expect, test } from 'vitest';
import { detectors, detectorTable } from '../../checker/harness/detectors/index.js';

test('the ids are U0 to the last without a hole', () => {
  const ids = Object.keys(detectorTable);
  expect(ids).toEqual(ids.map((_, at) => `U${at}`));
});

test('every detector stands in the order of explanation once; U0 is found before anything runs', () => {
  const found = detectors.map(one => one.id);
  expect([...found, 'U0'].sort()).toEqual(Object.keys(detectorTable).sort());
  for (const one of detectors) expect(detectorTable[one.id]).toBe(one.title);
});
