import {
  type Broker,
  type BrokerOptions,
  remoteBroker,
  startBroker,
  startMosquitto,
} from '../../broker/index.js';
import { machineReasonIn } from '../../course/machine.js';
import { createPeer, createTap, type Peer, type TapListener } from '../../wire/index.js';
import { requireLocalhost } from '../program/machine.js';
import { type RunningProgram, startProgram } from '../program/run.js';
import type { Guards, Launcher, OpenLauncher, ProgramSpec } from '../program/spec.js';
import {
  DEADLINE_MS,
  type ScenarioContext,
  STOP_DEADLINE_MS,
  type StartedProgram,
  type StartOptions,
} from './context.js';
import { type StallWatch, watchStalls, within } from './deadline.js';
import { hasUnread, untilQuiescent, whenClosed } from './quiescence.js';
import { randomFrom } from './random.js';
import type { ProgramRecord } from './recording.js';
import type { ScenarioDefinition } from './scenario.js';
import { createWaits } from './waits.js';

export interface ContextSettings {
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

/**
 * Why a program could not be started, where that is no failure of the program: of a command that was
 * given, the words themselves may be wrong; anything else is found and started by us.
 */
function notStarted(name: string, error: string, { track, launcher }: ProgramSpec) {
  const reason = machineReasonIn(error);
  if (launcher) return `${name}: ${error}`;
  if (reason !== undefined) return `This machine did not do its part: ${reason}`;
  return track === 'command' ? undefined : `${name} could not be started: ${error}`;
}

/** What the client identifiers of the checker's own peers begin with; no program may use it. */
const PEERS = 'checker-';

/** Puts everything up that a scenario needs. What `close` gives is what was recorded. */
export async function openContext<Facts>(
  definition: ScenarioDefinition<Facts>,
  spec: ProgramSpec,
  facts: Facts,
  settings: ContextSettings,
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
  const listeners = new Map<string, Promise<TapListener>>();
  const stallWatch: StallWatch = watchStalls(now, () =>
    [...running].reduce((sum, one) => sum + one.starvedMs(), 0),
  );
  let findings: unknown;
  /** Why a program was never reached: nothing can be told then. */
  let broken: string | undefined;
  let closed = false;
  /** Waits for protocol time that the scenario has under way. */
  let passing = 0;
  const waits = createWaits({
    tap,
    now,
    stallWatch,
    running,
    anyEnded: () => records.length > 0,
    rest: {
      tap,
      now,
      running: () => [...running],
      scenarioIsBusy: () => passing > 0,
      hasUnread: async () => {
        const ports = await Promise.all([...listeners.values()]);
        const unread = ports.map(({ port }) => hasUnread(port, launcher?.socketTable));
        return (await Promise.all(unread)).includes(true);
      },
      ownBroker: () => (settings.brokerKind ?? 'embedded') === 'embedded',
    },
  });

  const listen = (name: string) => {
    const known = listeners.get(name);
    if (known) return known;
    const limits = {
      ...guards,
      reserved: (id: string) => id.startsWith(PEERS),
      onHit: (text: string) => onLimit(name, text),
    };
    const listener = (async () =>
      tap.listen({
        who: name,
        ...(await definition.listen?.(facts, name)),
        ...(launcher?.bind ? { socket: launcher.bind } : {}),
        limits,
      }))();
    listeners.set(name, listener);
    return listener;
  };

  async function start(startOptions: StartOptions = {}): Promise<StartedProgram> {
    const name = startOptions.name ?? 'program';
    const { port } = await listen(name);
    if (closed) throw new Error(STOPPED);
    const host = startOptions.host ?? '127.0.0.1';
    if (host === 'localhost' && !launcher) await requireLocalhost();
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
      if (record.startError) broken ??= notStarted(name, record.startError, spec);
      const how = record.signal ? `by ${record.signal}` : `with exit code ${record.exitCode}`;
      tap.note('ended', record.startError ?? `the program ended ${how}`, name);
      waits.programEnded();
    };
    const program = startProgram(name, spec, env, now, onExit, undefined, launcher);
    running.add(program);
    const connectionsEnd = () => within(500, whenClosed(tap, name), now, stallWatch);
    /** Waits until the program has ended, and its connections are seen to; `text` says why it has not. */
    const hasLeft = async (ms: number) => {
      const over = new AbortController();
      const atRest = waits.nothingComes(ms, over.signal);
      await within(ms, Promise.race([program.exited, atRest]), now, stallWatch);
      over.abort();
      if (!program.running) await connectionsEnd();
      const asleep = await Promise.race([atRest, Promise.resolve(false)]);
      return {
        left: !program.running,
        text: asleep
          ? 'is asleep and no timer of it is due'
          : `is still running after ${(ms / 1000).toFixed(0)} s`,
      };
    };
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
        if (program.running)
          await untilQuiescent(tap, name, port, now, stallWatch, launcher?.socketTable);
        tap.note('stop-asked', 'the end of its input: the program was asked to stop', name);
        program.endInput();
        const { left, text } = await hasLeft(STOP_DEADLINE_MS);
        if (!left) tap.note('still-running', `asked to stop, the program ${text}`, name);
      },
      crash: async () => {
        tap.note('crashed', 'the program was killed', name);
        program.kill();
        await program.exited;
        await connectionsEnd();
      },
      leaves: async (ms = DEADLINE_MS) => {
        const { left, text } = await hasLeft(ms);
        if (!left) tap.note('not-left', `the program ${text}`, name);
        return left;
      },
      settles: async ms => {
        const over = new AbortController();
        const atRest = waits.nothingComes(ms, over.signal);
        await within(ms, Promise.race([program.exited, atRest]), now, stallWatch);
        over.abort();
      },
      sends: (type, wanted) => waits.awaitPacket(name, 'to-broker', type, wanted),
      receives: (type, wanted) => waits.awaitPacket(name, 'to-client', type, wanted),
    };
  }

  const context: ScenarioContext = {
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
      await waits.awaits(
        `the broker to accept the checker's ${name}`,
        peer.connect({ clientId: peerId(name), ...peerOptions }),
        DEADLINE_MS,
        false,
      );
      return peer;
    },
    until: (what, when, ms) => waits.awaitEntry(what, when, ms),
    maybe: waits.maybe,
    expect: (what, promise, ms = DEADLINE_MS) => waits.awaits(what, promise, ms, true),
    protocolTime: async ms => {
      passing += 1;
      await new Promise(resolve => setTimeout(resolve, ms));
      passing -= 1;
    },
  };

  return {
    context,
    close: async () => {
      closed = true;
      for (const program of running) program.kill();
      await Promise.all([...running].map(program => program.exited));
      for (const name of listeners.keys())
        await within(500, whenClosed(tap, name), now, stallWatch);
      stallWatch.stop();
      const trace = tap.trace();
      for (const peer of peers) peer.destroy();
      await tap.close();
      await launcher?.close();
      await Promise.all(brokers.map(one => one.stop()));
      return {
        trace,
        programs: [...records].sort((a, b) => a.startedAt - b.startedAt),
        stalls: stallWatch.stalls,
        findings,
        broken,
      };
    },
  };
}
