import { check, type Failure, fail } from '../harness/check.js';
import { packetFields } from '../harness/fields.js';
import { defineLesson, type Practice } from '../harness/lesson.js';
import { insteadOf, jsonObject, readObject, sameNumber } from '../harness/matchers.js';
import { connections, notes, type Recording, sent } from '../harness/recording.js';
import { hiddenTests } from '../harness/vitest.js';
import {
  burst,
  type Facts,
  makeReadings,
  makeTopic,
  names,
  nothing,
  type Published,
  paced,
  published,
  slowBroker,
} from './02-publish-a-reading/scenarios.js';
import { leavesCleanly } from './shared/leaves-cleanly.js';

function lost(recording: Recording<Facts>): Omit<Failure, 'mistake' | 'why' | 'try'> | undefined {
  const { readings } = recording.facts;
  const out = published(recording);
  if (out.length >= readings.length) return undefined;
  const last = out.at(-1);
  return {
    expected: `${readings.length} readings in, ${readings.length} PUBLISH out`,
    seen: last
      ? [`${out.length} of ${readings.length} came out; the last one is`, last]
      : insteadOf(recording, 'PUBLISH'),
  };
}

export const onTopic = check<Facts>({
  id: 'T1',
  title: 'each reading is published when it comes',
  clauses: ['3.1.1 MQTT-3.3.2-1'],
  on: paced,
  verify: recording => {
    const { readings, topic } = recording.facts;
    const out = published(recording);
    const missed = notes(recording, 'not-seen').flatMap(note =>
      Number(/\d+$/.exec(note.text)?.[0]),
    );
    if (out.length > readings.length) {
      fail({
        mistake: 'too-many',
        expected: `one message for each of the ${readings.length} readings`,
        seen: [`${out.length} messages; the last one is`, out.at(-1) as Published],
        why: 'a consumer counts a reading twice when it comes as two messages',
        try: 'look for a second call of publish for the same reading',
      });
    }
    if (missed.length === 0 && out.length === readings.length) return;
    const first = missed[0] ?? 1;
    const expected = `a message on ${topic} for reading ${first}, before the next reading comes`;
    const elsewhere = sent(recording, 'PUBLISH').find(entry => entry.packet.topic !== topic);
    if (out.length === 0 && elsewhere) {
      fail({
        mistake: 'wrong-topic',
        field: packetFields.topicName,
        expected,
        seen: [elsewhere],
        why: 'a consumer that subscribed to the agreed topic name receives nothing',
        try: 'read the topic name from the environment variable TOPIC',
      });
    }
    const stop = notes(recording, 'stop-asked')[0];
    const late = out.find(entry => stop && entry.t > stop.t);
    if (late) {
      fail({
        mistake: 'hoards',
        expected,
        seen: ['nothing until the end of the input, and then', late],
        why: 'the reading stays in the program until later; an alarm at noon must not wait for the evening',
        try: 'publish inside the loop, one message for each reading',
      });
    }
    if (missed.every(one => readings[one - 1]?.temp === 0) && out.length === readings.length - 1) {
      fail({
        mistake: 'zero-is-falsy',
        expected: `${expected}: {"temp":0,"hum":${readings[first - 1]?.hum}}`,
        seen: [
          `${out.length} of ${readings.length} readings came; reading ${first} with temp 0 did not. The one before it`,
          out[first - 2] as Published,
        ],
        why: '0 counts as false in a condition: the freezer at 0 °C is invisible',
        try: 'find the condition that asks whether there is a value, and ask for undefined (None) instead',
      });
    }
    const before = out.at(-1);
    if (before) {
      fail({
        mistake: 'stops-publishing',
        expected,
        seen: [
          `${out.length} came, and then no more; the last one is`,
          before,
          ...insteadOf(recording, 'PUBLISH').slice(-1),
        ],
        why: 'after one message the program waits for something that does not come: an acknowledgement that nobody reads, because the network loop does not run, or an answer it does not get',
        try: 'start the network loop of your library; then print a line before and after publish',
      });
    }
    fail({
      mistake: 'no-publish',
      expected,
      seen: insteadOf(recording, `PUBLISH for reading ${first}`),
      why: 'the reading never left your program',
      try: 'publish inside the loop over the readings',
    });
  },
});

export const asJson = check<Facts>({
  id: 'T2',
  title: 'the payload is JSON with device, temp, hum and seq',
  clauses: [],
  on: paced,
  needs: ['T1'],
  verify: recording => {
    for (const [at, entry] of published(recording).entries()) {
      const reading = recording.facts.readings[at];
      if (!reading) return;
      const object = jsonObject(entry);
      for (const field of ['device', 'temp', 'hum', 'seq'] as const) {
        if (!(field in object)) {
          fail({
            mistake: 'missing-field',
            expected: `a field "${field}" in every message`,
            seen: [entry],
            why: 'the consumer reads the field by exactly this name',
            try: 'compare the field names with the table in the lesson',
          });
        }
      }
      for (const field of ['temp', 'hum'] as const) {
        if (typeof object[field] === 'string') {
          fail({
            mistake: 'number-as-text',
            expected: `"${field}" is a number: ${reading[field]}`,
            seen: [entry],
            why: 'a JSON string cannot be compared or averaged: "9" is more than "21" in text',
            try: 'put the number itself into the object; formatting is for people',
          });
        }
        if (!sameNumber(object[field], reading[field])) {
          fail({
            mistake: 'wrong-value',
            field: packetFields.payload,
            expected: `"${field}" is ${reading[field]}, as it came in`,
            seen: [entry],
            why: 'rounding or mixing up fields changes what was measured',
            try: `print the reading and the object beside each other, field "${field}"`,
          });
        }
      }
    }
  },
});

export const counted = check<Facts>({
  id: 'T3',
  title: 'seq counts 1, 2, 3, …',
  clauses: [],
  on: paced,
  needs: ['T1', 'T2'],
  verify: recording => {
    const out = published(recording);
    const wrong = out.findIndex((entry, at) => readObject(entry)?.['seq'] !== at + 1);
    if (wrong < 0) return;
    const values = out.map(entry => JSON.stringify(readObject(entry)?.['seq'])).join(', ');
    fail({
      mistake:
        values.startsWith('0') && out.length > 1 && !values.startsWith('0, 0')
          ? 'seq-from-zero'
          : 'seq-not-counting',
      field: packetFields.payload,
      expected: `seq is ${out.map((_, at) => at + 1).join(', ')}`,
      seen: [`seq is ${values}; the first that differs is`, out[wrong] as Published],
      why: 'a consumer notices loss and duplicates by a gap or a repetition in seq',
      try: values.startsWith('0')
        ? 'count before you publish, so that the first reading is 1'
        : 'keep the counter outside the loop, and add 1 for each reading',
    });
  },
});

export const oneConnection = check<Facts>({
  id: 'T4',
  title: 'one connection carries all readings',
  clauses: [],
  on: paced,
  needs: ['T1'],
  explains: ['U5'],
  verify: recording => {
    const opened = connections(recording).length;
    if (opened <= 1) return;
    fail({
      mistake: 'connection-per-reading',
      field: packetFields.connect,
      expected: 'one CONNECT, then all messages',
      seen: [
        `${opened} connections for ${recording.facts.readings.length} readings`,
        ...sent(recording, 'CONNECT').slice(0, 3),
      ],
      why: 'a connection costs two round trips and more with TLS; a sensor on a battery pays for each',
      try: 'connect once, before the loop, and use that client for every reading',
    });
  },
});

export const atOnce = check<Facts>({
  id: 'T5',
  title: 'nothing is lost when the input ends at once',
  clauses: [],
  on: burst,
  needs: ['T1'],
  verify: recording => {
    const missing = lost(recording);
    if (!missing) return;
    const none = published(recording).length === 0;
    fail({
      ...missing,
      mistake: none ? 'left-before-connected' : 'left-before-flushed',
      why: none
        ? 'your program ended the client (or itself) before CONNACK, and everything that waited for the connection was thrown away'
        : 'your program ended the client (or itself) while messages still waited for their turn',
      try: 'wait until the last message has left (the promise or callback of publish), then end',
    });
  },
});

export const afterSlowConnack = check<Facts>({
  id: 'T6',
  title: 'nothing is lost while the broker takes its time',
  clauses: ['3.1.1 MQTT-3.2.0-1'],
  on: slowBroker,
  needs: ['T5'],
  verify: recording => {
    const missing = lost(recording);
    if (!missing) return;
    fail({
      ...missing,
      mistake: 'impatient',
      why: 'CONNACK came late in this scenario, and the program did not wait for it; a broker under load is that slow',
      try: 'wait for the connection (or for publish to finish) before you end; do not wait for a fixed time',
    });
  },
});

export const difficultNames = check<Facts>({
  id: 'T7',
  title: 'names with quotes and other alphabets arrive whole',
  clauses: [],
  on: names,
  needs: ['T2', 'T5'],
  verify: recording => {
    for (const [at, entry] of published(recording).entries()) {
      const { device } = recording.facts.readings[at] ?? {};
      if (device === undefined || readObject(entry)?.['device'] === device) continue;
      fail({
        mistake: 'name-damaged',
        field: packetFields.payload,
        expected: `"device" is ${JSON.stringify(device)}`,
        seen: [entry],
        why: 'JSON made by hand breaks at a quote or a backslash in the data',
        try: 'let JSON.stringify (json.dumps) write the whole object',
      });
    }
  },
});

export const silentWithout = check<Facts>({
  id: 'T8',
  title: 'no readings, no messages',
  clauses: [],
  on: nothing,
  needs: ['T1'],
  verify: recording => {
    const first = sent(recording, 'PUBLISH')[0];
    if (!first) return;
    fail({
      mistake: 'message-without-reading',
      expected: 'no PUBLISH without a reading',
      seen: [first],
      why: 'a message that nobody measured is taken for a measurement',
      try: 'publish only inside the loop over the readings',
    });
  },
});

export const leaves = leavesCleanly(paced, { needs: ['T1'] });

export const practice: Practice = {
  env: random => ({ TOPIC: makeTopic(random) }),
  events: random => makeReadings(random, random.device(), 10).map(input => ({ input })),
};

export const lesson = hiddenTests(
  defineLesson({
    id: '02-publish-a-reading',
    checks: [
      onTopic,
      asJson,
      counted,
      oneConnection,
      atOnce,
      afterSlowConnack,
      difficultNames,
      silentWithout,
      leaves,
    ],
    practice,
  }),
);
