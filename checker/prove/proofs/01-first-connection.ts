import { type Proofs, whichIsTrue } from './lab.js';
import { noDisconnectIsFailure } from './shared.js';

export const proofs: Proofs = {
  'idle-pings': async lab => {
    await lab.client('pump', { keepalive: 1 });
    let pings = 0;
    await lab.until(
      entry => entry.kind === 'packet' && entry.packet.type === 'PINGRESP' && ++pings === 2,
      5000,
    );
    const ours = lab.packets('pump').filter(entry => entry.packet.type === 'PINGREQ');
    const fromClient = ours.some(entry => entry.direction === 'to-broker');
    const fromBroker = ours.some(entry => entry.direction === 'to-client');
    return whichIsTrue(ours.length === 0, fromClient && !fromBroker, fromBroker);
  },
  'broker-waits-one-and-a-half': async lab => {
    const silent = await lab.peer('silent', { keepalive: 1 });
    const began = performance.now();
    const closed = await Promise.race([
      silent.closed.then(() => performance.now() - began),
      lab.protocolTime(6000).then(() => Number.POSITIVE_INFINITY),
    ]);
    return whichIsTrue(closed < 1250, closed >= 1250 && closed < 6000, closed > 6000);
  },
  takeover: async lab => {
    const first = await lab.peer('first', { clientId: 'twin' });
    const second = await lab.peer('second', { clientId: 'twin' });
    const firstClosed = await Promise.race([
      first.closed.then(() => true),
      lab.protocolTime(2000).then(() => false),
    ]);
    const secondLives = await second.fence().then(
      () => true,
      () => false,
    );
    return whichIsTrue(!secondLives, !firstClosed && secondLives, firstClosed && secondLives);
  },
  'no-disconnect-is-failure': noDisconnectIsFailure,
};
