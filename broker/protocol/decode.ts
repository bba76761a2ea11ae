import type { QoS } from '../../wire/trace.js';
import { validFilter, validTopicName } from '../topics.js';
import { type BodyReader, bodyReader, kept } from './body-reader.js';
import { decodeConnect } from './decode-connect.js';
import type {
  Inbound,
  InboundAcknowledgement,
  InboundPublish,
  InboundSubscribe,
  InboundUnsubscribe,
} from './inbound.js';
import { Malformed } from './malformed.js';
import type { RawPacket } from './raw-packet.js';

/** Reads a client's packet; throws `Malformed` wherever Mosquitto 2.0 closes the connection. */
export function decode(raw: RawPacket): Inbound {
  const flags = raw.header & 0x0f;
  const type = raw.header >> 4;
  // `3.1.1 MQTT-2.2.2-1`, `3.1.1 MQTT-2.2.2-2`: the flags of every packet but PUBLISH are fixed.
  if (type !== 3 && flags !== (type === 6 || type === 8 || type === 10 ? 2 : 0)) {
    throw new Malformed(`reserved flags of packet type ${type} are ${flags}`);
  }
  switch (type) {
    case 1:
      return decodeConnect(bodyReader(raw.body));
    case 3:
      return decodePublish(flags, bodyReader(raw.body));
    case 4:
      return decodeAcknowledgement('puback', raw.body);
    case 5:
      return decodeAcknowledgement('pubrec', raw.body);
    case 6:
      return decodeAcknowledgement('pubrel', raw.body);
    case 7:
      return decodeAcknowledgement('pubcomp', raw.body);
    case 8:
      return decodeSubscribe(bodyReader(raw.body));
    case 10:
      return decodeUnsubscribe(bodyReader(raw.body));
    case 12:
    case 14:
      if (raw.body.length > 0) throw new Malformed('bytes after the fixed header');
      return { type: type === 12 ? 'pingreq' : 'disconnect' };
    default:
      throw new Malformed(`packet type ${type} is not for a server`);
  }
}

function decodePublish(flags: number, body: BodyReader): InboundPublish {
  const qos = (flags >> 1) & 3;
  const dup = (flags & 8) !== 0;
  if (qos === 3) throw new Malformed('QoS 3'); // 3.1.1 MQTT-3.3.1-4
  if (dup && qos === 0) throw new Malformed('DUP at QoS 0'); // 3.1.1 MQTT-3.3.1-2
  const topic = body.string('the topic name');
  if (!validTopicName(topic)) throw new Malformed('topic name with a wildcard, or empty'); // 3.1.1 MQTT-3.3.2-2
  const id = qos === 0 ? 0 : body.packetIdentifier();
  const payload = kept(body.rest());
  return { type: 'publish', topic, payload, qos: qos as QoS, retain: (flags & 1) !== 0, dup, id };
}

function decodeAcknowledgement(
  type: InboundAcknowledgement['type'],
  body: Buffer,
): InboundAcknowledgement {
  if (body.length !== 2) throw new Malformed(`${type} of ${body.length} bytes`);
  return { type, id: bodyReader(body).packetIdentifier() };
}

function decodeSubscribe(body: BodyReader): InboundSubscribe {
  const id = body.packetIdentifier();
  const filters: { filter: string; qos: QoS }[] = [];
  while (body.left() > 0) {
    const filter = body.string('a topic filter');
    const qos = body.byte();
    if (qos > 2) throw new Malformed(`requested QoS byte ${qos}`); // 3.1.1 MQTT-3.8.3-4
    if (!validFilter(filter)) throw new Malformed(`topic filter ${filter}`);
    filters.push({ filter, qos: qos as QoS });
  }
  if (filters.length === 0) throw new Malformed('SUBSCRIBE without a filter'); // 3.1.1 MQTT-3.8.3-3
  return { type: 'subscribe', id, filters };
}

function decodeUnsubscribe(body: BodyReader): InboundUnsubscribe {
  const id = body.packetIdentifier();
  const filters: string[] = [];
  while (body.left() > 0) {
    const filter = body.string('a topic filter');
    if (!validFilter(filter)) throw new Malformed(`topic filter ${filter}`);
    filters.push(filter);
  }
  if (filters.length === 0) throw new Malformed('UNSUBSCRIBE without a filter'); // 3.1.1 MQTT-3.10.3-2
  return { type: 'unsubscribe', id, filters };
}
