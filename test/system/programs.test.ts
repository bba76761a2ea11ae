import { describe, expect, test } from 'vitest';
import { pythonOutput } from '../../checker/program/prepare.js';
import { pythonCandidates, whyBroken } from '../../checker/program/python.js';
import { passedOn } from '../../course/environment.js';
import { howToInstall, howToInstallPaho, nameAPython } from '../../course/system/advice.js';
import { leftBehind, parseProcesses } from '../../scripts/vendor/leftovers.mjs';

describe('where a Python is looked for', () => {
  test('on Windows: the workspace, an active environment, the launcher, the path', () => {
    const there = new Set(['C:\\w\\.venv\\Scripts\\python.exe', 'D:\\env\\Scripts\\python.exe']);
    const found = pythonCandidates('C:\\w', {
      platform: 'win32',
      env: { VIRTUAL_ENV: 'D:\\env', PATH: 'C:\\x' },
      exists: path => there.has(path),
    });
    expect(found).toEqual([
      ['C:\\w\\.venv\\Scripts\\python.exe'],
      ['D:\\env\\Scripts\\python.exe'],
      ['py', '-3'],
      ['python'],
      ['python3'],
    ]);
  });

  test('on macOS: the workspace, then every python3 on the path', () => {
    const there = new Set(['/w/venv/bin/python3', '/opt/homebrew/bin/python3', '/usr/bin/python3']);
    const found = pythonCandidates('/w', {
      platform: 'darwin',
      env: { PATH: '/opt/homebrew/bin:/usr/local/bin:/usr/bin:/usr/bin' },
      exists: path => there.has(path),
    });
    expect(found).toEqual([
      ['/w/venv/bin/python3'],
      ['/opt/homebrew/bin/python3'],
      ['/usr/bin/python3'],
      ['python'],
    ]);
  });

  test('the one that was named is the only one', () => {
    const env = { MQTT_COURSE_PYTHON: 'C:\\my\\python.exe' };
    expect(pythonCandidates('C:\\w', { platform: 'win32', env })).toEqual([['C:\\my\\python.exe']]);
  });
});

test('the way to the Microsoft Store is no Python that is broken', () => {
  const run = { stderr: '', exitCode: 9009, timedOut: false };
  const store =
    'Python was not found; run without arguments to install from the Microsoft Store, or disable this shortcut from Settings > Apps.';
  expect(whyBroken('python', { ...run, stderr: store })).toBeUndefined();
  expect(whyBroken('py -3', { ...run, code: 'ENOENT' })).toBeUndefined();
  expect(whyBroken('py -3', { ...run, stderr: 'ImportError: no encodings\r\n' })).toBe(
    'py -3 is there, but does not work: ImportError: no encodings',
  );
});

test('only on Windows has Python to be told that its output is UTF-8', () => {
  expect(pythonOutput({ platform: 'win32' })).toEqual({ PYTHONIOENCODING: 'utf-8' });
  expect(pythonOutput({ platform: 'darwin' })).toEqual({});
  expect(pythonOutput({ platform: 'linux' })).toEqual({});
});

test('what is said of an installation is of this system alone', () => {
  const all = (platform: NodeJS.Platform) =>
    (['mosquitto', 'mosquitto-clients', 'python', 'paho-mqtt'] as const)
      .map(wanted => howToInstall(wanted, { platform }))
      .join('\n');
  expect(all('win32')).toMatch(
    /winget install EclipseFoundation\.Mosquitto[\s\S]*py -m pip install/,
  );
  expect(all('win32')).not.toMatch(/apt|brew|sudo/);
  expect(all('darwin')).toContain('brew install mosquitto');
  expect(all('darwin')).not.toMatch(/apt|winget|sudo/);
  expect(all('linux')).toContain('sudo apt install mosquitto-clients');
  expect(howToInstallPaho(['py', '-3'], { platform: 'win32' })).toBe(
    'py -3 -m pip install paho-mqtt',
  );
  expect(nameAPython({ platform: 'win32', env: {} })).toBe(
    'set MQTT_COURSE_PYTHON=C:\\path\\to\\python.exe',
  );
  const spaced = ['C:\\my place\\.venv\\Scripts\\python.exe'];
  expect(howToInstallPaho(spaced, { platform: 'win32' })).toBe(
    `"${spaced[0]}" -m pip install paho-mqtt`,
  );
});

test('a program of Windows gets what such programs look for, and no more than elsewhere', () => {
  const env = {
    Path: 'p',
    SystemRoot: 'C:\\WINDOWS',
    'ProgramFiles(x86)': 'x',
    USERNAME: 'ada',
    SECRET_TOKEN: 's',
  };
  expect(Object.keys(passedOn(env, 'win32'))).toEqual([
    'Path',
    'SystemRoot',
    'ProgramFiles(x86)',
    'USERNAME',
  ]);
  expect(Object.keys(passedOn(env, 'linux'))).toEqual(['Path', 'SystemRoot']);
});

describe('what programs of Windows leave behind', () => {
  const started = 1_000_000;
  const one = (pid: number, parent: number, at: number) => ({ pid, parent, created: started + at });

  test('children and their children, of a program that has ended', () => {
    const programs = [{ pid: 40, from: started, until: started + 5000 }];
    const processes = [one(44, 40, 100), one(48, 44, 200), one(52, 48, 300), one(56, 12, 100)];
    expect(leftBehind(programs, processes)).toEqual([44, 48, 52]);
  });

  test('a pid that is used again is somebody else', () => {
    const programs = [{ pid: 40, from: started, until: started + 5000 }];
    const processes = [
      // A new process got the number, and has a child.
      one(40, 8, 9000),
      one(44, 40, 9100),
      // The one that had it before left a child.
      one(48, 40, -9000),
      // A child of a child whose number was used again.
      one(60, 40, 100),
      one(64, 60, 50_000),
      one(68, 60, 20),
    ];
    expect(leftBehind(programs, processes)).toEqual([60, 64]);
  });

  test('a program that still runs when nobody watches over it ends, too', () => {
    const programs = [{ pid: 40, from: started }];
    expect(leftBehind(programs, [one(40, 8, 0), one(44, 40, 90_000)])).toEqual([40, 44]);
  });

  test('the list that the system gives', () => {
    expect(
      parseProcesses('4 0 133700000000000000\r\n\r\nnonsense\r\n40 4 133700000010000000\r\n'),
    ).toEqual([
      { pid: 4, parent: 0, created: 13_370_000_000_000 - 11_644_473_600_000 },
      { pid: 40, parent: 4, created: 13_370_000_001_000 - 11_644_473_600_000 },
    ]);
  });
});
