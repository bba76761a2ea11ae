import { cutBefore, type PublishPacket, payloadText } from '../../../wire/index.js';
import { type Lab, type Proofs, whichIsTrue } from './lab.js';

const clientId = 'totals';

/** Waits for the next delivery to a subscriber of the sensor's topic. */
async function subscriber(lab: Lab, clean = true) {
  const peer = await lab.peer(clientId, { clean });
  await peer.subscribe('meters/+/energy', 1);
  return peer;
}

export const proofs: Proofs = {
  /** The PUBLISH itself goes down with the connection: what comes again has DUP, and is new to us. */
  'first-copy-lost': async lab => {
    lab.tap.rule({
      who: clientId,
      direction: 'to-client',
      when: one => one.packet.type === 'PUBLISH',
      do: cutBefore(),
    });
    const before = await subscriber(lab, false);
    const meter = await lab.peer('meter');
    await meter.publish('meters/a/energy', 'seq 7', { qos: 1 });
    await before.closed;
    const seenBefore = before.messages.length;
    const after = await lab.peer(clientId, { clean: false });
    const message = await after.until(() => true);
    const isNew = seenBefore === 0 && message.dup && payloadText(message.payload) === 'seq 7';
    return whichIsTrue(seenBefore > 0, isNew, false);
  },
  /** Our PUBACK goes down with the connection. */
  'puback-lost': async lab => {
    lab.tap.rule({
      who: clientId,
      direction: 'to-broker',
      when: one => one.packet.type === 'PUBACK',
      do: cutBefore(),
    });
    const before = await subscriber(lab, false);
    const meter = await lab.peer('meter');
    await meter.publish('meters/a/energy', 'seq 5', { qos: 1 });
    await before.closed;
    const after = await lab.peer(clientId, { clean: false });
    await after.fence();
    const again = after.messages.filter(one => payloadText(one.payload) === 'seq 5');
    const published = lab.packets('meter').filter(one => one.packet.type === 'PUBLISH').length;
    const sameId = again[0]?.id === before.messages[0]?.id && again[0]?.dup === true;
    return whichIsTrue(published > 1, again.length === 1 && sameId && published === 1, false);
  },
  /** The same identifier twice, acknowledged in between: two messages. */
  'identifier-used-again': async lab => {
    const listener = await subscriber(lab);
    const meter = await lab.peer('meter');
    await meter.publish('meters/a/energy', 'seq 5', { qos: 1, id: 1 });
    await meter.publish('meters/a/energy', 'seq 6', { qos: 1, id: 1 });
    await listener.fence();
    const came = listener.messages.length;
    return whichIsTrue(came === 1, came === 2, came === 0);
  },
  /** The sensor's PUBACK is lost, and it sends again, with DUP; the subscriber sees two without. */
  'dup-of-each-hop': async lab => {
    const listener = await subscriber(lab);
    lab.tap.rule({
      who: 'meter',
      direction: 'to-client',
      when: one => one.packet.type === 'PUBACK',
      do: cutBefore(),
    });
    const meter = await lab.peer('meter', { clean: false });
    const payload = { topic: 'meters/a/energy', text: 'seq 9' };
    await meter.publish(payload.topic, payload.text, { qos: 1, id: 3 }).catch(() => undefined);
    await meter.closed;
    const again = await lab.peer('meter', { clean: false });
    await again.publish(payload.topic, payload.text, { qos: 1, id: 3, dup: true });
    await listener.fence();
    const copies: readonly PublishPacket[] = listener.messages;
    const noDup = copies.length === 2 && copies.every(one => !one.dup);
    return whichIsTrue(noDup, copies.length === 2 && !noDup, copies.length === 1);
  },
};
