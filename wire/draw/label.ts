/** A packet in few words: what stands on an arrow. */
import stringWidth from 'fast-string-width';
import { describePacket, describePayload, describeProperties, fitted } from '../describe.js';
import { hexCode } from '../reason-codes.js';
import { type SafeOptions, safeName, safeText } from '../safe.js';
import type { PublishPacket, WirePacket } from '../trace.js';

/** The least columns in which a shortened topic or payload still tells something. */
const LEAST = 6;
const LEAST_TOPIC = 12;

function publishLabel(packet: PublishPacket, width: number, options: SafeOptions): string {
  const topic = safeName(packet.topic, options);
  const payload = packet.payload.bytes === 0 ? '(empty)' : describePayload(packet.payload, options);
  const more = [...(packet.retain ? ['retain'] : []), ...(packet.dup ? ['dup'] : [])];
  const id = packet.id === undefined ? [] : [`id=${packet.id}`];
  const flags = [`qos=${packet.qos}`, ...id, ...more].join(' ');
  const free = width - stringWidth(`PUBLISH  ${flags}`);
  const both = free - stringWidth(topic) - 1;
  if (both >= Math.min(LEAST, stringWidth(payload))) {
    return `PUBLISH ${topic} ${fitted(payload, { ...options, width: both })} ${flags}`;
  }
  const least = Math.min(LEAST_TOPIC, stringWidth(topic));
  if (free >= least) return `PUBLISH ${shortTopic(topic, free, options)} ${flags}`;
  const few = [`qos=${packet.qos}`, ...more].join(' ');
  const room = Math.max(least, width - stringWidth(`PUBLISH  ${few}`));
  return `PUBLISH ${shortTopic(topic, room, options)} ${few}`;
}

/** The end of a topic says more than its beginning: `…/kitchen/temp`. */
function shortTopic(topic: string, width: number, options: SafeOptions): string {
  if (stringWidth(topic) <= width) return topic;
  const mark = options.ascii ? '...' : '…';
  const levels = topic.split('/');
  for (let from = 1; from < levels.length; from++) {
    const end = `${mark}/${levels.slice(from).join('/')}`;
    if (stringWidth(end) <= width) return end;
  }
  return fitted(topic, { ...options, width });
}

function connectLabel(packet: Extract<WirePacket, { type: 'CONNECT' }>, options: SafeOptions) {
  return [
    `CONNECT ${packet.clientId === '' ? '""' : safeName(packet.clientId, options)}`,
    `clean=${packet.clean ? 1 : 0}`,
    ...(packet.will ? [`will=${safeName(packet.will.topic, options)}`] : []),
    `keepalive=${packet.keepalive}`,
    ...(packet.username === undefined ? [] : [`username=${safeName(packet.username, options)}`]),
    ...(packet.protocolVersion === 4 ? [] : [`protocol=${packet.protocolVersion}`]),
  ].join(' ');
}

/** A packet in at most `width` columns: its type first, what matters less left out first. */
export function shortLabel(packet: WirePacket, width: number, options: SafeOptions = {}): string {
  const label = bareLabel(packet, width, options);
  if (packet.type === 'MALFORMED' || !packet.properties?.length) return label;
  const full = `${label} ${describeProperties(packet.properties, options)}`;
  return stringWidth(full) <= width ? full : label;
}

/** Without properties. */
function bareLabel(packet: WirePacket, width: number, options: SafeOptions): string {
  const cut = (text: string) => fitted(text, { ...options, width });
  switch (packet.type) {
    case 'PUBLISH':
      return cut(publishLabel(packet, width, options));
    case 'CONNECT':
      return cut(connectLabel(packet, options));
    case 'CONNACK': {
      const { properties: _, ...rest } = packet;
      const full = describePacket(rest, options);
      if (stringWidth(full) <= width) return full;
      const code =
        packet.returnCode < 0x80
          ? `returnCode=${packet.returnCode}`
          : `reasonCode=${hexCode(packet.returnCode)}`;
      return cut(`CONNACK ${code}${packet.sessionPresent ? ' session' : ''}`);
    }
    case 'SUBSCRIBE': {
      const { properties: _, ...rest } = packet;
      const full = describePacket(rest, options);
      const [first] = packet.filters;
      if (stringWidth(full) <= width || !first) return cut(full);
      const more = packet.filters.length > 1 ? ` +${packet.filters.length - 1}` : '';
      const tail = ` qos=${first.qos}${more}`;
      const room = Math.max(LEAST, width - 'SUBSCRIBE '.length - tail.length);
      return cut(`SUBSCRIBE ${shortTopic(safeName(first.filter, options), room, options)}${tail}`);
    }
    case 'MALFORMED':
      return cut(`MALFORMED ${safeText(packet.error, options)}`);
    default: {
      const { properties: _, ...rest } = packet;
      return cut(describePacket(rest as WirePacket, options));
    }
  }
}
