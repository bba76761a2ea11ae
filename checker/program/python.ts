import { existsSync } from 'node:fs';
import { posix, win32 } from 'node:path';
import { passedOn } from '../../course/environment.js';
import {
  findOnWindows,
  howToInstall,
  howToInstallPaho,
  type Machine,
  nameAPython,
} from '../../course/system/index.js';
import { ProgramUnavailable } from './spec.js';

/** The Pythons of this machine, looked through. */
interface Search {
  readonly found?: Python;
  /** What one said that is there and does not work, the first of them. */
  readonly broken?: string;
}

export interface Python {
  readonly command: string;
  readonly args: readonly string[];
  readonly version: string;
  /** Version of paho-mqtt; undefined when it is not installed for this Python. */
  readonly paho?: string;
  /** Why paho-mqtt cannot be loaded, where it is there and broken. */
  readonly pahoError?: string;
}

const probe = `
import sys
v = e = ''
try:
    import paho.mqtt as p
    import paho.mqtt.client
    v = p.__version__
except Exception as error:
    missing = getattr(error, 'name', None)
    if missing is None or not missing.startswith('paho'):
        e = type(error).__name__ + ': ' + str(error).replace(chr(10), ' ')
print(sys.version.split()[0] + ' ' + v + ' ' + e)
`;

let searched: Promise<Search> | undefined;

/**
 * The Python to run programs with: the first of `MQTT_COURSE_PYTHON`, the workspace's virtual
 * environment, and the Pythons on the path that has paho-mqtt; else the first that runs at all.
 */
export function findPython(workspace?: string): Promise<Python | undefined> {
  return searchOnce(workspace).then(({ found }) => found);
}

/** What a Python said that is there and does not work; undefined when there is none. */
export function brokenPython(workspace?: string): Promise<string | undefined> {
  return searchOnce(workspace).then(({ broken }) => broken);
}

function searchOnce(workspace: string | undefined): Promise<Search> {
  searched ??= search(workspace);
  return searched;
}

async function search(workspace: string | undefined): Promise<Search> {
  const { execa } = await import('execa');
  let withoutPaho: Python | undefined;
  let broken: string | undefined;
  for (const [command, ...args] of pythonCandidates(workspace)) {
    if (command === undefined) continue;
    const run = missing(command)
      ? { code: 'ENOENT', stdout: '', stderr: '', exitCode: undefined, timedOut: false }
      : await execa(command, [...args, '-c', probe], {
          reject: false,
          stdin: 'ignore',
          timeout: 10_000,
          // As the programs will have it: what is only found by the settings of this terminal is not there.
          env: passedOn(),
          extendEnv: false,
        });
    if (run.exitCode !== 0) {
      broken ??= whyBroken([command, ...args].join(' '), run);
      continue;
    }
    const [version = '', paho, ...error] = run.stdout.trim().split(' ');
    if (!version.startsWith('3.')) continue;
    if (paho) return { found: { command, args, version, paho } };
    const pahoError = error.join(' ').trim();
    withoutPaho ??= { command, args, version, ...(pahoError ? { pahoError } : {}) };
  }
  return { ...(withoutPaho ? { found: withoutPaho } : {}), ...(broken ? { broken } : {}) };
}

/** How the question to a Python ended. */
export interface ProbeRun {
  readonly code?: string | undefined;
  readonly stderr: string;
  readonly exitCode?: number | undefined;
  readonly signal?: string | undefined;
  readonly timedOut: boolean;
}

/** On Windows a command that is not there is given to cmd, and its answer is no ENOENT. */
function missing(command: string): boolean {
  return process.platform === 'win32' && findOnWindows(command) === undefined;
}

/** What stands on the path of a Windows without Python: it leads to the Microsoft Store. */
const STORE = /run without arguments to install from the Microsoft Store/;

/**
 * Why a Python that was tried does not work. Undefined when it is not there at all, as on most
 * machines most of those that are tried.
 */
export function whyBroken(name: string, run: ProbeRun): string | undefined {
  if (STORE.test(run.stderr)) return undefined;
  if (run.code === 'ENOENT') {
    return process.env['MQTT_COURSE_PYTHON'] === name
      ? `MQTT_COURSE_PYTHON names ${name}, which is not there`
      : undefined;
  }
  const said = run.stderr.trim().split('\n').at(-1)?.trim().slice(0, 300).replace(/\.$/, '');
  const how = run.timedOut
    ? 'it did not answer within 10 s'
    : (run.code ?? (run.signal ? `ended by ${run.signal}` : `exit code ${run.exitCode}`));
  return `${name} is there, but does not work: ${said || how}`;
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
  const { found: python, broken } = await searchOnce(workspace);
  if (!python && broken) {
    throw new ProgramUnavailable(
      `The Python track needs Python 3. ${broken}. What to do: repair or remove it, or name another one: ${nameAPython()}`,
      'machine',
    );
  }
  if (!python) {
    throw new ProgramUnavailable(
      `The Python track needs Python 3, and none was found. Install it ${howToInstall('python')}`,
      'machine',
    );
  }
  const words = [python.command, ...python.args];
  if (python.pahoError) {
    throw new ProgramUnavailable(
      `The Python track needs paho-mqtt. ${words.join(' ')} (Python ${python.version}) has it, and cannot load it: ${python.pahoError}. What to do: install it again: ${words.join(' ')} -m pip install --force-reinstall paho-mqtt`,
      'machine',
    );
  }
  if (!python.paho) {
    throw new ProgramUnavailable(
      `The Python track needs paho-mqtt, and ${words.join(' ')} (Python ${python.version}) does not have it. Install it: ${howToInstallPaho(words)}`,
      'machine',
    );
  }
  return python;
}
