import { cannotTell, check, fail } from '../../harness/check.js';
import {
  closing,
  notes,
  type PacketOf,
  type Recording,
  received,
  sent,
  usableMs,
} from '../../harness/recording.js';
import { comesBack, seconds } from './back.js';
import { answersTo, beatsOf, stalled } from './evidence.js';
import { threeDrops } from './scenarios.js';
import type { Facts } from './words.js';

export const back = check<Facts>({
  id: 'T4',
  judges: ['C14', 'C21'],
  title: 'it comes back after each of three drops',
  clauses: ['3.1.1 MQTT-3.1.2-6', '3.1.1 MQTT-3.2.2-3'],
  on: threeDrops,
  needs: ['T3'],
  explains: ['U2', 'U3', 'U5'],
  verify: recording => {
    const rivals = twins(recording);
    if (rivals) {
      fail({
        mistake: 'second-client',
        expected: 'after a drop one new connection, and no other one under the same name',
        seen: rivals,
        why: 'two clients in your program have the same name: the broker must close the older connection [3.1.1 MQTT-3.1.4-2], that one dials again, and so on. The library was already reconnecting when you made a second client',
        try: 'let the library reconnect; or end the old client for good before you make a new one',
        clauses: ['3.1.1 MQTT-3.1.4-2'],
      });
    }
    comesBack(recording, 4, {
      expected:
        'within five seconds after a drop: CONNECT, CONNACK, and a subscription to ASK_TOPIC',
    });
  },
});

/** Two connections of one name at once, neither of them disturbed. */
function twins(recording: Recording): [PacketOf<'CONNECT'>, PacketOf<'CONNECT'>] | undefined {
  const connects = sent(recording, 'CONNECT');
  for (const [at, one] of connects.entries()) {
    const over = closing(recording, one.connection);
    const other = connects
      .slice(at + 1)
      .find(next => next.packet.clientId === one.packet.clientId && (!over || next.t < over.t));
    if (other) return [one, other];
  }
  return undefined;
}

export const oneAnswer = check<Facts>({
  id: 'T5',
  judges: ['C2'],
  title: 'after three drops a question still gets one answer',
  clauses: [],
  on: threeDrops,
  needs: ['T4'],
  verify: recording => {
    for (const question of recording.facts.questions.slice(0, 5)) {
      const found = answersTo(recording, question);
      if (found.length === 1) continue;
      const asked = received(recording, 'PUBLISH').find(
        one => 'text' in one.packet.payload && one.packet.payload.text.includes(`"${question}"`),
      );
      if (found.length === 0) {
        fail({
          mistake: 'silent-after-drop',
          expected: `one answer to ${question}`,
          seen: [...(asked ? [asked] : [`${question} was not delivered`]), 'no answer'],
          why: 'the connection is back, and the handler is not',
          try: 'attach the handler once, to a client that lives as long as the program',
        });
      }
      fail({
        mistake: 'handlers-multiply',
        expected: `one answer to ${question}`,
        seen: [
          ...(asked ? [asked] : []),
          ...found.slice(0, 3),
          `1 question, ${found.length} answers`,
        ],
        why: 'the connect event comes at every reconnect. What you attach there is attached once more each time; a new client beside the old one does the same',
        try: 'attach the message handler once, outside of the connect event',
      });
    }
  },
});

export const oneTimer = check<Facts>({
  id: 'T6',
  judges: ['C4'],
  title: 'after three drops the heartbeats have their old pace',
  clauses: [],
  on: threeDrops,
  needs: ['T4'],
  verify: recording => {
    const [from] = notes(recording, 'count');
    const [to] = notes(recording, 'counted');
    if (!from || !to) return;
    const span = to.t - from.t;
    const inside = beatsOf(recording).filter(one => one.t >= from.t && one.t <= to.t);
    const { heartbeatMs } = recording.facts;
    const due = Math.round(span / heartbeatMs);
    const expected = `a heartbeat every ${heartbeatMs} ms (HEARTBEAT_MS): about ${due} in ${seconds(span)}`;
    if (inside.length === 0) {
      if (usableMs(recording, from.t, to.t) < span / 2) cannotTell('the machine was too busy');
      fail({
        mistake: 'heartbeats-stop',
        expected,
        seen: [
          `none in ${seconds(span)} after the third drop; the last one was`,
          ...beatsOf(recording).slice(-1),
        ],
        why: 'the timer ended with a connection, and nothing started it again',
        try: 'let one timer run as long as the program',
      });
    }
    if (inside.length <= due * 2 + 2) {
      const pauses = inside.slice(1).map((one, at) => one.t - (inside[at]?.t ?? 0));
      const usual = pauses.sort((a, b) => a - b)[pauses.length >> 1] ?? heartbeatMs;
      if (usual > 0.8 * heartbeatMs && usual < 1.5 * heartbeatMs && inside.length * 2 >= due)
        return;
      if (stalled(recording, from.t, to.t) > 200) cannotTell('the machine was too busy');
      fail({
        mistake: 'another-pace',
        expected,
        seen: [
          `${inside.length} in ${seconds(span)}, usually ${Math.round(usual)} ms apart, for example`,
          ...inside.slice(0, 2),
        ],
        why: 'whoever watches this machine waits for HEARTBEAT_MS, and takes it for dead, or for two',
        try: 'take the pause from HEARTBEAT_MS, in milliseconds; one timer for the whole program',
      });
    }
    if (stalled(recording, from.t - 3000, from.t) > 2000) cannotTell('the machine was too busy');
    fail({
      mistake: 'timers-multiply',
      expected,
      seen: [
        `${inside.length} in ${seconds(span)}: one every ${Math.round(span / inside.length)} ms, for example`,
        ...inside.slice(0, 2),
      ],
      why: 'each connect event started one more timer, and none was ended; after a year the machine sends nothing but heartbeats',
      try: 'start the timer once, outside of the connect event',
    });
  },
});
