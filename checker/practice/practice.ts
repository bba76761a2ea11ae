import { type Broker, startBroker, startMosquitto } from '../../broker/index.js';
import { createTap, type QoS, type Tap, type TraceEntry } from '../../wire/index.js';
import type { CheckRequest } from '../check/check-program.js';
import { loadLesson } from '../check/test-host.js';
import { within } from '../harness/deadline.js';
import type { Lesson } from '../harness/lesson.js';
import { whenClosed } from '../harness/quiescence.js';
import { newSeed, randomFrom } from '../harness/random.js';
import type { ProgramRecord } from '../harness/recording.js';
import { requireLocalhost } from '../program/machine.js';
import { prepareProgram } from '../program/prepare.js';
import { type RunningProgram, startProgram } from '../program/run.js';
import { tellStory } from './story.js';
import { createWorld } from './world.js';

/** Milliseconds a program gets to leave after it was asked to. */
const STOP_DEADLINE_MS = 3000;

export interface PracticeRequest
  extends Pick<CheckRequest, 'lesson' | 'track' | 'program' | 'seed' | 'workspace'> {
  /** Port of the practice broker, for other clients; default an ephemeral one. */
  readonly port?: number;
  /** The system's Mosquitto instead of the embedded broker, on a port of its own choice. */
  readonly mosquitto?: boolean;
  /** False: the lesson's own events wait until `tell(true)`. Default true. */
  readonly events?: boolean;
  /** Called for each entry of the trace, and again when what became of it changes. */
  readonly onEntry: (entry: TraceEntry) => void;
  readonly onOutput: (stream: 'stdout' | 'stderr', text: string) => void;
  /** Called each time the program has ended. */
  readonly onEnd?: (record: ProgramRecord) => void;
}

/** A message of the world around the program. */
export interface WorldMessage {
  readonly topic: string;
  readonly payload: string;
  readonly qos?: QoS;
  readonly retain?: boolean;
}

/** A learner's program in front of a practice broker, with the wire to look at. Nothing is judged. */
export interface PracticeSession {
  readonly lesson: string;
  readonly brokerKind: 'embedded' | 'mosquitto';
  /** Where other clients (mosquitto_sub) can join. */
  readonly brokerPort: number;
  readonly env: Readonly<Record<string, string>>;
  readonly tap: Tap;
  readonly broker: Broker;
  readonly seed: string;
  /** The start that runs now, or that ran last. */
  readonly program: RunningProgram;
  /** Whether the lesson brings events of its own, and whether they come now. */
  readonly story: 'none' | 'on' | 'off';
  /** No event of the lesson's own will come any more, unless the program is started again. */
  readonly told: boolean;
  /** Lets the lesson's own events wait, or go on. */
  tell(on: boolean): void;
  /** Publishes as the world around the program; resolves as the peer's `publish`. */
  publish(message: WorldMessage): Promise<void>;
  /** A line of JSON for the program's standard input. */
  feed(line: unknown): void;
  /** Asks the program to stop (end of its input), and ends it after three seconds. */
  halt(): Promise<void>;
  /** Kills the program: a crash, as the broker sees it. */
  crash(): Promise<void>;
  /** Starts the program again; one that still runs is asked to stop first. */
  again(): Promise<void>;
  /** The broker goes down as in a crash, and comes back with what it kept, or empty. */
  restart(state: 'keep' | 'wipe'): Promise<void>;
  /** As `halt`, and closes everything. */
  stop(): Promise<void>;
}

/** What the tap calls the program's connections, and the learner's own client. */
export const PRACTICE_LIFELINES = { left: ['program'], right: ['world'] } as const;

/** @throws ProgramUnavailable as `checkLesson` would tell it */
export async function practise(request: PracticeRequest): Promise<PracticeSession> {
  const seed = request.seed ?? newSeed();
  const lesson: Lesson = await loadLesson(request.lesson);
  const prepared = await prepareProgram({ ...request, seed, id: 'practice' });
  const tls = await lesson.practice.tls?.();
  const env = { ...lesson.practice.env(randomFrom(seed, 'practice')), ...tls?.env };
  const broker = request.mosquitto
    ? await startMosquitto()
    : await startBroker({
        ...lesson.practice.broker?.(env),
        listen: { port: request.port ?? 0 },
      });
  const brokerPort = broker.port ?? 0;
  const began = performance.now();
  const now = () => Math.round((performance.now() - began) * 10) / 10;
  const tap = createTap({ open: () => broker.open(), now, maxEntries: 100_000 });
  tap.onEntry(request.onEntry);
  const [who] = PRACTICE_LIFELINES.left;
  if (tls) await requireLocalhost();
  const { port } = await tap.listen({
    who,
    ...(tls ? { host: 'localhost', tls: tls.options } : {}),
  });
  // A certificate is for a name, not for an address.
  const host = tls ? 'localhost' : '127.0.0.1';
  const world = createWorld(tap, PRACTICE_LIFELINES.right[0], env);
  let program: RunningProgram;
  let story: ReturnType<typeof tellStory>;
  let telling = request.events ?? true;

  function begin(): void {
    tap.note('started', 'the program was started', who);
    const mine = startProgram(
      who,
      prepared.spec,
      {
        MQTT_URL: `${tls ? 'mqtts' : 'mqtt'}://${host}:${port}`,
        MQTT_HOST: host,
        MQTT_PORT: String(port),
        ...env,
      },
      now,
      record => {
        own.end();
        const how = record.signal ? `by ${record.signal}` : `with exit code ${record.exitCode}`;
        tap.note('ended', record.startError ?? `the program ended ${how}`, who);
        request.onEnd?.(record);
      },
      request.onOutput,
    );
    const events = lesson.practice.events?.(randomFrom(seed, 'practice events'), env) ?? [];
    const own = tellStory(events, tap, who, {
      feed: line => mine.feed(line),
      publish: world.publish,
      paused: () => !telling,
    });
    program = mine;
    story = own;
  }

  async function halt(): Promise<void> {
    story.end();
    if (!program.running) return;
    tap.note('stop-asked', 'the end of its input: the program was asked to stop', who);
    program.endInput();
    const timer = setTimeout(() => program.kill(), STOP_DEADLINE_MS);
    await program.exited;
    clearTimeout(timer);
  }

  async function close(): Promise<void> {
    await halt();
    world.close();
    await tap.close();
    await broker.stop();
    await prepared.dispose();
  }

  begin();
  let closing: Promise<void> | undefined;
  return {
    lesson: request.lesson,
    brokerKind: request.mosquitto ? 'mosquitto' : 'embedded',
    brokerPort,
    env,
    tap,
    broker,
    seed,
    get program() {
      return program;
    },
    get story() {
      return story.empty ? 'none' : telling ? 'on' : 'off';
    },
    get told() {
      return story.told || !telling;
    },
    tell: on => {
      telling = on;
    },
    publish: world.publish,
    feed: line => program.feed(line),
    halt,
    async crash() {
      if (program.running) tap.note('crashed', 'the program was killed', who);
      program.kill();
      await program.exited;
      // What is typed next finds its connections ended, as the broker does.
      const closed = whenClosed(tap, who).catch(() => undefined);
      await within(500, closed, () => performance.now(), { lostSince: () => 0 });
    },
    async again() {
      await halt();
      if (!closing) begin();
    },
    async restart(state) {
      const what = state === 'keep' ? 'kept what it stores' : 'came back empty';
      tap.fault(`restart-${state}`, `the broker was restarted and ${what}`);
      await broker.restart(state);
    },
    stop: () => {
      closing ??= close();
      return closing;
    },
  };
}
