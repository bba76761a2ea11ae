import { check, fail } from '../../harness/check.js';
import { packetFields } from '../../harness/fields.js';
import { insteadOf } from '../../harness/matchers.js';
import { sent } from '../../harness/recording.js';
import { type Facts, heardBy, killed, said, silence, stored, text } from './scenarios.js';
import { read, waitedFor, withWill } from './seen.js';

export const hasWill = check<Facts>({
  id: 'T1',
  judges: ['C1'],
  title: 'CONNECT carries a will: OFFLINE on STATUS_TOPIC, QoS 1',
  clauses: ['3.1.1 MQTT-3.1.2-8', '3.1.1 MQTT-3.1.2-9', '3.1.1 MQTT-3.1.2-14'],
  on: killed,
  verify: recording => {
    const { statusTopic, offline, online } = recording.facts;
    const connect = withWill(recording);
    const expected = `CONNECT with will=${statusTopic} "${offline}" qos=1`;
    if (!connect) {
      // Yesterday's "gone" may still be stored; beside this failure it would look like a success.
      const after = stored(recording, 'newcomer 2');
      const misled = after && text(after) === offline ? [] : read(recording, 'newcomer 2');
      fail({
        mistake: 'no-will',
        field: packetFields.willFlag,
        expected,
        seen: [...sent(recording, 'CONNECT').slice(0, 1), ...misled],
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
        field: packetFields.willTopic,
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
        field: packetFields.willQos,
        expected,
        seen: [connect],
        why: 'the broker may drop a stored message of QoS 0 at any time [3.1.1 MQTT-3.3.1-7], and a dead program does not say it again',
        try: 'give the will QoS 1, beside its topic and payload',
        clauses: ['3.1.1 MQTT-3.3.1-7'],
      });
    }
  },
});

export const isThere = check<Facts>({
  id: 'T2',
  judges: ['C3'],
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
        field: packetFields.retain,
        expected,
        seen: [birth, ...read(recording)],
        why: 'the word for "here" is passed on and forgotten, the one for "gone" is stored. So the stored status says "gone" while you are connected',
        try: 'look at the options of this publish: birth and will need the same RETAIN',
      });
    }
    if (birth.packet.qos === 0) {
      fail({
        mistake: 'birth-at-qos-0',
        field: packetFields.qos,
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

export const dies = check<Facts>({
  id: 'T3',
  judges: ['C2'],
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
        field: packetFields.willRetain,
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

export const fallsSilent = check<Facts>({
  id: 'T4',
  judges: ['C7'],
  title: 'on a silent line, the broker says OFFLINE by 1.5 times the keep-alive',
  clauses: ['3.1.1 MQTT-3.1.2-24', '3.1.1 MQTT-3.1.2-8'],
  on: silence,
  needs: ['T1'],
  verify: recording => {
    const { offline, short = 1 } = recording.facts;
    const fault = recording.trace.entries.find(
      entry => entry.kind === 'fault' && entry.fault === 'blackhole',
    );
    const connect = withWill(recording);
    const limit = `${(short * 1.5).toFixed(1)} s`;
    const expected = `CONNECT with keepalive=${short}, so that ${limit} after your last packet the broker gives up and says "${offline}"`;
    if (!fault || !connect) {
      return fail({
        mistake: 'no-line',
        expected,
        seen: insteadOf(recording, 'connection with a will'),
        why: 'there was no connection that could fall silent',
        try: `start your program with MQTT_KEEPALIVE=${short}, and see what differs`,
      });
    }
    const spoken = heardBy(recording, offline).find(entry => entry.t >= fault.t);
    const { keepalive } = connect.packet;
    if (spoken && keepalive > 0 && keepalive <= short) return;
    fail({
      mistake: 'keepalive-ignored',
      field: packetFields.keepAlive,
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
