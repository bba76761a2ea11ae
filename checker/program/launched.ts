import { type Child, type Ending, spawnChild } from './child.js';
import type { Launched, Launcher, LaunchRequest } from './spec.js';

/** How long what the command says at its end may take. */
const STATUS_MS = 500;

/** A program that a launcher starts in its own way: in a sandbox. */
export function launchChild(
  launcher: Launcher,
  name: string,
  request: Omit<LaunchRequest, 'name'>,
): Child {
  const launched = launcher.launch({ name, ...request });
  const { command, args, cwd, env, contained = false } = launched;
  const how = { status: true, mark: request.env, contained };
  const child = spawnChild({ command, args, cwd, env }, how);
  if (child.pid !== undefined) launched.started(child.pid);
  endFloods(child, launched);
  let status = '';
  child.status?.setEncoding('utf8').on('data', (text: string) => {
    status += text;
  });
  child.status?.on('error', () => undefined);
  const told = new Promise<void>(resolve => child.status?.once('close', resolve));
  let running = true;
  const ended = child.ended.then(async (ending): Promise<Ending> => {
    running = false;
    if (ending.startError !== undefined) {
      launched.ended(null, undefined, '');
      return ending;
    }
    await Promise.race([told, new Promise(done => setTimeout(done, STATUS_MS).unref())]);
    const { exitCode, ...rest } = launched.ended(ending.code, ending.signal, status);
    return { code: exitCode, ...rest };
  });
  return {
    ...child,
    contained,
    ended,
    kill: () => {
      if (running && child.pid !== undefined) launched.kill(child.pid);
      child.kill();
    },
    programPid: () => (child.pid === undefined ? undefined : launched.programPid(child.pid)),
    starvedMs: () =>
      child.pid === undefined ? 0 : child.starvedMs(launched.programPid(child.pid) ?? child.pid),
  };
}

function endFloods(child: Child, launched: Launched): void {
  let bytes = 0;
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > launched.outputBytes) launched.flooded();
    });
  }
}
