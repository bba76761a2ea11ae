import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterAll } from 'vitest';
import { buildFolder } from '../place.js';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** The three commands as a program of their own, built for this test run only. */
export async function buildProgram(): Promise<string> {
  const folder = buildFolder('commands');
  afterAll(() => rm(folder, { recursive: true, force: true }));
  await build({
    stdin: {
      contents: `
        import { Command } from 'commander';
        import { registerBroker } from './cli/commands/broker.ts';
        import { registerCerts } from './cli/commands/certs.ts';
        import { registerPasswd } from './cli/commands/passwd.ts';
        const program = new Command('mqtt-course');
        registerBroker(program);
        registerCerts(program);
        registerPasswd(program);
        await program.parseAsync();`,
      resolveDir: root,
      loader: 'ts',
    },
    bundle: true,
    splitting: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    logLevel: 'silent',
  });
  return join(folder, 'stdin.mjs');
}

export interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export async function run(program: string, args: readonly string[], cwd: string): Promise<Ran> {
  const child = spawn(process.execPath, [program, ...args], {
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return finished(child);
}

export function finished(child: ChildProcess): Promise<Ran> {
  let out = '';
  let err = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    out += chunk;
  });
  child.stderr?.on('data', (chunk: Buffer) => {
    err += chunk;
  });
  return new Promise(resolve => child.on('close', code => resolve({ code, out, err })));
}

/** A folder that is gone after the tests of the file. */
export async function temporary(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'mqtt-course-test-'));
  afterAll(() => rm(folder, { recursive: true, force: true }));
  return folder;
}
