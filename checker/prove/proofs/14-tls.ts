import mqtt, { type IClientOptions } from 'mqtt';
import { certificates, type ServerKind } from '../../lessons/14-tls/certificates.js';
import { type Lab, type Proofs, whichIsTrue } from './lab.js';

/** Dials a server of that kind; gives whether it came to CONNACK, and the CONNECT if there was one. */
async function dial(
  lab: Lab,
  who: string,
  kind: ServerKind,
  host: string,
  options: IClientOptions,
) {
  const { certificate, key } = (await certificates()).server[kind];
  const { port } = await lab.tap.listen({ who, tls: { cert: certificate, key } });
  const client = mqtt.connect(`mqtts://${host}:${port}`, { reconnectPeriod: 0, ...options });
  const connected = await new Promise<boolean>(resolve => {
    client.once('connect', () => resolve(true));
    client.on('error', () => resolve(false));
  });
  const connect = lab.packets(who).find(({ packet }) => packet.type === 'CONNECT')?.packet;
  return { client, connected, connect: connect?.type === 'CONNECT' ? connect : undefined };
}

const login = { username: 'freezer', password: 'cold:27' };

export const proofs: Proofs = {
  'stranger-reads-login': async lab => {
    const { ca } = await certificates();
    const open = await dial(lab, 'open', 'other', 'localhost', {
      ...login,
      ca,
      rejectUnauthorized: false,
    });
    const closed = await dial(lab, 'closed', 'other', 'localhost', { ...login, ca });
    open.client.end(true);
    closed.client.end(true);
    const password = open.connect?.password;
    const read = password !== undefined && 'text' in password && password.text === login.password;
    return whichIsTrue(
      open.connect === undefined,
      read && open.connect?.username === login.username && closed.connect === undefined,
      open.connect !== undefined && !read,
    );
  },
  'path-is-no-certificate': async lab => {
    const { ca, caFile } = await certificates();
    const path = await dial(lab, 'path', 'good', 'localhost', { ca: caFile });
    const contents = await dial(lab, 'contents', 'good', 'localhost', { ca });
    path.client.end(true);
    contents.client.end(true);
    return whichIsTrue(
      !contents.connected,
      contents.connected && path.connect === undefined,
      path.connect !== undefined,
    );
  },
  'address-is-no-name': async lab => {
    const { ca } = await certificates();
    const address = await dial(lab, 'address', 'good', '127.0.0.1', { ca });
    const name = await dial(lab, 'name', 'good', 'localhost', { ca });
    address.client.end(true);
    name.client.end(true);
    return whichIsTrue(
      address.connected,
      !address.connected && address.connect === undefined && name.connected,
      address.connect !== undefined && !address.connected,
    );
  },
  'per-hop': async lab => {
    const { ca } = await certificates();
    const display = await lab.peer('display');
    await display.subscribe('hall/temperature', 1);
    const sensor = await dial(lab, 'sensor', 'good', 'localhost', { ca });
    await sensor.client.publishAsync('hall/temperature', '{"temp":21}', { qos: 1 });
    const message = await display.until(one => one.topic === 'hall/temperature');
    sensor.client.end(true);
    // The display's connection has no TLS: these are the bytes as they crossed it.
    const delivered = lab.packets('display').find(({ packet }) => packet.type === 'PUBLISH');
    const inClear = Buffer.from(delivered?.hex ?? '', 'hex').includes('{"temp":21}');
    return whichIsTrue(!inClear, inClear && 'text' in message.payload, false);
  },
};
