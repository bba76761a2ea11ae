/** What a scenario can do: the context that its `run` is given. */
import type { Broker } from '../../broker/index.js';
import type {
  ConnectOptions,
  Peer,
  PeerOptions,
  Tap,
  TapListener,
  TraceEntry,
} from '../../wire/index.js';
import type { Random } from './random.js';
import type { PacketOf, PacketType } from './recording.js';

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

/** A learner's program on the context. */
export interface StartedProgram {
  readonly name: string;
  readonly running: boolean;
  feed(line: unknown): void;
  /** Ends its standard input without waiting. */
  endInput(): void;
  /** Ends its standard input and waits until it has left, or three seconds have passed. */
  stop(): Promise<void>;
  /** Kills it and waits until its connections are seen to end. */
  crash(): Promise<void>;
  /** Waits until it has read what it was sent and is asleep, or has ended; no longer than this. */
  settles(withinMs: number): Promise<void>;
  /** Waits for it to end by itself. False when it did not in time. */
  leaves(withinMs?: number): Promise<boolean>;
  /** Waits for a packet from it. The scenario ends here when it does not come. */
  sends<Type extends PacketType>(type: Type, wanted?: Await<Type>): Promise<PacketOf<Type>>;
  /** Waits for a packet towards it. The scenario ends here when it does not come. */
  receives<Type extends PacketType>(type: Type, wanted?: Await<Type>): Promise<PacketOf<Type>>;
}

export type ContextPeerOptions = Partial<ConnectOptions> & PeerOptions;

export interface ScenarioContext {
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
  start(options?: StartOptions): Promise<StartedProgram>;
  /** Makes the lane of a program before it is started: to have rules in place, or its port closed. */
  listen(name?: string): Promise<TapListener>;
  /** One of the checker's own clients, connected. Its packets are in the trace under its name. */
  peer(name: string, options?: ContextPeerOptions): Promise<Peer>;
  /** Waits for any entry of the trace. The scenario ends here when it does not come. */
  until(what: string, when: (entry: TraceEntry) => boolean, withinMs?: number): Promise<TraceEntry>;
  /** As `until`, but a deadline gives undefined and the scenario goes on. */
  maybe(
    what: string,
    when: (entry: TraceEntry) => boolean,
    withinMs?: number,
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
