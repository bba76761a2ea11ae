/** What only MQTT 5 has: property lists (5.0 section 2.2.2), reason codes, subscription options. */
import { type PropertyName, propertyOf } from '../properties.js';
import { listedCodes, type ReasonedType, reasonName } from '../reason-codes.js';
import { type BitPart, Broken, bit, type FieldReader, type Said } from './explain-reader.js';

/** What a property means, and the clause about it. */
const MEANING: Readonly<Record<PropertyName, readonly [meaning: string, clauses: string]>> = {
  payloadFormatIndicator: ['1: the payload is UTF-8 text', '5.0 MQTT-3.3.2-4'],
  messageExpiryInterval: ['seconds for which the message is worth delivering', '5.0 MQTT-3.3.2-5'],
  contentType: ['what the payload is', '5.0 MQTT-3.3.2-20'],
  responseTopic: ['where an answer is wanted', '5.0 MQTT-3.3.2-15'],
  correlationData: ['goes back with the answer, as it is', '5.0 MQTT-3.3.2-16'],
  subscriptionIdentifier: ['tells which subscription it belongs to', '5.0 MQTT-3.3.4-3'],
  sessionExpiryInterval: ['seconds the session outlives the connection', '5.0 MQTT-3.1.2-23'],
  assignedClientIdentifier: ['the client has this name now', '5.0 MQTT-3.1.3-7'],
  serverKeepAlive: ['seconds; replaces what the client asked for', '5.0 MQTT-3.1.2-21'],
  authenticationMethod: ['how to prove who it is', '5.0 MQTT-4.12.0-5'],
  authenticationData: ['what that method needs', ''],
  requestProblemInformation: ['0: reasons in words are not wanted', '5.0 MQTT-3.1.2-29'],
  willDelayInterval: ['seconds the will waits for a return', '5.0 MQTT-3.1.3-9'],
  requestResponseInformation: ['1: asks where answers may go', '5.0 MQTT-3.1.2-28'],
  responseInformation: ['where answers may go', '5.0 MQTT-3.1.2-28'],
  serverReference: ['another server to use', ''],
  reasonString: ['the reason in words, for people', ''],
  receiveMaximum: ['QoS 1 and 2 messages it takes before acknowledging', '5.0 MQTT-4.9.0-1'],
  topicAliasMaximum: ['the highest topic alias it takes', '5.0 MQTT-3.3.2-9, MQTT-3.3.2-11'],
  topicAlias: ['a number that stands for the topic name', '5.0 MQTT-3.3.2-7'],
  maximumQoS: ['the highest QoS it takes', '5.0 MQTT-3.2.2-11'],
  retainAvailable: ['0: nothing is stored for later subscribers', '5.0 MQTT-3.2.2-14'],
  userProperty: ["a name and a value of the sender's own", '5.0 MQTT-3.3.2-17, MQTT-3.3.2-18'],
  maximumPacketSize: ['bytes of the largest packet it takes', '5.0 MQTT-3.1.2-24, MQTT-3.2.2-15'],
  wildcardSubscriptionAvailable: ['0: no wildcards in topic filters', ''],
  subscriptionIdentifiersAvailable: ['0: no subscription identifiers', ''],
  sharedSubscriptionAvailable: ['0: no shared subscriptions', ''],
};

/** `sessionExpiryInterval` as words: `session expiry interval`. */
const words = (name: PropertyName): string =>
  name.replace(/QoS|[A-Z]/g, found => ` ${found === 'QoS' ? found : found.toLowerCase()}`);

/** Reads a property list: its length, then each property. */
export function properties(reader: FieldReader, whose = ''): void {
  const size = reader.varint(`${whose}property length`, value => ({
    meaning: value === 0 ? 'no properties' : 'bytes of properties that follow',
    clauses: '5.0 MQTT-2.2.2-1',
  }));
  const end = reader.at + size;
  if (size > reader.left) throw new Broken('the properties are longer than the packet');
  while (reader.at < end) {
    const id = reader.varint('property', value => {
      const known = propertyOf(value);
      return {
        value: `0x${value.toString(16).padStart(2, '0')}`,
        meaning: known === undefined ? 'no property has this identifier' : words(known.name),
      };
    });
    const known = propertyOf(id);
    if (known === undefined) throw new Broken(`there is no property ${id} in MQTT 5`);
    const [meaning, clauses] = MEANING[known.name];
    const name = words(known.name);
    const say = (): Said => ({ meaning, clauses });
    switch (known.kind) {
      case 'byte':
        reader.byte(name, say);
        break;
      case 'two':
        reader.number(name, say);
        break;
      case 'four':
        reader.four(name, value => ({
          ...say(),
          ...(value === 0xffffffff && known.name === 'sessionExpiryInterval'
            ? { meaning: 'the session never expires' }
            : {}),
        }));
        break;
      case 'varint':
        reader.varint(name, say);
        break;
      case 'binary':
        reader.blob(name, say);
        break;
      case 'text':
        reader.text(name, say);
        break;
      case 'pair':
        reader.text(`${name}: name`, say);
        reader.text(`${name}: value`);
    }
    if (reader.at > end) throw new Broken(`${name} goes beyond the properties`);
  }
}

/** A reason code with its name. */
export function reasonCode(reader: FieldReader, type: ReasonedType, field = 'reason code'): void {
  reader.byte(field, value => {
    const { clause, codes } = listedCodes(type);
    const name = reasonName(value, type) ?? 'not in the standard';
    return {
      value: `0x${value.toString(16).padStart(2, '0')}`,
      meaning: codes.includes(value) ? name : `${name}: ${type} may not carry it`,
      clauses: clause,
    };
  });
}

/** What may end early: reason code, then properties. */
export function reason(reader: FieldReader, type: ReasonedType): void {
  if (reader.left > 0) reasonCode(reader, type);
  if (reader.left > 0) properties(reader);
}

const HANDLING: readonly (readonly [meaning: string, clause: string])[] = [
  ['retain handling 0: retained messages come now', '5.0 MQTT-3.3.1-9'],
  ['retain handling 1: they come if the subscription is new', '5.0 MQTT-3.3.1-10'],
  ['retain handling 2: they do not come', '5.0 MQTT-3.3.1-11'],
];

/** The bits of a subscription's options (5.0 section 3.8.3.1). */
export function optionBits(value: number): BitPart[] {
  const handling = (value >> 4) & 3;
  const qos = value & 3;
  return [
    bit(value, [7, 6], 'reserved, always 0', '5.0 MQTT-3.8.3-5'),
    bit(
      value,
      [5, 4],
      ...(HANDLING[handling] ?? (['retain handling 3 does not exist', ''] as const)),
    ),
    bit(
      value,
      3,
      value & 8 ? 'retain as published: RETAIN stays as it came' : 'RETAIN is 0 on live messages',
      value & 8 ? '5.0 MQTT-3.3.1-13' : '5.0 MQTT-3.3.1-12',
    ),
    bit(
      value,
      2,
      value & 4 ? "no local: not the client's own messages" : 'its own messages too',
      '5.0 MQTT-3.8.3-3',
    ),
    bit(
      value,
      [1, 0],
      qos === 3 ? 'QoS 3 does not exist' : `deliver at most QoS ${qos}`,
      '5.0 MQTT-3.8.4-8',
    ),
  ];
}
