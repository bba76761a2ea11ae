import { check, fail } from '../../harness/check.js';
import { insteadOf } from '../../harness/matchers.js';
import { type Recording, sent } from '../../harness/recording.js';
import {
  copiesOf,
  type Facts,
  type Line,
  lostPuback,
  lostPubrec,
  type Message,
} from './scenarios.js';

/** What became of a message whose acknowledgement was lost with the connection. */
function comesAgain(recording: Recording<Facts>, ack: 'PUBACK' | 'PUBREC'): void {
  const line = recording.facts.lines[1] as Line;
  const copies = copiesOf(recording, line.seq);
  const [first] = copies;
  if (!first) {
    fail({
      mistake: 'no-publish',
      expected: `a PUBLISH with seq ${line.seq}`,
      seen: insteadOf(recording, 'PUBLISH'),
      why: 'the line never left your program',
      try: 'mend the first failing check; this one follows',
    });
  }
  const later = copies.filter(one => one.connection !== first.connection);
  if (!later.some(one => one.packet.id === first.packet.id)) notAgain(recording, first, later, ack);
  const rest = recording.facts.lines
    .slice(2)
    .find(one => copiesOf(recording, one.seq).length === 0);
  if (!rest && !recording.gaveUp) return;
  fail({
    mistake: 'stuck-after-cut',
    expected: `the handshake of seq ${line.seq} is finished on the new connection, and the next line is published there`,
    seen: insteadOf(recording, recording.gaveUp?.waitedFor ?? `PUBLISH with seq ${rest?.seq}`),
    why: 'the message came again, and then something in your program waits for what the cut has taken away',
    try: 'print a line when the connection comes and goes, and look at what your program does then',
  });
}

function endOf(recording: Recording<Facts>): string {
  const state = insteadOf(recording, 'CONNECT').at(-1);
  return typeof state === 'string' ? state : '';
}

/** Names why a message did not come again under its packet identifier. */
function notAgain(
  recording: Recording<Facts>,
  first: Message,
  later: readonly Message[],
  ack: 'PUBACK' | 'PUBREC',
): never {
  const { id } = first.packet;
  const line = recording.facts.lines[1] as Line;
  const expected = `after the cut: a new connection, and on it PUBLISH seq ${line.seq} with id=${id} again`;
  const cut = `the connection was cut before ${ack} id=${id} reached you`;
  const reconnect = sent(recording, 'CONNECT').find(
    one => one.n > first.n && one.connection !== first.connection,
  );
  if (!reconnect) {
    return fail({
      mistake: 'stays-away',
      expected,
      seen: [
        first,
        cut,
        `no CONNECT within ${((recording.gaveUp?.afterMs ?? 0) / 1000).toFixed(1)} s; ${endOf(recording)}`,
      ],
      why: 'nobody dials again, so the message stays unacknowledged for ever: reconnecting is switched off, or your loop ended with the connection',
      try: 'let the library connect again by itself (reconnectPeriod; loop_start() or loop_forever())',
    });
  }
  const [asNew] = later;
  if (!asNew) {
    return fail({
      mistake: 'not-sent-again',
      expected,
      seen: [first, cut, reconnect, `no PUBLISH with seq ${line.seq} on the new connection`],
      why: 'the sender keeps a message until it is acknowledged, and sends it again when it connects again [3.1.1 MQTT-4.4.0-1]; yours forgot it',
      try: 'keep one client for the whole life of the program: the unacknowledged messages are in it',
    });
  }
  fail({
    mistake: 'sent-as-new',
    expected,
    seen: [first, cut, asNew],
    why: `another packet identifier is another message to the broker: seq ${line.seq} may now be there twice, also at QoS 2. A new client object does not know what the old one had sent`,
    try: 'keep one client for the whole life of the program, and let it send again what was not acknowledged',
    clauses: ['3.1.1 MQTT-2.3.1-3'],
  });
}

/** T4: at QoS 1. */
export const readingAgain = check<Facts>({
  id: 'T4',
  judges: ['C8'],
  title: 'a reading whose PUBACK was lost comes again, with its packet identifier',
  clauses: ['3.1.1 MQTT-4.4.0-1', '3.1.1 MQTT-2.3.1-3'],
  on: lostPuback,
  needs: ['T1', 'T2'],
  verify: recording => comesAgain(recording, 'PUBACK'),
});

/** T5: at QoS 2. */
export const billAgain = check<Facts>({
  id: 'T5',
  judges: ['C8'],
  title: 'a bill whose PUBREC was lost comes again, with its packet identifier',
  clauses: ['3.1.1 MQTT-4.4.0-1', '3.1.1 MQTT-4.3.3-1'],
  on: lostPubrec,
  needs: ['T4'],
  verify: recording => comesAgain(recording, 'PUBREC'),
});
