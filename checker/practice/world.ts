import { createPeer, type Peer, type Tap } from '../../wire/index.js';
import type { WorldMessage } from './practice.js';

/** The world around a practised program: one client that publishes, connected when it is needed. */
export interface World {
  /** Resolves at PUBACK or PUBCOMP; at QoS 0 once written. @throws PeerError */
  publish(message: WorldMessage): Promise<void>;
  close(): void;
}

/** `env`: the program's own variables; where it needs a login, the world uses the same. */
export function createWorld(tap: Tap, who: string, env: Readonly<Record<string, string>>): World {
  const { MQTT_USERNAME: username, MQTT_PASSWORD: password } = env;
  let current: Promise<Peer> | undefined;

  function connected(): Promise<Peer> {
    if (current) return current;
    const peer = createPeer(tap.attach(who));
    const mine = peer
      .connect({
        clientId: `the-${who}`,
        ...(username === undefined ? {} : { username }),
        ...(password === undefined ? {} : { password }),
      })
      .then(({ returnCode }) => {
        if (returnCode === 0) return peer;
        throw new Error(`the broker refused the ${who}: returnCode=${returnCode}`);
      });
    current = mine;
    // A broker that was restarted has cut it off: the next message connects again.
    const forget = () => {
      if (current === mine) current = undefined;
    };
    mine.catch(forget);
    void peer.closed.then(forget);
    return mine;
  }

  return {
    async publish({ topic, payload, qos = 0, retain = false }) {
      const peer = await connected();
      await peer.publish(topic, payload, { qos, retain });
    },
    close() {
      const open = current;
      current = undefined;
      void open?.then(
        peer => peer.destroy(),
        () => undefined,
      );
    },
  };
}
