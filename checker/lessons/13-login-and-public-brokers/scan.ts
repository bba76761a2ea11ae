import { payloadBytes, type WirePacket } from '../../../wire/index.js';
import {
  type PacketOf,
  type PacketType,
  packets,
  type Recording,
} from '../../harness/recording.js';
import { disguisesOf } from './disguises.js';

export interface Leak {
  readonly entry: PacketOf<PacketType>;
  /** `the topic name`, `the payload`. */
  readonly where: string;
  /** How it was written, when not as it is: `in base64`. */
  readonly how?: string;
}

type Field = readonly [where: string, text: string];

/** Properties of MQTT 5. */
const propertiesOf = (packet: WirePacket): Field[] =>
  'properties' in packet && packet.properties !== undefined
    ? [['a property', JSON.stringify(packet.properties)]]
    : [];

/** Every text of a packet but the password field of CONNECT, which is made for a secret. */
export function fieldsOf(packet: WirePacket): Field[] {
  const text = (payload: Parameters<typeof payloadBytes>[0]) =>
    Buffer.from(payloadBytes(payload)).toString('utf8');
  const more = propertiesOf(packet);
  switch (packet.type) {
    case 'CONNECT':
      return [
        ...more,
        ['the client identifier', packet.clientId],
        ...(packet.username === undefined ? [] : [['the user name', packet.username] as const]),
        ...(packet.will
          ? [
              ['the will topic', packet.will.topic] as const,
              ['the will message', text(packet.will.payload)] as const,
            ]
          : []),
      ];
    case 'PUBLISH':
      return [...more, ['the topic name', packet.topic], ['the payload', text(packet.payload)]];
    case 'SUBSCRIBE':
      return packet.filters.map(({ filter }) => ['the topic filter', filter] as const);
    case 'UNSUBSCRIBE':
      return packet.filters.map(filter => ['the topic filter', filter] as const);
    default:
      return more;
  }
}

/** The text of a payload without its bare numbers, when it is JSON. */
function spokenIn(text: string): string {
  try {
    const said: string[] = [];
    JSON.parse(text, (key: string, value: unknown) => {
      said.push(key);
      if (typeof value === 'string') said.push(value);
      if (typeof value === 'number' && Number.isInteger(value)) said.push(String(value));
      return value;
    });
    return said.join(' ');
  } catch {
    return text;
  }
}

/**
 * The first place where a secret left the program: in clear, in a form that everybody can undo or
 * compare, and with `parts` also in pieces of four characters or more.
 */
export function leakOf(
  recording: Recording,
  secret: string,
  options: { readonly parts?: boolean } = {},
): Leak | undefined {
  const forms = disguisesOf(secret, options.parts ?? false);
  for (const entry of packets(recording, { direction: 'to-broker', madeByTap: false })) {
    for (const [where, text] of fieldsOf(entry.packet)) {
      const field = { text, spoken: where === 'the payload' ? spokenIn(text) : text };
      const found = forms.find(({ matches }) => matches(field));
      if (!found) continue;
      const { how } = found;
      return { entry: entry as Leak['entry'], where, ...(how ? { how } : {}) };
    }
  }
  return undefined;
}
