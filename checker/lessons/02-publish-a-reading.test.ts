import { check, type Diagnosis, type Failure, fail } from '../harness/check.js';
import { stillThere } from '../harness/detectors/index.js';
import { packetFields } from '../harness/fields.js';
import { defineLesson, type Practice } from '../harness/lesson.js';
import { insteadOf, jsonObject, readObject } from '../harness/matchers.js';
import { connections, notes, type Recording, received, sent } from '../harness/recording.js';
import { hiddenTests } from '../harness/vitest.js';
import {
  burst,
  type Facts,
  MANY,
  makeReadings,
  makeTopic,
  nothing,
  nothingYet,
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

/** Which reading was left out, when the last one came. */
function firstSkipped(recording: Recording<Facts>): number | undefined {
  const { readings } = recording.facts;
  const out = published(recording).map(readObject);
  const isOf = (at: number, object: (typeof out)[number]) =>
    object?.['device'] === readings[at]?.device && object?.['temp'] === readings[at]?.temp;
  if (!isOf(readings.length - 1, out.at(-1))) return undefined;
  const at = readings.findIndex((_, index) => !isOf(index, out[index]));
  return at < 0 ? undefined : at;
}

export const onTopic = check<Facts>({
  id: 'T1',
  judges: ['C1', 'C6'],
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
    const passedBy = missed.length === 1 ? out[first - 1] : undefined;
    if (passedBy) {
      fail({
        mistake: 'skips-readings',
        expected,
        seen: [
          `${out.length} of ${readings.length} readings came; reading ${first} did not, and the one behind it did:`,
          passedBy,
        ],
        why: 'the program passed a reading by and went on. A consumer takes that for a lost message',
        try: 'find the condition that lets your program go on without publishing',
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
    const blocked = notes(recording, 'still-running').length > 0;
    const connack = received(recording, 'CONNACK')[0];
    if (blocked && connack) {
      fail({
        mistake: 'never-reads-input',
        expected,
        seen: ['no PUBLISH; the last packet was', connack, stillThere(recording)],
        why: 'the connection stands, and your program notices neither a reading nor the end of its input: a line above the loop over the readings never returns. loop_forever() in paho is such a line; so is a wait for what does not come',
        try: 'print a line right above the loop: is it reached? In paho loop_start() runs the network beside your program',
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
  judges: ['C2', 'C4'],
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
        if (object[field] !== reading[field]) {
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
  judges: ['C5'],
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
  judges: ['C7'],
  title: 'one connection carries all readings',
  clauses: [],
  on: [paced, burst, nothing],
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

const passesBy = {
  why: 'readings came before CONNACK, and your program never handed them to the library: it asks whether it is connected, and passes them by when it is not yet',
  try: 'hand over every reading: wait for the connection before the first one, or let the library keep them until it stands',
} as const;

/** Whether the first reading comes before CONNACK is luck; three hundred at once always do. */
export const onlyConnected: Diagnosis = {
  leads: 'T1',
  covers: ['T5'],
  applies: pattern =>
    pattern.mistake('T1') === 'skips-readings' && pattern.mistake('T5') === 'skips-unconnected',
  failure: () => ({ mistake: 'skips-unconnected', ...passesBy }),
};

export const atOnce = check<Facts>({
  id: 'T5',
  judges: ['C6', 'C10'],
  title: 'nothing is lost when the input ends at once',
  clauses: [],
  on: burst,
  needs: ['T1', 'T4'],
  verify: recording => {
    const missing = lost(recording);
    if (!missing) return;
    const out = published(recording);
    const none = out.length === 0;
    const at = firstSkipped(recording);
    if (at !== undefined) {
      fail({
        mistake: 'skips-readings',
        expected: missing.expected,
        seen: [
          `reading ${at + 1} did not come: ${brief(JSON.stringify(recording.facts.readings[at]))}; the last one did`,
          out.at(-1) as Published,
        ],
        why: 'a reading is left out although others behind it left: because its value is 0, its name is empty, or because it equals the one before. A consumer takes that for a lost message',
        try: 'find the condition that lets your program go on without publishing',
      });
    }
    const connack = received(recording, 'CONNACK')[0];
    const [goodbye] = connack ? sent(recording, 'DISCONNECT', { after: connack }) : [];
    if (none && connack && goodbye) {
      fail({
        mistake: 'skips-unconnected',
        expected: missing.expected,
        seen: [`no PUBLISH, from ${recording.facts.readings.length} readings`, connack, goodbye],
        ...passesBy,
      });
    }
    fail({
      ...missing,
      mistake: none ? 'left-before-connected' : 'left-before-flushed',
      why: none
        ? 'your program ended the client (or itself) before CONNACK, and everything that waited for the connection was thrown away; or it asked whether it was connected, and never handed the readings to the library'
        : 'your program ended the client (or itself) while messages still waited for their turn',
      try: 'wait until the last message has left (the promise or callback of publish), then end',
    });
  },
});

export const afterSlowConnack = check<Facts>({
  id: 'T6',
  judges: ['C10', 'C11'],
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
      why: 'CONNACK, and then the acknowledgements, came late in this scenario, and the program did not wait for them; a broker under load is that slow',
      try: 'wait for the connection (or for publish to finish) before you end; do not wait for a fixed time',
    });
  },
});

export const difficultNames = check<Facts>({
  id: 'T7',
  judges: ['C3'],
  title: 'names with quotes and other alphabets arrive whole',
  clauses: [],
  on: burst,
  needs: ['T2', 'T5'],
  verify: recording => {
    const { readings } = recording.facts;
    const known = new Set(readings.map(one => one.device));
    for (const [at, entry] of published(recording).entries()) {
      const object = readObject(entry);
      if (object && known.has(String(object['device']))) continue;
      // Which reading it is, says its seq; where it cannot be read, its place in the order.
      const seq = object?.['seq'];
      const { device } = readings[typeof seq === 'number' ? seq - 1 : at] ?? {};
      fail({
        mistake: 'name-damaged',
        field: packetFields.payload,
        expected: `"device" as it came in${device === undefined ? '' : `: ${brief(JSON.stringify(device))}`}`,
        seen: [entry],
        why: object
          ? 'the name was changed on its way: trimmed, cut, or written in other letters. Whoever looks for the device by its name does not find it'
          : 'JSON made by hand breaks at a quote or a backslash in the data',
        try: object
          ? 'hand over the name as you got it'
          : 'let JSON.stringify (json.dumps) write the whole object',
      });
    }
  },
});

const brief = (text: string) => (text.length > 80 ? `${text.slice(0, 80)}…` : text);

export const silentWithout = check<Facts>({
  id: 'T8',
  judges: ['C9'],
  title: 'no readings, no messages',
  clauses: [],
  on: nothing,
  needs: ['T1'],
  verify: recording => {
    const first = published(recording)[0];
    if (!first) return;
    fail({
      mistake: 'message-without-reading',
      expected: `no PUBLISH on ${recording.facts.topic} without a reading`,
      seen: [first],
      why: 'a message that nobody measured is taken for a measurement',
      try: 'publish only inside the loop over the readings',
    });
  },
});

export const leaves = check<Facts>({
  ...leavesCleanly(paced, { judges: ['C13'], needs: ['T1'] }),
  on: [paced, nothing, nothingYet],
});

export const allOfMany = check<Facts>({
  id: 'T10',
  judges: ['C1', 'C4', 'C5'],
  title: 'each of three hundred readings arrives once, counted, with its values',
  clauses: [],
  on: burst,
  needs: ['T3', 'T5', 'T7'],
  verify: recording => {
    const { readings } = recording.facts;
    const seen = new Set<number>();
    let before: Published | undefined;
    for (const entry of published(recording)) {
      const object = jsonObject(entry);
      const seq = object['seq'];
      const reading = typeof seq === 'number' ? readings[seq - 1] : undefined;
      if (typeof seq !== 'number' || !reading || seen.has(seq)) {
        return fail({
          mistake: 'loses-count',
          field: packetFields.payload,
          expected: `seq from 1 to ${MANY}, each of them once`,
          seen: [...(before ? [before] : []), `seq ${JSON.stringify(seq)} comes after it:`, entry],
          why: 'seq counts the readings, whatever device they are of, and has no highest value. A consumer takes a number that comes again for a copy, and one that is missing for a loss',
          try: 'use one counter for all readings, and let it grow',
        });
      }
      seen.add(seq);
      before = entry;
      for (const field of ['device', 'temp', 'hum'] as const) {
        if (object[field] === reading[field]) continue;
        fail({
          mistake: 'value-changed',
          field: packetFields.payload,
          expected: `"${field}" of reading ${seq} is ${brief(JSON.stringify(reading[field]))}, as it came in`,
          seen: [entry],
          why: 'what was measured is rounded, cut off, taken for nothing, or put beside the seq of another reading',
          try: `print the reading and the object beside each other, field "${field}"`,
        });
      }
    }
  },
});

/** A message at QoS 1 or 2 that was not acknowledged yet when the program said goodbye. */
function unacknowledged(recording: Recording<Facts>) {
  for (const goodbye of sent(recording, 'DISCONNECT')) {
    const { connection, t } = goodbye;
    const waiting = published(recording).find(entry => {
      if (entry.connection !== connection || entry.packet.qos === 0 || entry.n > goodbye.n) {
        return false;
      }
      const type = entry.packet.qos === 1 ? 'PUBACK' : 'PUBCOMP';
      return !received(recording, type, { connection }).some(
        ack =>
          ack.packet.id === entry.packet.id &&
          (ack.fate === 'forwarded' ? ack.t : (ack.releasedAt ?? Number.POSITIVE_INFINITY)) <= t,
      );
    });
    if (waiting) return { waiting, goodbye };
  }
  return undefined;
}

export const lateAcknowledgement = check<Facts>({
  id: 'T11',
  judges: ['C11', 'C12'],
  title: 'a late answer of the broker is waited for: no second message, no second connection',
  clauses: [],
  on: slowBroker,
  needs: ['T4', 'T6'],
  explains: ['U5'],
  verify: recording => {
    const { readings } = recording.facts;
    const early = unacknowledged(recording);
    if (early) {
      fail({
        mistake: 'leaves-before-acknowledgement',
        expected: 'DISCONNECT after the acknowledgement of each message at QoS 1 or 2',
        seen: [early.waiting, early.goodbye, 'its acknowledgement had not come yet'],
        why: 'a message at QoS 1 has left for good when PUBACK has come. The program did not wait for it, or only for a fixed time: what the broker did not get, nobody sends again',
        try: 'wait for publish to finish, without a time-out of your own, then disconnect',
      });
    }
    const connects = sent(recording, 'CONNECT');
    if (connections(recording).length > 1) {
      fail({
        mistake: 'dials-again',
        field: packetFields.connect,
        expected: 'one CONNECT, however long CONNACK takes',
        seen: [`${connections(recording).length} connections`, ...connects.slice(0, 3)],
        why: 'CONNACK was late, and the program gave the connection up and opened another one. A broker that is slow under load gets the more work the slower it is',
        try: 'look for a time-out of your own, and leave it at its default',
      });
    }
    const out = published(recording);
    if (out.length <= readings.length) return;
    const twice = out.find((entry, at) =>
      out.slice(0, at).some(other => readObject(other)?.['seq'] === readObject(entry)?.['seq']),
    );
    fail({
      mistake: 'sends-again',
      expected: `one message for each of the ${readings.length} readings, however long PUBACK takes`,
      seen: [
        `${out.length} messages; one that was there before is`,
        twice ?? (out.at(-1) as Published),
      ],
      why: 'PUBACK was late, and the program published the same reading once more, as a new message: a consumer counts it twice',
      try: 'wait for the first message; the library sends it again when the connection was lost, and marks it DUP',
    });
  },
});

export const notRetained = check<Facts>({
  id: 'T12',
  judges: ['C8'],
  title: 'RETAIN is not set',
  clauses: ['3.1.1 MQTT-3.3.1-12'],
  on: [paced, burst, slowBroker],
  needs: ['T1'],
  verify: recording => {
    const stored = published(recording).find(entry => entry.packet.retain);
    if (!stored) return;
    fail({
      mistake: 'retained',
      field: packetFields.retain,
      expected: 'RETAIN is 0 in each message about a reading',
      seen: [stored],
      why: 'the broker stores a message with RETAIN and gives it to everybody who subscribes later: an old reading looks like one of this moment',
      try: 'leave out the option retain; lesson 8 is about what it is for',
    });
  },
});

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
      allOfMany,
      lateAcknowledgement,
      notRetained,
    ],
    diagnoses: [onlyConnected],
    practice,
  }),
);
