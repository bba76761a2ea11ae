import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { withLock } from '../../course/atomic.js';
import { whileLocked } from '../../course/system/locked.js';
import { forbiddenName } from '../../course/system/names.js';
import { belowHere, nativePath, tooDeep } from '../../course/system/paths.js';
import { exercisePlace, lessonAt } from '../../course/workspace.js';
import { fileName } from '../../grading/exports/text.js';
import { safeName } from '../../grading/store.js';
import { temporaryFolder } from '../course/fixture.js';

/** Sets the system aside for the code that asks for it itself. */
function onPlatform(platform: NodeJS.Platform): void {
  vi.spyOn(process, 'platform', 'get').mockReturnValue(platform);
}
afterEach(() => vi.restoreAllMocks());

const error = (code: string) => Object.assign(new Error(code), { code });

describe('a file that somebody holds', () => {
  const busyFor = (times: number, code = 'EBUSY') => {
    let left = times;
    return () => {
      if (left-- > 0) throw error(code);
      return 'done';
    };
  };

  test.each(['EBUSY', 'EPERM', 'EACCES'])('on Windows %s is waited for, longer each time', code => {
    const pauses: number[] = [];
    const pause = (ms: number) => void pauses.push(ms);
    expect(whileLocked(busyFor(6, code), { platform: 'win32', pause })).toBe('done');
    expect(pauses).toEqual([10, 20, 40, 80, 160, 200]);
  });

  test('not for ever: then the error is the answer', () => {
    let waited = 0;
    const pause = (ms: number) => {
      waited += ms;
    };
    expect(() => whileLocked(busyFor(1e6), { platform: 'win32', pause, ms: 500 })).toThrow('EBUSY');
    expect(waited).toBeGreaterThanOrEqual(500);
    expect(waited).toBeLessThan(1000);
  });

  test.each([
    ['linux', 'EBUSY'],
    ['darwin', 'EPERM'],
    ['win32', 'ENOENT'],
  ] as const)('on %s %s is an answer at once', (platform, code) => {
    const pause = vi.fn();
    expect(() => whileLocked(busyFor(1, code), { platform, pause })).toThrow(code);
    expect(pause).not.toHaveBeenCalled();
  });
});

test('names that Windows forbids', () => {
  const forbidden = ['con', 'NUL', 'aux.key', 'Com1.txt', 'lpt9', 'a:b', 'a?', 'end.', 'end ', ''];
  const allowed = ['console', 'nullable', 'auxiliary.key', 'com10', 'a.b', 'Zoë', '.env', 'com'];
  expect(forbidden.filter(name => !forbiddenName(name))).toEqual([]);
  expect(allowed.filter(forbiddenName)).toEqual([]);
});

test('nor is any made of a learner’s id', () => {
  const ids = [
    'con',
    'AUX',
    'aux.key',
    'com1.tar',
    'nul',
    'a:b',
    'end.',
    '..',
    'ada',
    'Zoë Müller',
  ];
  for (const id of ids) {
    expect(forbiddenName(safeName(id)), safeName(id)).toBe(false);
    expect(forbiddenName(`${fileName(id)}.html`), fileName(id)).toBe(false);
  }
  expect(safeName('ada')).toBe('ada');
  expect(fileName('ada')).toBe('ada');
});

describe('paths', () => {
  test('are shown as the system writes them', () => {
    expect(nativePath('exercises/01/main.ts', { platform: 'win32' })).toBe(
      'exercises\\01\\main.ts',
    );
    expect(nativePath('exercises/01/main.ts', { platform: 'darwin' })).toBe('exercises/01/main.ts');
    expect(belowHere('mqtt-course', { platform: 'win32' })).toBe('.\\mqtt-course');
    expect(belowHere('mqtt-course', { platform: 'linux' })).toBe('./mqtt-course');
  });

  test('of more than 257 characters start no program on Windows', () => {
    const folder = `C:\\${'x'.repeat(255)}`;
    expect(tooDeep(folder, { platform: 'win32' })).toBe(true);
    expect(tooDeep(folder.slice(0, -1), { platform: 'win32' })).toBe(false);
    expect(tooDeep(folder.repeat(9), { platform: 'darwin' })).toBe(false);
  });

  test('of an exercise: for people as Windows writes it, for the course as ever', () => {
    const workspace = { folder: '/w', meta: '/w/.mqtt-course' };
    onPlatform('win32');
    const place = exercisePlace(workspace, '01-first-connection', 'typescript');
    expect(place.shown).toBe('exercises\\01-first-connection\\typescript\\main.ts');
    expect(place.entry).toBe('/w/exercises/01-first-connection/typescript/main.ts');
  });

  test('of a folder in another case of letters, as macOS and Windows take it', () => {
    const workspace = { folder: '/w', meta: '/w/.mqtt-course' };
    expect(lessonAt(workspace, '/w/Exercises/05-WILDCARDS/Python')).toEqual({
      lesson: '05-wildcards',
      track: 'python',
    });
  });
});

describe('the lock of a workspace', () => {
  test('a folder that may not be written is told soon, on Windows too', () => {
    onPlatform('win32');
    const folder = temporaryFolder();
    const file = join(folder, 'file');
    writeFileSync(file, '');
    const began = Date.now();
    expect(() => withLock(join(file, 'lock'), () => 1)).toThrow();
    expect(Date.now() - began).toBeLessThan(4000);
  });

  test('a lock that was left behind is taken over', () => {
    const lock = join(temporaryFolder(), 'lock');
    mkdirSync(lock);
    const past = vi.spyOn(Date, 'now').mockReturnValue(Date.now() + 60_000);
    expect(withLock(lock, () => 'mine')).toBe('mine');
    past.mockRestore();
    rmSync(lock, { recursive: true, force: true });
  });
});
