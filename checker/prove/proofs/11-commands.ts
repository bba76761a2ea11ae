import { payloadText } from '../../../wire/index.js';
import { type Lab, type Proofs, whichIsTrue } from './lab.js';

const topic = 'device/commands';
const on = '{"led":"on"}';

/** A device starts, subscribes, and tells what it is given at once. */
async function start(lab: Lab, name: string) {
  const device = await lab.peer(name);
  await device.subscribe(topic, 1);
  await device.fence();
  return device;
}

export const proofs: Proofs = {
  'stored-command-replays': async lab => {
    const desk = await lab.peer('desk');
    await desk.publish(topic, on, { qos: 1, retain: true });
    const starts = [];
    for (const name of ['first', 'second', 'third']) {
      const device = await start(lab, name);
      starts.push(device.messages.map(message => payloadText(message.payload)));
      await device.disconnect();
    }
    const times = starts.filter(one => one.includes(on)).length;
    return whichIsTrue(times === 0, times === 1, times === 3);
  },
  'puback-is-not-done': async lab => {
    const desk = await lab.peer('desk');
    // Nobody listens on this topic, and PUBACK comes: publish waits for it.
    await desk.publish(topic, on, { qos: 1 });
    const acknowledged = lab.packets('desk').some(({ packet }) => packet.type === 'PUBACK');
    const device = await start(lab, 'device');
    const has = device.messages.length > 0;
    return whichIsTrue(!acknowledged, acknowledged && has, acknowledged && !has);
  },
  'live-then-stored': async lab => {
    const device = await start(lab, 'device');
    const desk = await lab.peer('desk');
    await desk.publish(topic, on, { qos: 1, retain: true });
    const live = await device.until(message => message.topic === topic);
    await device.disconnect();
    const again = await start(lab, 'again');
    const stored = again.messages.find(message => message.topic === topic);
    return whichIsTrue(
      live.retain && stored?.retain === true,
      !live.retain && stored?.retain === true,
      !live.retain && stored === undefined,
    );
  },
  'erase-a-stored-command': async lab => {
    const desk = await lab.peer('desk');
    const remains = async (payload: string, retain: boolean, name: string) => {
      await desk.publish(topic, on, { qos: 1, retain: true });
      await desk.publish(topic, payload, { qos: 1, retain });
      const device = await start(lab, name);
      return device.messages.length > 0;
    };
    return whichIsTrue(
      !(await remains('{"led":"off"}', true, 'one')),
      !(await remains('', false, 'two')),
      !(await remains('', true, 'three')),
    );
  },
};
