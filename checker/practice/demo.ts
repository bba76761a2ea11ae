import { connect } from 'node:net';
import { join } from 'node:path';
import { startBroker } from '../../broker/index.js';
import { packageRoot } from '../../course/package-root.js';
import { createTap, type TraceEntry } from '../../wire/index.js';
import { newSeed, randomFrom } from '../harness/random.js';
import type { Track } from '../harness/result.js';
import { prepareProgram } from '../program/prepare.js';
import { startProgram } from '../program/run.js';

export interface DemoRequest {
  readonly track: Track;
  /** A broker of somebody else; default one of our own on loopback. */
  readonly remote?: { readonly host: string; readonly port: number };
  readonly workspace?: string;
  readonly onEntry: (entry: TraceEntry) => void;
  readonly onOutput: (stream: 'stdout' | 'stderr', text: string) => void;
  readonly signal?: AbortSignal;
}

/**
 * Runs the publisher-and-subscriber demo with the wire in view.
 * @returns the exit code of the demo program; null when it was stopped
 * @throws ProgramUnavailable when its language is not here
 */
export async function runDemo(request: DemoRequest): Promise<number | null> {
  const { track, remote } = request;
  const file = track === 'python' ? 'main.py' : 'main.ts';
  const prepared = await prepareProgram({
    id: 'demo',
    lesson: 'demo',
    track,
    program: { kind: 'file', path: join(packageRoot(), 'exercises', 'demo', track, file) },
    seed: 'demo',
    ...(request.workspace ? { workspace: request.workspace } : {}),
  });
  const broker = remote ? undefined : await startBroker({ listen: false });
  const tap = createTap({
    open: () => broker?.open() ?? connect({ host: remote?.host ?? '', port: remote?.port ?? 0 }),
  });
  tap.onEntry(request.onEntry);
  try {
    const { port } = await tap.listen({ who: 'demo' });
    const began = performance.now();
    const program = startProgram(
      'demo',
      prepared.spec,
      {
        MQTT_URL: `mqtt://127.0.0.1:${port}`,
        MQTT_HOST: '127.0.0.1',
        MQTT_PORT: String(port),
        DEMO_PREFIX: `demo-${randomFrom(newSeed(), 'demo').token(6)}`,
      },
      () => performance.now() - began,
      () => undefined,
      request.onOutput,
    );
    const stop = () => program.kill();
    request.signal?.addEventListener('abort', stop, { once: true });
    await program.exited;
    request.signal?.removeEventListener('abort', stop);
    return program.record().exitCode;
  } finally {
    await tap.close();
    await broker?.stop();
    await prepared.dispose();
  }
}
