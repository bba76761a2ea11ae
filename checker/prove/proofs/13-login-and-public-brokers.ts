import mqtt from 'mqtt';
import { parseMosquittoConfig } from '../../../broker/index.js';
import { type Proofs, whichIsTrue } from './lab.js';

export const proofs: Proofs = {
  'no-listener': async () => {
    const { localOnly, listeners } = parseMosquittoConfig(
      'allow_anonymous false\npassword_file passwd\n',
    );
    const hosts = listeners.map(({ host }) => host);
    const here = localOnly && hosts.every(host => host === '127.0.0.1' || host === '::1');
    return whichIsTrue(hosts.length > 0 && !here, hosts.length > 0 && here, hosts.length === 0);
  },
  'cut-at-colon': async lab => {
    const { port } = await lab.tap.listen({ who: 'slip' });
    const connects: { username?: string; bytes?: number }[] = [];
    for (const password of ['cold:27', encodeURIComponent('cold:27')]) {
      const client = mqtt.connect(`mqtt://freezer:${password}@127.0.0.1:${port}`);
      await new Promise<void>(resolve => client.once('connect', () => resolve()));
      await client.endAsync(true);
    }
    for (const { packet } of lab.packets('slip')) {
      if (packet.type !== 'CONNECT') continue;
      const { username, password } = packet;
      connects.push({
        ...(username ? { username } : {}),
        ...(password ? { bytes: password.bytes } : {}),
      });
    }
    const cut = connects.every(one => one.username === 'freezer:cold' && one.bytes === 2);
    const whole = await lab.client('whole', { username: 'freezer', password: 'cold:27' });
    await new Promise<void>(resolve => whole.once('connect', () => resolve()));
    const right = lab
      .packets('whole')
      .some(({ packet }) => packet.type === 'CONNECT' && packet.password?.bytes === 7);
    return whichIsTrue(false, connects.length === 2 && cut && right, !right);
  },
  'refused-is-final': {
    broker: { authenticate: () => 3 },
    run: async lab => {
      const client = await lab.client('refused', { reconnectPeriod: 50, keepalive: 1 });
      await new Promise<void>(resolve => client.once('error', () => resolve()));
      const other = await lab.client('told', {
        reconnectPeriod: 50,
        reconnectOnConnackError: true,
      });
      other.on('error', () => undefined);
      const count = (who: string) =>
        lab.packets(who).filter(({ packet }) => packet.type === 'CONNECT').length;
      // The one that was told to dials again and again: so there is somebody to dial.
      await lab.until(() => count('told') >= 5);
      await lab.protocolTime(1600);
      return whichIsTrue(false, count('refused') === 1 && count('told') >= 5, count('refused') > 1);
    },
  },
  'stranger-reads': async lab => {
    const you = await lab.peer('you');
    const topic = 'a-very-long-name-that-nobody-can-guess-7f3k2/demo';
    await you.publish(topic, 'still here', { qos: 1, retain: true });
    await you.disconnect();
    const stranger = await lab.peer('stranger');
    await stranger.subscribe('#', 0);
    await stranger.fence();
    const read = stranger.messages.some(message => message.topic === topic);
    return whichIsTrue(read, !read, false);
  },
};
