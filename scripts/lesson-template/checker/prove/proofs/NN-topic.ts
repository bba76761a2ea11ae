import { type Proofs, whichIsTrue } from './lab.js';

/** The questions of the lesson, answered by the wire. A proof gives the number of the true option. */
export const proofs: Proofs = {
  'first-packet': async lab => {
    const client = await lab.client('hasty');
    client.publish('lab/hello', 'hello');
    await lab.until(entry => entry.kind === 'packet' && entry.packet.type === 'PUBLISH');
    const first = lab.packets('hasty')[0]?.packet.type;
    return whichIsTrue(first === 'PUBLISH', first === 'CONNECT', first === 'CONNACK');
  },
  'nobody-listens': async lab => {
    const speaker = await lab.peer('speaker');
    await speaker.publish('lab/hello', 'hello');
    await speaker.fence();
    const late = await lab.peer('late');
    await late.subscribe('lab/hello', 0);
    await late.fence();
    return whichIsTrue(late.messages.length > 0, late.messages.length === 0);
  },
  'answer-at-qos-0': async lab => {
    const speaker = await lab.peer('speaker');
    await speaker.publish('lab/hello', 'hello');
    await speaker.fence();
    const back = lab
      .packets('speaker')
      .filter(entry => entry.direction === 'to-client')
      .filter(({ packet }) => packet.type !== 'PUBLISH' || packet.topic === 'lab/hello')
      .map(entry => entry.packet.type);
    return whichIsTrue(
      back.includes('PUBACK'),
      !back.includes('PUBACK') && !back.includes('PUBLISH'),
      back.includes('PUBLISH'),
    );
  },
  'new-topic': async lab => {
    const listener = await lab.peer('listener');
    await listener.subscribe('#', 0);
    const speaker = await lab.peer('speaker');
    await speaker.publish('lab/never/used/before', 'hello');
    const came = await listener.until(message => message.topic === 'lab/never/used/before');
    return whichIsTrue(came !== undefined, came === undefined);
  },
};
