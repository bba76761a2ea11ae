import { cannotTell, check, type Diagnosis, fail } from '../harness/check.js';
import { stillThere } from '../harness/detectors/index.js';
import { endingWords } from '../harness/ending.js';
import { packetFields } from '../harness/fields.js';
import { defineLesson, type Practice } from '../harness/lesson.js';
import { insteadOf } from '../harness/matchers.js';
import {
  closing,
  connections,
  notes,
  type PacketOf,
  packets,
  type Recording,
  received,
  sent,
  usableMs,
} from '../harness/recording.js';
import { hiddenTests } from '../harness/vitest.js';
import {
  earlyStop,
  type Facts,
  idle,
  type RefusedFacts,
  refused,
  session,
  slowConnack,
} from './01-first-connection/scenarios.js';
import { leavesCleanly } from './shared/leaves-cleanly.js';

/**
 * That a program behaves in one situation says nothing of another one: it may look at what it was
 * given. So each situation has a connection, or fails.
 */
function connectsHere(recording: Recording<Facts>): void {
  if (sent(recording, 'CONNECT').length > 0) return;
  const { keepalive, clientId } = recording.facts;
  fail({
    mistake: 'no-connect-here',
    expected: `CONNECT here too: MQTT_CLIENT_ID=${clientId} MQTT_KEEPALIVE=${keepalive}`,
    seen: insteadOf(recording, 'CONNECT'),
    why: 'in another run your program connected; what differs here is its identifier and its keep-alive, or what the broker does',
    try: 'start your program with these values in its environment, and look where it turns',
  });
}

export const identity = check<Facts>({
  id: 'T1',
  judges: ['C1'],
  title: 'it connects under the name it was given',
  clauses: ['3.1.1 MQTT-3.1.0-1', '3.1.1 MQTT-3.1.3-2'],
  on: session,
  verify: recording => {
    const connect = sent(recording, 'CONNECT')[0];
    const { clientId } = recording.facts;
    const expected = `CONNECT with clientId=${clientId}, from MQTT_CLIENT_ID`;
    if (!connect) {
      return fail({
        mistake: 'no-connect',
        expected,
        seen: insteadOf(recording, 'CONNECT'),
        why: 'the first packet on a connection is CONNECT; without it there is no session [3.1.1 MQTT-3.1.0-1]',
        try: 'call connect, and let the network loop of your library run',
      });
    }
    if (connect.packet.clientId === clientId) return;
    fail({
      mistake: 'invented-id',
      field: packetFields.clientId,
      expected,
      seen: [connect],
      why:
        connect.packet.clientId === '' || /^(mqttjs_|paho)/.test(connect.packet.clientId)
          ? 'your program named no identifier, so the library invented one, or left it to the broker; the broker knows a device by this name only'
          : 'the broker knows a device by this name only; under another one it is another device',
      try: 'hand the value of MQTT_CLIENT_ID to the client, beside the address',
    });
  },
});

export const keepalive = check<Facts>({
  id: 'T2',
  judges: ['C2'],
  title: 'its keep-alive is the one it was given',
  clauses: ['3.1.1 MQTT-3.1.2-23'],
  on: session,
  needs: ['T1'],
  verify: recording => {
    const connect = sent(recording, 'CONNECT')[0];
    const wanted = recording.facts.keepalive;
    if (!connect || connect.packet.keepalive === wanted) return;
    fail({
      mistake: 'keepalive-ignored',
      field: packetFields.keepAlive,
      expected: `CONNECT with keepalive=${wanted}, from MQTT_KEEPALIVE`,
      seen: [connect],
      why: `the wire says ${connect.packet.keepalive} s: the broker waits one and a half times that before it notices a dead line [3.1.1 MQTT-3.1.2-24]`,
      try: 'look at the options of connect: keepalive is a number of seconds',
      clauses: ['3.1.1 MQTT-3.1.2-24'],
    });
  },
});

/**
 * The first connection was given up without a goodbye before the second one: a busy machine is as
 * slow as a slow broker. The answer may have been on its way.
 */
function gaveUpWaiting(
  recording: Recording<Facts>,
  first: PacketOf<'CONNECT'>,
  second: PacketOf<'CONNECT'>,
): boolean {
  if (recording.scenario === 'slow CONNACK') return true;
  const saidGoodbye = sent(recording, 'DISCONNECT').some(
    one => one.connection === first.connection,
  );
  const closed = recording.trace.entries.some(
    one =>
      one.kind === 'connection' &&
      one.event === 'closed' &&
      one.connection === first.connection &&
      one.t <= second.t,
  );
  return closed && !saidGoodbye;
}

export const once = check<Facts>({
  id: 'T3',
  judges: ['C3'],
  title: 'it connects once, even when the answer is slow',
  clauses: ['3.1.1 MQTT-3.1.0-2'],
  on: [session, slowConnack],
  needs: ['T1'],
  explains: ['U1', 'U3'],
  verify: recording => {
    connectsHere(recording);
    const connects = sent(recording, 'CONNECT');
    const [first, second] = connects;
    if (!first || !second) return;
    const impatient = gaveUpWaiting(recording, first, second);
    fail({
      mistake: impatient ? 'impatient' : 'connects-twice',
      field: impatient ? undefined : packetFields.connect,
      expected: 'one CONNECT',
      seen: [
        first,
        second,
        `the second one came ${Math.round(second.t - first.t)} ms after the first, from your own program`,
      ],
      why:
        second.packet.clientId === first.packet.clientId
          ? 'the same name on two connections: the broker must close the older one [3.1.1 MQTT-3.1.4-2]'
          : 'each connection is a client of its own to the broker, and one of them does nothing',
      try: impatient
        ? 'give the broker time: let the library wait for CONNACK'
        : 'look for a second call of connect, or for one that runs twice',
      clauses: ['3.1.1 MQTT-3.1.4-2'],
    });
  },
});

export const waitsForAnswer = check<Facts>({
  id: 'T4',
  judges: ['C4'],
  title: 'it waits for the answer and stays until it is asked to stop',
  clauses: ['3.1.1 MQTT-3.2.0-1'],
  on: session,
  needs: ['T1', 'T3'],
  verify: recording => {
    const asked = notes(recording, 'stop-asked')[0];
    const first = connections(recording)[0];
    const closed = first === undefined ? undefined : closing(recording, first);
    if (!closed || (asked && closed.t >= asked.t)) return;
    const answered = received(recording, 'CONNACK').some(
      one => (one.releasedAt ?? closed.t) < closed.t,
    );
    fail({
      mistake: answered ? 'left-early' : 'left-before-connack',
      expected: 'the connection stands until the end of the input',
      seen: [
        ...packets(recording).slice(-2),
        `then your side closed the connection, before anybody asked it to stop`,
      ],
      why: answered
        ? 'a connection is there to be used; a device that leaves at once receives nothing'
        : 'connecting is a request and CONNACK is the answer; you left before the broker answered',
      try: answered
        ? 'keep the program running: the client keeps it alive until you end it'
        : 'wait for the connect event (on_connect) before you go on',
    });
  },
});

export const alive = check<Facts>({
  id: 'T5',
  judges: ['C5'],
  title: 'it is still connected after two and a half quiet keep-alive periods',
  clauses: ['3.1.1 MQTT-3.1.2-23', '3.1.1 MQTT-3.1.2-24'],
  on: idle,
  needs: ['T1', 'T2', 'T3', 'T4'],
  explains: ['U1'],
  verify: recording => {
    connectsHere(recording);
    const asked = notes(recording, 'stop-asked')[0];
    const first = connections(recording)[0];
    const closed = first === undefined ? undefined : closing(recording, first);
    if (!closed || (asked && closed.t >= asked.t)) return;
    // A DISCONNECT into a connection that is closed already reaches nobody.
    const last = packets(recording, { direction: 'to-broker' })
      .filter(one => one.connection === first && one.t <= closed.t)
      .at(-1);
    const usable = last ? usableMs(recording, last.t, closed.t) : 0;
    if (closed.by === 'broker' && usable < 1200 * recording.facts.keepalive) {
      cannotTell('the machine was too busy for a keep-alive of one second');
    }
    // A client that gets no answer to PINGREQ leaves, and is right to; and so is one that could not
    // run for so long that its timer came before what had arrived.
    const answered = received(recording, 'PINGRESP').some(
      one => last !== undefined && one.n > last.n && (one.releasedAt ?? one.t) < closed.t,
    );
    const since = Math.max(0, closed.t - 2500 * recording.facts.keepalive);
    const halted = closed.t - since - usableMs(recording, since, closed.t);
    const unanswered = last?.packet.type === 'PINGREQ' && !answered;
    if (closed.by === 'client' && (unanswered || halted > 300 * recording.facts.keepalive)) {
      cannotTell('the machine was too busy to answer PINGREQ in time');
    }
    fail({
      mistake: closed.by === 'broker' ? 'silent' : 'left-while-idle',
      expected: `some packet at least every ${recording.facts.keepalive} s: PINGREQ when there is nothing else to say`,
      seen: [
        ...(last ? [last] : []),
        closed.by === 'broker'
          ? `then silence for ${((closed.t - (last?.t ?? 0)) / 1000).toFixed(1)} s, and the broker closed the connection`
          : 'then your side closed the connection',
      ],
      why:
        closed.by === 'broker'
          ? 'after one and a half keep-alive periods without a packet the broker must close the line [3.1.1 MQTT-3.1.2-24]'
          : 'a quiet line is no reason to leave: PINGREQ keeps it alive',
      try:
        closed.by === 'broker'
          ? 'find what keeps the library from running: a busy loop, a sleep, or a network loop that was never started'
          : 'let the client ping by itself; it does so when its loop runs',
    });
  },
});

export const takesNo = check<RefusedFacts>({
  id: 'T6',
  judges: ['C6'],
  title: 'refused, it ends with exit code 1',
  clauses: ['3.1.1 MQTT-3.2.2-5'],
  on: refused,
  needs: ['T1', 'T3', 'T4'],
  explains: ['U1', 'U2', 'U5'],
  verify: recording => {
    connectsHere(recording);
    const refusals = received(recording, 'CONNACK');
    const program = recording.programs[0];
    const attempts = sent(recording, 'CONNECT').length;
    const expected = `after CONNACK with code ${recording.facts.code} at most one more try, then exit code 1`;
    if (attempts > 2) {
      fail({
        mistake: 'keeps-trying',
        expected,
        seen: [
          `${attempts} CONNECTs, ${refusals.length} refusals; the first and the last are`,
          refusals[0] ?? '',
          refusals.at(-1) ?? '',
        ],
        why: 'a name or a password does not become right by repetition; a broker that is asked a thousand times locks you out',
        try: 'end the program when on_connect or the error event tells you of a refusal',
      });
    }
    if (!program || program.exitedAt === undefined || program.killedAt !== undefined) {
      return fail({
        mistake: 'ignores-refusal',
        expected,
        seen: [...refusals.slice(-1), stillThere(recording)],
        why: 'the broker closed the connection after its refusal [3.1.1 MQTT-3.2.2-5]; the program waits for something that cannot come',
        try: 'find out how your library tells you of a refused connection, and end the program there',
      });
    }
    if (program.exitCode !== 1) {
      fail({
        mistake: 'wrong-exit-code',
        expected,
        seen: [...refusals.slice(-1), `the program ended ${endingWords(program)}`],
        why: 'whoever started the program reads in the exit code that it did not work',
        try: 'end with exit code 1 when the broker refuses',
      });
    }
  },
});

export const earlyStopWorks = check<Facts>({
  id: 'T7',
  judges: ['C7'],
  title: 'asked to stop before the answer came, it ends',
  clauses: [],
  on: earlyStop,
  needs: ['T1', 'T3', 'T4'],
  explains: ['U1'],
  verify: recording => {
    connectsHere(recording);
    if (notes(recording, 'still-running').length === 0) return;
    fail({
      mistake: 'stuck-before-connack',
      expected: 'the program ends within three seconds after the end of its input',
      seen: [
        ...sent(recording, 'CONNECT').slice(0, 1),
        `asked to stop, no CONNACK yet; ${stillThere(recording)}`,
      ],
      why: 'the stop waits for a connection that may never come: the device cannot be switched off',
      try: 'make the stop work in every state: in mqtt.js 5.16 client.end() before CONNACK leaves the connection open, and client.end(true) closes it',
    });
  },
});

export const leaves = leavesCleanly(session, {
  id: 'T8',
  judges: ['C8'],
  needs: ['T1', 'T3', 'T4'],
});

export const noLoop: Diagnosis = {
  leads: 'T6',
  covers: ['T5', 'T7', 'T8'],
  applies: signature =>
    signature.mistake('T6') === 'ignores-refusal' &&
    signature.mistake('T7') === 'stuck-before-connack' &&
    !signature.passed('T5'),
  failure: () => ({
    mistake: 'no-loop',
    why: 'CONNECT went out, and nothing that came back was ever read: no ping, no reaction to a refusal. The network loop of your library does not run',
    try: 'start the loop: loop_start() or loop_forever() in paho; in Node, let go of whatever blocks',
  }),
};

export const practice: Practice = {
  env: random => ({ MQTT_CLIENT_ID: random.device(), MQTT_KEEPALIVE: '2' }),
};

export const lesson = hiddenTests(
  defineLesson({
    id: '01-first-connection',
    checks: [identity, keepalive, once, waitsForAnswer, alive, takesNo, earlyStopWorks, leaves],
    diagnoses: [noLoop],
    practice,
  }),
);
