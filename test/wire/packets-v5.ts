/** Random packets of MQTT 5: everything that the standard allows. */
import fc from 'fast-check';
import { payloadOf } from '../../wire/payload.js';
import type { Property, PropertyName, PropertyOwner } from '../../wire/properties.js';
import { listedCodes, type ReasonedType } from '../../wire/reason-codes.js';
import type { WirePacket } from '../../wire/trace.js';

const text = fc.string({ unit: 'grapheme', maxLength: 12 }).filter(value => !value.includes('\0'));
const name = text.filter(value => value !== '');
const topic = name.filter(value => !/[#+]/.test(value));
const payload = fc.uint8Array({ maxLength: 30 }).map(bytes => payloadOf(bytes));
const id = fc.integer({ min: 1, max: 65_535 });
const qos = fc.constantFrom(0 as const, 1 as const, 2 as const);
const four = fc.oneof(fc.constantFrom(0, 1, 0xffffffff), fc.integer({ min: 0, max: 0xffffffff }));
const two = fc.integer({ min: 0, max: 65_535 });
const bit = fc.constantFrom(0, 1);

/** A value for each property, among those the standard allows. */
const VALUES: Readonly<Record<PropertyName, fc.Arbitrary<unknown>>> = {
  payloadFormatIndicator: bit,
  messageExpiryInterval: four,
  contentType: text,
  responseTopic: topic,
  correlationData: payload,
  subscriptionIdentifier: fc.integer({ min: 1, max: 268_435_455 }),
  sessionExpiryInterval: four,
  assignedClientIdentifier: text,
  serverKeepAlive: two,
  authenticationMethod: text,
  authenticationData: payload,
  requestProblemInformation: bit,
  willDelayInterval: four,
  requestResponseInformation: bit,
  responseInformation: text,
  serverReference: text,
  reasonString: text,
  receiveMaximum: id,
  topicAliasMaximum: two,
  topicAlias: id,
  maximumQoS: bit,
  retainAvailable: bit,
  userProperty: fc.record({ name: text, value: text }),
  maximumPacketSize: four.map(value => Math.max(1, value)),
  wildcardSubscriptionAvailable: bit,
  subscriptionIdentifiersAvailable: bit,
  sharedSubscriptionAvailable: bit,
};

/** Which properties stand in which packet, written here anew from 5.0 table 2-4. */
export const ALLOWED: Readonly<Record<PropertyOwner, readonly PropertyName[]>> = {
  CONNECT: [
    ...(['sessionExpiryInterval', 'authenticationMethod', 'authenticationData'] as const),
    ...(['requestProblemInformation', 'requestResponseInformation', 'receiveMaximum'] as const),
    ...(['topicAliasMaximum', 'userProperty', 'maximumPacketSize'] as const),
  ],
  will: [
    ...(['payloadFormatIndicator', 'messageExpiryInterval', 'contentType'] as const),
    ...(['responseTopic', 'correlationData', 'willDelayInterval', 'userProperty'] as const),
  ],
  CONNACK: [
    ...(['sessionExpiryInterval', 'assignedClientIdentifier', 'serverKeepAlive'] as const),
    ...(['authenticationMethod', 'authenticationData', 'responseInformation'] as const),
    ...(['serverReference', 'reasonString', 'receiveMaximum', 'topicAliasMaximum'] as const),
    ...(['maximumQoS', 'retainAvailable', 'userProperty', 'maximumPacketSize'] as const),
    ...(['wildcardSubscriptionAvailable', 'subscriptionIdentifiersAvailable'] as const),
    'sharedSubscriptionAvailable',
  ],
  PUBLISH: [
    ...(['payloadFormatIndicator', 'messageExpiryInterval', 'contentType'] as const),
    ...(['responseTopic', 'correlationData', 'subscriptionIdentifier'] as const),
    ...(['topicAlias', 'userProperty'] as const),
  ],
  PUBACK: ['reasonString', 'userProperty'],
  PUBREC: ['reasonString', 'userProperty'],
  PUBREL: ['reasonString', 'userProperty'],
  PUBCOMP: ['reasonString', 'userProperty'],
  SUBSCRIBE: ['subscriptionIdentifier', 'userProperty'],
  SUBACK: ['reasonString', 'userProperty'],
  UNSUBSCRIBE: ['userProperty'],
  UNSUBACK: ['reasonString', 'userProperty'],
  DISCONNECT: ['sessionExpiryInterval', 'serverReference', 'reasonString', 'userProperty'],
  AUTH: ['authenticationMethod', 'authenticationData', 'reasonString', 'userProperty'],
};

/** A list for a packet, in any order; what may repeat does. */
export function properties(owner: PropertyOwner): fc.Arbitrary<readonly Property[]> {
  const one = fc
    .constantFrom(...ALLOWED[owner])
    .chain(found => VALUES[found].map(value => ({ name: found, value }) as Property));
  return fc.array(one, { maxLength: 6 }).map(list => {
    const seen = new Set<string>();
    const kept = list.filter(({ name: found }) => {
      const repeats =
        found === 'userProperty' || (found === 'subscriptionIdentifier' && owner === 'PUBLISH');
      if (!repeats && seen.has(found)) return false;
      seen.add(found);
      return true;
    });
    return seen.has('authenticationMethod')
      ? kept
      : kept.filter(({ name: found }) => found !== 'authenticationData');
  });
}

/** An empty list of a packet that always has one is not worth a field. */
const always = (owner: PropertyOwner) =>
  properties(owner).map(list => (list.length === 0 ? {} : { properties: list }));

/** Absent, a code alone, or a code and properties, which may be none. */
function reason(type: Exclude<ReasonedType, 'CONNACK' | 'SUBACK' | 'UNSUBACK'>) {
  const code = fc.constantFrom(...listedCodes(type).codes);
  return fc.oneof(
    fc.constant({}),
    fc.record({ reasonCode: code }),
    fc.record({ reasonCode: code, properties: properties(type) }),
  );
}

const will = fc
  .record({ topic, payload, qos, retain: fc.boolean(), more: always('will') })
  .map(({ more, ...rest }) => ({ ...rest, ...more }));

const connect = fc
  .record({
    clientId: text,
    clean: fc.boolean(),
    keepalive: two,
    more: always('CONNECT'),
    will: fc.option(will, { nil: undefined }),
    username: fc.option(text, { nil: undefined }),
    // MQTT 5: a password needs no user name (5.0 MQTT-3.1.2-19).
    password: fc.option(payload, { nil: undefined }),
  })
  .map(
    ({ will: last, username, password, more, ...rest }): WirePacket => ({
      type: 'CONNECT',
      protocolName: 'MQTT',
      protocolVersion: 5,
      ...rest,
      ...(last === undefined ? {} : { will: last }),
      ...(username === undefined ? {} : { username }),
      ...(password === undefined ? {} : { password }),
      ...more,
    }),
  );

const connack = fc
  .record({
    sessionPresent: fc.boolean(),
    returnCode: fc.constantFrom(...listedCodes('CONNACK').codes),
    more: always('CONNACK'),
  })
  .map(
    ({ more, sessionPresent, returnCode }): WirePacket => ({
      type: 'CONNACK',
      sessionPresent: sessionPresent && returnCode === 0,
      returnCode,
      ...more,
    }),
  );

const publish = fc
  .record({
    topic,
    payload,
    qos,
    retain: fc.boolean(),
    dup: fc.boolean(),
    id,
    more: always('PUBLISH'),
  })
  .map(
    ({ id: own, more, dup, ...rest }): WirePacket => ({
      type: 'PUBLISH',
      ...rest,
      dup: dup && rest.qos > 0,
      ...(rest.qos > 0 ? { id: own } : {}),
      ...more,
    }),
  );

const filter = fc.record({
  filter: name.filter(value => !value.startsWith('$share')),
  qos,
  noLocal: fc.boolean(),
  retainAsPublished: fc.boolean(),
  retainHandling: fc.constantFrom(0, 1, 2),
});

const some = { minLength: 1, maxLength: 4 };
const acks = fc
  .constantFrom('PUBACK' as const, 'PUBREC' as const, 'PUBREL' as const, 'PUBCOMP' as const)
  .chain(type => fc.tuple(id, reason(type)).map(([own, more]) => ({ type, id: own, ...more })));
const bare = fc
  .constantFrom('DISCONNECT' as const, 'AUTH' as const)
  .chain(type => reason(type).map(more => ({ type, ...more })));
const codes = fc
  .constantFrom('SUBACK' as const, 'UNSUBACK' as const)
  .chain(type =>
    fc
      .tuple(id, fc.array(fc.constantFrom(...listedCodes(type).codes), some), always(type))
      .map(([own, list, more]) => ({ type, id: own, codes: list, ...more })),
  );

/** Any packet of MQTT 5. */
export const wirePacketsV5: fc.Arbitrary<WirePacket> = fc.oneof(
  connect,
  connack,
  publish,
  acks,
  fc
    .tuple(id, fc.array(filter, some), always('SUBSCRIBE'))
    .map(([own, filters, more]) => ({ type: 'SUBSCRIBE' as const, id: own, filters, ...more })),
  fc
    .tuple(id, fc.array(name, some), always('UNSUBSCRIBE'))
    .map(([own, filters, more]) => ({ type: 'UNSUBSCRIBE' as const, id: own, filters, ...more })),
  codes,
  bare,
  fc.record({ type: fc.constantFrom('PINGREQ' as const, 'PINGRESP' as const) }),
);
