import type { PacketEntry } from '../../wire/index.js';
import { type Check, check, fail } from '../harness/check.js';
import { defineLesson } from '../harness/lesson.js';
import { insteadOf, leavesCleanly } from '../harness/matchers.js';
import {
  connections,
  notes,
  type PacketOf,
  packets,
  type Recording,
  received,
  sent,
} from '../harness/recording.js';
import { hiddenTests } from '../harness/vitest.js';
import {
  cleanStop,
  cut,
  environment,
  type Facts,
  facts,
  heardBy,
  isAck,
  killed,
  reboot,
  SHORT,
  said,
  silence,
  slowConnack,
  stored,
  text,
} from './09-last-will/scenarios.js';

type Seen = (string | PacketEntry)[];

/** What was awaited in vain first, and the last packet of the program before that was given up. */
function waitedFor(recording: Recording<Facts>): Seen {
  const note = notes(recording, 'not-seen')[0];
  if (!note) return insteadOf(recording, 'such message');
  const last = packets(recording).findLast(entry => entry.t <= note.t);
  return last ? [`${note.text}; the last packet before was`, last] : [note.text];
}

/** What a newcomer read, in words for *Seen*. */
function read(recording: Recording<Facts>, who = 'newcomer'): Seen {
  const got = stored(recording, who);
  const when =
    who === 'newcomer 2' ? 'and after the kill a newcomer reads' : 'and a newcomer reads';
  return got ? [when, got] : [`${when} nothing`];
}

const withWill = (recording: Recording<Facts>): PacketOf<'CONNECT'> | undefined =>
  sent(recording, 'CONNECT').find(entry => entry.packet.will !== undefined);

const hasWill = check<Facts>({
  id: 'T1',
  title: 'CONNECT carries a will: OFFLINE on STATUS_TOPIC, QoS 1',
  clauses: ['3.1.1 MQTT-3.1.2-8', '3.1.1 MQTT-3.1.2-9', '3.1.1 MQTT-3.1.2-14'],
  on: killed,
  verify: recording => {
    const { statusTopic, offline, online } = recording.facts;
    const connect = withWill(recording);
    const expected = `CONNECT with will=${statusTopic} "${offline}" qos=1`;
    if (!connect) {
      fail({
        mistake: 'no-will',
        expected,
        seen: [...sent(recording, 'CONNECT').slice(0, 1), ...read(recording, 'newcomer 2')],
        why: 'after a kill no hook of your program runs (exit, atexit, finally): only the broker can speak for it. CONNECT is the only packet that carries a will. So either no will is set, or it is set after CONNECT has left, where nobody reads it',
        try: 'set the will before you connect: an option of mqtt.connect, or will_set before connect()',
        clauses: ['3.1.1 MQTT-3.1.2-12'],
      });
    }
    const will = connect.packet.will;
    const word = will && 'text' in will.payload ? will.payload.text : '';
    if (will?.topic !== statusTopic) {
      fail({
        mistake: 'will-elsewhere',
        expected,
        seen: [connect],
        why: 'two topics, two truths: the will is spoken on one, and the status topic goes on saying "here". The will must overwrite the very message that says that you are there',
        try: 'use the value of STATUS_TOPIC for the will, too',
      });
    }
    if (word !== offline) {
      fail({
        mistake: word === online ? 'swapped-words' : 'hard-coded-words',
        expected,
        seen: [connect],
        why:
          word === online
            ? 'your will says that you are there, at the moment when you are not'
            : `the dashboards of this plant know "${online}" and "${offline}"; another word tells them nothing`,
        try: 'take the word from the environment variable OFFLINE',
      });
    }
    if (will.qos === 0) {
      fail({
        mistake: 'will-at-qos-0',
        expected,
        seen: [connect],
        why: 'the broker may drop a stored message of QoS 0 at any time [3.1.1 MQTT-3.3.1-7], and a dead program does not say it again',
        try: 'give the will QoS 1, beside its topic and payload',
        clauses: ['3.1.1 MQTT-3.3.1-7'],
      });
    }
  },
});

const isThere = check<Facts>({
  id: 'T2',
  title: 'while it runs, a newcomer reads ONLINE',
  clauses: ['3.1.1 MQTT-3.3.1-5', '3.1.1 MQTT-3.3.1-12'],
  on: killed,
  verify: recording => {
    const { online, statusTopic } = recording.facts;
    const birth = said(recording).find(entry => text(entry) === online);
    const expected = `after CONNACK: "${online}" on ${statusTopic}, QoS 1, stored`;
    if (!birth) {
      const other = sent(recording, 'PUBLISH')[0];
      fail({
        mistake: !other
          ? 'no-birth'
          : other.packet.topic === statusTopic
            ? 'hard-coded-words'
            : 'birth-elsewhere',
        expected,
        seen: other ? [other] : waitedFor(recording),
        why: other
          ? "the dashboards of this plant look for this word on this topic, and find yesterday's"
          : `nobody says that you are there: the stored status is what the last run left behind`,
        try: 'when CONNACK has come, publish the value of ONLINE on STATUS_TOPIC',
      });
    }
    if (!birth.packet.retain) {
      fail({
        mistake: 'birth-not-stored',
        expected,
        seen: [birth, ...read(recording)],
        why: 'the word for "here" is passed on and forgotten, the one for "gone" is stored. So the stored status says "gone" while you are connected',
        try: 'look at the options of this publish: birth and will need the same RETAIN',
      });
    }
    if (birth.packet.qos === 0) {
      fail({
        mistake: 'birth-at-qos-0',
        expected,
        seen: [birth],
        why: 'a stored message of QoS 0 may be dropped by the broker at any time [3.1.1 MQTT-3.3.1-7]',
        try: 'publish the word at QoS 1',
        clauses: ['3.1.1 MQTT-3.3.1-7'],
      });
    }
    const got = stored(recording, 'newcomer');
    if (got && text(got) === online) return;
    fail({
      mistake: 'not-there',
      expected,
      seen: [birth, ...read(recording)],
      why: 'something that you said later overwrote it',
      try: 'read your packets on STATUS_TOPIC from top to bottom',
    });
  },
});

const dies = check<Facts>({
  id: 'T3',
  title: 'after a kill, a newcomer reads OFFLINE',
  clauses: ['3.1.1 MQTT-3.1.2-8', '3.1.1 MQTT-3.1.2-17'],
  on: killed,
  needs: ['T1'],
  verify: recording => {
    const { offline } = recording.facts;
    const got = stored(recording, 'newcomer 2');
    if (got && text(got) === offline) return;
    const expected = `after SIGKILL, a newcomer reads "${offline}"`;
    const connect = withWill(recording);
    const spoken = heardBy(recording, offline).at(-1);
    if (connect && !connect.packet.will?.retain) {
      fail({
        mistake: 'will-not-stored',
        expected,
        seen: [
          connect,
          ...(spoken ? ['who listened heard it:', spoken] : []),
          ...read(recording, 'newcomer 2'),
        ],
        why: 'a will without RETAIN is spoken once and not stored [3.1.1 MQTT-3.1.2-16]. The stored status still says "here": a dashboard that opens now shows a dead machine as alive',
        try: 'look at the options of the will, beside its topic and payload',
        clauses: ['3.1.1 MQTT-3.1.2-16'],
      });
    }
    fail({
      mistake: 'not-gone',
      expected,
      seen: [
        ...(connect ? [connect] : []),
        ...(spoken ? [spoken] : []),
        ...read(recording, 'newcomer 2'),
      ],
      why: 'the will was spoken, and another message took its place',
      try: 'read the packets on STATUS_TOPIC from top to bottom: who speaks last?',
    });
  },
});

const fallsSilent = check<Facts>({
  id: 'T4',
  title: 'on a silent line, the broker says OFFLINE by 1.5 times the keep-alive',
  clauses: ['3.1.1 MQTT-3.1.2-24', '3.1.1 MQTT-3.1.2-8'],
  on: silence,
  needs: ['T1'],
  verify: recording => {
    const { offline } = recording.facts;
    const fault = recording.trace.entries.find(
      entry => entry.kind === 'fault' && entry.fault === 'blackhole',
    );
    const connect = withWill(recording);
    const limit = `${(SHORT * 1.5).toFixed(1)} s`;
    const expected = `CONNECT with keepalive=${SHORT}, so that ${limit} after your last packet the broker gives up and says "${offline}"`;
    if (!fault || !connect) {
      return fail({
        mistake: 'no-line',
        expected,
        seen: insteadOf(recording, 'connection with a will'),
        why: 'there was no connection that could fall silent',
        try: 'start your program with MQTT_KEEPALIVE=1, and see what differs',
      });
    }
    const spoken = heardBy(recording, offline).find(entry => entry.t >= fault.t);
    const { keepalive } = connect.packet;
    if (spoken && keepalive > 0 && keepalive <= SHORT) return;
    fail({
      mistake: 'keepalive-ignored',
      expected,
      seen: [connect, ...(spoken ? [spoken] : ['the line fell silent, and nobody said anything'])],
      why:
        keepalive === 0
          ? 'keepalive=0 switches the clock off: the broker waits for ever, and so does everyone who looks at the status'
          : `a pulled cable closes nothing. The broker notices by the keep-alive alone, here after ${keepalive * 1.5} s; until then a dead machine counts as alive`,
      try: 'hand the value of MQTT_KEEPALIVE to your connect, as a number',
    });
  },
});

const comesBack = check<Facts>({
  id: 'T5',
  title: 'after every lost connection it says ONLINE again',
  clauses: ['3.1.1 MQTT-3.1.2-8', '3.1.1 MQTT-3.1.2-17'],
  on: [cut, silence],
  needs: ['T2', 'T3', 'T4'],
  verify: recording => {
    const { online, offline } = recording.facts;
    const got = stored(recording, 'newcomer');
    if (got && text(got) === online) return;
    const fault = recording.trace.entries.find(entry => entry.kind === 'fault');
    const again = sent(recording, 'CONNECT').find(entry => fault && entry.t > fault.t);
    const spoken = heardBy(recording, offline).find(entry => fault && entry.t >= fault.t);
    const expected = `after the connection was lost: CONNECT, CONNACK, and "${online}" again`;
    const before: Seen = spoken ? ['the broker spoke your will:', spoken] : [];
    if (!again) {
      return fail({
        mistake: 'no-reconnect',
        expected,
        seen: [...before, 'and no new CONNECT came'],
        why: 'the line is back after a second, and your program never asks',
        try: 'leave reconnecting to the library: mqtt.js does it by itself, paho inside loop_start() or loop_forever()',
      });
    }
    fail({
      mistake: 'birth-only-once',
      expected,
      seen: [...before, again, `and no "${online}" after it`, ...read(recording)],
      why: 'you are connected, and the stored status says "gone" until somebody restarts you: the will was spoken, and nobody took it back',
      try: 'say it wherever a connection begins: in the connect event (on_connect), which comes again each time',
    });
  },
});

const isPatient = check<Facts>({
  id: 'T6',
  title: 'a late CONNACK changes nothing',
  clauses: ['3.1.1 MQTT-3.2.0-1'],
  on: slowConnack,
  needs: ['T2'],
  verify: recording => {
    const { online } = recording.facts;
    const got = stored(recording, 'newcomer');
    if (got && text(got) === online && connections(recording).length > 0) return;
    fail({
      mistake: 'impatient',
      expected: `CONNACK comes after 1.5 s, then "${online}"`,
      seen: [...insteadOf(recording, `"${online}"`), ...read(recording)],
      why: 'a broker that has just started is that slow: all machines of the plant connect at once',
      try: 'wait for the connect event (on_connect), not for a fixed time',
    });
  },
});

const reboots = check<Facts>({
  id: 'T7',
  title: 'after a quick reboot, the old half-open line does not declare it dead',
  clauses: ['3.1.1 MQTT-3.1.4-2', '3.1.1 MQTT-3.1.2-8'],
  on: reboot,
  needs: ['T2', 'T3', 'T6'],
  explains: ['U3'],
  verify: recording => {
    const { online, offline, clientId } = recording.facts;
    const got = stored(recording, 'newcomer');
    if (got && text(got) === online) return;
    const [before] = sent(recording, 'CONNECT', { who: 'before' });
    const [after] = sent(recording, 'CONNECT', { who: 'program' });
    const birth = heardBy(recording, online).at(-1);
    const will = heardBy(recording, offline).find(entry => birth && entry.n > birth.n);
    const expected = `the second run is connected, and a newcomer reads "${online}"`;
    if (!before || !after || !birth || !will || before.packet.clientId === after.packet.clientId) {
      return fail({
        mistake: 'not-there-after-reboot',
        expected,
        seen: [
          ...(after ? [after] : insteadOf(recording, 'CONNECT of the second run')),
          ...read(recording),
        ],
        why: 'the second run did not say that it is there, or something took it back',
        try: 'start your program, kill it, start it again, and read the packets on STATUS_TOPIC',
      });
    }
    fail({
      mistake: 'new-id-each-boot',
      expected,
      seen: [
        'before the reboot:',
        before,
        'after it:',
        after,
        'you are there:',
        birth,
        'and then the old line expires:',
        will,
      ],
      why: 'with a new client identifier the broker takes you for somebody else. Your old line lives on for it until the keep-alive is over; then it speaks your old will over your "here". With the same identifier it closes the old line first [3.1.1 MQTT-3.1.4-2]',
      try: `connect as MQTT_CLIENT_ID (here ${clientId}) at every start`,
    });
  },
});

const saysGoodbye = check<Facts>({
  id: 'T8',
  title: 'asked to stop, it says OFFLINE itself, waits for the acknowledgement, then DISCONNECT',
  clauses: ['3.1.1 MQTT-3.14.4-3', '3.1.1 MQTT-3.1.2-10'],
  on: cleanStop,
  needs: ['T2', 'T3'],
  verify: recording => {
    const { offline } = recording.facts;
    const asked = notes(recording, 'stop-asked')[0]?.t ?? 0;
    const disconnect = sent(recording, 'DISCONNECT').at(-1);
    const goodbye = said(recording).find(entry => entry.t >= asked && text(entry) === offline);
    const expected = `PUBLISH "${offline}" (QoS 1, stored), its acknowledgement, DISCONNECT`;
    if (!goodbye && !disconnect) {
      const spoken = heardBy(recording, offline).find(entry => entry.t >= asked);
      const exit =
        recording.programs[0]?.exitedAt === undefined
          ? 'the program is still running'
          : 'the connection closed without a word from you';
      fail({
        mistake: 'spoken-by-the-will',
        expected,
        seen: [
          exit,
          ...(spoken ? ['and the broker spoke your will:', spoken] : []),
          ...read(recording),
        ],
        why: 'the stored status is right by luck: the broker takes your stop for a crash. Either the process ended (process.exit, os._exit) or the client was ended by force (end(true)); both drop what waits, also the goodbye',
        try: 'publish, wait until that is done, end the client, wait until that is done; no exit, no force',
        clauses: ['3.1.1 MQTT-3.1.2-8'],
      });
    }
    if (!goodbye) {
      fail({
        mistake: 'relies-on-the-will',
        expected,
        seen: [...(disconnect ? [disconnect] : []), ...read(recording)],
        why: 'DISCONNECT tells the broker to forget the will [3.1.1 MQTT-3.14.4-3]. Nobody says that you are gone, and the stored status says "here" for ever',
        try: 'say OFFLINE yourself before you end the client',
      });
    }
    if (!goodbye.packet.retain) {
      fail({
        mistake: 'goodbye-not-stored',
        expected,
        seen: [goodbye, ...read(recording)],
        why: 'who listens hears it, and the stored status still says "here" [3.1.1 MQTT-3.3.1-12]',
        try: 'use the same options for all three: birth, will and goodbye',
        clauses: ['3.1.1 MQTT-3.3.1-12'],
      });
    }
    if (goodbye.packet.qos === 0) {
      fail({
        mistake: 'goodbye-at-qos-0',
        expected,
        seen: [goodbye],
        why: 'at QoS 0 nothing tells you that the broker has it, and DISCONNECT comes right behind',
        try: 'publish it at QoS 1, and wait until that is done',
      });
    }
    const ack = received(recording, 'PUBACK')
      .concat(received(recording, 'PUBREC') as never)
      .find(entry => isAck(entry, goodbye));
    const has = ack?.fate === 'forwarded' ? ack.t : ack?.releasedAt;
    if (disconnect && (has === undefined || disconnect.t < has)) {
      fail({
        mistake: 'leaves-before-ack',
        expected,
        seen: [
          goodbye,
          disconnect,
          ack ? 'the acknowledgement was still on its way' : 'no acknowledgement had come',
        ],
        why: 'DISCONNECT discards the will at once. When the goodbye is lost now, nobody is left to say it, and the stored status says "here" for ever',
        try: 'publish gives you something to wait for: publishAsync in mqtt.js, wait_for_publish() in paho',
      });
    }
    const got = stored(recording, 'newcomer');
    if (got && text(got) === offline) return;
    fail({
      mistake: 'not-gone-after-stop',
      expected,
      seen: [goodbye, ...read(recording)],
      why: 'something that you said after the goodbye took its place',
      try: 'let the goodbye be the last PUBLISH of your program',
    });
  },
});

const checks: readonly Check[] = [
  hasWill,
  isThere,
  dies,
  fallsSilent,
  comesBack,
  isPatient,
  reboots,
  saysGoodbye,
  leavesCleanly(cleanStop, { id: 'T9', needs: ['T8'] }),
];

export const lesson = hiddenTests(
  defineLesson({
    id: '09-last-will',
    checks,
    practice: { env: random => environment(facts(random), 5) },
  }),
);
