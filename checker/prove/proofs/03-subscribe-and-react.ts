import { replaceWith } from '../../../wire/index.js';
import { type Proofs, whichIsTrue } from './lab.js';
import { publishThenEnd } from './shared.js';

export const proofs: Proofs = {
  'echo-loop': async lab => {
    const client = await lab.client('echo');
    client.on('message', () => client.publish('lab/out', 'answer'));
    await new Promise<void>(resolve => client.subscribe('lab/#', () => resolve()));
    const sensor = await lab.peer('sensor');
    await sensor.publish('lab/in', 'question');
    let answers = 0;
    const isAnswer = () =>
      lab
        .packets('echo')
        .filter(one => one.direction === 'to-broker' && one.packet.type === 'PUBLISH').length;
    await lab.until(() => {
      answers = isAnswer();
      return answers >= 10;
    }, 2000);
    const heardItself = lab
      .packets('echo')
      .some(
        one =>
          one.direction === 'to-client' &&
          one.packet.type === 'PUBLISH' &&
          one.packet.topic === 'lab/out',
      );
    return whichIsTrue(answers === 1, answers >= 10 && heardItself, !heardItself);
  },
  'refused-filter-is-silent': async lab => {
    lab.tap.rule({
      who: 'listener',
      when: entry => entry.packet.type === 'SUBACK',
      do: replaceWith(({ packet }) =>
        packet.type === 'SUBACK' ? { ...packet, codes: [128] } : packet,
      ),
    });
    // The broker behind it knows nothing of the subscription either: it is taken back at once.
    const listener = await lab.peer('listener');
    const suback = await listener.subscribe('lab/in', 0);
    await listener.unsubscribe('lab/in');
    const sensor = await lab.peer('sensor');
    await sensor.publish('lab/in', 'kept', { retain: true, qos: 1 });
    await listener.fence();
    const got = listener.messages.length;
    return whichIsTrue(
      got > 0 && suback.codes[0] !== 128,
      got === 0 && suback.codes[0] === 128,
      false,
    );
  },
  'buffer-has-no-fields': async lab => {
    const client = await lab.client('reader');
    const seen = new Promise<unknown>((resolve, reject) => {
      client.on('message', (_topic, payload) => {
        try {
          resolve((payload as unknown as { temp: unknown }).temp);
        } catch (error) {
          reject(error);
        }
      });
    });
    await new Promise<void>(resolve => client.subscribe('lab/in', () => resolve()));
    const sensor = await lab.peer('sensor');
    await sensor.publish('lab/in', '{"temp":21}');
    const value = await seen.catch(() => 'exception');
    return whichIsTrue(value === 21, value === undefined, value === 'exception');
  },
  'publish-then-end': async lab => {
    const { published } = await publishThenEnd(lab);
    return whichIsTrue(published, !published, false);
  },
};
