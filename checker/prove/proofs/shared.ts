import { type Lab, type Proof, whichIsTrue } from './lab.js';

/** Proofs that the questions of several lessons speak of. */

/** connect, publish and end in one breath: what crosses the wire? CONNECT and CONNACK only. */
export const publishThenEnd = async (
  lab: Lab,
): Promise<{ published: boolean; types: string[] }> => {
  const client = await lab.client('hasty');
  const closed = new Promise<void>(resolve => client.once('close', resolve));
  client.publish('lab/reading', '{"temp":21}');
  client.end();
  await Promise.race([closed, lab.protocolTime(2000)]);
  await lab.until(entry => entry.kind === 'connection' && entry.event === 'closed', 2000);
  const types = lab.packets('hasty').map(entry => entry.packet.type as string);
  return { published: types.includes('PUBLISH'), types };
};

/** Closing with and without DISCONNECT, with a will: only the second is a failure. */
export const noDisconnectIsFailure: Proof = async lab => {
  const observer = await lab.peer('observer');
  await observer.subscribe('status/+', 0);
  const polite = await lab.peer('polite', { will: will('status/polite') });
  await polite.disconnect();
  const rude = await lab.peer('rude', { will: will('status/rude') });
  rude.destroy();
  const spoken = await observer.until(message => message.topic === 'status/rude');
  const politeSpoke = observer.messages.some(message => message.topic === 'status/polite');
  return whichIsTrue(false, spoken !== undefined && !politeSpoke);
};

function will(topic: string) {
  return { topic, payload: 'gone', qos: 0 as const, retain: false };
}
