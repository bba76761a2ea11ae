import { isDeepStrictEqual } from 'node:util';
import { type Check, check, type Failure, fail } from '../../harness/check.js';
import { stillRunning, stillThere } from '../../harness/detectors/index.js';
import { endingWords } from '../../harness/ending.js';
import { packetFields } from '../../harness/fields.js';
import { insteadOf, readObject } from '../../harness/matchers.js';
import { notes, received, sent } from '../../harness/recording.js';
import type { ScenarioDefinition } from '../../harness/scenario.js';
import { endsAway, endsCut, endsEarly, oddOnes } from './ends.js';
import { answersTo } from './evidence.js';
import {
  brokerAway,
  brokerForgets,
  closedAtStart,
  closedInBetween,
  slowConnack,
  threeDrops,
} from './scenarios.js';
import { answerOf, type Facts, fed, idOf } from './words.js';

const short = (text: string) => (text.length > 60 ? `${text.slice(0, 60)}…` : text);

export const oddQuestions = check<Facts>({
  id: 'T15',
  judges: ['C1', 'C2', 'C3'],
  title: 'every question gets one answer, and what is no question gets none and ends nothing',
  clauses: [],
  on: oddOnes,
  needs: ['T1', 'T2'],
  verify: recording => {
    const { answerTopic, odd } = recording.facts;
    const questions = odd?.questions ?? [];
    const asked = received(recording, 'PUBLISH');
    const answers = sent(recording, 'PUBLISH').filter(one => one.packet.topic === answerTopic);
    if (answers.length === 0) {
      const before = asked.find(one => readObject(one)?.['ask'] === undefined);
      fail({
        mistake: 'deaf-after-no-question',
        expected: 'a question is answered, whatever came before it',
        seen: [...(before ? [before] : []), ...insteadOf(recording, 'answer').slice(-1)],
        why: 'one message that nobody can read ended your program, or its handler. Nothing but the end of the input may end it',
        try: 'guard the parsing: what is no question you leave out',
      });
    }
    const none = answers.find(one => !questions.includes(answerOf(one) as string));
    if (none) {
      fail({
        mistake: 'answers-no-question',
        expected: 'answers to questions, with the text of ask as it came',
        seen: [none],
        why: 'nobody asked this: either a message without a text in ask was answered, or the text was changed on its way through your program',
        try: 'answer only where ask is a text, and copy it unchanged',
      });
    }
    for (const text of questions) {
      const times = questions.filter(one => one === text).length;
      const found = answersTo(recording, text);
      if (found.length === times) continue;
      const came = asked.find(one => readObject(one)?.['ask'] === text);
      fail({
        mistake: found.length < times ? 'question-unanswered' : 'too-many-answers',
        expected: `${times === 1 ? 'one answer' : `${times} answers`} to ${short(JSON.stringify(text))}: it was asked ${times === 1 ? 'once' : `${times} times`}`,
        seen: [...(came ? [came] : []), `${found.length} answers`, ...found.slice(0, 2)],
        why:
          found.length < times
            ? 'a question is any text: empty, long, beyond ASCII, asked before. Something in your program takes this one for none'
            : 'whoever asked cannot tell which of them counts',
        try: 'answer each question when it comes, without a test for truth and without a memory',
      });
    }
  },
});

export const asItIs = check<Facts>({
  id: 'T16',
  judges: ['C7'],
  title: 'each reading arrives as it is',
  clauses: [],
  on: [oddOnes, threeDrops, closedInBetween, endsEarly, endsAway],
  needs: ['T2'],
  verify: recording => {
    const { readingsTopic } = recording.facts;
    const given = fed(recording.facts);
    for (const entry of sent(recording, 'PUBLISH')) {
      if (entry.packet.topic !== readingsTopic) continue;
      const value = readObject(entry);
      const own = given.find(({ id }) => id === value?.['id']);
      if (own && isDeepStrictEqual(own, value)) continue;
      fail({
        mistake: 'reading-changed',
        field: packetFields.payload,
        expected: own
          ? `${short(JSON.stringify(own))}, field by field`
          : 'on READINGS_TOPIC nothing but the readings of the input',
        seen: [entry],
        why: own
          ? 'a reading is what was measured. A number that is rounded, or a field that is missing, can never be had again'
          : 'whoever counts the readings counts one that nobody made',
        try: 'publish the value that readings() gave you, as JSON, and nothing else',
      });
    }
    if (recording.scenario !== oddOnes.name || recording.gaveUp) return;
    const arrived = sent(recording, 'PUBLISH').map(one => idOf(one, readingsTopic));
    const lost = recording.facts.odd?.readings.find(({ id }) => !arrived.includes(id));
    if (!lost) return;
    fail({
      mistake: 'odd-reading-lost',
      expected: `${short(JSON.stringify(lost))} on ${readingsTopic}`,
      seen: insteadOf(recording, 'reading of this id'),
      why: 'it is a reading like the others: a temperature of 0 is a temperature, and an id is any text',
      try: 'publish every value of readings(), without a test',
    });
  },
});

interface End {
  readonly id: string;
  readonly title: string;
  readonly on: ScenarioDefinition<Facts>;
  /** What happened, in words for *Seen*. */
  readonly what: string;
  readonly needs: readonly string[];
  readonly words: Pick<Failure, 'mistake' | 'why' | 'try'>;
}

/** The check that the end of the input at a bad moment loses nothing, and is an end. */
function ends({ id, title, on, what, needs, words }: End): Check {
  return check<Facts>({
    id,
    judges: ['C22', 'C23'],
    title,
    clauses: ['3.1.1 MQTT-4.3.2-1'],
    on,
    needs,
    explains: ['U2', 'U3', 'U5'],
    verify: recording => {
      const { readingsTopic, readings } = recording.facts;
      const asked = notes(recording, 'stop-asked')[0];
      const given = readings.slice(0, 3);
      const expected = `${what}; all of ${given.map(one => one.id).join(', ')} reach the broker, then DISCONNECT, then the program ends`;
      if (!asked) {
        return fail({
          ...words,
          expected,
          seen: insteadOf(recording, 'moment to end the input'),
        });
      }
      const arrived = sent(recording, 'PUBLISH').filter(one => one.fate === 'forwarded');
      const lost = given.filter(
        one => !arrived.some(entry => idOf(entry, readingsTopic) === one.id),
      );
      const program = recording.programs[0];
      if (lost.length > 0) {
        fail({
          ...words,
          expected,
          seen: [
            what,
            `${lost.map(one => one.id).join(', ')} never reached the broker`,
            stillRunning(recording)
              ? stillThere(recording)
              : `your program ended${program ? ` ${endingWords(program)}` : ''}`,
            ...sent(recording, 'DISCONNECT').slice(-1),
          ],
        });
      }
      if (stillRunning(recording)) {
        fail({
          mistake: 'stays-after-end',
          expected,
          seen: [
            ...sent(recording, 'DISCONNECT').slice(-1),
            `every reading arrived; ${stillThere(recording)}`,
          ],
          why: 'a timer, a thread, or a wait for something that does not come keeps the process alive',
          try: 'print a line behind each wait of your last lines: which one is not reached?',
        });
      }
      if (sent(recording, 'DISCONNECT').length > 0) return;
      fail({
        mistake: 'no-goodbye-at-end',
        expected,
        seen: 'the last connection ended without DISCONNECT',
        why: 'a connection that ends without DISCONNECT is a failure to the broker [3.1.1 MQTT-3.1.2-8]',
        try: 'end the client and let that finish before the process ends',
        clauses: ['3.1.1 MQTT-3.1.2-8'],
      });
    },
  });
}

export const waitsForConnack = ends({
  id: 'T17',
  title: 'the input ends before CONNACK: no reading is lost',
  on: endsEarly,
  what: 'the input ended before CONNACK came',
  needs: ['T9', 'T14'],
  words: {
    mistake: 'ends-before-connack',
    why: 'your program ended its client before there was a connection. In mqtt.js 5.16, end() before CONNACK leaves what waits where it is, and neither says DISCONNECT nor closes',
    try: 'keep what each publish gives you to wait for (publishAsync; on_publish in paho), and end the client when all of it has come',
  },
});

export const waitsForLine = ends({
  id: 'T18',
  title: 'the input ends in an outage: no reading is lost',
  on: endsAway,
  what: 'the input ended while the broker was away; it came back within a second',
  needs: ['T17'],
  words: {
    mistake: 'ends-in-outage',
    why: 'the readings waited in your program for the line, and your program ended before it was back',
    try: 'leave when every reading has been acknowledged, however long that takes; in paho wait_for_publish() raises for what was published while offline, on_publish tells it',
  },
});

export const waitsForAck = ends({
  id: 'T19',
  title: 'the line is cut behind the last reading: it is sent again',
  on: endsCut,
  what: 'the line was cut before the last reading reached the broker',
  needs: ['T17'],
  words: {
    mistake: 'leaves-before-puback',
    why: 'written is not acknowledged: your program left behind its last PUBLISH, and the library had no time to send it again',
    try: 'leave when the PUBACK of every reading has come (publishAsync; on_publish in paho)',
  },
});

export const sameOptions = check<Facts>({
  id: 'T20',
  judges: ['C6', 'C9', 'C10', 'C12'],
  title: 'in every weather heartbeats have QoS 0, readings QoS 1, and nothing is stored',
  clauses: ['3.1.1 MQTT-3.3.1-5'],
  on: [threeDrops, brokerForgets, closedAtStart, closedInBetween, brokerAway, slowConnack, oddOnes],
  needs: ['T2', 'T4'],
  verify: recording => {
    const { heartbeatTopic, readingsTopic, answerTopic, keepalive } = recording.facts;
    const connect = sent(recording, 'CONNECT').find(one => one.packet.keepalive !== keepalive);
    if (connect) {
      fail({
        mistake: 'another-keepalive',
        field: packetFields.keepAlive,
        expected: `CONNECT keepalive=${keepalive}, from MQTT_KEEPALIVE, at each connection`,
        seen: [connect],
        why: 'the keep-alive decides when either side notices a dead line',
        try: 'hand MQTT_KEEPALIVE to connect, as a number',
      });
    }
    for (const entry of sent(recording, 'PUBLISH')) {
      const { topic, qos, retain } = entry.packet;
      const beat = topic === heartbeatTopic;
      const reading = topic === readingsTopic;
      if (!beat && !reading && topic !== answerTopic) continue;
      if (!retain && !(beat && qos > 0) && !(reading && qos === 0)) continue;
      fail({
        mistake: retain ? 'stored-later' : beat ? 'heartbeat-kept-later' : 'reading-weaker-later',
        field: retain ? packetFields.retain : packetFields.qos,
        expected: 'heartbeats QoS 0, readings QoS 1 or 2, RETAIN=0: each time',
        seen: [entry],
        why: retain
          ? 'stored, it is told again to everybody who comes later, as if it was said now'
          : beat
            ? 'a heartbeat that is kept and delivered later is a lie'
            : 'at QoS 0 nobody confirms: this reading may be lost without a trace',
        try: 'publish with the same options each time',
      });
    }
  },
});

export const refusalIsWeather = check<Facts>({
  id: 'T21',
  judges: ['C18'],
  title: 'a broker that is not ready yet (CONNACK 3) is asked again',
  clauses: ['3.1.1 MQTT-3.2.2-5'],
  on: slowConnack,
  needs: ['T4'],
  explains: ['U2', 'U3', 'U5'],
  verify: recording => {
    const refused = received(recording, 'CONNACK').find(one => one.packet.returnCode !== 0);
    if (!refused) return;
    const again = sent(recording, 'CONNECT').find(one => one.n > refused.n);
    if (again) return;
    fail({
      mistake: 'no-try-after-refusal',
      expected: 'after CONNACK with code 3 (server unavailable) a new CONNECT within five seconds',
      seen: [refused, ...insteadOf(recording, 'CONNECT after it').slice(-1)],
      why: 'a broker that comes up says so. mqtt.js 5.16 takes every refusal for final and dials no more; your program lives, and is deaf for ever',
      try: 'look at the options of mqtt.connect that begin with reconnect: one of them is about CONNACK; in paho the loop goes on by itself',
    });
  },
});
