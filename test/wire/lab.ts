/** A broker behind a tap, in one process, for the tests. */
import { type AddressInfo, connect, createServer } from 'node:net';
import type { Duplex } from 'node:stream';
import { Aedes } from 'aedes';
import { afterEach } from 'vitest';
import {
  createPeer,
  createTap,
  duplexPair,
  type Peer,
  type PeerOptions,
  type Tap,
  type TapOptions,
} from '../../wire/index.js';
import type { PacketEntry, TraceEntry } from '../../wire/trace.js';

const endings: (() => unknown)[] = [];

/** Something to be closed after the test, in reverse order. */
export function closing<T>(value: T, close: () => unknown): T {
  endings.push(close);
  return value;
}

afterEach(async () => {
  for (const close of endings.splice(0).reverse()) await close();
});

export interface Lab {
  readonly tap: Tap;
  readonly broker: Aedes;
  peer(who: string, options?: PeerOptions & { clean?: boolean }): Promise<Peer>;
  packets(): PacketEntry[];
}

export const isPacket = (entry: TraceEntry): entry is PacketEntry => entry.kind === 'packet';

/** aedes behind a tap; with `tcp` the tap dials it over a socket. */
export async function lab(
  options: Partial<TapOptions> & { readonly tcp?: boolean } = {},
): Promise<Lab> {
  const broker = await Aedes.createBroker();
  closing(broker, () => new Promise<void>(resolve => broker.close(() => resolve())));
  let open: () => Duplex = () => {
    const [near, far] = duplexPair();
    broker.handle(far);
    return near;
  };
  if (options.tcp) {
    const server = createServer(socket => void broker.handle(socket));
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    closing(server, () => server.close());
    const { port } = server.address() as AddressInfo;
    open = () => connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  }
  const tap = createTap({ open, ...options });
  closing(tap, () => tap.close());
  return {
    tap,
    broker,
    async peer(who, { clean = true, ...rest } = {}) {
      const made = createPeer(tap.attach(who), rest);
      const connack = await made.connect({ clientId: who, clean });
      if (connack.returnCode !== 0) throw new Error(`CONNACK ${connack.returnCode}`);
      return made;
    },
    packets: () => tap.entries.filter(isPacket),
  };
}

/** A tap whose broker side is in the test's hands. */
export function bareTap(options: Partial<TapOptions> = {}): {
  tap: Tap;
  /** The broker's end of the n-th connection. */
  brokerSide: (index: number) => Promise<Duplex>;
} {
  const sides: Duplex[] = [];
  const waiting: (() => void)[] = [];
  const tap = createTap({
    open() {
      const [near, far] = duplexPair();
      sides.push(far);
      for (const wake of waiting.splice(0)) wake();
      return near;
    },
    ...options,
  });
  closing(tap, () => tap.close());
  return {
    tap,
    async brokerSide(index) {
      for (;;) {
        const side = sides[index];
        if (side) return side;
        await new Promise<void>(resolve => waiting.push(resolve));
      }
    },
  };
}

/** Everything that arrives on a stream, as chunks. */
export function collect(stream: Duplex): {
  chunks: Buffer[];
  bytes(): Buffer;
  ended: Promise<void>;
  closed: Promise<void>;
  /** Resolves once so many bytes have come. */
  has(count: number): Promise<void>;
} {
  const chunks: Buffer[] = [];
  let size = 0;
  const waiting = new Set<() => void>();
  stream.on('error', () => {});
  stream.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    size += chunk.length;
    for (const wake of waiting) wake();
  });
  return {
    chunks,
    bytes: () => Buffer.concat(chunks),
    ended: new Promise(resolve => stream.once('end', () => resolve())),
    closed: new Promise(resolve => stream.once('close', () => resolve())),
    has: count =>
      new Promise(resolve => {
        const wake = () => {
          if (size < count) return;
          waiting.delete(wake);
          resolve();
        };
        waiting.add(wake);
        wake();
      }),
  };
}

/** Lets everything already under way in this process run: some turns of the event loop. */
export async function turns(count = 20): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise(resolve => setImmediate(resolve));
}
