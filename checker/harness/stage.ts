import {
  type Broker,
  type BrokerOptions,
  remoteBroker,
  startBroker,
  startMosquitto,
} from '../../broker/index.js';
import {
  type ConnectOptions,
  createPeer,
  createTap,
  type Direction,
  type Listener,
  type Peer,
  type PeerOptions,
  type Tap,
  TRACE_SCHEMA,
  type TraceEntry,
} from '../../wire/index.js';
import { type RunningProgram, startProgram } from '../program/run.js';
import type { Guards, Launcher, OpenLauncher, ProgramSpec } from '../program/spec.js';
import { allAsleep, atRest } from './at-rest.js';
import { type PatienceWatch, watchPatience, within } from './patience.js';
import { type Random, randomFrom } from './random.js';
import {
  isPacket,
  type PacketOf,
  type PacketType,
  type ProgramRecord,
  type Recording,
} from './recording.js';
import type { ScenarioDefinition } from './scenario.js';

/** How long a scenario waits for something that the program should do, when it does not say. */
export const DEADLINE_MS = 4000;
/** How long a program may take to leave after it was asked to. */
export const STOP_DEADLINE_MS = 3000;

export interface Await<Type extends PacketType> {
  /** What is awaited, in words: "the PUBLISH of reading 3". */
  readonly what?: string;
  readonly when?: (entry: PacketOf<Type>) => boolean;
  /** Usable milliseconds; default 4000. */
  readonly within?: number;
  /** Only packets after this one. */
  readonly after?: { readonly n: number };
  /** The how-manieth such packet; default the first. */
  readonly nth?: number;
}

export interface StartOptions {
  /** Environment variables of the lesson's contract, beside MQTT_URL, MQTT_HOST and MQTT_PORT. */
  readonly env?: Readonly<Record<string, string>>;
  /** Lane of its own, with a port of its own; default `program`. */
  readonly name?: string;
  /** Scheme of MQTT_URL; default `mqtt`. */
  readonly scheme?: 'mqtt' | 'mqtts';
  /** Host in MQTT_URL; default 127.0.0.1. */
  readonly host?: string;
}

/** A learner's program on the stage. */
export interface StagedProgram {
  readonly name: string;
  readonly running: boolean;
  feed(line: unknown): void;
  /** Ends its standard input without waiting. */
  endInput(): void;
  /** Ends its standard input and waits until it has left, or three seconds have passed. */
  stop(): Promise<void>;
  /** Kills it and waits until its connections are seen to end. */
  crash(): Promise<void>;
  /** Waits for it to end by itself. False when it did not in time. */
  leaves(withinMs?: number): Promise<boolean>;
  /** Waits for a packet from it. The scenario ends here when it does not come. */
  sends<Type extends PacketType>(type: Type, wanted?: Await<Type>): Promise<PacketOf<Type>>;
  /** Waits for a packet towards it. The scenario ends here when it does not come. */
  receives<Type extends PacketType>(type: Type, wanted?: Await<Type>): Promise<PacketOf<Type>>;
}

export type StagePeerOptions = Partial<ConnectOptions> & PeerOptions;

export interface Stage {
  readonly random: Random;
  /** Where the learner's file is, and the configuration files beside it. */
  readonly folder: string;
  /** Which broker was asked for: `embedded`, `mosquitto`, or a URL. */
  readonly brokerKind: string;
  /** Puts what was found beside the wire (plain JSON) into the recording. */
  find(findings: unknown): void;
  readonly broker: Broker;
  /** Puts another broker behind the tap, for the connections that are opened from now on. */
  use(broker: Broker): void;
  readonly tap: Tap;
  /** Starts the learner's program. Starting the same name again is a second run of it. */
  start(options?: StartOptions): Promise<StagedProgram>;
  /** Makes the lane of a program before it is started: to have rules in place, or its port closed. */
  listen(name?: string): Promise<Listener>;
  /** One of the checker's own clients, connected. Its packets are in the trace under its name. */
  peer(name: string, options?: StagePeerOptions): Promise<Peer>;
  /** Waits for any entry of the trace. The scenario ends here when it does not come. */
  until(what: string, when: (entry: TraceEntry) => boolean, withinMs?: number): Promise<TraceEntry>;
  /** As `until`, but a deadline gives undefined and the scenario goes on. */
  maybe(
    what: string,
    when: (entry: TraceEntry) => boolean,
    withinMs?: number,
  ): Promise<TraceEntry | undefined>;
  /**
   * As `maybe`, for what a program might do of itself (give up, try once more) while nothing comes
   * to it. Ends as soon as it is known that no program will do anything in this time: see `asleepMs`.
   */
  byItself(
    what: string,
    when: (entry: TraceEntry) => boolean,
    withinMs: number,
  ): Promise<TraceEntry | undefined>;
  /** Waits for a promise of a peer (a message, a SUBACK). The scenario ends here when it does not come. */
  expect<T>(what: string, promise: Promise<T>, withinMs?: number): Promise<T>;
  /**
   * Lets protocol time pass (keep-alive, a reconnect pause). Not for "by then it will have come":
   * that is `until`.
   */
  protocolTime(ms: number): Promise<void>;
  now(): number;
}

/** Ends a scenario early: what it waited for did not come. The checks judge what was recorded. */
class GaveUp extends Error {
  constructor(
    readonly waitedFor: string,
    readonly afterMs: number,
  ) {
    super(`waited for ${waitedFor}`);
  }
}

export interface StageSettings {
  /** The checker's clients have short client identifiers: for pictures in lessons. */
  readonly plainPeers?: boolean;
  /** `embedded` (default), `mosquitto` for the system's Mosquitto, or the address of a broker. */
  readonly brokerKind?: string;
  /** Ends the scenario at once, and every program of it. */
  readonly signal?: AbortSignal;
}

/** The reason in a recording that was stopped from outside. */
export const STOPPED = 'the check was stopped';

/**
 * The broker of a scenario. Where a scenario asks for a behaviour that only the embedded broker can
 * be told to have (a login that is refused), it gets that one, whatever was chosen.
 */
async function openBroker(
  kind: string,
  options: BrokerOptions | undefined,
  guards: Guards | undefined,
): Promise<Broker> {
  if (kind === 'embedded' || options) {
    const limits = { ...options?.limits, ...(guards ? queueCap(options, guards) : {}) };
    return startBroker({ listen: false, ...options, limits });
  }
  return kind === 'mosquitto' ? startMosquitto() : remoteBroker(kind);
}

function queueCap(options: BrokerOptions | undefined, { queuedMessages }: Guards) {
  const asked = options?.limits?.maxQueued;
  return { maxQueued: asked ? Math.min(asked, queuedMessages) : queuedMessages };
}

async function openLauncher(
  { launcher }: ProgramSpec,
  onLimit: (program: string, text: string) => void,
): Promise<Launcher | undefined> {
  if (!launcher) return undefined;
  const module = (await import(launcher.module)) as { openLauncher: OpenLauncher };
  return module.openLauncher(launcher.options, onLimit);
}

/** What the client identifiers of the checker's own peers begin with; no program may use it. */
const PEERS = 'checker-';

/** Runs one scenario with one program and gives what was recorded. Never throws. */
export async function perform<Facts>(
  definition: ScenarioDefinition<Facts>,
  spec: ProgramSpec,
  settings: StageSettings = {},
): Promise<Recording<Facts>> {
  const facts = definition.facts(randomFrom(spec.seed, definition.name));
  const opened = await openStage(definition, spec, facts, settings).catch(faultOf);
  if (typeof opened === 'string') {
    const trace = {
      schema: TRACE_SCHEMA,
      startedAt: new Date().toISOString(),
      entries: [],
    } as const;
    const nothing = { trace, programs: [], stalls: [] };
    return { scenario: definition.name, facts, ...nothing, fault: opened };
  }
  const live = opened;
  let gaveUp: Recording['gaveUp'];
  let fault: string | undefined;
  try {
    await untilStopped(definition.run(live.stage, facts), settings.signal);
  } catch (error) {
    if (error instanceof GaveUp) {
      const waited = (error.afterMs / 1000).toFixed(1);
      live.stage.tap.note('gave-up', `waited ${waited} s for ${error.waitedFor}`);
      gaveUp = {
        waitedFor: error.waitedFor,
        afterMs: Math.round(error.afterMs),
        t: live.stage.now(),
      };
    } else {
      fault = faultOf(error);
    }
  }
  const { trace, programs, stalls, findings, broken } = await live.close();
  fault ??= broken;
  return {
    scenario: definition.name,
    facts,
    trace,
    programs,
    stalls,
    ...(findings === undefined ? {} : { findings }),
    ...(gaveUp ? { gaveUp } : {}),
    ...(fault ? { fault } : {}),
  };
}

function faultOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** @throws Error when it is stopped before it has ended; it then goes on with a stage that is closed */
async function untilStopped(run: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  if (!signal) return run;
  let stop: (() => void) | undefined;
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(new Error(STOPPED));
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
  run.catch(() => undefined);
  aborted.catch(() => undefined);
  try {
    await Promise.race([run, aborted]);
  } finally {
    if (stop) signal.removeEventListener('abort', stop);
  }
}

async function openStage<Facts>(
  definition: ScenarioDefinition<Facts>,
  spec: ProgramSpec,
  facts: Facts,
  settings: StageSettings,
) {
  const guards = spec.launcher?.guards;
  const brokers = [
    await openBroker(settings.brokerKind ?? 'embedded', definition.broker?.(facts), guards),
  ];
  const broker = () => brokers.at(-1) as Broker;
  const began = performance.now();
  const now = () => Math.round((performance.now() - began) * 10) / 10;
  const tap = createTap({ open: () => broker().open(), now, maxEntries: 20_000 });
  const onLimit = (who: string, text: string) => tap.note('limit', text, who);
  const launcher = await openLauncher(spec, onLimit).catch(async error => {
    await broker().stop();
    throw error;
  });
  // Not to be guessed by a program: nobody shall push the checker's clients out.
  const token = randomFrom(`${spec.seed}${guards?.salt ?? ''}`, 'peers').token(8);
  const peerId = (name: string) =>
    `${PEERS}${settings.plainPeers ? '' : `${token}-`}${name}`.replaceAll(' ', '-');
  const running = new Set<RunningProgram>();
  const records: ProgramRecord[] = [];
  const peers: Peer[] = [];
  const listeners = new Map<string, Promise<Listener>>();
  const patience: PatienceWatch = watchPatience(now, () =>
    [...running].reduce((sum, one) => sum + one.starvedMs(), 0),
  );
  let findings: unknown;
  /** Why a program was never reached: nothing can be told then. */
  let broken: string | undefined;
  let closed = false;
  /** Aborted when no program is left that could still do something. */
  const wakeups = new Set<() => void>();

  const listen = (name: string) => {
    const known = listeners.get(name);
    if (known) return known;
    const guard = {
      ...guards,
      reserved: (id: string) => id.startsWith(PEERS),
      onHit: (text: string) => onLimit(name, text),
    };
    const listener = (async () =>
      tap.listen({
        who: name,
        ...(await definition.listen?.(facts, name)),
        ...(launcher?.bind ? { socket: launcher.bind } : {}),
        guard,
      }))();
    listeners.set(name, listener);
    return listener;
  };

  /** Waits for an event; gives up when the deadline passes or no program is left to make it happen. */
  async function awaits<T>(
    what: string,
    event: Promise<T>,
    ms: number,
    needsProgram: boolean,
  ): Promise<T> {
    const from = now();
    let value: { got: T } | undefined;
    const got = event.then(result => {
      value = { got: result };
    });
    let nobodyLeft: (() => void) | undefined;
    const abandoned = new Promise<void>(resolve => {
      if (!needsProgram) return;
      nobodyLeft = () => {
        if (running.size === 0) resolve();
      };
      wakeups.add(nobodyLeft);
      if (records.length > 0) nobodyLeft();
    });
    // When the last program has ended, what it sent may still be on its way through the tap.
    const settled = abandoned.then(() => within(300, got, now, patience));
    try {
      await within(ms, Promise.race([got, settled]), now, patience);
    } finally {
      if (nobodyLeft) wakeups.delete(nobodyLeft);
    }
    if (value) return value.got;
    const waited = now() - from;
    throw new GaveUp(what, waited);
  }

  async function awaitEntry(
    what: string,
    when: (entry: TraceEntry) => boolean,
    ms = DEADLINE_MS,
    needsProgram = true,
  ): Promise<TraceEntry> {
    const aborter = new AbortController();
    const event = tap.until(when, { signal: aborter.signal });
    event.catch(() => undefined);
    try {
      return await awaits(what, event, ms, needsProgram);
    } finally {
      aborter.abort();
    }
  }

  async function awaitPacket<Type extends PacketType>(
    who: string,
    direction: Direction,
    type: Type,
    wanted: Await<Type> = {},
  ): Promise<PacketOf<Type>> {
    let countdown = wanted.nth ?? 1;
    const seen = new Set<number>();
    const found = await awaitEntry(
      wanted.what ??
        `${/^[AEIOU]/.test(type) ? 'an' : 'a'} ${type} ${direction === 'to-broker' ? 'from' : 'to'} the program`,
      entry => {
        if (!isPacket(entry, type) || entry.who !== who || entry.direction !== direction)
          return false;
        if (direction === 'to-broker' && entry.madeByTap) return false;
        if (wanted.after && entry.n <= wanted.after.n) return false;
        if (wanted.when && !wanted.when(entry)) return false;
        if (seen.has(entry.n)) return false;
        seen.add(entry.n);
        countdown -= 1;
        return countdown === 0;
      },
      wanted.within,
    );
    return found as PacketOf<Type>;
  }

  async function start(startOptions: StartOptions = {}): Promise<StagedProgram> {
    const name = startOptions.name ?? 'program';
    const { port } = await listen(name);
    if (closed) throw new Error(STOPPED);
    const host = startOptions.host ?? '127.0.0.1';
    const env = {
      MQTT_URL: `${startOptions.scheme ?? 'mqtt'}://${host}:${port}`,
      MQTT_HOST: host,
      MQTT_PORT: String(port),
      ...startOptions.env,
    };
    tap.note('started', 'the program was started', name);
    const onExit = (record: ProgramRecord) => {
      running.delete(program);
      records.push(record);
      if (launcher && record.startError) broken ??= `${name}: ${record.startError}`;
      const how = record.signal ? `by ${record.signal}` : `with exit code ${record.exitCode}`;
      tap.note('ended', record.startError ?? `the program ended ${how}`, name);
      for (const wake of wakeups) wake();
    };
    const program = startProgram(name, spec, env, now, onExit, undefined, launcher);
    running.add(program);
    const connectionsEnd = () => within(500, whenClosed(tap, name), now, patience);
    return {
      name,
      get running() {
        return program.running;
      },
      feed: line => program.feed(line),
      endInput: () => {
        tap.note('stop-asked', 'the end of its input: the program was asked to stop', name);
        program.endInput();
      },
      stop: async () => {
        if (program.running) await atRest(tap, name, port, now, patience, launcher?.socketTable);
        tap.note('stop-asked', 'the end of its input: the program was asked to stop', name);
        program.endInput();
        if (await within(STOP_DEADLINE_MS, program.exited, now, patience)) await connectionsEnd();
        else
          tap.note(
            'still-running',
            'the program is still running 3 s after it was asked to stop',
            name,
          );
      },
      crash: async () => {
        tap.note('crashed', 'the program was killed', name);
        program.kill();
        await program.exited;
        await connectionsEnd();
      },
      leaves: async (ms = DEADLINE_MS) => {
        const left = await within(ms, program.exited, now, patience);
        if (left) await connectionsEnd();
        return left;
      },
      sends: (type, wanted) => awaitPacket(name, 'to-broker', type, wanted),
      receives: (type, wanted) => awaitPacket(name, 'to-client', type, wanted),
    };
  }

  const waited = (from: number) => `${((now() - from) / 1000).toFixed(1)} s`;

  const stage: Stage = {
    random: randomFrom(spec.seed, `${definition.name}/live`),
    folder: spec.cwd,
    brokerKind: settings.brokerKind ?? 'embedded',
    find: value => {
      findings = value;
    },
    get broker() {
      return broker();
    },
    use: other => {
      if (closed) void other.stop();
      else brokers.push(other);
    },
    tap,
    now,
    start,
    listen: (name = 'program') => listen(name),
    peer: async (name, peerOptions = {}) => {
      const peer = createPeer(tap.attach(name), peerOptions);
      peers.push(peer);
      await awaits(
        `the broker to accept the checker's ${name}`,
        peer.connect({ clientId: peerId(name), ...peerOptions }),
        DEADLINE_MS,
        false,
      );
      return peer;
    },
    until: (what, when, ms) => awaitEntry(what, when, ms),
    maybe: async (what, when, ms) => {
      try {
        return await awaitEntry(what, when, ms);
      } catch (error) {
        if (!(error instanceof GaveUp)) throw error;
        tap.note('not-seen', `waited ${(error.afterMs / 1000).toFixed(1)} s for ${what}`);
        return undefined;
      }
    },
    byItself: async (what, when, ms) => {
      const from = now();
      const seen = new AbortController();
      const event = tap.until(when, { signal: seen.signal });
      event.catch(() => undefined);
      const quiet = allAsleep(
        tap,
        () => [...running],
        () => from + ms - now(),
        seen.signal,
      );
      try {
        const found = await Promise.race([
          awaits(what, event, ms, true),
          quiet.then(asleep => (asleep ? undefined : new Promise<never>(() => undefined))),
        ]);
        if (found) return found;
        tap.note('not-seen', `no ${what} in ${waited(from)}: the program only waits for packets`);
      } catch (error) {
        if (!(error instanceof GaveUp)) throw error;
        tap.note('not-seen', `waited ${waited(from)} for ${what}`);
      } finally {
        seen.abort();
      }
      return undefined;
    },
    expect: (what, promise, ms = DEADLINE_MS) => awaits(what, promise, ms, true),
    protocolTime: ms => new Promise(resolve => setTimeout(resolve, ms)),
  };

  return {
    stage,
    close: async () => {
      closed = true;
      for (const program of running) program.kill();
      await Promise.all([...running].map(program => program.exited));
      for (const name of listeners.keys()) await within(500, whenClosed(tap, name), now, patience);
      patience.stop();
      const trace = tap.trace();
      for (const peer of peers) peer.destroy();
      await tap.close();
      await launcher?.close();
      await Promise.all(brokers.map(one => one.stop()));
      return {
        trace,
        programs: [...records].sort((a, b) => a.startedAt - b.startedAt),
        stalls: patience.stalls,
        findings,
        broken,
      };
    },
  };
}

/** Resolves when no connection of that name is open. */
async function whenClosed(tap: Tap, who: string): Promise<void> {
  const open = () => tap.connections().filter(one => one.open && one.who === who);
  for (const { connection } of open()) {
    await tap.until(
      entry =>
        entry.kind === 'connection' && entry.connection === connection && entry.event === 'closed',
    );
  }
}
