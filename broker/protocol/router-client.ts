import { generate, type Packet } from 'mqtt-packet';
import { duplexPair } from '../../wire/duplex-pair.js';
import type { QoS } from '../../wire/trace.js';
import type { Router, RouterTarget } from '../router.js';
import { rawPacketReader } from './raw-packet.js';

/** Our own connection to the router, on which we speak for one client: CONNECT, SUBSCRIBE and
 * UNSUBSCRIBE, one at a time, each answered before the next. */
export interface RouterClient {
  connect(clientId: string, clean: boolean): Promise<void>;
  subscribe(id: number, filters: ReadonlyMap<string, QoS>): Promise<void>;
  unsubscribe(id: number, filters: readonly string[]): Promise<void>;
  /** Ends it: nothing is routed here any more. */
  close(): void;
}

/** @param onClosed the router has hung up, or `close` was called */
export function routerClient(
  router: Router,
  target: RouterTarget,
  onClosed: () => void,
): RouterClient {
  const [near, far] = duplexPair();
  let answered: (() => void) | undefined;
  let over = false;
  const read = rawPacketReader(1 << 20);
  const attachment = router.attach(far, target);
  near.on('error', () => {});
  near.on('data', (chunk: Buffer) => {
    if (read(chunk).packets.length > 0) answer();
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

  /** Resolves when the router has answered, or is gone (then `onClosed` was called before). */
  function ask(packet: Packet): Promise<void> {
    return new Promise(resolve => {
      if (over) return resolve();
      answered = resolve;
      near.write(generate(packet));
    });
  }

  return {
    // Always MQTT 3.1.1, whatever the client speaks. Credentials, keep-alive and wills are our business,
    // so the router is told of none.
    connect: (clientId, clean) =>
      ask({
        cmd: 'connect',
        clientId,
        clean,
        keepalive: 0,
        protocolId: 'MQTT',
        protocolVersion: 4,
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
      attachment.close();
      near.destroy();
    },
  };
}
