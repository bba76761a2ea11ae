import { isDeepStrictEqual } from 'node:util';
import { check, fail } from '../../harness/check.js';
import { packetFields } from '../../harness/fields.js';
import { insteadOf, type JsonObject, jsonObject } from '../../harness/matchers.js';
import { notes, type Recording, sent } from '../../harness/recording.js';
import {
  copiesOf,
  type Facts,
  type Line,
  type Message,
  outOfOrder,
  qosOf,
  seqOf,
} from './scenarios.js';
import { everythingAtOnce, outage } from './stream.js';

export const whenItComes = check<Facts>({
  id: 'T11',
  judges: ['C5'],
  title: 'a line goes out when it comes, not when the one before is acknowledged',
  clauses: [],
  on: outOfOrder,
  needs: ['T3', 'T7'],
  verify: recording => {
    const waited = notes(recording, 'not-seen')[0];
    const [first, , third] = recording.facts.lines;
    const last = third && copiesOf(recording, third.seq)[0];
    if (!waited || !first || !third || (last && last.t < waited.t)) return;
    fail({
      mistake: 'one-at-a-time',
      expected: `PUBLISH seq ${third.seq} while PUBACK of seq ${first.seq} has not come`,
      seen: [
        ...copiesOf(recording, first.seq).slice(0, 1),
        'its PUBACK was held back; three lines were there, and only after it came:',
        ...(last ? [last] : []),
      ],
      why: 'you wait for each acknowledgement before the next line: one slow PUBACK holds up everything behind it, and a bill waits for a heartbeat',
      try: 'publish in the loop without waiting; wait for all of them after it',
    });
  },
});

/** The first field of a line that is another one in its message. */
function changed(line: Line, object: JsonObject): string | undefined {
  return Object.entries(line).find(([name, value]) => !isDeepStrictEqual(object[name], value))?.[0];
}

function short(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > 80 ? `${text.slice(0, 60)}… (${text.length} characters)` : text;
}

export const everyLine = check<Facts>({
  id: 'T12',
  judges: ['C3', 'C4', 'C7', 'C9'],
  title: 'hundreds of lines leave as they came, also when the input ends before CONNACK',
  clauses: [],
  on: everythingAtOnce,
  needs: ['T3', 'T6', 'T7', 'T10'],
  verify: recording => {
    const { lines, topics } = recording.facts;
    const bySeq = new Map<number, Message[]>();
    for (const one of sent(recording, 'PUBLISH')) {
      const seq = seqOf(one);
      if (seq !== undefined) bySeq.set(seq, [...(bySeq.get(seq) ?? []), one]);
    }
    for (const [at, line] of lines.entries()) {
      const [message, second] = bySeq.get(line.seq) ?? [];
      const expected = `line ${at + 1} of ${lines.length}, ${line.kind} with seq ${line.seq}, on ${topics[line.kind]} at QoS ${qosOf[line.kind]}, once`;
      // At QoS 0 nobody keeps what comes before CONNACK, and nobody has to.
      if (!message && line.kind === 'heartbeat') continue;
      if (!message) {
        fail({
          mistake: bySeq.size === 0 ? 'nothing-after-connack' : 'line-lost-in-stream',
          expected,
          seen: insteadOf(recording, `PUBLISH with seq ${line.seq}`),
          why:
            bySeq.size === 0
              ? 'the input had ended before CONNACK came, and no line of it left: what you published before CONNACK was dropped, or you left without it'
              : 'other lines left, and this one did not. Either it was left out, or your program ended before it was acknowledged',
          try: 'feed your program all lines at once from a file, and compare what goes in with what goes out',
        });
      }
      if (second && second.connection === message.connection) {
        fail({
          mistake: 'line-twice',
          expected,
          seen: [message, second],
          why: 'each line is one message; here it is two',
          try: 'look for a second call of publish for the same line',
        });
      }
      const field = changed(line, jsonObject(message));
      if (field !== undefined) {
        fail({
          mistake: 'field-changed',
          field: packetFields.payload,
          expected: `"${field}" of seq ${line.seq} as it came: ${short(line[field as keyof Line])}`,
          seen: [message],
          why: 'a line goes out as it came: values are not rounded or turned into another type, and no field is left out',
          try: 'turn the line itself into JSON; do not copy it field by field',
        });
      }
      if (message.packet.topic !== topics[line.kind] || message.packet.qos !== qosOf[line.kind]) {
        fail({
          mistake: 'another-way',
          expected,
          seen: [message],
          why: 'the kind of a line chooses topic and QoS, whatever else is in it',
          try: 'choose the topic and the QoS by the field kind alone',
        });
      }
      if (message.packet.retain) {
        fail({
          mistake: 'line-stored',
          field: packetFields.retain,
          expected: `${expected}, RETAIN not set`,
          seen: [message],
          why: 'with RETAIN the broker keeps the message for everybody who comes later; no sentence of the exercise asks for that',
          try: 'look at the options of publish: which one sets RETAIN?',
        });
      }
    }
  },
});

/** What was fed while nobody could dial in. */
function lostInOutage(recording: Recording<Facts>): Line | undefined {
  return recording.facts.lines.find(
    ({ kind, seq }) => kind !== 'heartbeat' && copiesOf(recording, seq).length === 0,
  );
}

export const keepsLines = check<Facts>({
  id: 'T13',
  judges: ['C9', 'C11'],
  title: 'a line that comes in an outage goes out after it, also when the input has ended',
  clauses: ['3.1.1 MQTT-4.3.2-1', '3.1.1 MQTT-4.3.3-1'],
  on: outage,
  needs: ['T4', 'T5', 'T6', 'T10'],
  verify: recording => {
    const { lines } = recording.facts;
    const lost = lostInOutage(recording);
    const downs = notes(recording, 'outage');
    if (!lost) return;
    const at = lines.indexOf(lost);
    const down = downs[at > 3 ? 1 : 0];
    const back = sent(recording, 'CONNECT').find(one => down && one.t > down.t);
    const expected = `${lost.kind} with seq ${lost.seq}, which came while the line was down, as soon as it is up again`;
    if (!back) {
      fail({
        mistake: 'not-back-after-outage',
        expected,
        seen: insteadOf(recording, 'CONNECT after the outage'),
        why:
          at > 3
            ? 'the input ended while the line was down. Your program did not dial again, so what it had taken in is lost'
            : 'for a third of a second nobody could dial in, and your program did not come back',
        try: 'let the library reconnect, and leave only when every line is acknowledged',
      });
    }
    fail({
      mistake: 'lost-in-outage',
      expected,
      seen: [back, ...insteadOf(recording, `PUBLISH with seq ${lost.seq}`)],
      why: 'you are connected again, and the line is gone: it was dropped because there was no connection, or an exception ended what should have published it',
      try: 'hand every line to the library, connected or not: at QoS 1 and 2 it keeps the message until it can go',
    });
  },
});
