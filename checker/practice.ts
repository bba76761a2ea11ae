import { type Broker, startBroker, startMosquitto } from '../broker/index.js';
import { createPeer, createTap, type Tap, type TraceEntry } from '../wire/index.js';
import type { CheckRequest } from './check.js';
import { loadLesson } from './engine.js';
import type { Lesson } from './harness/lesson.js';
import { newSeed, randomFrom } from './harness/random.js';
import { prepareProgram } from './program/prepare.js';
import { type RunningProgram, startProgram } from './program/run.js';

export interface PracticeRequest
  extends Pick<CheckRequest, 'lesson' | 'track' | 'program' | 'seed' | 'workspace'> {
  /** Port of the practice broker, for other clients; default an ephemeral one. */
  readonly port?: number;
  /** The system's Mosquitto instead of the embedded broker, on a port of its own choice. */
  readonly mosquitto?: boolean;
  /** Called for each entry of the trace, and again when what became of it changes. */
  readonly onEntry: (entry: TraceEntry) => void;
  readonly onOutput: (stream: 'stdout' | 'stderr', text: string) => void;
}

/** A learner's program in front of a practice broker, with the wire to look at. Nothing is judged. */
export interface PracticeSession {
  /** Where other clients (mosquitto_sub) can join. */
  readonly brokerPort: number;
  readonly env: Readonly<Record<string, string>>;
  readonly tap: Tap;
  readonly broker: Broker;
  readonly seed: string;
  readonly program: RunningProgram;
  /** Asks the program to stop, and ends it after three seconds. */
  stop(): Promise<void>;
}

/** @throws ProgramUnavailable as `checkLesson` would tell it */
export async function practise(request: PracticeRequest): Promise<PracticeSession> {
  const seed = request.seed ?? newSeed();
  const lesson: Lesson = await loadLesson(request.lesson);
  const prepared = await prepareProgram({ ...request, seed, id: 'practice' });
  const random = randomFrom(seed, 'practice');
  const tls = await lesson.practice.tls?.();
  const env = { ...lesson.practice.env(random), ...tls?.env };
  const broker = request.mosquitto
    ? await startMosquitto()
    : await startBroker({
        ...lesson.practice.broker?.(env),
        listen: { port: request.port ?? 0 },
      });
  const began = performance.now();
  const now = () => Math.round((performance.now() - began) * 10) / 10;
  const tap = createTap({ open: () => broker.open(), now, maxEntries: 100_000 });
  tap.onEntry(request.onEntry);
  const { port } = await tap.listen({ who: 'program', ...(tls ? { tls: tls.options } : {}) });
  // A certificate is for a name, not for an address.
  const host = tls ? 'localhost' : '127.0.0.1';
  const program = startProgram(
    'program',
    prepared.spec,
    {
      MQTT_URL: `${tls ? 'mqtts' : 'mqtt'}://${host}:${port}`,
      MQTT_HOST: host,
      MQTT_PORT: String(port),
      ...env,
    },
    now,
    () => undefined,
    request.onOutput,
  );
  const story = tell(lesson, env, seed, tap, program);
  let stopping: Promise<void> | undefined;
  const stop = async () => {
    story.end();
    program.endInput();
    const timer = setTimeout(() => program.kill(), 3000);
    await program.exited;
    clearTimeout(timer);
    await tap.close();
    await broker.stop();
    await prepared.dispose();
  };
  void program.exited.then(() => story.end());
  return {
    brokerPort: broker.port ?? 0,
    env,
    tap,
    broker,
    seed,
    program,
    stop: () => {
      stopping ??= stop();
      return stopping;
    },
  };
}

/** Plays the lesson's events, one a second, once the program is connected. */
function tell(
  lesson: Lesson,
  env: Readonly<Record<string, string>>,
  seed: string,
  tap: Tap,
  program: RunningProgram,
): { end(): void } {
  const events = [...(lesson.practice.events?.(randomFrom(seed, 'practice events'), env) ?? [])];
  let timer: NodeJS.Timeout | undefined;
  let peer: Awaited<ReturnType<typeof world>> | undefined;
  const next = async () => {
    const event = events.shift();
    if (!event) return;
    if ('input' in event) program.feed(event.input);
    else {
      peer ??= await world(tap);
      await peer.publish(event.topic, event.payload, {
        qos: event.qos ?? 0,
        retain: event.retain ?? false,
      });
    }
  };
  const begin = tap.onEntry(entry => {
    if (entry.kind !== 'packet' || entry.packet.type !== 'CONNACK' || entry.who !== 'program')
      return;
    begin();
    timer = setInterval(() => void next().catch(() => undefined), 1000);
  });
  return {
    end: () => {
      begin();
      clearInterval(timer);
      peer?.destroy();
    },
  };
}

async function world(tap: Tap) {
  const peer = createPeer(tap.attach('the world'));
  await peer.connect({ clientId: 'the-world' });
  return peer;
}
