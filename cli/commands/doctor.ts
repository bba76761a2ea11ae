import { execFile } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { createServer } from 'node:net';
import type { Command } from 'commander';
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
  return Promise.all([
    node(),
    python(workspace?.folder),
    port(),
    folder(workspace?.folder),
    program('mosquitto', ['-h'], 'mosquitto', 'only needed for check --broker mosquitto'),
    program('mosquitto_sub', ['--help'], 'mosquitto-clients', 'handy to watch messages'),
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
  const { findPython } = await import('../../checker/program/python.js');
  const found = await findPython(workspace);
  const base = { id: 'python', title: 'Python', needed: false };
  if (!found) {
    const todo =
      'only needed for the Python track: install Python 3.8 or later, then: python3 -m pip install paho-mqtt';
    return { ...base, ok: false, found: 'not found', todo };
  }
  const name = `${found.version} (${[found.command, ...found.args].join(' ')})`;
  if (found.paho) return { ...base, ok: true, found: `${name}, paho-mqtt ${found.paho}` };
  const todo = `only needed for the Python track: ${[found.command, ...found.args].join(' ')} -m pip install paho-mqtt`;
  return { ...base, ok: false, found: `${name}, without paho-mqtt`, todo };
}

function port(): Promise<Finding> {
  const base = { id: 'port', title: 'Loopback port', needed: true };
  return new Promise(resolve => {
    const server = createServer();
    server.once('error', error =>
      resolve({
        ...base,
        ok: false,
        found: error.message,
        todo: 'the broker needs to listen on 127.0.0.1; look at the firewall or the sandbox you are in',
      }),
    );
    server.listen(0, '127.0.0.1', () => {
      server.close(() => resolve({ ...base, ok: true, found: 'a free one on 127.0.0.1' }));
    });
  });
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

function program(command: string, args: string[], debian: string, why: string): Promise<Finding> {
  const base = { id: command, title: command, needed: false };
  return new Promise(resolve => {
    // Its own exit code for help says nothing; that it starts does.
    execFile(command, args, { timeout: 5000 }, (error, stdout, stderr) => {
      const missing = error && 'code' in error && error.code === 'ENOENT';
      const version = /version ([\d.]+)/.exec(`${stdout}${stderr}`)?.[1];
      resolve(
        missing
          ? {
              ...base,
              ok: false,
              found: 'not found',
              todo: `${why}; on Debian and Ubuntu: sudo apt install ${debian}`,
            }
          : { ...base, ok: true, found: version ?? 'here' },
      );
    });
  });
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
        todo: 'to have files opened for you, set VISUAL, for example: export VISUAL=code',
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
