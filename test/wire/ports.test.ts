import { connect } from 'node:net';
import { afterEach, expect, test, vi } from 'vitest';

afterEach(() => vi.resetModules());

/** As another thread or process has it. */
async function another() {
  vi.resetModules();
  return import('../../wire/ports.js');
}

const partOf = (port = 0) => Math.floor((port - 20_000) / 250);

test('nobody is given a port out of the part of another', async () => {
  const threads = [await another(), await another(), await another()];
  const given = await Promise.all(
    threads.map(({ takePort }) => Promise.all(Array.from({ length: 40 }, () => takePort()))),
  );
  const ports = given.flat();
  expect(new Set(ports).size).toBe(120);
  expect(ports.every(port => port !== undefined && port > 20_000 && port < 32_000)).toBe(true);
  const parts = given.map(list => [...new Set(list.map(partOf))]);
  expect(parts.every(list => list.length === 1)).toBe(true);
  expect(new Set(parts.flat()).size).toBe(3);
});

test('a port that is given back comes again only after the others', async () => {
  const { takePort, givePortBack } = await another();
  const port = await takePort();
  if (port === undefined) throw new Error('no port');
  givePortBack(port);
  const next = await Promise.all(Array.from({ length: 248 }, () => takePort()));
  expect(next).not.toContain(port);
  expect(await takePort()).toBe(port);
  expect(await takePort()).toBeUndefined();
});

test('nobody answers at a port that was taken and is not listened on', async () => {
  const { takePort } = await another();
  const port = (await takePort()) ?? 0;
  const code = await new Promise(resolve => {
    connect(port, '127.0.0.1')
      .on('error', error => resolve((error as NodeJS.ErrnoException).code))
      .on('connect', () => resolve('connected'));
  });
  expect(code).toBe('ECONNREFUSED');
});
