/** Two exchanges packet by packet: what is the same, what differs, what only one of them has. */

import { describePayload, describeProperties, subscriptionOptions } from '../describe.js';
import { reasonWords } from '../reason-codes.js';
import type { PacketEntry, Payload, Trace, WirePacket } from '../trace.js';
import { sceneOf } from './scene.js';

export type AlignedPair =
  | { readonly state: 'same'; readonly mine: PacketEntry; readonly theirs: PacketEntry }
  | {
      readonly state: 'differs';
      readonly mine: PacketEntry;
      readonly theirs: PacketEntry;
      /** Fields with their values here and there. */
      readonly fields: readonly (readonly [field: string, mine: string, theirs: string])[];
    }
  | { readonly state: 'extra'; readonly mine: PacketEntry }
  | { readonly state: 'missing'; readonly theirs: PacketEntry };

/** More packets of one program and direction than this are not aligned. */
const MOST = 3000;

/** Client identifiers that libraries make up, and the empty one. */
const MADE_UP = /^(mqttjs_.*|auto-.*|paho.*|)$/;
/** Times in payloads: ISO 8601, and seconds or milliseconds since 1970. */
const TIMES = /\d{4}-\d\d-\d\d[T ][\d:.]+(?:Z|[+-]\d\d:?\d\d)?|\b[12]\d{9}(?:\d{3})?(?:\.\d+)?\b/g;

function payloadWords(payload: Payload): string {
  return 'text' in payload
    ? describePayload({ ...payload, text: payload.text.replace(TIMES, 'TIME') })
    : describePayload(payload);
}

/** What must be equal for two packets to stand side by side: type and topic. */
function keyOf({ packet }: PacketEntry): string {
  if (packet.type === 'PUBLISH') return `PUBLISH ${packet.topic}`;
  if (packet.type === 'SUBSCRIBE') {
    return `SUBSCRIBE ${packet.filters.map(one => one.filter).join(' ')}`;
  }
  if (packet.type === 'UNSUBSCRIBE') return `UNSUBSCRIBE ${packet.filters.join(' ')}`;
  return packet.type;
}

/** The fields that count; identifiers, times and what libraries make up are left out. */
function fieldsOf(entry: PacketEntry): Map<string, string> {
  const fields = new Map<string, string>();
  const put = (name: string, value: unknown) => fields.set(name, String(value));
  const packet: WirePacket = entry.packet;
  switch (packet.type) {
    case 'CONNECT':
      if (!MADE_UP.test(packet.clientId)) put('clientId', packet.clientId);
      put('clean', packet.clean ? 1 : 0);
      put('keepalive', packet.keepalive);
      put('protocol', packet.protocolVersion);
      put('username', packet.username ?? 'none');
      put('password', packet.password ? 'given' : 'none');
      put('will topic', packet.will?.topic ?? 'none');
      if (packet.will) {
        put('will payload', payloadWords(packet.will.payload));
        put('will qos', packet.will.qos);
        put('will retain', packet.will.retain ? 1 : 0);
      }
      break;
    case 'CONNACK':
      put('returnCode', packet.returnCode);
      put('sessionPresent', packet.sessionPresent ? 1 : 0);
      break;
    case 'PUBLISH':
      put('payload', payloadWords(packet.payload));
      put('qos', packet.qos);
      put('retain', packet.retain ? 1 : 0);
      put('dup', packet.dup ? 1 : 0);
      break;
    case 'SUBSCRIBE':
      put('qos', packet.filters.map(one => one.qos).join(','));
      put('options', packet.filters.map(subscriptionOptions).join(','));
      break;
    case 'SUBACK':
      put('codes', packet.codes.join(','));
      break;
    case 'MALFORMED':
      put('error', packet.error);
      break;
    default:
  }
  if ('reasonCode' in packet && packet.reasonCode) put('reason', reasonWords(packet.reasonCode));
  if (packet.type === 'CONNECT' && packet.will?.properties?.length) {
    put('will properties', describeProperties(packet.will.properties));
  }
  if (packet.type !== 'MALFORMED' && packet.properties?.length) {
    put('properties', describeProperties(packet.properties));
  }
  if (entry.fate !== 'forwarded') put('tap', entry.fate);
  return fields;
}

function differences(mine: PacketEntry, theirs: PacketEntry): [string, string, string][] {
  const here = fieldsOf(mine);
  const there = fieldsOf(theirs);
  const names = new Set([...here.keys(), ...there.keys()]);
  return [...names].flatMap((name): [string, string, string][] => {
    const one = here.get(name) ?? 'none';
    const other = there.get(name) ?? 'none';
    // A client identifier that only one side made up is not the learner's choice on the other.
    if (one === other || (name === 'clientId' && (one === 'none' || other === 'none'))) return [];
    return [[name, one, other]];
  });
}

interface Known {
  readonly entry: PacketEntry;
  readonly key: string;
  readonly exact: string;
}

function known(entry: PacketEntry): Known {
  const exact = [...fieldsOf(entry)].map(field => field.join('=')).join(' ');
  return { entry, key: keyOf(entry), exact };
}

/** The pairs of two lists in order, as many as possible; of equals those that agree in all fields. */
function align(mine: readonly Known[], theirs: readonly Known[]): Map<PacketEntry, PacketEntry> {
  const height = mine.length;
  const width = theirs.length + 1;
  const best = new Uint32Array((height + 1) * width);
  const score = (a: Known | undefined, b: Known | undefined) =>
    a && b && a.key === b.key ? (a.exact === b.exact ? 5 : 4) : 0;
  const cell = (row: number, column: number) => best[row * width + column] ?? 0;
  for (let row = height - 1; row >= 0; row--) {
    for (let column = theirs.length - 1; column >= 0; column--) {
      const match = score(mine[row], theirs[column]);
      best[row * width + column] = Math.max(
        cell(row + 1, column),
        cell(row, column + 1),
        match === 0 ? 0 : match + cell(row + 1, column + 1),
      );
    }
  }
  const pairs = new Map<PacketEntry, PacketEntry>();
  let row = 0;
  let column = 0;
  while (row < height && column < theirs.length) {
    const [a, b] = [mine[row], theirs[column]];
    const match = score(a, b);
    if (a && b && match > 0 && cell(row, column) === match + cell(row + 1, column + 1)) {
      pairs.set(a.entry, b.entry);
      row++;
      column++;
    } else if (cell(row, column) === cell(row + 1, column)) row++;
    else column++;
  }
  return pairs;
}

/**
 * The exchange of the programs of two traces, packet by packet, aligned by type and topic for each
 * program and direction: how the two directions interleave differs from run to run. The pairs are
 * in the order of `mine`; what only `theirs` has stands before the packet that it came before.
 */
export function alignTraces(mine: Trace, theirs: Trace): AlignedPair[] {
  const programs = [...new Set([...sceneOf(mine).left, ...sceneOf(theirs).left])];
  const of = (trace: Trace, who: string) =>
    trace.entries.filter(
      (entry): entry is PacketEntry => entry.kind === 'packet' && entry.who === who,
    );
  return programs.flatMap(who => {
    const here = of(mine, who);
    const there = of(theirs, who);
    const partner = new Map<PacketEntry, PacketEntry>();
    for (const direction of ['to-broker', 'to-client'] as const) {
      const side = (all: readonly PacketEntry[]) =>
        all
          .filter(one => one.direction === direction)
          .slice(0, MOST)
          .map(known);
      for (const [one, other] of align(side(here), side(there))) partner.set(one, other);
    }
    return merged(here, there, partner);
  });
}

function merged(
  here: readonly PacketEntry[],
  there: readonly PacketEntry[],
  partner: ReadonlyMap<PacketEntry, PacketEntry>,
): AlignedPair[] {
  const taken = new Set(partner.values());
  const place = new Map(there.map((entry, at) => [entry, at]));
  const pairs: AlignedPair[] = [];
  let next = 0;
  const missingUpTo = (end: number) => {
    for (; next < end; next++) {
      const theirs = there[next];
      if (theirs && !taken.has(theirs)) pairs.push({ state: 'missing', theirs });
    }
  };
  for (const entry of here) {
    const theirs = partner.get(entry);
    if (!theirs) {
      pairs.push({ state: 'extra', mine: entry });
      continue;
    }
    missingUpTo(place.get(theirs) ?? 0);
    const fields = differences(entry, theirs);
    pairs.push(
      fields.length === 0
        ? { state: 'same', mine: entry, theirs }
        : { state: 'differs', mine: entry, theirs, fields },
    );
  }
  missingUpTo(there.length);
  return pairs;
}
