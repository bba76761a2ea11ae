import type { Duplex } from 'node:stream';
import type { Broker } from '../../broker/index.js';
import { decode, encode } from '../../wire/decode.js';
import { describePacket } from '../../wire/describe.js';
import { createFramer } from '../../wire/framing.js';
import type { Property } from '../../wire/properties.js';
import type { QoS, WirePacket } from '../../wire/trace.js';

/** A client of MQTT 5 that sends exactly what it is told to, and reads packets as short texts. */
export interface Raw5 {
  send(...what: (WirePacket | string | Buffer)[]): void;
  /** The next packet in words, or `closed`. */
  next(): Promise<string>;
  take(count: number): Promise<string[]>;
  /** Everything up to the answer to a PINGREQ sent now (or up to the end). */
  fence(): Promise<string[]>;
  /** Everything until the connection closes. */
  rest(): Promise<string[]>;
  /** The next packet itself. */
  packet(): Promise<WirePacket>;
  /** Closes as a lost line does. */
  lose(): void;
  readonly stream: Duplex;
}

const DEADLINE = 10_000;

export function raw5(broker: Broker, stream: Duplex = broker.open()): Raw5 {
  const framer = createFramer();
  const arrived: (WirePacket | 'closed')[] = [];
  let wake = (): void => {};
  let over = false;
  stream.on('data', (chunk: Buffer) => {
    framer.push(chunk);
    for (let frame = framer.next(); frame; frame = framer.next()) {
      arrived.push(decode(frame.bytes, 5, 'to-client'));
    }
    wake();
  });
  const ended = (): void => {
    if (!over) arrived.push('closed');
    over = true;
    wake();
  };
  stream.on('error', () => {});
  stream.on('end', ended);
  stream.on('close', ended);

  async function any(): Promise<WirePacket | 'closed'> {
    while (arrived.length === 0) {
      await new Promise<void>((resolve, reject) => {
        const late = setTimeout(() => reject(new Error('nothing came in time')), DEADLINE);
        wake = () => {
          clearTimeout(late);
          resolve();
        };
      });
    }
    return arrived.shift() as WirePacket | 'closed';
  }
  const words = (one: WirePacket | 'closed') => (one === 'closed' ? one : describePacket(one));
  const next = async () => words(await any());
  async function until(last: string): Promise<string[]> {
    const got: string[] = [];
    for (;;) {
      const one = await next();
      if (one === last) return got;
      got.push(one);
      if (one === 'closed') return got;
    }
  }
  const client: Raw5 = {
    stream,
    send(...what) {
      const bytes = what.map(one => {
        if (Buffer.isBuffer(one)) return one;
        return typeof one === 'string'
          ? Buffer.from(one.replace(/\s/g, ''), 'hex')
          : encode(one, 5);
      });
      stream.write(Buffer.concat(bytes));
    },
    next,
    async packet() {
      const one = await any();
      if (one === 'closed') throw new Error('the connection was closed');
      return one;
    },
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
    lose: () => stream.destroy(),
  };
  return client;
}

export type Connect5 = Partial<Extract<WirePacket, { type: 'CONNECT' }>>;

export function connect5(clientId: string, more: Connect5 = {}): WirePacket {
  return {
    type: 'CONNECT',
    protocolName: 'MQTT',
    protocolVersion: 5,
    clientId,
    clean: true,
    keepalive: 0,
    ...more,
  };
}

/** A client that was let in; what CONNACK said is passed over. */
export async function connected5(
  broker: Broker,
  clientId: string,
  more: Connect5 = {},
): Promise<Raw5> {
  const client = raw5(broker);
  client.send(connect5(clientId, more));
  const answer = await client.next();
  if (!answer.startsWith('CONNACK returnCode=0 ')) throw new Error(`${clientId}: ${answer}`);
  return client;
}

export const property = <Name extends Property['name']>(
  name: Name,
  value: Extract<Property, { name: Name }>['value'],
): Property => ({ name, value }) as Property;

export const user = (name: string, value: string): Property =>
  property('userProperty', { name, value });

export const expiry = (seconds: number): Connect5 => ({
  properties: [property('sessionExpiryInterval', seconds)],
});

export function publish5(
  topic: string,
  text: string,
  qos: QoS = 0,
  id = 1,
  more: { retain?: boolean; dup?: boolean; properties?: readonly Property[] } = {},
): WirePacket {
  return {
    type: 'PUBLISH',
    topic,
    payload: { bytes: Buffer.byteLength(text), text },
    qos,
    retain: false,
    dup: false,
    ...(qos > 0 ? { id } : {}),
    ...more,
  };
}

export interface Options5 {
  readonly qos?: QoS;
  readonly noLocal?: boolean;
  readonly retainAsPublished?: boolean;
  readonly retainHandling?: number;
}

export function subscribe5(
  id: number,
  filters: Readonly<Record<string, QoS | Options5>>,
  properties?: readonly Property[],
): WirePacket {
  return {
    type: 'SUBSCRIBE',
    id,
    filters: Object.entries(filters).map(([filter, options]) =>
      typeof options === 'number' ? { filter, qos: options } : { filter, qos: 0, ...options },
    ),
    ...(properties === undefined ? {} : { properties }),
  };
}

export const ack5 = (
  type: 'PUBACK' | 'PUBREC' | 'PUBREL' | 'PUBCOMP',
  id: number,
  reasonCode?: number,
): WirePacket => ({ type, id, ...(reasonCode === undefined ? {} : { reasonCode }) });

export const disconnect5 = (reasonCode?: number, properties?: readonly Property[]): WirePacket => ({
  type: 'DISCONNECT',
  ...(reasonCode === undefined ? {} : { reasonCode }),
  ...(properties === undefined ? {} : { properties }),
});

export const pause = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms));
