import { cutBefore, type PacketEntry, payloadText, withhold } from '../../../wire/index.js';
import { type Lab, type Proofs, whichIsTrue } from './lab.js';

type Qos = 0 | 1 | 2;
const all: readonly Qos[] = [0, 1, 2];

/** Publishes at 0, 1 and 2 to a subscriber; what arrived at which QoS, in that order. */
async function delivered(lab: Lab, granted: Qos): Promise<Qos[]> {
  const dashboard = await lab.peer(`dashboard-${granted}`);
  await dashboard.subscribe(`reading/${granted}`, granted);
  const sensor = await lab.peer(`sensor-${granted}`);
  for (const qos of all) await sensor.publish(`reading/${granted}`, String(qos), { qos });
  await sensor.fence();
  await dashboard.fence();
  return all.map(qos => {
    const message = dashboard.messages.find(one => payloadText(one.payload) === String(qos));
    if (!message) throw new Error(`the message published at QoS ${qos} did not arrive`);
    return message.qos;
  });
}

const publishes = (lab: Lab, who: string) =>
  lab
    .packets(who)
    .filter(
      (one): one is PacketEntry => one.direction === 'to-broker' && one.packet.type === 'PUBLISH',
    );

export const proofs: Proofs = {
  'smaller-of-both': async lab => {
    const table = [await delivered(lab, 0), await delivered(lab, 1), await delivered(lab, 2)];
    const right = table.every((row, granted) =>
      row.every((qos, published) => qos === Math.min(granted, published)),
    );
    if (!right) throw new Error(`the table in the lesson is wrong: ${JSON.stringify(table)}`);
    const came = table[1]?.[2];
    return whichIsTrue(came === 2, came === 1, came === undefined);
  },
  'again-after-reconnect': async lab => {
    // A connection that lives: PUBACK is late, and nothing is repeated.
    lab.tap.rule({
      who: 'patient',
      when: one => one.packet.type === 'PUBACK',
      do: withhold(),
    });
    const patient = await lab.client('patient', { clean: false });
    patient.publish('reading', 'once', { qos: 1 });
    await lab.protocolTime(1500);
    const timer = publishes(lab, 'patient').length > 1;
    // A connection that breaks: the same message again, under its identifier.
    lab.tap.rule({ who: 'cut', when: one => one.packet.type === 'PUBACK', do: cutBefore() });
    const cut = await lab.client('cut', { clean: false, reconnectPeriod: 100 });
    cut.publish('reading', 'twice', { qos: 1 });
    await lab.until(() => publishes(lab, 'cut').length === 2);
    const ids = publishes(lab, 'cut').map(one => 'id' in one.packet && one.packet.id);
    const again = ids.length === 2 && ids[0] === ids[1];
    return whichIsTrue(timer, false, again && !timer);
  },
  'puback-is-one-hop': async lab => {
    const sensor = await lab.peer('sensor');
    await sensor.publish('nobody/listens', 'hello', { qos: 1 });
    const late = await lab.peer('late');
    await late.subscribe('nobody/listens', 1);
    await late.fence();
    const kept = late.messages.length > 0;
    return whichIsTrue(!kept, kept, false);
  },
  'granted-less': {
    broker: { limits: { maxQos: 0 } },
    run: async lab => {
      const listener = await lab.peer('listener');
      const suback = await listener.subscribe('reading', 2);
      const sensor = await lab.peer('sensor');
      await sensor.publish('reading', '21', { qos: 0 });
      const message = await listener.until(() => true);
      const [code] = suback.codes;
      return whichIsTrue(code === 128, code === 0 && message.qos === 0, false);
    },
  },
};
