/** Traces for the drawings: small, and the same at each run. */
import { encode, payloadOf } from '../../wire/index.js';
import {
  type ConnectionEntry,
  type Direction,
  type FaultEntry,
  type NoteEntry,
  type PacketEntry,
  type QoS,
  TRACE_SCHEMA,
  type Trace,
  type TraceEntry,
  type WirePacket,
} from '../../wire/trace.js';

export function traceOf(entries: readonly TraceEntry[]): Trace {
  return { schema: TRACE_SCHEMA, startedAt: '2026-03-01T03:00:00.000Z', entries };
}

/** Builds a trace step by step; every step takes 1.5 ms unless told otherwise. */
export function recording() {
  const entries: TraceEntry[] = [];
  let t = 0;
  let n = 0;
  const time = (ms = 1.5) => {
    t = Math.round((t + ms) * 10) / 10;
    return t;
  };
  const add = <Entry extends TraceEntry>(entry: Entry): Entry => {
    entries.push(entry);
    return entry;
  };
  return {
    entries,
    trace: () => traceOf(entries),
    pass: (ms: number) => void time(ms),
    packet(
      who: string,
      direction: Direction,
      packet: WirePacket,
      more: Partial<PacketEntry> = {},
    ): PacketEntry {
      n++;
      return add({
        kind: 'packet',
        n,
        t: time(),
        connection: 1,
        who,
        direction,
        packet,
        hex: more.hex ?? (packet.type === 'MALFORMED' ? '' : encode(packet).toString('hex')),
        fate: 'forwarded',
        ...more,
      });
    },
    connection: (
      who: string,
      connection: number,
      event: ConnectionEntry['event'],
      by?: ConnectionEntry['by'],
    ) => add({ kind: 'connection', t: time(), connection, who, event, ...(by ? { by } : {}) }),
    fault: (fault: string, text: string, more: Partial<FaultEntry> = {}) =>
      add({ kind: 'fault', t: time(), fault, text, ...more }),
    note: (note: string, text: string, who?: string) =>
      add({
        kind: 'note',
        t: time(),
        note,
        text,
        ...(who === undefined ? {} : { who }),
      } as NoteEntry),
  };
}

export const connect = (clientId: string, more: object = {}): WirePacket => ({
  type: 'CONNECT',
  protocolName: 'MQTT',
  protocolVersion: 4,
  clientId,
  clean: true,
  keepalive: 60,
  ...more,
});

export const connack: WirePacket = { type: 'CONNACK', sessionPresent: false, returnCode: 0 };

export const publish = (
  topic: string,
  text: string,
  qos: QoS = 0,
  id?: number,
  more: object = {},
): WirePacket => ({
  type: 'PUBLISH',
  topic,
  payload: payloadOf(Buffer.from(text)),
  qos,
  retain: false,
  dup: false,
  ...(id === undefined ? {} : { id }),
  ...more,
});

export const ack = (type: 'PUBACK' | 'PUBREC' | 'PUBREL' | 'PUBCOMP', id: number): WirePacket => ({
  type,
  id,
});

/** A program and a checker's client, with each fault once. */
export function faulty(): Trace {
  const on = recording();
  const own = { connection: 2 } as const;
  on.connection('viewer', 1, 'opened');
  on.packet('viewer', 'to-broker', connect('checker-viewer', { keepalive: 0 }));
  on.packet('viewer', 'to-client', connack);
  on.packet('viewer', 'to-broker', {
    type: 'SUBSCRIBE',
    id: 1,
    filters: [{ filter: 'plant/+/freezer/#', qos: 1 }],
  });
  on.packet('viewer', 'to-client', { type: 'SUBACK', id: 1, codes: [1] });
  on.note('started', 'the program was started', 'program');
  on.pass(300);
  on.connection('program', 2, 'opened');
  on.packet('program', 'to-broker', connect('freezer-7', { clean: false }), own);
  on.packet('program', 'to-client', connack, own);
  on.packet('program', 'to-broker', publish('plant/n7/freezer/temp', '-18.5', 1, 7), own);
  on.packet('viewer', 'to-client', publish('plant/n7/freezer/temp', '-18.5', 1, 1));
  on.packet('viewer', 'to-broker', ack('PUBACK', 1));
  const late = on.packet('program', 'to-client', ack('PUBACK', 7), {
    ...own,
    fate: 'withheld',
    releasedAt: 823,
  });
  on.fault('withhold', `kept back: #${late.n} PUBACK id=7`, { ...own, packet: late.n });
  on.pass(500);
  on.fault('release', `passed on: #${late.n} PUBACK id=7`, { ...own, packet: late.n });
  const twice = on.packet(
    'program',
    'to-client',
    publish('plant/n7/freezer/set', '-20', 1, 3),
    own,
  );
  on.fault('duplicate', `sent twice: #${twice.n} PUBLISH …`, { ...own, packet: twice.n });
  on.packet('program', 'to-client', publish('plant/n7/freezer/set', '-20', 1, 3, { dup: true }), {
    ...own,
    madeByTap: true,
    copyOf: twice.n,
  });
  on.packet('program', 'to-broker', ack('PUBACK', 3), own);
  on.packet('program', 'to-broker', ack('PUBACK', 3), { ...own, fate: 'absorbed' });
  on.packet('program', 'to-broker', publish('plant/n7/freezer/temp', '-18.1', 2, 8), own);
  const lost = on.packet('program', 'to-client', ack('PUBREC', 8), { ...own, fate: 'lost' });
  on.fault('cut', `connection cut before: #${lost.n} PUBREC id=8`, { ...own, packet: lost.n });
  on.connection('program', 2, 'closed', 'tap');
  on.note('gave-up', 'waited 2.0 s for a CONNECT from the program');
  on.note('ended', 'the program ended with exit code 1', 'program');
  return on.trace();
}

/** A program alone that sends the same again and again. */
export function steady(times: number): Trace {
  const on = recording();
  on.note('started', 'the program was started', 'program');
  on.connection('program', 1, 'opened');
  on.packet('program', 'to-broker', connect('pump'));
  on.packet('program', 'to-client', connack);
  for (let at = 1; at <= times; at++) {
    on.packet('program', 'to-broker', publish('house/pump/amps', String(at), 1, at));
    on.packet('program', 'to-client', ack('PUBACK', at));
  }
  on.packet('program', 'to-broker', { type: 'DISCONNECT' });
  on.connection('program', 1, 'closed', 'client');
  return on.trace();
}

/** So many clients beside a program, each with a packet. */
export function crowd(count: number): Trace {
  const on = recording();
  on.note('started', 'the program was started', 'program');
  for (let at = 0; at <= count; at++) {
    const who = at === 0 ? 'program' : `kitchen display number ${at}`;
    on.connection(who, at + 1, 'opened');
    on.packet(who, 'to-broker', connect(`display-${at}`), { connection: at + 1 });
    on.packet(who, 'to-client', connack, { connection: at + 1 });
  }
  return on.trace();
}
