import type { Duplex } from 'node:stream';
import type { Client } from 'aedes';
import { generate, type Packet } from 'mqtt-packet';
import type { Engine } from '../router.js';
import type { QoS, Will } from './decode.js';
import { frameReader } from './raw-packet.js';

/** The guard's own connection to aedes, on which it speaks for one client: CONNECT, SUBSCRIBE and
 * UNSUBSCRIBE, one at a time, each answered before the next. */
export interface Inner {
  readonly client: Client;
  connect(clientId: string, clean: boolean, will: Will | undefined): Promise<void>;
  subscribe(id: number, filters: ReadonlyMap<string, QoS>): Promise<void>;
  unsubscribe(id: number, filters: readonly string[]): Promise<void>;
  /** Ends it; aedes asks for the will before this returns. */
  close(): void;
}

export function innerConnection(
  near: Duplex,
  far: Duplex,
  engine: Engine,
  onClosed: () => void,
): Inner {
  let answered: (() => void) | undefined;
  let over = false;
  const read = frameReader(1 << 20);
  const client = engine.handle(far);
  near.on('error', () => {});
  near.on('data', (chunk: Buffer) => {
    if (read(chunk).frames.length > 0) answer();
  });
  near.on('close', () => {
    over = true;
    onClosed();
    answer();
  });

  function answer(): void {
    const resolve = answered;
    answered = undefined;
    resolve?.();
  }

  /** Resolves when aedes has answered, or is gone (then `onClosed` was called before). */
  function ask(packet: Packet): Promise<void> {
    return new Promise(resolve => {
      if (over) return resolve();
      answered = resolve;
      near.write(generate(packet));
    });
  }

  return {
    client,
    // Credentials and keep-alive are the guard's business, so aedes is told of none.
    connect: (clientId, clean, will) =>
      ask({
        cmd: 'connect',
        clientId,
        clean,
        keepalive: 0,
        protocolId: 'MQTT',
        protocolVersion: 4,
        ...(will === undefined ? {} : { will }),
      }),
    subscribe: (messageId, filters) =>
      ask({
        cmd: 'subscribe',
        messageId,
        subscriptions: [...filters].map(([topic, qos]) => ({ topic, qos })),
      }),
    unsubscribe: (messageId, filters) =>
      ask({ cmd: 'unsubscribe', messageId, unsubscriptions: [...new Set(filters)] }),
    close() {
      client.close();
      near.destroy();
    },
  };
}
