import { type Lab, type Proofs, whichIsTrue } from './lab.js';

const topic = 'plant/press-3/status';
const keep = { qos: 1, retain: true } as const;

const mortal = (name: string, extra: { clientId?: string; keepalive?: number } = {}) => ({
  will: { topic: `status/${name}`, payload: 'gone', ...keep },
  ...extra,
});

/** What somebody reads who subscribes now. */
async function newcomer(lab: Lab): Promise<string | undefined> {
  const peer = await lab.peer('newcomer');
  await peer.subscribe(topic, 1);
  await peer.fence();
  const [stored] = peer.messages;
  return stored && 'text' in stored.payload ? stored.payload.text : undefined;
}

export const proofs: Proofs = {
  'four-endings': async lab => {
    const observer = await lab.peer('observer');
    await observer.subscribe('status/+', 1);
    const ended = await lab.peer('ended', mortal('ended'));
    await ended.disconnect();
    const killed = await lab.peer('killed', mortal('killed'));
    killed.destroy();
    await lab.peer('unplugged', mortal('unplugged', { keepalive: 1 }));
    const line = lab.tap.connections().find(one => one.who === 'unplugged');
    lab.tap.blackhole(line?.connection ?? 0);
    await lab.peer('pushed', mortal('pushed', { clientId: 'twin' }));
    await lab.peer('pushing', { clientId: 'twin' });
    const spoken = () => new Set(observer.messages.map(message => message.topic));
    for (const name of ['killed', 'pushed', 'unplugged']) {
      await observer.until(message => message.topic === `status/${name}`);
    }
    await observer.fence();
    const { size } = spoken();
    return whichIsTrue(size === 1, size === 2, size === 3, size === 4);
  },
  'disconnect-forgets-the-will': async lab => {
    const press = await lab.peer('press', { will: { topic, payload: 'gone', ...keep } });
    await press.publish(topic, 'here', keep);
    await press.disconnect();
    await press.closed;
    const reads = await newcomer(lab);
    return whichIsTrue(reads === 'gone', reads === 'here', reads === undefined);
  },
  'birth-without-retain': async lab => {
    const observer = await lab.peer('observer');
    await observer.subscribe(topic, 1);
    const will = { topic, payload: 'gone', ...keep };
    const first = await lab.peer('first', { clientId: 'press', will });
    await first.publish(topic, 'here', { qos: 1 });
    first.destroy();
    await observer.until(message => 'text' in message.payload && message.payload.text === 'gone');
    const second = await lab.peer('second', { clientId: 'press', will });
    await second.publish(topic, 'here', { qos: 1 });
    const reads = await newcomer(lab);
    return whichIsTrue(reads === 'here', reads === 'gone', reads === undefined);
  },
  'live-will': async lab => {
    const dashboard = await lab.peer('dashboard');
    await dashboard.subscribe(topic, 1);
    const press = await lab.peer('press', { will: { topic, payload: 'gone', ...keep } });
    press.destroy();
    const heard = await dashboard.until(message => message.topic === topic);
    const stored = (await newcomer(lab)) === 'gone';
    return whichIsTrue(heard.retain && stored, !heard.retain && stored, !heard.retain && !stored);
  },
};
