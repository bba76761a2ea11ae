import type { MqttClient } from 'mqtt';
import { blackhole, type PacketEntry, payloadText } from '../../../wire/index.js';
import { type Lab, type Proof, type Proofs, whichIsTrue } from './lab.js';

const dialsSoon = { reconnectPeriod: 100 };

/** How often a packet of a type towards or from a lane was seen. */
function count(lab: Lab, who: string, fits: (entry: PacketEntry) => boolean): number {
  return lab.packets(who).filter(fits).length;
}

async function nthConnack(lab: Lab, who: string, nth: number): Promise<void> {
  await lab.until(() => count(lab, who, one => one.packet.type === 'CONNACK') >= nth, 5000);
}

function cut(lab: Lab, who: string): void {
  for (const one of lab.tap.connections()) {
    if (one.open && one.who === who) lab.tap.cut(one.connection);
  }
}

async function drop(lab: Lab, who: string, client: MqttClient, nth: number): Promise<void> {
  const again = new Promise<void>(resolve => client.once('connect', () => resolve()));
  cut(lab, who);
  await nthConnack(lab, who, nth);
  await again;
}

const handlerInConnect: Proof = async lab => {
  const client = await lab.client('responder', dialsSoon);
  let subscribed = 0;
  client.on('connect', () => {
    client.on('message', () => client.publish('answer', 'yes', { qos: 1 }));
    client.subscribe('ask', { qos: 1 }, () => {
      subscribed += 1;
    });
  });
  await lab.until(() => subscribed === 1);
  await drop(lab, 'responder', client, 2);
  await drop(lab, 'responder', client, 3);
  await lab.until(() =>
    lab.broker.sessions().some(one => one.connected && one.subscriptions.length > 0),
  );
  const asker = await lab.peer('asker');
  await asker.subscribe('answer', 1);
  await asker.publish('ask', 'there?', { qos: 1 });
  await asker.until(one => one.topic === 'answer');
  await client.endAsync();
  await asker.fence();
  const answers = asker.messages.filter(one => one.topic === 'answer').length;
  return whichIsTrue(answers === 1, answers === 2, answers === 3);
};

const lateHeartbeats: Proof = async lab => {
  const client = await lab.client('machine', dialsSoon);
  await nthConnack(lab, 'machine', 1);
  await new Promise<void>(resolve => {
    client.once('close', () => resolve());
    void lab.broker.stop();
  });
  // Ten beats of an outage; QoS 0, as a heartbeat is.
  for (let beat = 1; beat <= 10; beat++) client.publish('heartbeat', String(beat));
  await lab.broker.start('keep');
  const beats = () =>
    lab.packets('machine').filter(one => one.packet.type === 'PUBLISH' && one.fate === 'forwarded');
  await lab.until(() => beats().length >= 10, 5000);
  const all = beats();
  const burst = (all.at(-1)?.t ?? 0) - (all[0]?.t ?? 0);
  return whichIsTrue(all.length === 0, all.length === 1, all.length === 10 && burst < 1000);
};

const writesIntoTheVoid: Proof = async lab => {
  lab.tap.rule({
    who: 'machine',
    when: ({ packet }) =>
      packet.type === 'PUBLISH' && payloadText(packet.payload) === 'the cable is cut here',
    do: blackhole(),
  });
  const machine = await lab.peer('machine');
  let failed = false;
  void machine.closed.then(() => {
    failed = true;
  });
  await machine.publish('heartbeat', 'the cable is cut here');
  for (let beat = 0; beat < 20; beat++) await machine.publish('heartbeat', `${beat}`);
  await lab.until(() => count(lab, 'machine', one => one.fate === 'lost') >= 21);
  const lost = count(lab, 'machine', one => one.fate === 'lost');
  const answer = await Promise.race([
    machine.ping().then(
      () => true,
      () => false,
    ),
    lab.protocolTime(500).then(() => false),
  ]);
  return whichIsTrue(failed, !failed && lost >= 21 && !answer, answer);
};

const cleanSessionLosesSubscription: Proof = async lab => {
  const first = await lab.peer('listener', { clean: true });
  await first.subscribe('ask', 1);
  first.destroy();
  await first.closed;
  const second = await lab.peer('listener', { clean: true });
  const asker = await lab.peer('asker');
  await asker.publish('ask', 'there?', { qos: 1 });
  await asker.fence();
  await second.fence();
  const connack = lab.packets('listener').findLast(one => one.packet.type === 'CONNACK');
  const present = connack?.packet.type === 'CONNACK' && connack.packet.sessionPresent;
  const got = second.messages.length;
  return whichIsTrue(got === 1, got === 0 && !present, got === 0 && present);
};

export const proofs: Proofs = {
  'handler-in-connect': handlerInConnect,
  'late-heartbeats': lateHeartbeats,
  'writes-into-the-void': writesIntoTheVoid,
  'clean-session-loses-subscription': cleanSessionLosesSubscription,
};
