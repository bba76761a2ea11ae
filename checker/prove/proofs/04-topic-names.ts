import { type Proofs, whichIsTrue } from './lab.js';

export const proofs: Proofs = {
  'leading-slash-is-a-level': async lab => {
    const dashboard = await lab.peer('dashboard');
    await dashboard.subscribe('acme/#', 0);
    const gateway = await lab.peer('gateway');
    await gateway.publish('/acme/north/freezer-3f/temp', '{"temp":-18.2}', { qos: 1 });
    // The broker took the message, so it has no quarrel with the name.
    await gateway.fence();
    await dashboard.fence();
    const came = dashboard.messages.length;
    return whichIsTrue(came === 1, came === 0, false);
  },
  'compared-byte-by-byte': async lab => {
    const dashboard = await lab.peer('dashboard');
    await dashboard.subscribe('acme/north/press-7/temp', 0);
    const gateway = await lab.peer('gateway');
    const names = [
      'acme/north/press-7/temp',
      'acme/north/press-7/Temp',
      'acme/north/press-7 /temp',
    ];
    for (const name of names) await gateway.publish(name, '{"temp":21}', { qos: 1 });
    await dashboard.fence();
    const came = dashboard.messages.length;
    return whichIsTrue(came === 3, came === 1, came === 2);
  },
  'wildcard-in-a-name': async lab => {
    const gateway = await lab.peer('gateway');
    await gateway.subscribe('acme/#', 0);
    const acknowledged = gateway
      .publish('acme/line #4/press-7/temp', '{"temp":21}', { qos: 1 })
      .then(
        () => true,
        () => false,
      );
    const puback = await acknowledged;
    const closed = await lab.until(
      entry => entry.kind === 'connection' && entry.who === 'gateway' && entry.event === 'closed',
    );
    const delivered = gateway.messages.length > 0;
    return whichIsTrue(
      puback,
      delivered,
      !puback && closed?.kind === 'connection' && closed.by === 'broker',
    );
  },
  'granted-and-silent': async lab => {
    const dashboard = await lab.peer('dashboard');
    const suback = await dashboard.subscribe('acme/north/press-7/temp', 1);
    const gateway = await lab.peer('gateway');
    await gateway.publish('acme/north/press-7/temp/', '{"temp":21}', { qos: 1 });
    await dashboard.fence();
    const granted = suback.codes[0] === 1;
    const came = dashboard.messages.length;
    return whichIsTrue(!granted && came === 0, granted && came === 1, granted && came === 0);
  },
};
