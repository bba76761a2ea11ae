import { drop, payloadText } from '../../../wire/index.js';
import { type Proofs, whichIsTrue } from './lab.js';
import { noDisconnectIsFailure, publishThenEnd } from './shared.js';

export const proofs: Proofs = {
  'publish-then-end': async lab => {
    const { published, types } = await publishThenEnd(lab);
    return whichIsTrue(
      published && types.includes('CONNACK'),
      published && !types.includes('CONNACK'),
      !published && types.includes('CONNECT'),
    );
  },
  'gap-in-seq': async lab => {
    const consumer = await lab.peer('consumer');
    await consumer.subscribe('lab/reading', 0);
    lab.tap.rule({
      who: 'sensor',
      when: ({ packet }) =>
        packet.type === 'PUBLISH' && payloadText(packet.payload) === '{"seq":6}',
      do: drop(),
    });
    const sensor = await lab.peer('sensor');
    for (const seq of [4, 5, 6, 7]) await sensor.publish('lab/reading', JSON.stringify({ seq }));
    await sensor.fence();
    await consumer.fence();
    const seen = consumer.messages
      .filter(one => one.topic === 'lab/reading')
      .map(one => JSON.parse(payloadText(one.payload) ?? '{}').seq);
    const measured = lab
      .packets('sensor')
      .filter(
        one =>
          one.direction === 'to-broker' &&
          one.packet.type === 'PUBLISH' &&
          one.packet.topic === 'lab/reading',
      ).length;
    const inOrder = seen.every((seq, at) => at === 0 || seq > seen[at - 1]);
    return whichIsTrue(measured === 4 && seen.join() === '4,5,7', measured === 3, !inOrder);
  },
  'text-compares-wrong': async lab => {
    const consumer = await lab.peer('consumer');
    await consumer.subscribe('lab/reading', 0);
    const sensor = await lab.peer('sensor');
    for (const temp of ['9', '21']) await sensor.publish('lab/reading', JSON.stringify({ temp }));
    await sensor.fence();
    await consumer.fence();
    const temps = consumer.messages
      .filter(one => one.topic === 'lab/reading')
      .map(one => JSON.parse(payloadText(one.payload) ?? '{}').temp as string);
    const [kept] = [...temps].sort().reverse();
    return whichIsTrue(kept === '21', kept === '9', false);
  },
  'no-disconnect-is-failure': noDisconnectIsFailure,
};
