import { coalesceWithNext, payloadText } from '../../../wire/index.js';
import { type Lab, type Proof, type Proofs, whichIsTrue } from './lab.js';

interface Visit {
  readonly clean: boolean;
  readonly subscribed: 0 | 1;
  readonly published: 0 | 1;
  readonly retain: boolean;
  /** Whether the second visit subscribes as well. */
  readonly again: boolean;
}

/** A worker visits, three jobs come while it is away, it visits again: what does it get? */
async function twoVisits(lab: Lab, visit: Visit) {
  const clientId = `worker-${JSON.stringify(visit)}`;
  const topic = `hall/${clientId.length}-${Math.random()}`;
  const first = await lab.peer('worker', { clientId, clean: visit.clean });
  await first.subscribe(topic, visit.subscribed);
  await first.disconnect();
  await first.closed;
  const foreman = await lab.peer('foreman');
  for (const job of ['1', '2', '3']) {
    await foreman.publish(topic, job, { qos: visit.published, retain: visit.retain });
  }
  await foreman.fence();
  await foreman.disconnect();
  const second = await lab.peer('worker', { clientId, clean: visit.clean });
  if (visit.again) await second.subscribe(topic, visit.subscribed);
  await second.fence();
  await second.disconnect();
  return second.messages.map(one => `${payloadText(one.payload)}${one.retain ? 'R' : ''}`);
}

/** The table of the lesson, row by row: clean, subscribed, published, retain, and what comes. */
const table = [
  [false, 1, 1, false, '1 2 3'],
  [false, 0, 1, false, ''],
  [false, 1, 0, false, ''],
  [true, 1, 1, false, ''],
  [false, 1, 1, true, '1 2 3 3R'],
  [false, 0, 1, true, '3R'],
  [false, 1, 0, true, '3R'],
  [true, 1, 1, true, '3R'],
] as const;

const noMailboxAtQos0: Proof = async lab => {
  for (const [clean, subscribed, published, retain, comes] of table) {
    const got = await twoVisits(lab, { clean, subscribed, published, retain, again: true });
    if (got.join(' ') !== comes) {
      throw new Error(`the table of the lesson says "${comes}", and "${got.join(' ')}" came`);
    }
  }
  const got = await twoVisits(lab, {
    clean: false,
    subscribed: 0,
    published: 1,
    retain: false,
    again: false,
  });
  return whichIsTrue(got.length === 3, got.length === 1, got.length === 0);
};

const handlerLate: Proof = async lab => {
  const options = { clientId: 'printer', clean: false };
  const first = await lab.peer('printer', options);
  await first.subscribe('jobs', 1);
  await first.disconnect();
  await first.closed;
  const foreman = await lab.peer('foreman');
  await foreman.publish('jobs', 'order-4', { qos: 1 });
  lab.tap.rule({
    who: 'late',
    when: ({ packet }) => packet.type === 'CONNACK',
    do: coalesceWithNext(),
  });
  const done: string[] = [];
  const second = await lab.client('late', options);
  await new Promise<void>(resolve => second.once('connect', () => resolve()));
  second.on('message', (_topic, payload) => done.push(payload.toString()));
  const acknowledged = await lab.until(
    entry => entry.kind === 'packet' && entry.who === 'late' && entry.packet.type === 'PUBACK',
  );
  // A job that comes later is handled: the handler itself is right.
  await foreman.publish('jobs', 'order-5', { qos: 1 });
  await lab.until(() => done.includes('order-5'));
  await second.endAsync();
  const types = lab.packets('late').map(one => one.packet);
  const connack = types.find(one => one.type === 'CONNACK');
  const delivered = types.find(one => one.type === 'PUBLISH');
  return whichIsTrue(
    connack?.type === 'CONNACK' && !connack.sessionPresent,
    acknowledged !== undefined && !done.includes('order-4') && done.includes('order-5'),
    delivered?.type === 'PUBLISH' && delivered.qos === 0,
  );
};

const sessionGone: Proof = async lab => {
  const first = await lab.peer('worker', { clean: false });
  await first.subscribe('jobs', 1);
  await first.disconnect();
  await lab.broker.restart('wipe');
  const second = await lab.peer('worker', { clean: false });
  const foreman = await lab.peer('foreman');
  await foreman.publish('jobs', 'order-1', { qos: 1 });
  await foreman.fence();
  await second.fence();
  const held = lab.broker.sessions().find(one => one.clientId === 'worker');
  const silent = second.messages.length === 0;
  const connack = lab.packets('worker').findLast(({ packet }) => packet.type === 'CONNACK');
  const zero = connack?.packet.type === 'CONNACK' && !connack.packet.sessionPresent;
  return whichIsTrue(!silent, zero === true && silent && held?.subscriptions.length === 0, false);
};

const queueAndRetained: Proof = async lab => {
  const got = await twoVisits(lab, {
    clean: false,
    subscribed: 1,
    published: 1,
    retain: true,
    again: false,
  });
  return whichIsTrue(got.join(' ') === '3R', got.join(' ') === '1 2 3', got.length === 0);
};

export const proofs: Proofs = {
  'no-mailbox-at-qos-0': noMailboxAtQos0,
  'handler-late': handlerLate,
  'session-gone': sessionGone,
  'queue-and-retained': queueAndRetained,
};
