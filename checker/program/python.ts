import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
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
  for (const [command, ...args] of candidates(workspace)) {
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

function candidates(workspace: string | undefined): string[][] {
  const wanted = process.env['MQTT_COURSE_PYTHON'];
  if (wanted) return [[wanted]];
  const list: string[][] = [];
  for (const folder of workspace ? ['.venv', 'venv'] : []) {
    for (const inside of ['bin/python3', 'Scripts/python.exe']) {
      const path = join(workspace ?? '', folder, inside);
      if (existsSync(path)) list.push([path]);
    }
  }
  if (process.platform === 'win32') return [...list, ['py', '-3'], ['python'], ['python3']];
  return [...list, ...onPath('python3'), ['python']];
}

/** Every `python3` on the path: the second may have what the first lacks. */
function onPath(name: string): string[][] {
  const folders = [...new Set((process.env['PATH'] ?? '').split(delimiter))];
  return folders
    .map(folder => join(folder, name))
    .filter(existsSync)
    .map(path => [path]);
}

/** @throws ProgramUnavailable when there is no Python 3, or none with paho-mqtt */
export async function requirePython(workspace?: string): Promise<Python> {
  const python = await findPython(workspace);
  if (!python) {
    throw new ProgramUnavailable(
      'The Python track needs Python 3, and none was found. Install it from python.org, or on Debian and Ubuntu: sudo apt install python3 python3-paho-mqtt',
      'machine',
    );
  }
  if (!python.paho) {
    throw new ProgramUnavailable(
      `The Python track needs paho-mqtt, and ${python.command} (Python ${python.version}) does not have it. Install it: ${python.command} -m pip install paho-mqtt   or: sudo apt install python3-paho-mqtt`,
      'machine',
    );
  }
  return python;
}
