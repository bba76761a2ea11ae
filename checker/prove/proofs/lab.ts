import mqtt, { type IClientOptions, type MqttClient } from 'mqtt';
import { type Broker, type BrokerOptions, startBroker } from '../../../broker/index.js';
import {
  type ConnectOptions,
  createPeer,
  createTap,
  type PacketEntry,
  type Peer,
  type Tap,
  type TraceEntry,
} from '../../../wire/index.js';
import { within } from '../../harness/deadline.js';

/**
 * A bench for the questions of a lesson: no answer is believed that was not seen on the wire.
 * A proof runs the exchange that a question speaks of, and says which option came true.
 */
export interface Lab {
  readonly broker: Broker;
  readonly tap: Tap;
  /** A wire-exact client of our own, connected. */
  peer(name: string, options?: Partial<ConnectOptions>): Promise<Peer>;
  /** A mqtt.js client that dials the tap; its packets are recorded under `name`. */
  client(name: string, options?: IClientOptions): Promise<MqttClient>;
  /** The packets so far, of one lane when named. */
  packets(who?: string): PacketEntry[];
  /** Waits for an entry; undefined when it does not come within the time. */
  until(when: (entry: TraceEntry) => boolean, withinMs?: number): Promise<TraceEntry | undefined>;
  /** Lets protocol time pass. */
  protocolTime(ms: number): Promise<void>;
}

/** Gives the number of the option that came true, from 1; throws when none did. */
export type Proof = (lab: Lab) => Promise<number>;

/** A proof with options for its broker. */
export interface ProofWithBroker {
  readonly broker: BrokerOptions;
  readonly run: Proof;
}

export type Proofs = Readonly<Record<string, Proof | ProofWithBroker>>;

/** Runs one proof on a bench of its own. */
export async function runProof(proof: Proof | ProofWithBroker): Promise<number> {
  const { broker: options, run } = typeof proof === 'function' ? { broker: {}, run: proof } : proof;
  const broker = await startBroker({ listen: false, ...options });
  const tap = createTap({ open: () => broker.open() });
  const clients: MqttClient[] = [];
  const peers: Peer[] = [];
  const began = performance.now();
  const now = () => performance.now() - began;
  const lab: Lab = {
    broker,
    tap,
    peer: async (name, peerOptions = {}) => {
      const peer = createPeer(tap.attach(name));
      peers.push(peer);
      await peer.connect({ clientId: name, ...peerOptions });
      return peer;
    },
    client: async (name, clientOptions = {}) => {
      const { port } = await tap.listen({ who: name });
      const client = mqtt.connect(`mqtt://127.0.0.1:${port}`, { clientId: name, ...clientOptions });
      client.on('error', () => undefined);
      clients.push(client);
      return client;
    },
    packets: who =>
      tap.entries.filter(
        (entry): entry is PacketEntry =>
          entry.kind === 'packet' && (who === undefined || entry.who === who),
      ),
    until: async (when, ms = 4000) => {
      const aborter = new AbortController();
      let found: TraceEntry | undefined;
      const event = tap.until(when, { signal: aborter.signal }).then(entry => {
        found = entry;
      });
      event.catch(() => undefined);
      await within(ms, event, now, { lostSince: () => 0 });
      aborter.abort();
      return found;
    },
    protocolTime: ms => new Promise(resolve => setTimeout(resolve, ms)),
  };
  try {
    return await run(lab);
  } finally {
    for (const client of clients) client.end(true);
    for (const peer of peers) peer.destroy();
    await tap.close();
    await broker.stop();
  }
}

/** The number of the one option that is true. @throws Error when none or several are */
export function whichIsTrue(...options: readonly boolean[]): number {
  const right = options.flatMap((yes, at) => (yes ? [at + 1] : []));
  const [only] = right;
  if (right.length !== 1 || only === undefined) {
    throw new Error(
      `exactly one option should come true, but ${right.length} did: ${right.join(', ')}`,
    );
  }
  return only;
}
