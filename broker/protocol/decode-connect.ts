import type { ReadProperty } from '../../wire/properties.js';
import type { QoS } from '../../wire/trace.js';
import { validTopicName } from '../topics.js';
import { type BodyReader, kept } from './body-reader.js';
import type { InboundConnect, ProtocolVersion } from './inbound.js';
import { Malformed } from './malformed.js';
import { messageProperties, type WillMessage } from './message.js';
import { REASON } from './reasons.js';

/** The largest session expiry, which means for ever (5.0 section 3.1.2.11.2). */
const FOR_EVER = 0xffffffff;

/** Reads CONNECT, the packet that says which version the others are read by. */
export function decodeConnect(body: BodyReader): InboundConnect {
  const name = body.bytes().toString('latin1');
  const level = body.byte();
  if (name !== 'MQTT' && name !== 'MQIsdp') throw new Malformed('unknown protocol name');
  const known = name === 'MQTT' ? level === 4 || level === 5 : level === 3;
  // `3.1.1 MQTT-3.1.2-2`: CONNACK 1, then close.
  if (!known) throw new Malformed(`protocol level ${level}`, { connack: 1 });
  if (level !== 5) return decodeFields(body, level as ProtocolVersion);
  try {
    return decodeFields(body, 5);
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    throw new Malformed(error.message, { reason: error.reason, version: 5 });
  }
}

function decodeFields(body: BodyReader, level: ProtocolVersion): InboundConnect {
  const flags = connectFlags(body.byte(), level);
  const keepalive = body.word();
  const properties = level === 5 ? connectProperties(body) : undefined;
  const clientId = body.string('the client identifier');
  const will = flags.will === undefined ? undefined : decodeWill(body, flags.will, level);
  if (flags.password && !flags.username && level !== 5) {
    throw new Malformed('password without user name'); // 3.1.1 MQTT-3.1.2-22
  }
  const username = flags.username ? body.string('the user name') : undefined;
  const password = flags.password ? kept(body.bytes()) : undefined;
  if (body.left() > 0) throw new Malformed('bytes behind the end of CONNECT');
  // `3.1.1 MQTT-3.1.3-8`: no identifier, and a session to keep under it.
  if (clientId === '' && level !== 5 && (!flags.clean || level === 3)) {
    throw new Malformed('empty client identifier', { connack: 2 });
  }
  return {
    type: 'connect',
    protocolVersion: level,
    clean: flags.clean,
    keepalive,
    clientId,
    sessionExpiry: flags.clean ? 0 : Number.POSITIVE_INFINITY,
    ...(will === undefined ? {} : { will }),
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...properties,
  };
}

interface ConnectFlags {
  readonly clean: boolean;
  readonly will: { readonly qos: QoS; readonly retain: boolean } | undefined;
  readonly username: boolean;
  readonly password: boolean;
}

function connectFlags(flags: number, level: number): ConnectFlags {
  const hasWill = (flags & 0x04) !== 0;
  const qos = (flags >> 3) & 3;
  const retain = (flags & 0x20) !== 0;
  if ((flags & 1) !== 0 && level >= 4) throw new Malformed('reserved connect flag'); // 3.1.1 MQTT-3.1.2-3, 5.0 MQTT-3.1.2-3
  if (qos === 3) throw new Malformed('will QoS 3'); // 3.1.1 MQTT-3.1.2-14, 5.0 MQTT-3.1.2-12
  if (!hasWill && (qos !== 0 || retain)) throw new Malformed('will flags without a will'); // 3.1.1 MQTT-3.1.2-11, 3.1.1 MQTT-3.1.2-13, 3.1.1 MQTT-3.1.2-15
  return {
    clean: (flags & 0x02) !== 0,
    will: hasWill ? { qos: qos as QoS, retain } : undefined,
    username: (flags & 0x80) !== 0,
    password: (flags & 0x40) !== 0,
  };
}

type V5Fields = Pick<InboundConnect, 'sessionExpiry' | 'v5' | 'authenticationMethod'>;

function connectProperties(body: BodyReader): V5Fields {
  const { list } = body.properties('CONNECT');
  const method = list.find(one => one.name === 'authenticationMethod')?.value;
  return {
    sessionExpiry: expirySeconds(numberIn(list, 'sessionExpiryInterval') ?? 0),
    v5: {
      receiveMaximum: numberIn(list, 'receiveMaximum') ?? 65_535,
      maximumPacketSize: numberIn(list, 'maximumPacketSize') ?? Number.POSITIVE_INFINITY,
      topicAliasMaximum: numberIn(list, 'topicAliasMaximum') ?? 0,
      problemInformation: numberIn(list, 'requestProblemInformation') !== 0,
    },
    ...(typeof method === 'string' ? { authenticationMethod: method } : {}),
  };
}

/** Seconds of a session expiry as it stands in a packet. */
export const expirySeconds = (value: number): number =>
  value === FOR_EVER ? Number.POSITIVE_INFINITY : value;

/** The number a property of that name has, if it is there. */
export function numberIn(list: readonly ReadProperty[], name: ReadProperty['name']) {
  const found = list.find(one => one.name === name)?.value;
  return typeof found === 'number' ? found : undefined;
}

function decodeWill(
  body: BodyReader,
  flags: NonNullable<ConnectFlags['will']>,
  level: ProtocolVersion,
): WillMessage {
  const found = level === 5 ? body.properties('will') : undefined;
  const topic = body.string('the will topic');
  if (!validTopicName(topic)) {
    throw new Malformed('will topic with a wildcard, or empty', { reason: REASON.topicInvalid });
  }
  const message = { topic, payload: kept(body.bytes()), ...flags };
  if (found === undefined || found.list.length === 0) return message;
  const properties = messageProperties(
    found.bytesOf(({ name }) => name !== 'willDelayInterval' && name !== 'messageExpiryInterval'),
    undefined,
  );
  const delay = numberIn(found.list, 'willDelayInterval');
  const expiry = numberIn(found.list, 'messageExpiryInterval');
  return {
    ...message,
    ...(properties === undefined ? {} : { properties }),
    ...(delay === undefined ? {} : { delay }),
    ...(expiry === undefined ? {} : { expiry }),
  };
}
