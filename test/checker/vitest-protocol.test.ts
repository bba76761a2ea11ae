import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { VITEST_VERSION, WHAT_TO_LOOK_AT } from '../../checker/check/vitest-protocol.js';
import { packageRoot } from '../../course/index.js';

const PRIVATE_WORDS = /__vitest_|vitest\/worker|viteModuleRunner/;

test('the installed Vitest is the one whose private messages we speak', () => {
  const { version } = createRequire(import.meta.url)('vitest/package.json') as { version: string };
  expect(
    version,
    `Vitest ${version} is installed; checker/check/vitest-protocol.ts speaks ${VITEST_VERSION}. ` +
      `Before you change VITEST_VERSION and package.json, look at:\n${WHAT_TO_LOOK_AT}`,
  ).toBe(VITEST_VERSION);
});

test('package.json asks for exactly that version, so that no installation gets another', () => {
  const { dependencies } = JSON.parse(
    readFileSync(join(packageRoot(), 'package.json'), 'utf8'),
  ) as { dependencies: Record<string, string> };
  expect(dependencies['vitest']).toBe(VITEST_VERSION);
});

test('one file speaks them', () => {
  const speaks = readdirSync(join(packageRoot(), 'checker'), {
    recursive: true,
    encoding: 'utf8',
  }).filter(
    name =>
      name.endsWith('.ts') &&
      PRIVATE_WORDS.test(readFileSync(join(packageRoot(), 'checker', name), 'utf8')),
  );
  expect(speaks.map(name => name.replaceAll('\\', '/'))).toEqual(['check/vitest-protocol.ts']);
});
