import type { PacketEntry } from '../../../wire/index.js';
import { check, fail } from '../../harness/check.js';
import { packetFields } from '../../harness/fields.js';
import { insteadOf, jsonObject, readObject, sameNumber } from '../../harness/matchers.js';
import { notes, packets, type Recording, received, sent } from '../../harness/recording.js';
import {
  changes,
  type Facts,
  looked,
  mode,
  type Published,
  restart,
  states,
  stored,
  temp,
} from './scenarios.js';

/** The line whose message was awaited in vain, and the last packet before that was given up. */
function waitedFor(
  recording: Recording<Facts>,
  field: 'mode' | 'temp' | 'decommission',
): (string | PacketEntry)[] {
  const note = notes(recording, 'not-seen').find(one => one.text.includes(`{"${field}":`));
  if (!note) return insteadOf(recording, 'such message');
  const last = packets(recording).findLast(entry => entry.t <= note.t);
  return last ? [`${note.text}; the last packet before was`, last] : [note.text];
}

/** A field of a payload that may not be JSON: undefined then. */
function modeIn(entry: Published): unknown {
  return readObject(entry)?.['mode'];
}

export const saysState = check<Facts>({
  id: 'T1',
  judges: ['C1'],
  title: 'each line with a mode becomes a message on STATE_TOPIC',
  clauses: [],
  on: changes,
  verify: recording => {
    const { stateTopic, telemetryTopic } = recording.facts;
    const out = states(recording);
    const wanted = [0, 1, 2].map(nth => mode(recording.facts, nth));
    const missing = wanted.find(one => !out.some(entry => modeIn(entry) === one));
    if (missing === undefined) return;
    const expected = `{"mode":"${missing}"} on ${stateTopic}, when the line with this mode comes`;
    const empty = out.find(entry => entry.packet.payload.bytes === 0);
    if (empty) {
      fail({
        mistake: 'empty-state',
        expected,
        seen: [empty],
        why: 'undefined (None) leaves as zero bytes, and zero bytes with RETAIN erase what is stored: the device vanishes from every dashboard [3.1.1 MQTT-3.3.1-10]',
        try: 'print what you hand to publish: the field of the line is called mode',
        clauses: ['3.1.1 MQTT-3.3.1-10'],
      });
    }
    const elsewhere = sent(recording, 'PUBLISH').find(
      entry => entry.packet.topic !== stateTopic && modeIn(entry) === missing,
    );
    if (elsewhere) {
      fail({
        mistake: elsewhere.packet.topic === telemetryTopic ? 'swapped-topics' : 'wrong-topic',
        field: packetFields.topicName,
        expected,
        seen: [elsewhere],
        why: 'whoever asks for the state asks on STATE_TOPIC',
        try: 'compare the topic name in the packet with the value of STATE_TOPIC',
      });
    }
    const wrong = out[wanted.indexOf(missing)];
    if (wrong) jsonObject(wrong);
    if (wrong) {
      fail({
        mistake: 'wrong-state',
        expected,
        seen: [wrong],
        why: 'a dashboard reads the field "mode" of the state, and shows another one',
        try: 'compare the payload with the table in the lesson',
      });
    }
    const last = out.at(-1);
    if (last) {
      fail({
        mistake: 'state-only-once',
        expected,
        seen: [`${out.length} of ${wanted.length} states came; the last one is`, last],
        why: `a newcomer still reads "${String(modeIn(last))}": the stored state is only as fresh as your last message`,
        try: 'publish the state at every change, inside the loop over the input',
      });
    }
    fail({
      mistake: 'no-state',
      expected,
      seen: waitedFor(recording, 'mode'),
      why: 'the state never left your program',
      try: 'TODO 1: publish inside the loop over the input',
    });
  },
});

export const storesState = check<Facts>({
  id: 'T2',
  judges: ['C2'],
  title: 'a newcomer gets the present state, marked as stored',
  clauses: ['3.1.1 MQTT-3.3.1-5', '3.1.1 MQTT-3.3.1-6', '3.1.1 MQTT-3.3.1-8'],
  on: changes,
  needs: ['T1'],
  verify: recording => {
    const { stateTopic } = recording.facts;
    const moments = [
      ['newcomer', 0],
      ['newcomer 2', 2],
    ] as const;
    for (const [who, nth] of moments) {
      const present = mode(recording.facts, nth);
      const expected = `who subscribes now gets {"mode":"${present}"} with RETAIN=1`;
      const [got] = stored(recording, who, stateTopic);
      if (got && modeIn(got) === present) continue;
      const told = states(recording).findLast(entry => modeIn(entry) === present);
      const cause: (string | PacketEntry)[] = told ? [told] : [];
      if (got) {
        fail({
          mistake: 'change-not-stored',
          field: packetFields.retain,
          expected,
          seen: [...cause, 'and later, to somebody new:', got],
          why: 'the change went out with RETAIN=0: it reached who was there, and left the stored state as it was [3.1.1 MQTT-3.3.1-12]',
          try: 'set RETAIN on every message that is state, not on the first one only',
          clauses: ['3.1.1 MQTT-3.3.1-12'],
        });
      }
      fail({
        mistake: 'retain-missing',
        field: packetFields.retain,
        expected,
        seen: [...cause, 'and later, to somebody new: nothing'],
        why: 'without RETAIN the broker passes a message on and forgets it. A dashboard that starts at 03:00 shows no mode until somebody changes it',
        try: 'look at the options of publish: which one sets the RETAIN flag?',
      });
    }
    const weak = states(recording).find(entry => entry.packet.qos === 0);
    if (weak) {
      fail({
        mistake: 'state-at-qos-0',
        field: packetFields.qos,
        expected: 'state goes out at QoS 1',
        seen: [weak],
        why: 'a QoS 0 message can be lost on the way, and the broker may drop a stored one of QoS 0 at any time [3.1.1 MQTT-3.3.1-7]. There is no next reading that mends it',
        try: 'give publish the option for QoS 1, beside RETAIN',
        clauses: ['3.1.1 MQTT-3.3.1-7'],
      });
    }
  },
});

export const passesReadings = check<Facts>({
  id: 'T3',
  judges: ['C3'],
  title: 'readings go out on TELEMETRY_TOPIC, and are not stored',
  clauses: ['3.1.1 MQTT-3.3.1-12'],
  on: changes,
  verify: recording => {
    const { telemetryTopic } = recording.facts;
    const out = sent(recording, 'PUBLISH').filter(one => one.packet.topic === telemetryTopic);
    const tempIn = (entry: Published) => readObject(entry)?.['temp'];
    const kept = out.find(entry => entry.packet.retain);
    if (kept) {
      const [served] = stored(recording, 'newcomer 2', telemetryTopic);
      fail({
        mistake: 'telemetry-stored',
        field: packetFields.retain,
        expected: 'RETAIN=0 on readings',
        seen: [kept, ...(served ? ['and later, to somebody new:', served] : [])],
        why: 'a reading is an event of its moment. Stored, it is served to newcomers for ever, and nobody sees how old it is',
        try: 'decide for each topic: state is stored, events are not',
      });
    }
    for (const nth of [0, 1, 2]) {
      const value = temp(recording.facts, nth);
      if (out.some(entry => sameNumber(tempIn(entry), value))) continue;
      const wrong = out[nth];
      if (wrong) jsonObject(wrong);
      fail({
        mistake: wrong ? 'wrong-reading' : 'no-reading',
        expected: `{"temp":${value}} on ${telemetryTopic} for each line with a temp`,
        seen: wrong ? [wrong] : waitedFor(recording, 'temp'),
        why: 'a reading that does not come cannot be told from a sensor that is dead',
        try: 'TODO 2: publish what the line says, on TELEMETRY_TOPIC',
      });
    }
  },
});

export const outlives = check<Facts>({
  id: 'T4',
  judges: ['C7'],
  title: 'a restart of the program leaves the stored state as it was',
  clauses: ['3.1.1 MQTT-3.1.2-7', '3.1.1 MQTT-3.3.1-5'],
  on: restart,
  needs: ['T2'],
  verify: recording => {
    const { stateTopic } = recording.facts;
    const [before, after] = [mode(recording.facts, 0), mode(recording.facts, 1)];
    const [atRest] = stored(recording, 'newcomer', stateTopic);
    const stop = notes(recording, 'stop-asked')[0];
    const atStop = states(recording).find(entry => stop && entry.t > stop.t);
    if (!atRest || modeIn(atRest) !== before) {
      fail({
        mistake: 'erases-on-stop',
        expected: `while the program is stopped, a newcomer reads {"mode":"${before}"}`,
        seen: [...(atStop ? [atStop] : []), atRest ?? 'nothing was stored for the newcomer'],
        why: 'the machine keeps its mode when the program rests. Only {"decommission":true} means that the machine is gone',
        try: 'look at what your stop code publishes',
      });
    }
    const [again] = stored(recording, 'newcomer 2', stateTopic);
    const asked = received(recording, 'SUBACK', { who: 'newcomer 2' })[0];
    if (asked && (!again || modeIn(again) !== before)) {
      const changed = states(recording).findLast(
        entry => entry.n < asked.n && modeIn(entry) !== before,
      );
      fail({
        mistake: 'default-at-start',
        expected: `after the restart, before any line with a mode, a newcomer reads {"mode":"${before}"}`,
        seen: [...(changed ? [changed] : []), again ?? 'nothing was stored for the newcomer'],
        why: 'a start-up value that nobody set overwrites the true state, on every dashboard, after every power cut',
        try: 'publish a state only when a line of the input says so',
      });
    }
    const [last] = stored(recording, 'newcomer 3', stateTopic);
    if (!last || modeIn(last) !== after) {
      fail({
        mistake: 'restart-breaks-state',
        expected: `after the restart and the line {"mode":"${after}"}, a newcomer reads this mode`,
        seen: last ? [last] : insteadOf(recording, `stored state "${after}"`),
        why: 'the second run of your program did not do what the first one did',
        try: 'start your program twice by hand, and compare what it publishes',
      });
    }
  },
});

export const erases = check<Facts>({
  id: 'T5',
  judges: ['C6', 'C7'],
  title: 'a decommissioned device leaves nothing stored',
  clauses: ['3.1.1 MQTT-3.3.1-10', '3.1.1 MQTT-3.3.1-11'],
  on: restart,
  needs: ['T2', 'T4'],
  verify: recording => {
    const { stateTopic } = recording.facts;
    const [left] = stored(recording, 'newcomer 4', stateTopic);
    const told = states(recording);
    if (looked(recording, 'newcomer 4') && !left) {
      const weak = told.find(entry => entry.packet.qos === 0);
      if (!weak) return;
      fail({
        mistake: 'erase-at-qos-0',
        field: packetFields.qos,
        expected: 'what erases the state goes out at QoS 1, as the state itself',
        seen: [weak],
        why: 'a QoS 0 message is lost when the line breaks at this moment. It is the last word of this machine: nobody says it again, and the dashboards show it for ever',
        try: 'look at the QoS of the message that erases',
        clauses: ['3.1.1 MQTT-4.3.1-1'],
      });
    }
    const first = told.find(entry => modeIn(entry) === mode(recording.facts, 1));
    const after = told.filter(entry => first && entry.n > first.n);
    const erased = after.find(entry => entry.packet.payload.bytes === 0 && entry.packet.retain);
    const expected = 'after {"decommission":true}, a newcomer gets nothing on STATE_TOPIC';
    const still: (string | PacketEntry)[] = left ? ['and later, to somebody new:', left] : [];
    if (erased) {
      const back = after.find(entry => entry.n > erased.n);
      fail({
        mistake: 'stored-again',
        expected,
        seen: [erased, ...(back ? [back] : []), ...still],
        why: 'the state was erased, and your own stop code stored it again: the scrapped device is back on every dashboard',
        try: 'look at what runs after the decommissioning: what does it publish?',
      });
    }
    const empty = after.find(entry => entry.packet.payload.bytes === 0);
    if (empty) {
      fail({
        mistake: 'erase-without-retain',
        field: packetFields.retain,
        expected,
        seen: [empty, ...still],
        why: 'zero bytes, but RETAIN=0: such a message leaves the stored one untouched [3.1.1 MQTT-3.3.1-12]',
        try: 'erasing is a message like the state itself, only without bytes: which flag has the state?',
        clauses: ['3.1.1 MQTT-3.3.1-12'],
      });
    }
    const value = after.at(-1);
    if (value) {
      fail({
        mistake: 'erase-with-a-value',
        field: packetFields.payload,
        expected,
        seen: [value, ...still],
        why: `${value.packet.payload.bytes} byte(s) are a value like any other: null, {} and a space are stored, too. Only zero bytes erase`,
        try: 'look at the number of bytes in your message, and make it 0',
      });
    }
    fail({
      mistake: 'no-erase',
      expected,
      seen: [...waitedFor(recording, 'decommission'), ...still],
      why: 'the stored state outlives the device: newcomers see a machine that was scrapped',
      try: 'TODO 3: which message on STATE_TOPIC erases what is stored there?',
    });
  },
});
