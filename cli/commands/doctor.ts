import { execFile } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { dirname, extname, join } from 'node:path';
import type { Command } from 'commander';
import { howToInstall, nameAPython, setVariable, shellInUse } from '../../course/system/index.js';
import { findEditor } from '../home/editor.js';
import { currentFolder, print, printJson, styleFor } from '../invocation.js';
import type { Style } from '../render/style.js';

/** One thing that was looked at. `needed`: without it nothing can be checked. */
export interface Finding {
  readonly id: string;
  readonly title: string;
  readonly ok: boolean;
  readonly needed: boolean;
  readonly found: string;
  /** What to do; when it is not ok. */
  readonly todo?: string;
}

/** `doctor`: looks at this machine, and says what to do. */
export function registerDoctor(program: Command): void {
  program
    .command('doctor')
    .description('look at this machine: what is there, what is missing, what to do')
    .option('--json', 'as JSON')
    .addHelpText('after', '\nExample:\n  npx mqtt-course doctor')
    .action(async (options: { json?: boolean }, command: Command) => {
      const style = styleFor(command);
      const findings = await examine(style);
      if (options.json) printJson(findings);
      else print(await render(findings, style));
      process.exitCode = findings.some(one => one.needed && !one.ok) ? 3 : 0;
    });
}

async function examine(style: Style): Promise<Finding[]> {
  const { findWorkspace } = await import('../../course/find.js');
  const workspace = findWorkspace(currentFolder());
  const { examineMachine } = await import('../../checker/program/machine.js');
  const machine = (await examineMachine()).map(
    ({ id, title, found, todo }): Finding => ({
      ...{ id, title, found, ok: todo === undefined, needed: true },
      ...(todo === undefined ? {} : { todo }),
    }),
  );
  return Promise.all([
    node(),
    ...machine,
    python(workspace?.folder),
    folder(workspace?.folder),
    program('mosquitto', ['-h'], 'mosquitto', 'only needed for check --broker mosquitto'),
    program('mosquitto_sub', ['--help'], 'mosquitto-clients', 'handy to watch messages'),
    files(workspace?.folder),
    environment(),
    editor(),
    terminal(style),
  ]);
}

function node(): Finding {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const ok = major > 20 || (major === 20 && minor >= 12);
  return {
    id: 'node',
    title: 'Node',
    ok,
    needed: true,
    found: process.versions.node,
    ...(ok ? {} : { todo: 'install Node 20.12 or later: https://nodejs.org' }),
  };
}

async function python(workspace: string | undefined): Promise<Finding> {
  const { brokenPython, findPython } = await import('../../checker/program/python.js');
  const found = await findPython(workspace);
  const base = { id: 'python', title: 'Python', needed: false };
  const broken = found ? undefined : await brokenPython(workspace);
  if (broken) {
    const todo = `only needed for the Python track: repair or remove it, or name another one: ${nameAPython()}`;
    return { ...base, ok: false, found: broken, todo };
  }
  if (!found) {
    const todo =
      process.platform === 'linux'
        ? 'only needed for the Python track: install Python 3.8 or later, then: python3 -m pip install paho-mqtt'
        : `only needed for the Python track: install Python 3.8 or later, ${howToInstall('python')}`;
    return { ...base, ok: false, found: 'not found', todo };
  }
  const name = `${found.version} (${[found.command, ...found.args].join(' ')})`;
  if (found.paho) return { ...base, ok: true, found: `${name}, paho-mqtt ${found.paho}` };
  const pip = `${[found.command, ...found.args].join(' ')} -m pip install`;
  return found.pahoError
    ? {
        ...base,
        ok: false,
        found: `${name}, with a paho-mqtt that it cannot load: ${found.pahoError}`,
        todo: `only needed for the Python track: ${pip} --force-reinstall paho-mqtt`,
      }
    : {
        ...base,
        ok: false,
        found: `${name}, without paho-mqtt`,
        todo: `only needed for the Python track: ${pip} paho-mqtt`,
      };
}

function folder(workspace: string | undefined): Finding {
  const base = { id: 'workspace', title: 'Workspace', needed: false };
  if (!workspace) {
    return { ...base, ok: false, found: 'none here', todo: 'make one: npx mqtt-course start' };
  }
  try {
    accessSync(workspace, constants.W_OK);
    return { ...base, ok: true, found: `${workspace}, writable` };
  } catch {
    const todo = 'choose a folder that you may write: npx mqtt-course start --dir DIR';
    return { ...base, ok: false, needed: true, found: `${workspace} is read-only`, todo };
  }
}

/** A program of Mosquitto's: on the path, or where its installer puts it and leaves the path alone. */
async function program(
  command: string,
  args: string[],
  name: 'mosquitto' | 'mosquitto-clients',
  why: string,
): Promise<Finding> {
  const base = { id: command, title: command, needed: false };
  const file = await located(command);
  return new Promise(resolve => {
    // Its own exit code for help says nothing; that it starts does.
    execFile(file, args, { timeout: 5000 }, (error, stdout, stderr) => {
      const missing = error && 'code' in error && error.code === 'ENOENT';
      const version = /version ([\d.]+)/.exec(`${stdout}${stderr}`)?.[1];
      resolve(
        missing
          ? {
              ...base,
              ok: false,
              found: 'not found',
              todo: `${why}; ${howToInstall(name)}`,
            }
          : { ...base, ok: true, found: version ?? 'here' },
      );
    });
  });
}

/** The installer of Windows has a folder of its own, and leaves the path alone. */
async function located(command: string): Promise<string> {
  const { findMosquitto } = await import('../../broker/index.js');
  const broker = findMosquitto();
  if (broker === undefined) return command;
  const beside = join(dirname(broker), `${command}${extname(broker)}`);
  return existsSync(beside) ? beside : command;
}

/** The learner's own files: each can be read, and is text that a program can be. */
async function files(workspace: string | undefined): Promise<Finding> {
  const base = { id: 'files', title: 'Your files', needed: false };
  if (!workspace) return { ...base, ok: true, found: 'none here' };
  const { unreadableFiles } = await import('../../checker/program/source.js');
  const { filesUnder } = await import('../../course/index.js');
  const folder = join(workspace, 'exercises');
  const [first, ...more] = await unreadableFiles(filesUnder(folder));
  if (!first) return { ...base, ok: true, found: 'all can be read, in UTF-8' };
  const others = more.length === 0 ? '' : `, and ${more.length} more`;
  return { ...base, ok: false, found: `${first.name} ${first.problem}${others}`, todo: first.todo };
}

/** What is set for all Node programs: it is not for the course, and may explain what is odd. */
async function environment(): Promise<Finding> {
  const { namesForOthers, personsEnvironment } = await import('../../course/environment.js');
  const base = { id: 'environment', title: 'Environment', needed: false };
  const names = namesForOthers();
  if (names.length === 0) return { ...base, ok: true, found: 'nothing that the course ignores' };
  const options = personsEnvironment()['NODE_OPTIONS'];
  const found = `${names.join(', ')}: not for the course, which takes no notice`;
  return options === undefined
    ? { ...base, ok: true, found }
    : {
        ...base,
        ok: false,
        found,
        todo: `NODE_OPTIONS (${options}) acts before the course can: where something is odd, try it without`,
      };
}

function editor(): Finding {
  const found = findEditor();
  const base = { id: 'editor', title: 'Editor', needed: false };
  return found
    ? { ...base, ok: true, found: `${found.command} (${found.from})` }
    : {
        ...base,
        ok: false,
        found: 'none named',
        todo: `to have files opened for you, set VISUAL, for example: ${setVariable(shellInUse(), 'VISUAL', 'code')}`,
      };
}

function terminal(style: Style): Finding {
  const yes = (on: boolean, what: string) => `${on ? '' : 'no '}${what}`;
  const found = process.stdout.isTTY
    ? `${process.stdout.columns} columns, ${yes(style.color, 'colour')}, ${yes(style.links, 'links')}`
    : 'none: output goes to a file or a pipe';
  return { id: 'terminal', title: 'Terminal', ok: true, needed: false, found };
}

async function render(findings: readonly Finding[], style: Style): Promise<string[]> {
  const { hang } = await import('../render/layout.js');
  const lines = findings.flatMap(one => {
    const word = one.ok ? 'ok' : one.needed ? 'missing' : 'warn';
    const mark = one.ok ? '✓' : one.needed ? '✗' : '!';
    const paint = one.ok ? style.green : one.needed ? style.red : style.yellow;
    const start = paint(`${style.plain ? '' : `${mark} `}${word.padEnd(8)}`);
    return [
      ...hang(start, '  ', `${style.bold(one.title)}: ${one.found}`, style.width),
      ...(one.todo ? hang('            ', '            ', one.todo, style.width) : []),
    ];
  });
  const broken = findings.filter(one => one.needed && !one.ok).length;
  const end =
    broken > 0
      ? 'Checks cannot run on this machine yet.'
      : 'Everything that a check needs is here.';
  return [...lines, '', end];
}
