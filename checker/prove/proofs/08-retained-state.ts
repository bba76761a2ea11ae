import { type Lab, type Proofs, whichIsTrue } from './lab.js';

const topic = 'plant/press-3/state';
const eco = '{"mode":"eco"}';
const boost = '{"mode":"boost"}';

/** What somebody gets who subscribes now. */
async function newcomer(lab: Lab, name: string, qos: 0 | 1 = 1) {
  const peer = await lab.peer(name);
  await peer.subscribe(topic, qos);
  await peer.fence();
  return peer.messages.map(({ payload, retain, qos: at }) => ({
    text: 'text' in payload ? payload.text : '',
    retain,
    qos: at,
  }));
}

export const proofs: Proofs = {
  'live-retain-bit': async lab => {
    const dashboard = await lab.peer('dashboard');
    await dashboard.subscribe(topic, 1);
    const device = await lab.peer('device');
    await device.publish(topic, eco, { qos: 1, retain: true });
    await device.publish(topic, boost, { qos: 1, retain: true });
    await dashboard.fence();
    const [first, second] = dashboard.messages;
    return whichIsTrue(
      first?.retain === true && second?.retain === true,
      first?.retain === false && second?.retain === false,
      first?.retain === true && second?.retain === false,
    );
  },
  'unretained-update': async lab => {
    const device = await lab.peer('device');
    await device.publish(topic, eco, { qos: 1, retain: true });
    await device.publish(topic, boost, { qos: 1 });
    const got = await newcomer(lab, 'dashboard');
    return whichIsTrue(
      got.length === 1 && got[0]?.text === boost,
      got.length === 1 && got[0]?.text === eco,
      got.length === 0,
    );
  },
  'null-is-a-value': async lab => {
    const device = await lab.peer('device');
    await device.publish(topic, eco, { qos: 1, retain: true });
    await device.publish(topic, 'null', { qos: 1, retain: true });
    const got = await newcomer(lab, 'dashboard');
    return whichIsTrue(got.length === 0, got[0]?.text === eco, got[0]?.text === 'null');
  },
  'the-lower-qos': async lab => {
    const device = await lab.peer('device');
    await device.publish(topic, eco, { qos: 1, retain: true });
    const got = await newcomer(lab, 'dashboard', 0);
    return whichIsTrue(got[0]?.qos === 1, got[0]?.qos === 0, got.length === 0);
  },
};
