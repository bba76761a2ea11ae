import { payloadBytes, type WirePacket } from '../../../wire/index.js';
import {
  type PacketOf,
  type PacketType,
  packets,
  type Recording,
} from '../../harness/recording.js';

export interface Leak {
  readonly entry: PacketOf<PacketType>;
  /** `the topic name`, `the payload`. */
  readonly where: string;
  /** How it was written, when not as it is: `in base64`. */
  readonly how?: string;
}

type Field = readonly [where: string, text: string];

/** Every text of a packet but the password field of CONNECT, which is made for a secret. */
function fieldsOf(packet: WirePacket): Field[] {
  const text = (payload: Parameters<typeof payloadBytes>[0]) =>
    Buffer.from(payloadBytes(payload)).toString('utf8');
  switch (packet.type) {
    case 'CONNECT':
      return [
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
      return [
        ['the topic name', packet.topic],
        ['the payload', text(packet.payload)],
      ];
    case 'SUBSCRIBE':
      return packet.filters.map(({ filter }) => ['the topic filter', filter] as const);
    case 'UNSUBSCRIBE':
      return packet.filters.map(filter => ['the topic filter', filter] as const);
    default:
      return [];
  }
}

const letters = (text: string) => text.toLowerCase().replace(/[^\p{L}\p{N}]/gu, '');
const base64 = (text: string) => Buffer.from(text).toString('base64').replace(/=+$/, '');

/** The first place where a secret left the program, in clear or in a form that everybody can undo. */
export function leakOf(recording: Recording, secret: string): Leak | undefined {
  const forms: [how: string | undefined, matches: (field: string) => boolean][] = [
    [undefined, field => field.includes(secret)],
    ['with other quotes', field => field.includes(JSON.stringify(secret).slice(1, -1))],
    ['percent-encoded', field => field.includes(encodeURIComponent(secret))],
    ['in base64', field => field.includes(base64(secret))],
    ['in hexadecimal', field => field.toLowerCase().includes(Buffer.from(secret).toString('hex'))],
    ['written a little differently', field => letters(field).includes(letters(secret))],
  ];
  for (const entry of packets(recording, { direction: 'to-broker', madeByTap: false })) {
    for (const [where, field] of fieldsOf(entry.packet)) {
      const found = forms.find(([, matches]) => matches(field));
      if (!found) continue;
      const [how] = found;
      return { entry: entry as Leak['entry'], where, ...(how ? { how } : {}) };
    }
  }
  return undefined;
}
