import type { PacketEntry } from '../../wire/index.js';
import { check, type Diagnosis, fail } from '../harness/check.js';
import { stillThere } from '../harness/detectors/index.js';
import { packetFields } from '../harness/fields.js';
import { defineLesson, type Practice } from '../harness/lesson.js';
import { insteadOf, jsonObject } from '../harness/matchers.js';
import { sent } from '../harness/recording.js';
import { hiddenTests } from '../harness/vitest.js';
import {
  lowerCase,
  noSlashes,
  noSpaces,
  noWildcards,
  plainLetters,
  shape,
} from './04-topic-names/levels.js';
import {
  type Facts,
  isLevel,
  isPartOf,
  keepsName,
  levels,
  metrics,
  type NamelessFacts,
  namelessDevice,
  namelessSite,
  type Published,
  plain,
  published,
  year,
} from './04-topic-names/scenarios.js';
import { leavesCleanly } from './shared/leaves-cleanly.js';

export const bothMetrics = check<Facts>({
  id: 'T1',
  judges: ['C1', 'C10'],
  title: 'each reading becomes a message about temp and one about hum',
  clauses: [],
  on: plain,
  verify: recording => {
    const { readings } = recording.facts;
    const out = published(recording);
    const wanted = readings.length * 2;
    if (out.length === wanted) return;
    const expected = `${readings.length} readings in, ${wanted} PUBLISH out: one for each metric`;
    const last = out.at(-1);
    if (!last) {
      return fail({
        mistake: 'no-publish',
        expected,
        seen: insteadOf(recording, 'PUBLISH'),
        why: 'no reading left your program',
        try: 'publish inside the loop over the readings, and wait for each message to leave',
      });
    }
    if (out.length > wanted) {
      fail({
        mistake: 'too-many',
        expected,
        seen: [`${out.length} came; the last one is`, last],
        why: 'a consumer counts a measurement twice when it comes as two messages',
        try: 'look for a second call of publish for the same metric',
      });
    }
    const ends = new Set(out.map(entry => levels(entry).at(-1)));
    if (out.length === readings.length && ends.size === 1) {
      fail({
        mistake: 'one-metric',
        expected,
        seen: [
          `${out.length} came, all of them on …/${[...ends][0]}; the first one is`,
          out[0] ?? last,
        ],
        why: 'whoever needs only the humidity has no topic to ask for, or has to take the temperature along',
        try: 'publish twice for each reading: temp on its topic, hum on its own',
      });
    }
    fail({
      mistake: 'messages-missing',
      expected,
      seen: [
        `${out.length} came; the last one is`,
        last,
        ...insteadOf(recording, 'further PUBLISH').slice(-1),
      ],
      why: 'your program ended, or waited for something that did not come, before all messages had left',
      try: 'wait until each message has left, then end the connection',
    });
  },
});

export const inOrder = check<Facts>({
  id: 'T2',
  judges: ['C2', 'C4'],
  title: `the topic name is ${shape}`,
  clauses: ['3.1.1 MQTT-4.7.3-4'],
  on: plain,
  needs: ['T1'],
  verify: recording => {
    const { company, site, devices } = recording.facts;
    const out = published(recording);
    const example = `${company}/${site}/${devices[0]}/temp`;
    const not = (mistake: string, entry: PacketEntry, why: string, next: string): never =>
      fail({
        mistake,
        field: packetFields.topicName,
        expected: `four levels, ${shape}, for example ${example}`,
        seen: [entry],
        why,
        try: next,
      });
    for (const entry of out) {
      const [first = '', ...rest] = levels(entry);
      if (first === '' && rest.length > 3) {
        not(
          'leading-slash',
          entry,
          `the name begins with "/", so its first level is empty: that makes five levels, and ${company}/# does not match them`,
          'begin the topic name with the company, not with a slash',
        );
      }
      if (rest.at(-1) === '' && rest.length > 3) {
        not(
          'trailing-slash',
          entry,
          'the name ends with "/", which adds a fifth, empty level: …/temp and …/temp/ are different topics [3.1.1 MQTT-4.7.3-4]',
          'put slashes between the levels only',
        );
      }
    }
    const about = (entry: Published, name: string) =>
      levels(entry).some(level => keepsName(level, name));
    const placed = (at: number, name: string) => (entry: Published) =>
      keepsName(levels(entry)[at] ?? '', name);
    for (const entry of out.filter(one => levels(one).length === 4)) {
      for (const [at, names] of [[company], [site], devices].entries()) {
        const level = levels(entry)[at] ?? '';
        const whole = names.find(name => isPartOf(level, name));
        if (!whole || names.some(name => keepsName(level, name))) continue;
        not(
          'letters-lost',
          entry,
          `"${level}" has not all letters and digits of "${whole}"; two names can end up on one topic`,
          'look at what your pattern takes away: digits belong to a name, too',
        );
      }
    }
    const nobody = out.find(entry => !devices.some(name => about(entry, name)));
    if (nobody) {
      const topics = new Set(out.map(entry => entry.packet.topic)).size;
      fail({
        mistake: 'shared-topic',
        field: packetFields.topicName,
        expected: `the device has a level of its own: ${shape}, for example ${example}`,
        seen: [`${devices.length} devices share ${topics} topics, such as`, nobody],
        why: 'the device stands only in the payload: nobody can subscribe to one device, keep its last value, or allow it to one user',
        try: 'put the device between the site and the metric',
      });
    }
    const swapped = out.find(
      entry =>
        levels(entry).length === 4 &&
        about(entry, company) &&
        about(entry, site) &&
        !(placed(0, company)(entry) && placed(1, site)(entry)),
    );
    if (swapped) {
      not(
        'levels-out-of-order',
        swapped,
        'the order goes from the general to the special, so that one filter covers a company or a site: acme/#, acme/north/#',
        `put the levels in the order ${shape}`,
      );
    }
    const where = out.find(entry => !placed(0, company)(entry) || !placed(1, site)(entry));
    if (where) {
      not(
        'wrong-place',
        where,
        `the levels 1 and 2 are not the company ${company} and the site ${site}; consumers of this site receive nothing`,
        'read COMPANY and SITE from the environment, and put nothing before them',
      );
    }
    for (const name of devices) {
      for (const metric of metrics) {
        const own = out.some(
          entry =>
            placed(2, name)(entry) && levels(entry)[3] === metric && levels(entry).length === 4,
        );
        if (own) continue;
        const near = out.find(placed(2, name));
        if (near) {
          not(
            'wrong-metric',
            near,
            `no message of ${name} is on …/${metric}: the last level is temp or hum, and nothing comes after it`,
            'let the metric be the last level, spelled as in the table',
          );
        }
        return fail({
          mistake: 'device-missing',
          expected: `messages of each device, also of ${name}`,
          seen: [
            `${devices.length} devices sent readings; no topic name has ${name}`,
            ...out.slice(0, 2),
          ],
          why: 'all readings go to the topics of one device',
          try: 'make the topic name inside the loop, from the device of each reading',
        });
      }
    }
  },
});

export const payload = check<Facts>({
  id: 'T3',
  judges: ['C6', 'C7'],
  title: 'the payload is JSON with device, the metric, and seq',
  clauses: [],
  on: plain,
  needs: ['T1', 'T2'],
  verify: recording => {
    const { readings } = recording.facts;
    const wanted = new Map<string, number>();
    for (const reading of readings) {
      for (const metric of metrics)
        wanted.set(`${reading.device}/${metric}/${reading.seq}`, reading[metric]);
    }
    for (const entry of published(recording)) {
      const object = jsonObject(entry);
      const metric = levels(entry)[3] === 'hum' ? 'hum' : 'temp';
      const device = recording.facts.devices.find(name => keepsName(levels(entry)[2] ?? '', name));
      const expected = `{"device":"${device}","${metric}":…,"seq":…} on …/${metric}`;
      if (object['device'] !== device) {
        fail({
          mistake: 'device-field',
          field: packetFields.payload,
          expected,
          seen: [entry],
          why: 'topic name and payload speak of different devices, or the name for people is lost',
          try: 'copy device from the reading as it is',
        });
      }
      const key = `${device}/${metric}/${String(object['seq'])}`;
      const value = wanted.get(key);
      if (value === undefined) {
        return fail({
          mistake: 'wrong-seq',
          expected: `${expected}, with each seq of the device once`,
          seen: [entry],
          why: 'the sensor has counted already; a consumer finds losses by this number',
          try: 'copy seq from the reading',
        });
      }
      if (object[metric] !== value) {
        const text = typeof object[metric] === 'string';
        fail({
          mistake: text ? 'number-as-text' : metric in object ? 'wrong-value' : 'no-metric-field',
          field: packetFields.payload,
          expected: expected.replace('…,"seq"', `${value},"seq"`),
          seen: [entry],
          why: text
            ? 'a JSON string cannot be compared or averaged'
            : `a consumer of …/${metric} looks for the number in the field "${metric}"`,
          try: `put the value of the reading into the field "${metric}"`,
        });
      }
      wanted.delete(key);
    }
  },
});

export const siteNeeded = check<NamelessFacts>({
  id: 'T9',
  judges: ['C11'],
  title: 'without a name for the site or the company, nothing is published',
  clauses: ['3.1.1 MQTT-4.7.3-1'],
  on: namelessSite,
  needs: ['T2'],
  explains: ['U1', 'U2', 'U4', 'U5', 'U6'],
  verify: recording => {
    for (const [at, { company, site }] of recording.facts.places.entries()) {
      const who = at === 0 ? 'program' : 'second';
      const what =
        at === 0 ? `the site ${JSON.stringify(site)}` : `the company ${JSON.stringify(company)}`;
      const expected = `no PUBLISH, and an exit code that is not 0: of ${what} nothing remains`;
      const [bad] = sent(recording, 'PUBLISH', { who });
      const program = recording.programs.find(one => one.name === who);
      if (bad) {
        fail({
          mistake: 'nameless-site',
          field: packetFields.topicName,
          expected,
          seen: [bad],
          why: 'two places without a name share this topic, and nobody can tell them apart; a level may be empty in MQTT, so no broker warns you',
          try: 'look at the level before you use it: does it have a letter a to z or a digit?',
        });
      }
      if (program?.exitedAt === undefined || program.killedAt !== undefined) {
        fail({
          mistake: 'nameless-waits',
          expected,
          seen: `no PUBLISH; asked to stop, ${stillThere(recording)}`,
          why: 'it waits for something that cannot come; whoever started it sees no error',
          try: 'end with exit code 1 as soon as you know that the name is of no use',
        });
      }
      if (program?.exitCode === 0) {
        fail({
          mistake: 'nameless-looks-fine',
          expected,
          seen: 'no PUBLISH, and exit code 0',
          why: 'whoever started the program takes exit code 0 for success, and waits for readings',
          try: 'end with exit code 1 when the name is of no use',
        });
      }
    }
  },
});

export const deviceNeeded = check<Facts>({
  id: 'T10',
  judges: ['C3', 'C4', 'C12'],
  title: 'a device without a name is skipped, the next one published',
  clauses: ['3.1.1 MQTT-4.7.3-1'],
  on: namelessDevice,
  needs: ['T2', 'T4', 'T5', 'T8'],
  verify: recording => {
    const { devices } = recording.facts;
    const named = devices.filter(name => /[a-z0-9]/i.test(name));
    const nameless = devices
      .filter(name => !named.includes(name))
      .map(name => JSON.stringify(name))
      .join(', ');
    const out = published(recording);
    const bad = out.find(entry => !/[a-z0-9]/i.test(levels(entry)[2] ?? ''));
    if (bad) {
      fail({
        mistake: 'empty-level',
        field: packetFields.topicName,
        expected: `no message for the devices ${nameless}: no letter a to z and no digit 0 to 9 is left of them`,
        seen: [bad],
        why: 'the third level names nobody; all devices without a name end up here, and + matches it, so dashboards show a ghost',
        try: 'skip the reading when the level has no letter and no digit',
      });
    }
    for (const name of named) {
      if (out.filter(entry => keepsName(levels(entry)[2] ?? '', name)).length >= 2) continue;
      fail({
        mistake: 'stops-at-nameless',
        expected: `messages of ${name}; only the devices ${nameless} are skipped`,
        seen: insteadOf(recording, `PUBLISH of ${name}`),
        why: 'a device without a name silences the others',
        try: 'go on with the next reading',
      });
    }
    const stranger = out.find(
      entry => !named.some(name => keepsName(levels(entry)[2] ?? '', name)),
    );
    if (stranger) {
      fail({
        mistake: 'invented-name',
        field: packetFields.topicName,
        expected: `no message for the devices ${nameless}`,
        seen: [stranger],
        why: 'these letters or digits are in no name: whatever is not a to z or 0 to 9 becomes - or goes, and a name made up by the program is nobody’s',
        try: 'look at what your program makes of each of these names',
      });
    }
  },
});

export const leaves = leavesCleanly(plain, { id: 'T11', judges: ['C14'], needs: ['T1'] });

/** What differs between a message and the readings of its device. */
export const wholeYear = check<Facts>({
  id: 'T12',
  judges: ['C4', 'C6', 'C7', 'C8', 'C10', 'C13'],
  title: 'many devices, odd names, all kinds of numbers: each reading arrives as it came',
  clauses: ['3.1.1 MQTT-4.7.3-4'],
  on: year,
  needs: ['T3', 'T4', 'T5', 'T6', 'T7', 'T8', 'T10'],
  verify: recording => {
    const { company, site, devices, readings } = recording.facts;
    const out = published(recording);
    const open = readings.flatMap(reading => metrics.map(metric => ({ reading, metric })));
    for (const entry of out) {
      const [first = '', second = '', level = '', last = '', ...more] = levels(entry);
      const object = jsonObject(entry);
      const said = devices.find(name => name === object['device']);
      const meant = said ?? devices.find(name => keepsName(level, name));
      const shown = brief(JSON.stringify(meant ?? 'a device'));
      if (meant === undefined || !isLevel(level) || !keepsName(level, meant)) {
        fail({
          mistake: /[^a-z0-9-]/.test(level) ? 'other-character' : 'letters-changed',
          field: packetFields.topicName,
          expected: `the device ${shown} becomes a level of a to z, 0 to 9 and -, with its own letters and digits and no others`,
          seen: [entry],
          why: 'characters such as &, ² or ½ become - or go: what another program makes of them, nobody can guess',
          try: 'replace what is not a letter or digit, and translate nothing',
        });
      }
      if (said === undefined) {
        fail({
          mistake: 'device-changed',
          field: packetFields.payload,
          expected: `"device" is ${shown}, as it came in, with its spaces`,
          seen: [entry],
          why: 'the payload keeps the name as people write it; trimmed or cut, it is another name',
          try: 'copy device from the reading as it is',
        });
      }
      const metric = metrics.find(one => one === last);
      if (!keepsName(first, company) || !keepsName(second, site) || !metric || more.length > 0) {
        return fail({
          mistake: 'wrong-place',
          field: packetFields.topicName,
          expected: `four levels, ${shape}, and no other message`,
          seen: [entry],
          why: 'consumers ask for these names; a message beside them is read by nobody, or by those it is not for',
          try: 'make the topic name of each message in one place',
        });
      }
      const at = open.findIndex(
        one =>
          one.metric === metric &&
          one.reading.device === said &&
          one.reading.seq === object['seq'] &&
          one.reading[metric] === object[metric],
      );
      if (at >= 0) {
        open.splice(at, 1);
        continue;
      }
      const near = open.find(one => one.metric === metric && one.reading.device === said);
      fail({
        mistake: near ? 'value-changed' : 'too-many',
        field: packetFields.payload,
        expected: near
          ? `"${metric}" is ${near.reading[metric]} and "seq" is ${near.reading.seq}, as they came in`
          : `one message on …/${metric} for each reading of ${shown}`,
        seen: [entry],
        why: near
          ? 'what was measured or counted is rounded, cut off, taken for nothing, or put beside another reading'
          : 'all readings of this device have their message already: a consumer counts one twice',
        try: near
          ? 'print the reading and the object beside each other'
          : 'wait for the first message; the library sends it again when the connection was lost, and marks it DUP',
      });
    }
    const [missing] = open;
    if (!missing) return;
    fail({
      mistake: out.length === 0 ? 'left-before-connected' : 'messages-missing',
      expected: `${readings.length * 2} messages for ${readings.length} readings, however long CONNACK and PUBACK take`,
      seen: [
        `${out.length} came; there is none on …/${missing.metric} for ${brief(JSON.stringify(missing.reading))}`,
        ...insteadOf(recording, 'further PUBLISH').slice(-1),
      ],
      why: 'the input ended before CONNACK had come, and PUBACK was late: the program did not wait for them, or it leaves out readings such as one with a 0 or one that equals an earlier one',
      try: 'wait until each message has left, without a time-out of your own; and publish whatever the value is',
    });
  },
});

const brief = (text: string) => (text.length > 100 ? `${text.slice(0, 100)}…` : text);

export const notRetained = check<Facts>({
  id: 'T13',
  judges: ['C9'],
  title: 'RETAIN is not set',
  clauses: ['3.1.1 MQTT-3.3.1-12'],
  on: [plain, year],
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

export const namesUnchanged: Diagnosis = {
  applies: pattern =>
    ['T4', 'T5', 'T7'].every(id => pattern.failed(id)) && pattern.mistake('T4') === 'spaces-kept',
  leads: 'T4',
  covers: ['T5', 'T6', 'T7', 'T8', 'T9', 'T10', 'T12'],
  failure: () => ({
    mistake: 'names-unchanged',
    field: packetFields.topicName,
    why: 'the names go into the topic name as people wrote them: spaces, slashes, capitals and all',
    try: 'begin with TODO 1: a function that turns a name into a level, used for the company, the site and the device',
  }),
};

export const practice: Practice = {
  env: () => ({ COMPANY: 'Polar Fish & Co', SITE: 'Dock 2/North' }),
  events: random => {
    const names = [`Freezer ${random.int(2, 9)}/F`, `Line #${random.int(2, 9)}`, 'Kühlraum'];
    return Array.from({ length: 9 }, (_, at) => ({
      input: {
        device: names[at % 3],
        temp: random.decimal(-30, 5, 1),
        hum: random.int(20, 60),
        seq: Math.floor(at / 3) + 1,
      },
    }));
  },
};

export const lesson = hiddenTests(
  defineLesson({
    id: '04-topic-names',
    checks: [
      bothMetrics,
      inOrder,
      payload,
      noSpaces,
      noSlashes,
      noWildcards,
      lowerCase,
      plainLetters,
      siteNeeded,
      deviceNeeded,
      leaves,
      wholeYear,
      notRetained,
    ],
    diagnoses: [namesUnchanged],
    practice,
  }),
);
