import type { QoS } from '../../wire/trace.js';
import { validTopicName } from '../topics.js';
import { type BodyReader, kept } from './body-reader.js';
import type { InboundConnect, ProtocolVersion } from './inbound.js';
import { Malformed } from './malformed.js';
import type { WillMessage } from './message.js';

/** Reads CONNECT, the packet that says which version the others are read by. */
export function decodeConnect(body: BodyReader): InboundConnect {
  const name = body.bytes().toString('latin1');
  const level = body.byte();
  if (name !== 'MQTT' && name !== 'MQIsdp') throw new Malformed('unknown protocol name');
  // `3.1.1 MQTT-3.1.2-2`: CONNACK 1, then close. MQTT 5 (level 5) is answered so too.
  if (level !== (name === 'MQTT' ? 4 : 3)) throw new Malformed(`protocol level ${level}`, 1);
  const flags = connectFlags(body.byte(), level);
  const keepalive = body.word();
  const clientId = body.string('the client identifier');
  const will = flags.will === undefined ? undefined : decodeWill(body, flags.will);
  if (flags.password && !flags.username) throw new Malformed('password without user name'); // 3.1.1 MQTT-3.1.2-22
  const username = flags.username ? body.string('the user name') : undefined;
  const password = flags.password ? kept(body.bytes()) : undefined;
  if (body.left() > 0) throw new Malformed('bytes behind the end of CONNECT');
  // `3.1.1 MQTT-3.1.3-8`: no identifier, and a session to keep under it.
  if (clientId === '' && (!flags.clean || level === 3)) {
    throw new Malformed('empty client identifier', 2);
  }
  return {
    type: 'connect',
    protocolVersion: level as ProtocolVersion,
    clean: flags.clean,
    keepalive,
    clientId,
    ...(will === undefined ? {} : { will }),
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
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
  if ((flags & 1) !== 0 && level === 4) throw new Malformed('reserved connect flag'); // 3.1.1 MQTT-3.1.2-3
  if (qos === 3) throw new Malformed('will QoS 3'); // 3.1.1 MQTT-3.1.2-14
  if (!hasWill && (qos !== 0 || retain)) throw new Malformed('will flags without a will'); // 3.1.1 MQTT-3.1.2-11, 3.1.1 MQTT-3.1.2-13, 3.1.1 MQTT-3.1.2-15
  return {
    clean: (flags & 0x02) !== 0,
    will: hasWill ? { qos: qos as QoS, retain } : undefined,
    username: (flags & 0x80) !== 0,
    password: (flags & 0x40) !== 0,
  };
}

function decodeWill(body: BodyReader, flags: NonNullable<ConnectFlags['will']>): WillMessage {
  const topic = body.string('the will topic');
  if (!validTopicName(topic)) throw new Malformed('will topic with a wildcard, or empty');
  return { topic, payload: kept(body.bytes()), ...flags };
}
