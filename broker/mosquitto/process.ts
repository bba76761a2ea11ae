import { type ChildProcess, spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import type { Journal } from '../journal.js';
import { BrokerStartError } from '../listen.js';
import type { LogLevel } from '../types.js';

/** Milliseconds Mosquitto gets to start, to end, or to write its database. */
export const DEADLINE = 10_000;

export interface MosquittoCommand {
  readonly binary: string;
  readonly conf: string;
  readonly verbose: boolean;
  readonly cwd: string | undefined;
}

/** Runs mosquitto; resolves when it says that it runs. Throws `BrokerStartError` with what it said. */
export async function launch(command: MosquittoCommand, journal: Journal): Promise<ChildProcess> {
  const { binary, conf, verbose, cwd } = command;
  const started = spawn(binary, ['-c', conf, ...(verbose ? ['-v'] : [])], {
    stdio: ['ignore', 'ignore', 'pipe'],
    ...(cwd === undefined ? {} : { cwd }),
  });
  const said: string[] = [];
  await new Promise<void>((resolve, reject) => {
    const late = setTimeout(() => {
      started.kill('SIGKILL');
      reject(new BrokerStartError('Error: mosquitto did not start in time.'));
    }, DEADLINE);
    started.once('error', error => {
      clearTimeout(late);
      reject(new BrokerStartError(`Error: mosquitto cannot be run: ${error.message}`));
    });
    started.once('close', code => {
      clearTimeout(late);
      const words = said.filter(text => /error/i.test(text)).join('\n');
      reject(new BrokerStartError(words.replaceAll(conf, 'mosquitto.conf'), code ?? 1));
    });
    createInterface({ input: started.stderr as NodeJS.ReadableStream }).on('line', line => {
      const text = line.replace(/^\d+: /, '');
      if (said.length < 50) said.push(text);
      journal.log(levelOf(text), text);
      if (!/^mosquitto version .* running$/.test(text)) return;
      clearTimeout(late);
      resolve();
    });
  });
  return started;
}

function levelOf(text: string): LogLevel {
  if (text.startsWith('Error')) return 'error';
  if (text.startsWith('Warning')) return 'warning';
  if (/^(New |Client |Opening |mosquitto )/.test(text)) return 'notice';
  return 'debug';
}

/** A port of 127.0.0.1 that nobody listened on a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise(resolve => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** What must not outlive this process. */
export interface Leftover {
  readonly directory: string;
  pid: number | undefined;
}

/** A stopped broker may be started again, so processes and files go when this process does. */
const leftovers = new Set<Leftover>();

export function sweepAtExit(leftover: Leftover): void {
  leftovers.add(leftover);
  if (leftovers.size === 1) process.once('exit', sweep);
}

function sweep(): void {
  for (const { directory, pid } of leftovers) {
    try {
      if (pid !== undefined) process.kill(pid, 'SIGKILL');
    } catch {
      // it ended by itself
    }
    rmSync(directory, { recursive: true, force: true });
  }
}
