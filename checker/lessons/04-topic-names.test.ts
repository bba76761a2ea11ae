import type { PacketEntry } from '../../wire/index.js';
import { type Check, check, type Failure, fail } from '../harness/check.js';
import { defineLesson } from '../harness/lesson.js';
import { insteadOf, jsonObject, leavesCleanly, sameNumber } from '../harness/matchers.js';
import { type Recording, sent } from '../harness/recording.js';
import type { ScenarioDefinition } from '../harness/scenario.js';
import { readCrash } from '../harness/stderr.js';
import { hiddenTests } from '../harness/vitest.js';
import {
  accents,
  capitals,
  type Facts,
  isLevel,
  isPartOf,
  keepsName,
  levels,
  metrics,
  namelessDevice,
  namelessSite,
  type Published,
  plain,
  published,
  slashes,
  spaces,
  wildcards,
} from './04-topic-names/scenarios.js';

const shape = 'company/site/device-id/metric';

const bothMetrics = check<Facts>({
  id: 'T1',
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

const inOrder = check<Facts>({
  id: 'T2',
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

const payload = check<Facts>({
  id: 'T3',
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
      if (!sameNumber(object[metric], value)) {
        const text = typeof object[metric] === 'string';
        fail({
          mistake: text ? 'number-as-text' : metric in object ? 'wrong-value' : 'no-metric-field',
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

type Words = Pick<Failure, 'mistake' | 'why' | 'try'>;

/** The three levels of a message that come from names, beside the names they come from. */
function named(entry: Published, facts: Facts): { level: string; name: string; what: string }[] {
  const [company = '', site = '', device = ''] = levels(entry);
  const from = facts.devices.find(name => keepsName(device, name)) ?? facts.devices[0] ?? '';
  return [
    { level: company, name: facts.company, what: 'company' },
    { level: site, name: facts.site, what: 'site' },
    { level: device, name: from, what: 'device' },
  ];
}

/**
 * A check that every level is made of a to z, 0 to 9 and `-`, and still has the letters and digits
 * of its name. `judge` may know a better word for what is wrong.
 */
function levelsAreClean(definition: {
  readonly id: string;
  readonly title: string;
  readonly clauses: readonly string[];
  readonly on: ScenarioDefinition<Facts>;
  readonly needs?: readonly string[];
  readonly explains?: readonly string[];
  readonly first?: (recording: Recording<Facts>) => void;
  readonly judge?: (level: string, name: string) => Words | undefined;
}): Check {
  const { first, judge, needs = [], ...rest } = definition;
  return check<Facts>({
    ...rest,
    needs: ['T2', ...needs],
    verify: recording => {
      first?.(recording);
      const { facts } = recording;
      const out = published(recording);
      for (const entry of out) {
        for (const { level, name, what } of named(entry, facts)) {
          const expected = `the ${what} ${JSON.stringify(name)} becomes a level of a to z, 0 to 9 and -`;
          const words = judge?.(level, name);
          if (words) fail({ ...words, expected, seen: [entry] });
          if (!isLevel(level)) {
            fail({
              mistake: 'other-character',
              expected,
              seen: [entry],
              why: `the level "${level}" has a character that shells, logs or access lists have trouble with; everybody who types this name can get it wrong`,
              try: 'name the characters that may stay, and replace all others',
            });
          }
          if (!keepsName(level, name)) {
            fail({
              mistake: 'letters-lost',
              expected: `${expected}, with all its letters and digits in their order`,
              seen: [entry],
              why: `"${level}" is not ${JSON.stringify(name)} any more; two names can end up on one topic`,
              try: 'compare the level with the name, letter by letter',
            });
          }
        }
        if (levels(entry).length !== 4) {
          fail({
            mistake: 'wrong-level-count',
            expected: `four levels: ${shape}`,
            seen: [entry],
            why: 'a filter such as acme/+/+/temp counts levels',
            try: 'look for a slash that comes from a name',
          });
        }
      }
      const wanted = facts.readings.length * 2;
      if (out.length < wanted) {
        fail({
          mistake: 'messages-missing',
          expected: `${wanted} messages of ${facts.devices.map(one => JSON.stringify(one)).join(', ')}`,
          seen: insteadOf(recording, out.length === 0 ? 'PUBLISH' : 'further PUBLISH'),
          why: 'a name that people gave to a thing stopped the program',
          try: 'replace what may not stand in a level; do not refuse the name',
        });
      }
    },
  });
}

const noSpaces = levelsAreClean({
  id: 'T4',
  title: 'spaces in a name do not reach the topic name',
  clauses: ['3.1.1 MQTT-4.7.3-4'],
  on: spaces,
  judge: (level, name) => {
    if (level.includes('%')) {
      return {
        mistake: 'percent-encoded',
        why: '"%20" is not a space to MQTT: it is a percent sign and two digits, and nobody decodes them',
        try: 'replace the characters that do not belong there with -',
      };
    }
    if (!level.includes(' ')) return undefined;
    const some = level.split(' ').length < name.split(' ').length;
    return {
      mistake: some ? 'first-space-only' : 'spaces-kept',
      why: some
        ? 'only the first space was replaced: a replace without a global pattern stops after one'
        : 'MQTT allows it, and people pay for it: every shell, log and access list splits the name at the space',
      try: some
        ? 'replace every occurrence: a pattern with the flag g, or replaceAll'
        : 'replace each space with -',
    };
  },
});

const noSlashes = levelsAreClean({
  id: 'T5',
  title: 'a slash in a name makes no new level',
  clauses: ['3.1.1 MQTT-4.7.3-4'],
  on: slashes,
  first: recording => {
    const { site, devices } = recording.facts;
    const long = published(recording).find(entry => levels(entry).length > 4);
    if (!long) return;
    fail({
      mistake: 'slash-kept',
      expected: `four levels, whatever the names are: site ${JSON.stringify(site)}, device ${JSON.stringify(devices[0])}`,
      seen: [`${levels(long).length} levels:`, long],
      why: 'the slash inside a name became a border between levels; every + that somebody wrote now points to the wrong level',
      try: 'treat the slash as any other character that may not stay',
    });
  },
  judge: level =>
    level.includes('%')
      ? {
          mistake: 'percent-encoded',
          why: '"%2F" is no slash to MQTT, and nobody decodes it',
          try: 'replace the characters that do not belong there with -',
        }
      : undefined,
});

const noWildcards = levelsAreClean({
  id: 'T6',
  title: '+, # and $ in a name do not reach the topic name',
  clauses: ['3.1.1 MQTT-3.3.2-2', '3.1.1 MQTT-4.7.1-1'],
  on: wildcards,
  needs: ['T4'],
  // The name that the wildcard comes from says more than the detectors can.
  explains: ['U2', 'U4', 'U5', 'U10'],
  first: recording => {
    const { company, site, devices } = recording.facts;
    const names = `site ${JSON.stringify(site)}, device ${JSON.stringify(devices[0])}`;
    const bad = sent(recording, 'PUBLISH').find(entry => /[+#]/.test(entry.packet.topic));
    const crash = readCrash(recording.programs[0]?.stderr ?? '');
    const refused = crash !== undefined && /wildcard/i.test(crash.error);
    if (bad || refused) {
      fail({
        mistake: 'wildcard-kept',
        expected: `a topic name without + and # for ${names}`,
        seen: bad ? [bad] : ['your program sent no PUBLISH, and ended with', crash?.text ?? ''],
        why: bad
          ? 'a wildcard has no place in a topic name [3.1.1 MQTT-3.3.2-2]: the broker closes the connection, and at QoS 1 mqtt.js sends the same message again after each reconnect'
          : 'a wildcard has no place in a topic name [3.1.1 MQTT-3.3.2-2]: your library refuses it, and the exception ends the program',
        try: 'find the + or # in the names above, and replace it as any other character',
      });
    }
    if (crash) {
      fail({
        mistake: 'crashed',
        expected: `a message for ${names}`,
        seen: ['your program ended with', crash.text],
        why: 'an exception that nobody catches ends the process',
        try: crash.where ? `look at ${crash.where}` : 'read the error above from its first line',
      });
    }
    const dollar = published(recording).find(entry => entry.packet.topic.startsWith('$'));
    if (dollar) {
      fail({
        mistake: 'dollar-kept',
        expected: `the company ${JSON.stringify(company)} becomes a level of a to z, 0 to 9 and -`,
        seen: [dollar],
        why: 'a name that begins with $ is left out by # and by every filter that begins with + [3.1.1 MQTT-4.7.2-1]; such names belong to the broker',
        try: 'replace $ as any other character that may not stay',
        clauses: ['3.1.1 MQTT-4.7.2-1'],
      });
    }
  },
});

const lowerCase = levelsAreClean({
  id: 'T7',
  title: 'capitals become small letters',
  clauses: ['3.1.1 MQTT-4.7.3-4'],
  on: capitals,
  judge: (level, name) => {
    if (/[A-Z]/.test(level)) {
      return {
        mistake: 'capitals-kept',
        why: 'topic names are compared byte by byte: ACME and acme are two topics, and one of them has no reader',
        try: 'turn the name into small letters first',
      };
    }
    return keepsName(level, name)
      ? undefined
      : {
          mistake: 'capitals-lost',
          why: `the capitals of ${JSON.stringify(name)} are gone: your pattern keeps small letters, and met the capitals before they were small`,
          try: 'change the order: small letters first, then the pattern',
        };
  },
});

const plainLetters = levelsAreClean({
  id: 'T8',
  title: 'accents, dots and underscores do not reach the topic name',
  clauses: ['3.1.1 MQTT-4.7.3-4'],
  on: accents,
  needs: ['T4'],
});

const siteNeeded = check<Facts>({
  id: 'T9',
  title: 'without a name for the site, nothing is published',
  clauses: ['3.1.1 MQTT-4.7.3-1'],
  on: namelessSite,
  needs: ['T2'],
  explains: ['U1', 'U2', 'U4', 'U5', 'U10'],
  verify: recording => {
    const site = JSON.stringify(recording.facts.site);
    const expected = `no PUBLISH, and exit code 1: of the site ${site} nothing remains`;
    const [bad] = sent(recording, 'PUBLISH');
    const [program] = recording.programs;
    if (bad) {
      fail({
        mistake: 'nameless-site',
        expected,
        seen: [bad],
        why: 'two sites without a name share this place, and nobody can tell them apart; a level may be empty in MQTT, so no broker warns you',
        try: 'look at the level before you use it: does it have a letter or a digit?',
      });
    }
    if (program?.exitedAt === undefined || program.killedAt !== undefined) {
      fail({
        mistake: 'nameless-waits',
        expected,
        seen: 'no PUBLISH, and the program is still running three seconds after the end of its input',
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
  },
});

const deviceNeeded = check<Facts>({
  id: 'T10',
  title: 'a device without a name is skipped, the next one published',
  clauses: ['3.1.1 MQTT-4.7.3-1'],
  on: namelessDevice,
  needs: ['T2', 'T4', 'T5'],
  verify: recording => {
    const { devices } = recording.facts;
    const nameless = JSON.stringify(devices[1]);
    const out = published(recording);
    const bad = out.find(entry => !/[a-z0-9]/i.test(levels(entry)[2] ?? ''));
    if (bad) {
      fail({
        mistake: 'empty-level',
        expected: `no message for the device ${nameless}: no letter and no digit is left of it`,
        seen: [bad],
        why: 'the third level names nobody; all devices without a name end up here, and + matches it, so dashboards show a ghost',
        try: 'skip the reading when the level has no letter and no digit',
      });
    }
    for (const name of [devices[0] ?? '', devices[2] ?? '']) {
      if (out.filter(entry => keepsName(levels(entry)[2] ?? '', name)).length >= 2) continue;
      fail({
        mistake: 'stops-at-nameless',
        expected: `messages of ${name}; only the device ${nameless} is skipped`,
        seen: insteadOf(recording, `PUBLISH of ${name}`),
        why: 'one device without a name silences all the others',
        try: 'go on with the next reading',
      });
    }
  },
});

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
      leavesCleanly(plain, { id: 'T11', needs: ['T1'] }),
    ],
    diagnoses: [
      {
        applies: signature =>
          ['T4', 'T5', 'T7'].every(id => signature.failed(id)) &&
          signature.mistake('T4') === 'spaces-kept',
        leads: 'T4',
        covers: ['T5', 'T6', 'T7', 'T8', 'T9', 'T10'],
        failure: () => ({
          mistake: 'names-unchanged',
          why: 'the names go into the topic name as people wrote them: spaces, slashes, capitals and all',
          try: 'begin with TODO 1: a function that turns a name into a level, used for the company, the site and the device',
        }),
      },
    ],
    practice: {
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
    },
  }),
);
