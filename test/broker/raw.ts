import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import mqttPacket, { type IConnectPacket, type Packet } from 'mqtt-packet';
import type { Broker } from '../../broker/index.js';

/** A client that sends exactly the bytes it is told to, and reads packets as short texts. */
export interface Raw {
  send(...what: (Packet | string | Buffer)[]): void;
  /** The next packet, or `closed`. */
  next(): Promise<string>;
  take(count: number): Promise<string[]>;
  /** Everything up to the answer to a PINGREQ sent now (or up to the end). */
  fence(): Promise<string[]>;
  /** Everything until the connection closes. */
  rest(): Promise<string[]>;
  close(): void;
  readonly stream: Duplex;
}

const DEADLINE = 10_000;

export function raw(broker: Broker): Raw {
  const stream = broker.open();
  const arrived: string[] = [];
  const parser = mqttPacket.parser();
  let wake: () => void = () => {};
  parser.on('packet', packet => arrived.push(text(packet)));
  parser.on('error', error => arrived.push(`unreadable: ${error.message}`));
  stream.on('data', (chunk: Buffer) => {
    parser.parse(chunk);
    wake();
  });
  stream.on('error', () => {});
  let over = false;
  const ended = (): void => {
    if (over) return;
    over = true;
    arrived.push('closed');
    wake();
  };
  stream.on('end', ended);
  stream.on('close', ended);

  async function next(): Promise<string> {
    while (arrived.length === 0) {
      await new Promise<void>((resolve, reject) => {
        const late = setTimeout(() => reject(new Error('nothing came in time')), DEADLINE);
        wake = () => {
          clearTimeout(late);
          resolve();
        };
      });
    }
    return arrived.shift() as string;
  }
  async function until(last: string): Promise<string[]> {
    const got: string[] = [];
    for (;;) {
      const one = await next();
      if (one === last) return got;
      got.push(one);
      if (one === 'closed') return got;
    }
  }
  const client: Raw = {
    stream,
    send(...what) {
      const bytes = what.map(item => {
        if (Buffer.isBuffer(item)) return item;
        return typeof item === 'string' ? hex(item) : mqttPacket.generate(item);
      });
      stream.write(Buffer.concat(bytes));
    },
    next,
    async take(count) {
      const got: string[] = [];
      while (got.length < count) got.push(await next());
      return got;
    },
    fence() {
      client.send('c000');
      return until('PINGRESP');
    },
    rest: () => until('closed'),
    close: () => stream.destroy(),
  };
  return client;
}

export function hex(text: string): Buffer {
  return Buffer.from(text.replace(/\s/g, ''), 'hex');
}

/** An MQTT string as bytes. */
export function str(value: string | Buffer): Buffer {
  const bytes = Buffer.from(value as string);
  return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 0xff]), bytes]);
}

/** A packet of any first byte around a body. */
export function frame(header: number, ...body: (Buffer | number[])[]): Buffer {
  const bytes = Buffer.concat(body.map(part => Buffer.from(part as Buffer)));
  const length: number[] = [];
  for (let left = bytes.length; ; left >>>= 7) {
    length.push(left > 127 ? (left & 0x7f) | 0x80 : left);
    if (left <= 127) break;
  }
  return Buffer.concat([Buffer.from([header, ...length]), bytes]);
}

export function connect(clientId: string, more: Partial<IConnectPacket> = {}): Packet {
  return { cmd: 'connect', clientId, clean: true, keepalive: 0, protocolVersion: 4, ...more };
}

export function publish(
  topic: string,
  payload: string | Buffer,
  qos: 0 | 1 | 2 = 0,
  messageId = 1,
  more: { retain?: boolean; dup?: boolean } = {},
): Packet {
  return {
    cmd: 'publish',
    topic,
    payload,
    qos,
    retain: false,
    dup: false,
    ...(qos > 0 ? { messageId } : {}),
    ...more,
  };
}

export function subscribe(messageId: number, ...filters: [string, 0 | 1 | 2][]): Packet {
  return {
    cmd: 'subscribe',
    messageId,
    subscriptions: filters.map(([topic, qos]) => ({ topic, qos })),
  };
}

export const ack = (
  cmd: 'puback' | 'pubrec' | 'pubrel' | 'pubcomp',
  messageId: number,
): Packet => ({
  cmd,
  messageId,
});

/** A connected client. */
export async function connected(
  broker: Broker,
  clientId: string,
  more: Partial<IConnectPacket> = {},
): Promise<Raw> {
  const client = raw(broker);
  client.send(connect(clientId, more));
  const answer = await client.next();
  if (!answer.startsWith('CONNACK 0')) throw new Error(`${clientId}: ${answer}`);
  return client;
}

/** Waits until the broker has noticed that a client is gone: somebody else sees its will. */
export async function vanished(client: Raw): Promise<void> {
  if (!client.stream.destroyed) client.stream.destroy();
  if (!client.stream.closed) await once(client.stream, 'close');
}

function text(packet: Packet): string {
  switch (packet.cmd) {
    case 'connack':
      return `CONNACK ${packet.returnCode} sp${packet.sessionPresent ? 1 : 0}`;
    case 'publish': {
      const flags = `q${packet.qos} r${packet.retain ? 1 : 0} d${packet.dup ? 1 : 0}`;
      const id = packet.qos > 0 ? ` #${packet.messageId}` : '';
      return `PUBLISH ${packet.topic} ${packet.payload.toString()} ${flags}${id}`;
    }
    case 'suback':
      return `SUBACK #${packet.messageId} ${packet.granted.join(',')}`;
    case 'pingresp':
      return 'PINGRESP';
    default:
      return `${packet.cmd.toUpperCase()} #${packet.messageId}`;
  }
}
