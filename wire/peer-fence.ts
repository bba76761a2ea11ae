import { describePacket } from './describe.js';
import { PeerError } from './peer-contract.js';
import type { QoS, SubackPacket } from './trace.js';

/** What a fence needs of its peer. */
export interface Fenced {
  readonly topic: string;
  /** The QoS at which the sentinels come back. */
  readonly qos: QoS;
  subscribe(topic: string, qos: QoS): Promise<SubackPacket>;
  unsubscribe(topic: string): Promise<unknown>;
  publish(topic: string, payload: string, options: { readonly qos: QoS }): Promise<void>;
  /** Resolves when this sentinel has come back. */
  sentinel(number: number): Promise<unknown>;
  /** Deliveries so far that a broker makes one by one from a store. */
  fromStore(): number;
  /** Whether the session is forgotten at the end of the connection. */
  clean(): boolean;
}

/** Rounds after which a fence takes what still comes for live traffic that never ends. */
const MAX_ROUNDS = 1000;

/**
 * Makes the function that passes a peer's fence: it resolves when everything the broker had to
 * deliver to the peer before now has arrived.
 *
 * Why a QoS 2 sentinel of our own, on this connection, and not PINGREQ:
 * aedes 1.2 answers PINGREQ at once while deliveries are still on their way through its queues
 * (setImmediate for each, after the PUBACK), so PINGRESP overtakes them. A sentinel goes through
 * the same queues; at QoS 2 it takes more turns of them than any message that was accepted before.
 * What aedes reads from its stores (retained messages after SUBSCRIBE, a session's queue after
 * CONNECT) it sends one by one in turns of its own: so the fence is repeated until a whole round
 * brought nothing from a store; a round takes more turns than one such message.
 * Mosquitto is single-threaded and in order, except that QoS 0 overtakes what waits behind its
 * in-flight window of 20: so the sentinel is subscribed at QoS 1 and waits in that same queue. With
 * autoAck off that window may never open again, and the sentinel is subscribed at QoS 0.
 * The topic starts with `$`, so no wildcard subscription sees it (3.1.1 MQTT-4.7.2-1).
 * For messages published at QoS 0, fence the publisher first: QoS 0 leaves no receipt.
 *
 * @throws PeerError `refused` when the broker does not grant the subscription to the sentinels
 */
export function fenceOf(peer: Fenced): () => Promise<void> {
  let subscribed = false;
  let sentinels = 0;
  return async () => {
    if (!subscribed) {
      const granted = await peer.subscribe(peer.topic, peer.qos);
      if ((granted.codes[0] ?? 0x80) >= 0x80) {
        throw new PeerError('refused', `the broker refused the fence: ${describePacket(granted)}`);
      }
      subscribed = true;
    }
    let before: number;
    let rounds = 0;
    do {
      before = peer.fromStore();
      sentinels++;
      const back = peer.sentinel(sentinels);
      await peer.publish(peer.topic, String(sentinels), { qos: 2 });
      await back;
      rounds++;
    } while (peer.fromStore() !== before && rounds < MAX_ROUNDS);
    // A kept session must not keep a subscription that nobody asked for.
    if (!peer.clean()) {
      subscribed = false;
      await peer.unsubscribe(peer.topic);
    }
  };
}
