import { check, fail } from '../harness/check.js';
import { packetFields } from '../harness/fields.js';
import { defineLesson, type Practice } from '../harness/lesson.js';
import { insteadOf, jsonObject } from '../harness/matchers.js';
import {
  closing,
  connections,
  type PacketOf,
  type Recording,
  received,
  sent,
} from '../harness/recording.js';
import { hiddenTests } from '../harness/vitest.js';
import { billAgain, readingAgain } from './06-qos-handshakes/cut.js';
import { everyLine, keepsLines, whenItComes } from './06-qos-handshakes/lines.js';
import { oneReport, probed, smallerOfBoth } from './06-qos-handshakes/probes.js';
import {
  copiesOf,
  environment,
  type Facts,
  facts,
  type Line,
  latePuback,
  lostPuback,
  lostPubrec,
  type Message,
  oneOfEach,
  outOfOrder,
  qosOf,
  variables,
} from './06-qos-handshakes/scenarios.js';
import { leavesCleanly } from './shared/leaves-cleanly.js';

export const arrives = check<Facts>({
  id: 'T1',
  judges: ['C1', 'C3'],
  title: 'each line becomes a message on the topic of its kind',
  clauses: ['3.1.1 MQTT-3.3.2-1'],
  on: oneOfEach,
  verify: recording => {
    const { lines, topics } = recording.facts;
    for (const [at, line] of lines.entries()) {
      const topic = topics[line.kind];
      const expected = `line ${at + 1} {"kind":"${line.kind}", … "seq":${line.seq}} as a message on ${topic}`;
      const [message] = copiesOf(recording, line.seq);
      if (message && message.packet.topic !== topic) {
        fail({
          mistake: 'wrong-topic',
          field: packetFields.topicName,
          expected,
          seen: [message],
          why: 'whoever counts on this kind of message listens on the topic of that kind',
          try: 'choose the topic by the field kind, just as you choose the QoS',
        });
      }
      if (!message) {
        const unreadable = sent(recording, 'PUBLISH').find(one => one.packet.topic === topic);
        if (unreadable) jsonObject(unreadable);
        return fail({
          mistake: unreadable ? 'lost-identity' : 'no-publish',
          expected,
          seen: unreadable
            ? ['no message has this seq; one on the topic is', unreadable]
            : insteadOf(recording, `PUBLISH with seq ${line.seq}`),
          why: unreadable
            ? 'without device and seq nobody can tell which line this was'
            : 'the line never left your program',
          try: unreadable
            ? 'publish the line as it came in, as JSON'
            : 'publish inside the loop over the lines',
        });
      }
      const object = jsonObject(message);
      if (object['device'] !== line.device || object['value'] !== line.value) {
        fail({
          mistake: 'changed-line',
          expected: `device "${line.device}" and value ${line.value}, as they came in`,
          seen: [message],
          why: 'the meter measured something else than what you send',
          try: 'turn the line itself into JSON; do not copy it field by field',
        });
      }
    }
  },
});

export const rightQos = check<Facts>({
  id: 'T2',
  judges: ['C2'],
  title: 'telemetry at QoS 1, heartbeat at QoS 0, billing at QoS 2',
  clauses: ['3.1.1 MQTT-4.3.1-1', '3.1.1 MQTT-4.3.2-1', '3.1.1 MQTT-4.3.3-1'],
  on: oneOfEach,
  needs: ['T1'],
  verify: recording => {
    const { lines } = recording.facts;
    const of = (kind: Line['kind']) =>
      lines
        .filter(line => line.kind === kind)
        .flatMap(line => copiesOf(recording, line.seq).slice(0, 1));
    const all = lines.flatMap(line => copiesOf(recording, line.seq).slice(0, 1));
    const wrong = (kind: Line['kind']) => of(kind).find(one => one.packet.qos !== qosOf[kind]);
    const expected = (kind: Line['kind']) => `${kind} at QoS ${qosOf[kind]}`;
    const telemetry = wrong('telemetry');
    const billing = wrong('billing');
    const heartbeat = wrong('heartbeat');
    if (all.every(one => one.packet.qos === 2)) {
      fail({
        mistake: 'all-at-2',
        field: packetFields.qos,
        expected: 'telemetry at QoS 1, heartbeat at QoS 0, billing at QoS 2',
        seen: heartbeat
          ? [
              heartbeat,
              `every message came at QoS 2: ${4 * all.length} packets for ${all.length} lines`,
            ]
          : 'every message came at QoS 2',
        why: 'QoS 2 takes four packets for each message. A heartbeat every second is out of date before they have crossed',
        try: 'ask for each kind: what does a lost one cost, what does a second one cost?',
      });
    }
    if (telemetry && telemetry.packet.qos === 0) {
      fail({
        mistake: 'qos-too-low',
        field: packetFields.qos,
        expected: expected('telemetry'),
        seen: [telemetry],
        why: 'at QoS 0 nobody acknowledges: when the line breaks at that moment, the reading is gone and nobody knows. No QoS was given, or the library did not understand it (mqtt.js 5.16 ignores a bare 1, and QoS: in capitals)',
        try: 'look at how you hand the QoS to publish: in mqtt.js it is an option, { qos: 1 }; in paho an argument, qos=1',
      });
    }
    if (telemetry) {
      fail({
        mistake: 'telemetry-at-2',
        field: packetFields.qos,
        expected: expected('telemetry'),
        seen: [telemetry],
        why: 'four packets where two do: a reading has a seq, so a second copy is easy to recognise',
        try: 'keep QoS 2 for the kind whose second copy costs money',
      });
    }
    if (billing) {
      fail({
        mistake: 'billing-too-low',
        field: packetFields.qos,
        expected: expected('billing'),
        seen: [billing],
        why:
          billing.packet.qos === 1
            ? 'QoS 1 is at least once: after a broken line the same sum may come twice [3.1.1 MQTT-4.3.2-1]'
            : 'at QoS 0 the sum may not come at all',
        try: 'give the kind billing a QoS of its own',
      });
    }
    if (heartbeat) {
      fail({
        mistake: 'heartbeat-acknowledged',
        field: packetFields.qos,
        expected: expected('heartbeat'),
        seen: [heartbeat],
        why: 'the next heartbeat says it all again; an acknowledgement, and a resend of an old heartbeat, say nothing new',
        try: 'give the kind heartbeat a QoS of its own',
      });
    }
  },
});

/** Whether an answer reached the program before `t`. */
function arrivedBefore(entry: PacketOf<'PUBACK'> | PacketOf<'PUBCOMP'>, t: number): boolean {
  if (entry.fate === 'lost' || entry.fate === 'dropped') return false;
  return (
    (entry.fate === 'withheld' ? (entry.releasedAt ?? Number.POSITIVE_INFINITY) : entry.t) <= t
  );
}

/** A message that was not yet acknowledged when its connection ended from the program's side. */
function leftBehind(recording: Recording<Facts>) {
  for (const connection of connections(recording)) {
    const goodbye = sent(recording, 'DISCONNECT', { connection })[0];
    const closed = closing(recording, connection);
    const t = goodbye?.t ?? (closed?.by === 'client' ? closed.t : undefined);
    if (t === undefined) continue;
    const answers = [
      ...received(recording, 'PUBACK', { connection }),
      ...received(recording, 'PUBCOMP', { connection }),
    ].filter(one => arrivedBefore(one, t));
    // A second publish of the same line is what another check speaks of.
    const message = recording.facts.lines
      .flatMap(
        line => copiesOf(recording, line.seq).find(one => one.connection === connection) ?? [],
      )
      .find(({ packet }) => packet.qos > 0 && !answers.some(one => one.packet.id === packet.id));
    if (message) return { message, goodbye };
  }
  return undefined;
}

const answerTo = (message: Message) => (message.packet.qos === 2 ? 'PUBCOMP' : 'PUBACK');

export const waits = check<Facts>({
  id: 'T3',
  judges: ['C10'],
  title: 'it leaves only when the last acknowledgement is in',
  clauses: ['3.1.1 MQTT-4.3.2-1', '3.1.1 MQTT-4.3.3-1'],
  on: latePuback,
  needs: ['T1', 'T2'],
  verify: recording => {
    const left = leftBehind(recording);
    if (left) {
      const { message, goodbye } = left;
      const expected = `${answerTo(message)} for id=${message.packet.id} first, then DISCONNECT`;
      const consequence = `id=${message.packet.id} was still unacknowledged: its sender cannot know whether the broker has it, and is gone`;
      if (goodbye) {
        fail({
          mistake: 'goodbye-before-ack',
          expected,
          seen: [message, goodbye, `${answerTo(message)} id=${message.packet.id} had not come yet`],
          why: `${consequence}. A pause of a fixed length is no wait either: this broker was slower`,
          try: 'keep what publish returns for each message, and wait for all of them before you disconnect',
        });
      }
      fail({
        mistake: 'forced-end',
        expected,
        seen: [message, 'and then your side closed the connection, without a DISCONNECT'],
        why: `${consequence}. The process ended (process.exit, os._exit), or the client was ended by force (end(true)), before the answer was in`,
        try: 'wait for every publish first (await what publishAsync gives you); then end the client without force',
      });
    }
    if (!recording.gaveUp) return;
    fail({
      mistake: 'stops-in-burst',
      expected: `${recording.facts.lines.length} lines at once, ${recording.facts.lines.length} messages`,
      seen: insteadOf(recording, recording.gaveUp.waitedFor),
      why: 'one by one your lines came through; all at once they do not',
      try: 'look for a variable that holds one line only, or a wait that nothing can end',
    });
  },
});

export const oneIdEach = check<Facts>({
  id: 'T6',
  judges: ['C6'],
  title: 'no line is sent under two packet identifiers',
  clauses: ['3.1.1 MQTT-2.3.1-2', '3.1.1 MQTT-2.3.1-3'],
  on: [oneOfEach, latePuback, lostPuback, lostPubrec],
  needs: ['T4', 'T5'],
  verify: recording => {
    for (const { seq, kind } of recording.facts.lines) {
      const copies = copiesOf(recording, seq);
      const [first] = copies;
      const second = copies.find(
        one => one !== first && (kind === 'heartbeat' || one.packet.id !== first?.packet.id),
      );
      if (!first || !second) continue;
      const expected = `one message for seq ${seq}, under one packet identifier however often it is sent`;
      if (second.connection === first.connection) {
        fail({
          mistake: 'own-resend',
          expected,
          seen: [first, second],
          why: 'a second publish is a second message: the broker delivers both. The library keeps what is not acknowledged, and sends it again after a reconnect',
          try: 'look for the timer, or the second call of publish, that sends the same line again',
        });
      }
      const connect = sent(recording, 'CONNECT', { connection: second.connection })[0];
      fail({
        mistake: 'publishes-again',
        expected,
        seen: [first, ...(connect ? [connect] : []), second],
        why: 'the connect event (on_connect) comes at every connect, also after a broken line: what you publish there is published again',
        try: 'publish a line once, when it comes; what was not acknowledged, the library sends again by itself',
      });
    }
  },
});

export const anyOrder = check<Facts>({
  id: 'T7',
  judges: ['C10'],
  title: 'acknowledgements may come in any order',
  clauses: ['3.1.1 MQTT-4.3.2-1'],
  on: outOfOrder,
  needs: ['T3'],
  verify: recording => {
    const left = leftBehind(recording);
    if (left) {
      const early = received(recording, 'PUBACK')
        .filter(one => one.fate === 'forwarded')
        .at(-1);
      fail({
        mistake: 'waits-for-last-only',
        expected: 'a PUBACK for each message, then DISCONNECT',
        seen: [
          left.message,
          ...(early ? [early] : []),
          ...(left.goodbye ? [left.goodbye] : ['and then your side closed the connection']),
          `PUBACK id=${left.message.packet.id} was not there yet`,
        ],
        why: 'the acknowledgement of a later message says nothing of an earlier one: each packet identifier has its own',
        try: 'wait for every message you published, not only for the last one',
      });
    }
    const missing = recording.facts.lines.find(line => copiesOf(recording, line.seq).length === 0);
    if (!missing) return;
    fail({
      mistake: 'stuck-by-order',
      expected: 'three lines, three messages',
      seen: insteadOf(recording, `PUBLISH with seq ${missing.seq}`),
      why: 'the PUBACKs came in another order than the messages, and something waits for one that has passed already',
      try: 'compare packet identifiers; do not count acknowledgements',
    });
  },
});

/** Also when the last acknowledgement came late, or in another order. */
export const leaves = check<Facts>({
  ...leavesCleanly(oneOfEach, { id: 'T10', judges: ['C12'], needs: ['T1', 'T3', 'T6', 'T7'] }),
  on: [oneOfEach, latePuback, outOfOrder],
});

export const practice: Practice = {
  env: random => variables(environment(random)),
  events: (random, env) =>
    facts(
      ['telemetry', 'heartbeat', 'billing', 'telemetry', 'heartbeat', 'billing'],
      [0, 1, 2, 0, 1, 2],
    )(random).lines.flatMap((line, at) => [
      { input: line },
      {
        topic: env['PROBE_TOPIC'] ?? '',
        payload: JSON.stringify({ n: at + 1, sent: at % 3 }),
        qos: (at % 3) as 0 | 1 | 2,
      },
    ]),
};

export const lesson = hiddenTests(
  defineLesson({
    id: '06-qos-handshakes',
    checks: [
      arrives,
      rightQos,
      waits,
      readingAgain,
      billAgain,
      oneIdEach,
      anyOrder,
      probed,
      smallerOfBoth,
      leaves,
      whenItComes,
      everyLine,
      keepsLines,
      oneReport,
    ],
    practice,
  }),
);
