import { listedCodes } from '../../wire/reason-codes.js';
import type { QoS } from '../../wire/trace.js';
import { validFilter, validTopicName } from '../topics.js';
import { type BodyReader, bodyReader, kept } from './body-reader.js';
import { decodeConnect, expirySeconds, numberIn } from './decode-connect.js';
import type {
  Inbound,
  InboundAcknowledgement,
  InboundDisconnect,
  InboundPublish,
  InboundSubscribe,
  InboundUnsubscribe,
  ProtocolVersion,
} from './inbound.js';
import { Malformed } from './malformed.js';
import { messageProperties } from './message.js';
import type { RawPacket } from './raw-packet.js';
import { REASON } from './reasons.js';
import { brokenShare, plainSubscription, type Subscription } from './subscription.js';

const protocolError = (message: string): Malformed =>
  new Malformed(message, { reason: REASON.protocolError });

/** Reads a client's packet, in the version of its CONNECT; throws `Malformed` wherever Mosquitto 2.0
 * closes the connection, and in MQTT 5 wherever the standard wants that. */
export function decode(raw: RawPacket, version: ProtocolVersion = 4): Inbound {
  const flags = raw.header & 0x0f;
  const type = raw.header >> 4;
  // `3.1.1 MQTT-2.2.2-1`, `3.1.1 MQTT-2.2.2-2`: the flags of every packet but PUBLISH are fixed.
  if (type !== 3 && flags !== (type === 6 || type === 8 || type === 10 ? 2 : 0)) {
    throw new Malformed(`reserved flags of packet type ${type} are ${flags}`);
  }
  const v5 = version === 5;
  switch (type) {
    case 1:
      return decodeConnect(bodyReader(raw.body));
    case 3:
      return decodePublish(flags, bodyReader(raw.body), v5);
    case 4:
      return decodeAcknowledgement('puback', raw.body, v5);
    case 5:
      return decodeAcknowledgement('pubrec', raw.body, v5);
    case 6:
      return decodeAcknowledgement('pubrel', raw.body, v5);
    case 7:
      return decodeAcknowledgement('pubcomp', raw.body, v5);
    case 8:
      return decodeSubscribe(bodyReader(raw.body), v5);
    case 10:
      return decodeUnsubscribe(bodyReader(raw.body), v5);
    case 14:
      if (v5) return decodeDisconnect(bodyReader(raw.body));
      if (raw.body.length > 0) throw new Malformed('bytes after the fixed header');
      return { type: 'disconnect', reason: 0 };
    case 12:
      if (raw.body.length > 0) throw new Malformed('bytes after the fixed header');
      return { type: 'pingreq' };
    default:
      // AUTH too: no method was agreed on (`5.0 MQTT-4.12.0-7`).
      throw protocolError(`packet type ${type} is not for a server`);
  }
}

function decodePublish(flags: number, body: BodyReader, v5: boolean): InboundPublish {
  const qos = (flags >> 1) & 3;
  const dup = (flags & 8) !== 0;
  if (qos === 3) throw new Malformed('QoS 3'); // 3.1.1 MQTT-3.3.1-4
  if (dup && qos === 0) throw new Malformed('DUP at QoS 0'); // 3.1.1 MQTT-3.3.1-2
  const topic = body.string('the topic name');
  // `3.1.1 MQTT-3.3.2-2`; in MQTT 5 an alias may stand for the name.
  if (!validTopicName(topic) && !(v5 && topic === '')) {
    throw new Malformed('topic name with a wildcard, or empty', { reason: REASON.topicInvalid });
  }
  const id = qos === 0 ? 0 : body.packetIdentifier();
  const more = v5 ? publishProperties(body, topic) : undefined;
  const payload = kept(body.rest());
  const retain = (flags & 1) !== 0;
  return { type: 'publish', topic, payload, qos: qos as QoS, retain, dup, id, ...more };
}

function publishProperties(
  body: BodyReader,
  topic: string,
): Pick<InboundPublish, 'properties' | 'topicAlias' | 'text'> | undefined {
  const found = body.properties('PUBLISH');
  const topicAlias = numberIn(found.list, 'topicAlias');
  if (topic === '' && topicAlias === undefined) {
    throw protocolError('neither a topic name nor a topic alias'); // 5.0 section 3.3.2.1
  }
  if (found.list.length === 0) return undefined;
  if (found.list.some(one => one.name === 'subscriptionIdentifier')) {
    throw protocolError('PUBLISH with a subscription identifier'); // 5.0 MQTT-3.3.4-6
  }
  const forwarded = found.bytesOf(
    ({ name }) => name !== 'topicAlias' && name !== 'messageExpiryInterval',
  );
  const properties = messageProperties(forwarded, numberIn(found.list, 'messageExpiryInterval'));
  return {
    ...(properties === undefined ? {} : { properties }),
    ...(topicAlias === undefined ? {} : { topicAlias }),
    ...(numberIn(found.list, 'payloadFormatIndicator') === 1 ? { text: true } : {}),
  };
}

const UPPER = { puback: 'PUBACK', pubrec: 'PUBREC', pubrel: 'PUBREL', pubcomp: 'PUBCOMP' } as const;

function decodeAcknowledgement(
  type: InboundAcknowledgement['type'],
  bytes: Buffer,
  v5: boolean,
): InboundAcknowledgement {
  // The usual form, also in MQTT 5.
  if (bytes.length === 2) return { type, id: bodyReader(bytes).packetIdentifier(), reason: 0 };
  if (!v5) throw new Malformed(`${type} of ${bytes.length} bytes`);
  const body = bodyReader(bytes);
  const id = body.packetIdentifier();
  const reason = body.byte();
  const { codes } = listedCodes(UPPER[type]);
  if (!codes.includes(reason)) throw protocolError(`${type} with reason code ${reason}`);
  if (body.left() > 0) body.properties(UPPER[type]);
  if (body.left() > 0) throw new Malformed(`bytes behind the end of ${type}`);
  return { type, id, reason };
}

/** What a client may say with DISCONNECT (5.0 table 3-13). */
const LEAVING: ReadonlySet<number> = new Set([
  ...[0x00, 0x04, 0x80, 0x81, 0x82, 0x83, 0x90, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99],
]);

function decodeDisconnect(body: BodyReader): InboundDisconnect {
  if (body.left() === 0) return { type: 'disconnect', reason: 0 };
  const reason = body.byte();
  if (!LEAVING.has(reason)) throw protocolError(`DISCONNECT with reason code ${reason}`); // 5.0 MQTT-3.14.2-1
  const { list } = body.left() > 0 ? body.properties('DISCONNECT') : { list: [] };
  if (body.left() > 0) throw new Malformed('bytes behind the end of DISCONNECT');
  const expiry = numberIn(list, 'sessionExpiryInterval');
  return {
    type: 'disconnect',
    reason,
    ...(expiry === undefined ? {} : { sessionExpiry: expirySeconds(expiry) }),
  };
}

function decodeSubscribe(body: BodyReader, v5: boolean): InboundSubscribe {
  const id = body.packetIdentifier();
  const identifier = v5
    ? numberIn(body.properties('SUBSCRIBE').list, 'subscriptionIdentifier')
    : undefined;
  const filters: Subscription[] = [];
  while (body.left() > 0) {
    const filter = body.string('a topic filter');
    const options = body.byte();
    if (!v5 && options > 2) throw new Malformed(`requested QoS byte ${options}`); // 3.1.1 MQTT-3.8.3-4
    if (!validFilter(filter)) throw new Malformed(`topic filter ${filter}`);
    filters.push(
      v5 ? subscription(filter, options, identifier) : plainSubscription(filter, options as QoS),
    );
  }
  if (filters.length === 0) throw protocolError('SUBSCRIBE without a filter'); // 3.1.1 MQTT-3.8.3-3, 5.0 MQTT-3.8.3-2
  return { type: 'subscribe', id, filters };
}

/** A filter with the options of MQTT 5 (5.0 section 3.8.3.1). */
function subscription(
  filter: string,
  options: number,
  identifier: number | undefined,
): Subscription {
  const qos = options & 3;
  const noLocal = (options & 4) !== 0;
  const retainHandling = (options >> 4) & 3;
  // `5.0 MQTT-3.8.3-5`
  if ((options & 0xc0) !== 0 || qos === 3 || retainHandling === 3) {
    throw new Malformed(`subscription options ${options}`);
  }
  if (brokenShare(filter)) {
    throw new Malformed(`shared filter ${filter}`, { reason: REASON.filterInvalid }); // 5.0 MQTT-4.8.2-1, MQTT-4.8.2-2
  }
  if (noLocal && filter.startsWith('$share/')) {
    throw protocolError('no local on a shared subscription'); // 5.0 MQTT-3.8.3-4
  }
  return {
    filter,
    qos: qos as QoS,
    noLocal,
    retainAsPublished: (options & 8) !== 0,
    retainHandling,
    ...(identifier === undefined ? {} : { identifier }),
  };
}

function decodeUnsubscribe(body: BodyReader, v5: boolean): InboundUnsubscribe {
  const id = body.packetIdentifier();
  if (v5) body.properties('UNSUBSCRIBE');
  const filters: string[] = [];
  while (body.left() > 0) {
    const filter = body.string('a topic filter');
    if (!validFilter(filter)) throw new Malformed(`topic filter ${filter}`);
    filters.push(filter);
  }
  if (filters.length === 0) throw protocolError('UNSUBSCRIBE without a filter'); // 3.1.1 MQTT-3.10.3-2, 5.0 MQTT-3.10.3-2
  return { type: 'unsubscribe', id, filters };
}
