/** The trace in words: one line per entry, fit for a terminal whatever came over the wire. */

import stringWidth from 'fast-string-width';
import { assertNever } from './assert-never.js';
import { payloadBytes } from './payload.js';
import type { Property } from './properties.js';
import { reasonWords } from './reason-codes.js';
import { quoted, type SafeOptions, safeName, safeText, shortened } from './safe.js';
import type {
  ConnectionEntry,
  Direction,
  FaultEntry,
  NoteEntry,
  PacketEntry,
  Payload,
  Subscription,
  Trace,
  TraceEntry,
  WirePacket,
} from './trace.js';

export interface DescribeOptions extends SafeOptions {
  /** Columns of the terminal; longer lines end in `…`. Without it lines are whole. */
  readonly width?: number;
}

/** Characters of a text payload, bytes of a binary one, that a line shows. */
const PAYLOAD_CHARACTERS = 80;
const PAYLOAD_BYTES = 16;

const bit = (flag: boolean) => (flag ? 1 : 0);
const ellipsis = (options: SafeOptions) => (options.ascii ? '...' : '…');

/** A payload in words: `"21.5"`, `0x00ff`, `"aaa…" (100000 bytes)`. */
export function describePayload(payload: Payload, options: SafeOptions = {}): string {
  if ('text' in payload) {
    const short = shortened(payload.text, PAYLOAD_CHARACTERS);
    // JSON brings its own delimiters; a backslash before each quote would only hide it.
    if (/^[{[]/.test(payload.text)) {
      const json = safeText(short.text, options);
      return short.whole ? json : `${json}${ellipsis(options)} (${payload.bytes} bytes)`;
    }
    if (short.whole) return quoted(payload.text, options);
    return `${quoted(short.text, options).slice(0, -1)}${ellipsis(options)}" (${payload.bytes} bytes)`;
  }
  const head = payloadBytes({
    bytes: 0,
    base64: payload.base64.slice(0, Math.ceil(PAYLOAD_BYTES / 3) * 4),
  });
  const hex = `0x${head.subarray(0, PAYLOAD_BYTES).toString('hex')}`;
  return payload.bytes <= PAYLOAD_BYTES
    ? hex
    : `${hex}${ellipsis(options)} (${payload.bytes} bytes)`;
}

/** 3.1.1 table 3.1. */
const REFUSALS = [
  '',
  'unacceptable protocol version',
  'identifier rejected',
  'server unavailable',
  'bad user name or password',
  'not authorized',
];

function connackCode(code: number): string {
  if (code >= 0x80) return `reasonCode=${reasonWords(code)}`;
  const reason = REFUSALS[code];
  return reason ? `returnCode=${code} (${reason})` : `returnCode=${code}`;
}

/** A list in words; of a long one only the beginning. */
function listed(items: readonly string[], between = ', '): string {
  const more = items.length > 20 ? ` and ${items.length - 20} more` : '';
  return items.slice(0, 20).join(between) + more;
}

function packetText(packet: WirePacket, options: SafeOptions): string {
  const name = (text: string) => safeName(text, options);
  switch (packet.type) {
    case 'CONNECT': {
      const parts = [
        `CONNECT clientId=${packet.clientId === '' ? '""' : name(packet.clientId)}`,
        `keepalive=${packet.keepalive}`,
        `clean=${bit(packet.clean)}`,
      ];
      if (packet.username !== undefined) parts.push(`username=${name(packet.username)}`);
      if (packet.password) parts.push(`password=(${packet.password.bytes} bytes)`);
      const will = packet.will;
      parts.push(
        will
          ? `will=${name(will.topic)} ${describePayload(will.payload, options)} qos=${will.qos} retain=${bit(will.retain)}`
          : 'will=none',
      );
      if (packet.protocolVersion !== 4) parts.push(`protocol=${packet.protocolVersion}`);
      return parts.join(' ');
    }
    case 'CONNACK':
      return `CONNACK ${connackCode(packet.returnCode)} sessionPresent=${bit(packet.sessionPresent)}`;
    case 'PUBLISH': {
      const id = packet.id === undefined ? '' : ` id=${packet.id}`;
      const flags = `qos=${packet.qos}${id} retain=${bit(packet.retain)} dup=${bit(packet.dup)}`;
      return `PUBLISH ${name(packet.topic)} ${describePayload(packet.payload, options)} ${flags}`;
    }
    case 'SUBSCRIBE': {
      const filters = packet.filters.map(
        one => `${name(one.filter)} qos=${one.qos}${subscriptionOptions(one)}`,
      );
      return `SUBSCRIBE ${listed(filters)} id=${packet.id}`;
    }
    case 'SUBACK': {
      const codes = packet.codes.map(code =>
        code === 0x80 ? `${code} (refused)` : code > 0x80 ? reasonWords(code, 'SUBACK') : `${code}`,
      );
      return `SUBACK codes=${listed(codes, ',')} id=${packet.id}`;
    }
    case 'UNSUBSCRIBE':
      return `UNSUBSCRIBE ${listed(packet.filters.map(name))} id=${packet.id}`;
    case 'MALFORMED':
      return `MALFORMED ${safeText(packet.error, options)}`;
    case 'PUBACK':
    case 'PUBREC':
    case 'PUBREL':
    case 'PUBCOMP':
    case 'UNSUBACK': {
      const reason = packet.reasonCode ? ` reason=${reasonWords(packet.reasonCode)}` : '';
      const codes = packet.codes ? ` codes=${listed(packet.codes.map(unsubackCode), ',')}` : '';
      return `${packet.type} id=${packet.id}${reason}${codes}`;
    }
    case 'PINGREQ':
    case 'PINGRESP':
    case 'DISCONNECT':
    case 'AUTH':
      return packet.reasonCode
        ? `${packet.type} reason=${reasonWords(packet.reasonCode)}`
        : packet.type;
    default:
      return assertNever(packet, 'packet');
  }
}

const unsubackCode = (code: number): string => (code === 0 ? '0' : reasonWords(code));

/** What of the MQTT 5 options differs from what MQTT 3.1.1 does. */
export function subscriptionOptions(one: Subscription): string {
  return [
    one.noLocal ? ' noLocal' : '',
    one.retainAsPublished ? ' retainAsPublished' : '',
    one.retainHandling ? ` retainHandling=${one.retainHandling}` : '',
  ].join('');
}

/** Properties that a line shows; of a longer list it shows how many more there are. */
const MOST_PROPERTIES = 12;

/** Properties in words, in their order: `sessionExpiryInterval=120 userProperty[unit="C"]`. */
export function describeProperties(
  properties: readonly Property[] = [],
  options: SafeOptions = {},
): string {
  const shown = properties.slice(0, MOST_PROPERTIES).map(({ name, value }) => {
    if (typeof value === 'number') return `${name}=${value}`;
    if (typeof value === 'string')
      return `${name}=${value === '' ? '""' : safeName(value, options)}`;
    if ('bytes' in value) {
      return `${name}=${value.bytes === 0 ? '(empty)' : describePayload(value, options)}`;
    }
    const [key, text] = [value.name, value.value].map(half =>
      half === '' ? '""' : safeName(half, { ...options, limit: 60 }),
    );
    return `${name}[${key}=${text}]`;
  });
  const more = properties.length - shown.length;
  return [...shown, ...(more > 0 ? [`and ${more} more properties`] : [])].join(' ');
}

/** A packet in words without number and time: `PUBACK id=7`. Passwords are only counted. */
export function describePacket(packet: WirePacket, options: DescribeOptions = {}): string {
  let words = packetText(packet, options);
  if (packet.type === 'CONNECT' && packet.will?.properties?.length) {
    words += ` will[${describeProperties(packet.will.properties, options)}]`;
  }
  if (packet.type !== 'MALFORMED' && packet.properties?.length) {
    words += ` ${describeProperties(packet.properties, options)}`;
  }
  return fitted(words, options);
}

/** A line cut to the width of a terminal; wide characters count as the columns they take. */
export function fitted(line: string, options: DescribeOptions): string {
  const { width } = options;
  if (width === undefined || stringWidth(line) <= width) return line;
  const end = ellipsis(options);
  let room = width - end.length;
  let cut = '';
  for (const { segment } of new Intl.Segmenter('en').segment(line)) {
    room -= stringWidth(segment);
    if (room < 0) break;
    cut += segment;
  }
  return cut + end;
}

/** A time of the trace: `+0.061 s`. */
export const seconds = (t: number) => `+${(t / 1000).toFixed(3)} s`;

function route(who: string, direction: Direction, options: SafeOptions): string {
  const arrow = options.ascii ? '->' : '→';
  const client = safeName(who, options);
  return direction === 'to-broker' ? `${client} ${arrow} broker` : `broker ${arrow} ${client}`;
}

/** What the tap did with a packet, as it stands behind it: `  (withheld)`; empty where nothing was done. */
export function describeFate(entry: PacketEntry): string {
  const words: string[] = [];
  if (entry.copyOf !== undefined) words.push(`copy of #${entry.copyOf}`);
  if (entry.madeByTap) words.push('made by the tap');
  const released =
    entry.releasedAt === undefined ? '' : `passed on at ${seconds(entry.releasedAt)}`;
  if (entry.fate === 'withheld') words.push(released ? `withheld, ${released}` : 'withheld');
  else if (released) words.push(released);
  if (entry.fate !== 'forwarded' && entry.fate !== 'withheld') words.push(entry.fate);
  return words.length > 0 ? `  (${words.join('; ')})` : '';
}

interface ColumnWidths {
  readonly number: number;
  readonly time: number;
  readonly route: number;
}
const NO_COLUMNS: ColumnWidths = { number: 0, time: 0, route: 0 };

function padded(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - stringWidth(text)));
}

function packetEntryLine(
  entry: PacketEntry,
  options: DescribeOptions,
  columns: ColumnWidths,
): string {
  const { width: _, ...rest } = options;
  const parts = [
    padded(`#${entry.n}`, columns.number),
    seconds(entry.t).padStart(columns.time),
    padded(route(entry.who, entry.direction, options), columns.route),
    describePacket(entry.packet, rest) + describeFate(entry),
  ];
  return fitted(parts.join('  '), options);
}

/** `#4  +0.061 s  sensor-1 → broker  PUBLISH home/kitchen/temp "21.5" qos=1 id=7 retain=0 dup=0` */
export function packetLine(entry: PacketEntry, options: DescribeOptions = {}): string {
  return packetEntryLine(entry, options, NO_COLUMNS);
}

function besideLine(
  mark: string,
  entry: ConnectionEntry | FaultEntry | NoteEntry,
  words: string,
  options: DescribeOptions,
  columns: ColumnWidths,
): string {
  const parts = [padded(mark, columns.number), seconds(entry.t).padStart(columns.time), words];
  return fitted(parts.join('  '), options);
}

function connectionText(entry: ConnectionEntry, options: SafeOptions): string {
  const by =
    entry.by === undefined ? '' : entry.by === 'tap' ? ' by the tap' : ` by the ${entry.by}`;
  return `${safeName(entry.who, options)} connection ${entry.connection} ${entry.event}${by}`;
}

function entryLine(entry: TraceEntry, options: DescribeOptions, columns: ColumnWidths): string {
  switch (entry.kind) {
    case 'packet':
      return packetEntryLine(entry, options, columns);
    case 'connection':
      return besideLine('--', entry, connectionText(entry, options), options, columns);
    case 'fault': {
      const words = `fault ${safeName(entry.fault, options)}: ${safeText(entry.text, options)}`;
      return besideLine('!!', entry, words, options, columns);
    }
    case 'note': {
      const who = entry.who === undefined ? '' : `${safeName(entry.who, options)} `;
      const words = `${who}${safeName(entry.note, options)}: ${safeText(entry.text, options)}`;
      return besideLine('--', entry, words, options, columns);
    }
    default:
      return assertNever(entry, 'entry of a trace');
  }
}

/** One entry of any kind as a line. */
export function traceLine(entry: TraceEntry, options: DescribeOptions = {}): string {
  return entryLine(entry, options, NO_COLUMNS);
}

/** A whole trace as lines, in columns: packets by number, what happened beside them between. */
export function traceLines(trace: Pick<Trace, 'entries'>, options: DescribeOptions = {}): string[] {
  let number = 2;
  let time = 0;
  let routes = 0;
  for (const entry of trace.entries) {
    time = Math.max(time, seconds(entry.t).length);
    if (entry.kind !== 'packet') continue;
    number = Math.max(number, `#${entry.n}`.length);
    routes = Math.max(routes, stringWidth(route(entry.who, entry.direction, options)));
  }
  const columns = { number, time, route: Math.min(routes, 40) };
  return trace.entries.map(entry => entryLine(entry, options, columns));
}
