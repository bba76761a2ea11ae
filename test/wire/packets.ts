/** Random packets of MQTT 3.1.1, as mqtt-packet can write them. */
import fc from 'fast-check';
import { payloadOf } from '../../wire/payload.js';
import type { WirePacket } from '../../wire/trace.js';

const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 });
const payload = fc.oneof(
  fc.uint8Array({ maxLength: 40 }).map(bytes => payloadOf(bytes)),
  text.map(value => payloadOf(Buffer.from(value))),
);
const id = fc.integer({ min: 1, max: 65_535 });
const qos = fc.constantFrom(0 as const, 1 as const, 2 as const);
const bare = fc.constantFrom('PINGREQ' as const, 'PINGRESP' as const, 'DISCONNECT' as const);
const acks = fc.constantFrom(
  'PUBACK' as const,
  'PUBREC' as const,
  'PUBREL' as const,
  'PUBCOMP' as const,
  'UNSUBACK' as const,
);

const connect = fc
  .record({
    clientId: text,
    clean: fc.boolean(),
    keepalive: fc.integer({ min: 0, max: 65_535 }),
    username: fc.option(text, { nil: undefined }),
    password: fc.option(payload, { nil: undefined }),
    will: fc.option(fc.record({ topic: text, payload, qos, retain: fc.boolean() }), {
      nil: undefined,
    }),
  })
  .map(
    ({ username, password, will, ...rest }): WirePacket => ({
      type: 'CONNECT',
      protocolName: 'MQTT',
      protocolVersion: 4,
      ...rest,
      ...(username === undefined ? {} : { username }),
      ...(username === undefined || password === undefined ? {} : { password }),
      ...(will === undefined ? {} : { will }),
    }),
  );

const publish = fc
  .record({ topic: text, payload, qos, retain: fc.boolean(), dup: fc.boolean(), id })
  .map(
    ({ id: own, ...rest }): WirePacket => ({
      type: 'PUBLISH',
      ...rest,
      ...(rest.qos > 0 ? { id: own } : {}),
    }),
  );

export const wirePackets: fc.Arbitrary<WirePacket> = fc.oneof(
  connect,
  publish,
  fc.record({
    type: fc.constant('CONNACK' as const),
    sessionPresent: fc.boolean(),
    returnCode: fc.integer({ min: 0, max: 5 }),
  }),
  fc.record({ type: acks, id }),
  fc.record({
    type: fc.constant('SUBSCRIBE' as const),
    id,
    filters: fc.array(fc.record({ filter: text, qos }), { minLength: 1, maxLength: 4 }),
  }),
  fc.record({
    type: fc.constant('SUBACK' as const),
    id,
    codes: fc.array(fc.constantFrom(0, 1, 2, 128), { minLength: 1, maxLength: 4 }),
  }),
  fc.record({
    type: fc.constant('UNSUBSCRIBE' as const),
    id,
    filters: fc.array(text, { minLength: 1, maxLength: 4 }),
  }),
  fc.record({ type: bare }),
);
