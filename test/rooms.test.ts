import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { circles, type Import, importsIn, importsOf, sourcesOf } from './import-graph.js';

/**
 * The rooms, and which others each may import: cli → grading → checker → broker → wire, with course
 * beside them for cli, grading and checker. `wire` and `broker` know nothing of a course. Types count
 * as any other import here.
 */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  cli: ['grading', 'checker', 'course', 'broker', 'wire'],
  grading: ['checker', 'course', 'broker', 'wire'],
  checker: ['course', 'broker', 'wire'],
  course: [],
  broker: ['wire'],
  wire: [],
};

/**
 * Another room is entered by its index, or by that of a folder in it: an index says what the room
 * promises. It also loads all of the room, and a command must be on the screen within a tenth of a
 * second. So these files are doors too: small ones that stand alone (errors, paths), and what a
 * command needs of a large room. A folder here stands for every file in it. Types may come from
 * anywhere: they cost nothing.
 */
const DOORS: Readonly<Record<string, readonly string[]>> = {
  wire: [
    'assert-never.ts',
    'clauses.ts',
    'describe.ts',
    'duplex-pair.ts',
    'error-text.ts',
    'faults.ts',
    'payload.ts',
    'properties.ts',
    'reason-codes.ts',
    'draw/',
  ],
  broker: ['certificates.ts', 'passwords.ts'],
  course: [
    'atomic.ts',
    'catalogue.ts',
    'environment.ts',
    'errors.ts',
    'find.ts',
    'handout.ts',
    'machine.ts',
    'package-root.ts',
    'track.ts',
  ],
  checker: [
    'harness/offence.ts',
    'practice/practice.ts',
    'program/machine.ts',
    'program/proc.ts',
    'program/python.ts',
    'program/source.ts',
  ],
  grading: ['exports/formats.ts'],
};

/**
 * The order inside a room that has rooms of its own, from the top: each may import those behind it.
 * A file that lies loose in the room is named as a file.
 */
const ORDER_INSIDE: Readonly<Record<string, readonly string[]>> = {
  checker: ['index.ts', 'prove', 'replay', 'practice', 'check', 'lessons', 'harness', 'program'],
  wire: ['draw', '*'],
};

const root = join(import.meta.dirname, '..');
const rooms = Object.keys(MAY_IMPORT);
const sources = sourcesOf(root, rooms, /^checker\/prove\/(mutants|variants)\//);
const imports = importsOf(root, sources);
const values = imports.filter(one => one.kind !== 'type');

const roomOf = (path: string) => path.split('/')[0] ?? '';
const inside = (path: string) => path.slice(roomOf(path).length + 1);
const folderOf = (path: string) => path.slice(0, path.lastIndexOf('/'));
const shown = ({ from, to }: Import) => `${from} → ${to}`;

test('every import ends at a source of a room', () => {
  expect(sources.length).toBeGreaterThan(200);
  expect(imports.length).toBeGreaterThan(1000);
  const known = new Set(sources);
  expect(imports.filter(one => !known.has(one.to)).map(shown)).toEqual([]);
});

test('rooms import one way', () => {
  const wrong = imports.filter(({ from, to }) => {
    const [mine, other] = [roomOf(from), roomOf(to)];
    return mine !== other && !MAY_IMPORT[mine]?.includes(other);
  });
  expect(wrong.map(shown)).toEqual([]);
});

const isIndex = (path: string) => path.endsWith('/index.ts');
const isDoor = (path: string) =>
  (DOORS[roomOf(path)] ?? []).some(door =>
    door.endsWith('/') ? inside(path).startsWith(door) : inside(path) === door,
  );

test('a room is entered by an index or by one of its doors', () => {
  const wrong = values.filter(
    ({ from, to }) => roomOf(from) !== roomOf(to) && !isIndex(to) && !isDoor(to),
  );
  expect(wrong.map(shown)).toEqual([]);
});

test('every door is there, and somebody comes in by it', () => {
  const entered = values
    .filter(({ from, to }) => roomOf(from) !== roomOf(to) && !isIndex(to))
    .map(one => one.to);
  const unused = Object.entries(DOORS).flatMap(([room, doors]) =>
    doors
      .map(door => `${room}/${door}`)
      .filter(
        door => !entered.some(to => (door.endsWith('/') ? to.startsWith(door) : to === door)),
      ),
  );
  expect(unused).toEqual([]);
});

describe.each(Object.entries(ORDER_INSIDE))('the order inside %s', (room, order) => {
  const mine = sources.filter(path => roomOf(path) === room);
  const placeOf = (path: string) => {
    const name = inside(path).split('/')[0] ?? '';
    return order.indexOf(order.includes(name) ? name : '*');
  };

  test('every file has a place in it', () => {
    expect(mine.filter(path => placeOf(path) === -1)).toEqual([]);
  });

  test('imports go down', () => {
    const wrong = values.filter(
      ({ from, to }) => roomOf(from) === room && roomOf(to) === room && placeOf(from) > placeOf(to),
    );
    expect(wrong.map(shown)).toEqual([]);
  });
});

test('no file imports itself by way of others, now or later', () => {
  expect(circles(values)).toEqual([]);
});

test('types go in a circle only between files of one folder', () => {
  const wrong = circles(imports).filter(group => new Set(group.map(folderOf)).size > 1);
  expect(wrong).toEqual([]);
});

describe('what the rules look at', () => {
  test('kinds of imports', () => {
    const text = `
      import { a, type B } from './a.js';
      import type { C } from '../c.js';
      import { type D, type E } from './d/index.js';
      import './bare.js';
      import 'vitest';
      export { f } from './f.js';
      export type { G } from './g.js';
      export * from './h.js';
      type I = typeof import('./i.js');
      const later = () => import('./j.js');
      const computed = (name: string) => import(name);
    `;
    expect(importsIn('room/file.ts', text).map(one => `${one.kind} ${one.to}`)).toEqual([
      'static room/a.ts',
      'type c.ts',
      'type room/d/index.ts',
      'static room/bare.ts',
      'static room/f.ts',
      'type room/g.ts',
      'static room/h.ts',
      'type room/i.ts',
      'dynamic room/j.ts',
    ]);
  });

  test('circles', () => {
    const edges = (text: string) =>
      text.split(' ').map(one => ({ from: one[0] ?? '', to: one[1] ?? '' }));
    expect(circles(edges('ab bc ac'))).toEqual([]);
    expect(circles(edges('ab ba'))).toEqual([['a', 'b']]);
    expect(circles(edges('ab bc ca cd de ed'))).toEqual([
      ['d', 'e'],
      ['a', 'b', 'c'],
    ]);
    expect(circles(edges('aa'))).toEqual([['a']]);
    expect(circles(edges('ab bc cd db'))).toEqual([['b', 'c', 'd']]);
  });
});
