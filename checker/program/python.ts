import { existsSync } from 'node:fs';
import { posix, win32 } from 'node:path';
import { howToInstall, howToInstallPaho, type Machine } from '../../course/machine/index.js';
import { ProgramUnavailable } from './spec.js';

export interface Python {
  readonly command: string;
  readonly args: readonly string[];
  readonly version: string;
  /** Version of paho-mqtt; undefined when it is not installed for this Python. */
  readonly paho?: string;
}

const probe = `
import sys
try:
    import paho.mqtt as p
    v = p.__version__
except Exception:
    v = ''
print(sys.version.split()[0] + ' ' + v)
`;

let found: Promise<Python | undefined> | undefined;

/**
 * The Python to run programs with: the first of `MQTT_COURSE_PYTHON`, the workspace's virtual
 * environment, and the Pythons on the path that has paho-mqtt; else the first that runs at all.
 */
export function findPython(workspace?: string): Promise<Python | undefined> {
  found ??= search(workspace);
  return found;
}

async function search(workspace: string | undefined): Promise<Python | undefined> {
  const { execa } = await import('execa');
  let withoutPaho: Python | undefined;
  for (const [command, ...args] of pythonCandidates(workspace)) {
    if (command === undefined) continue;
    const run = await execa(command, [...args, '-c', probe], {
      reject: false,
      stdin: 'ignore',
      timeout: 10_000,
    });
    if (run.exitCode !== 0) continue;
    const [version = '', paho] = run.stdout.trim().split(' ');
    if (!version.startsWith('3.')) continue;
    if (paho) return { command, args, version, paho };
    withoutPaho ??= { command, args, version };
  }
  return withoutPaho;
}

/** Where a Python may be, as words of a command, what is nearest to the workspace first. */
export function pythonCandidates(
  workspace: string | undefined,
  {
    platform = process.platform,
    env = process.env,
    exists = existsSync,
  }: Machine & { readonly exists?: (path: string) => boolean } = {},
): string[][] {
  const wanted = env['MQTT_COURSE_PYTHON'];
  if (wanted) return [[wanted]];
  const { delimiter, join } = platform === 'win32' ? win32 : posix;
  const inside = platform === 'win32' ? ['Scripts', 'python.exe'] : ['bin', 'python3'];
  const venvs = workspace ? [join(workspace, '.venv'), join(workspace, 'venv')] : [];
  // With -3 the launcher `py` looks past a virtual environment that is active.
  if (platform === 'win32' && env['VIRTUAL_ENV']) venvs.push(env['VIRTUAL_ENV']);
  const list = venvs
    .map(folder => join(folder, ...inside))
    .filter(exists)
    .map(path => [path]);
  if (platform === 'win32') return [...list, ['py', '-3'], ['python'], ['python3']];
  // Every `python3` on the path: the second may have what the first lacks.
  const onPath = [...new Set((env['PATH'] ?? '').split(delimiter))]
    .map(folder => join(folder, 'python3'))
    .filter(exists)
    .map(path => [path]);
  return [...list, ...onPath, ['python']];
}

/** @throws ProgramUnavailable when there is no Python 3, or none with paho-mqtt */
export async function requirePython(workspace?: string): Promise<Python> {
  const python = await findPython(workspace);
  if (!python) {
    throw new ProgramUnavailable(
      `The Python track needs Python 3, and none was found. Install it ${howToInstall('python')}`,
      'machine',
    );
  }
  const words = [python.command, ...python.args];
  if (!python.paho) {
    throw new ProgramUnavailable(
      `The Python track needs paho-mqtt, and ${words.join(' ')} (Python ${python.version}) does not have it. Install it: ${howToInstallPaho(words)}`,
      'machine',
    );
  }
  return python;
}
