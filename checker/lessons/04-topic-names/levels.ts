import type { SentenceId } from '../../../course/contract.js';
import { type Check, check, type DetectorId, type Failure, fail } from '../../harness/check.js';
import { packetFields } from '../../harness/fields.js';
import { insteadOf, readObject } from '../../harness/matchers.js';
import { type Recording, sent } from '../../harness/recording.js';
import type { ScenarioDefinition } from '../../harness/scenario.js';
import { readCrash } from '../../harness/stderr.js';
import {
  type Facts,
  isLevel,
  keepsName,
  levels,
  type Published,
  published,
  slashes,
  spelling,
  wildcards,
} from './scenarios.js';

/** What a level looks like to those who read topic names: company/site/device-id/metric. */
export const shape = 'company/site/device-id/metric';

type Words = Pick<Failure, 'mistake' | 'why' | 'try'>;

interface Named {
  readonly level: string;
  readonly name: string;
  readonly what: 'company' | 'site' | 'device';
}

/** The name of the device that a message is about, as its payload says or its level shows. */
function deviceOf(entry: Published, { devices }: Facts): string | undefined {
  const [, , level = ''] = levels(entry);
  const said = readObject(entry)?.['device'];
  return devices.find(name => name === said) ?? devices.find(name => keepsName(level, name));
}

/** The three levels of a message that come from names, beside the names they come from. */
function named(entry: Published, facts: Facts): Named[] {
  const [company = '', site = '', device = ''] = levels(entry);
  const name = deviceOf(entry, facts) ?? facts.devices[0] ?? '';
  return [
    { level: company, name: facts.company, what: 'company' },
    { level: site, name: facts.site, what: 'site' },
    { level: device, name, what: 'device' },
  ];
}

/**
 * A check that every level is made of a to z, 0 to 9 and `-`, and still has the letters and digits
 * of its name. `judge` may know a better word for what is wrong. Where a scenario has names of
 * several kinds, `about` tells those that the check looks at.
 */
function levelsAreClean(definition: {
  readonly id: string;
  readonly judges: readonly SentenceId[];
  readonly title: string;
  readonly clauses: readonly string[];
  readonly on: ScenarioDefinition<Facts>;
  readonly needs?: readonly string[];
  readonly explains?: readonly DetectorId[];
  readonly about?: RegExp;
  readonly first?: (recording: Recording<Facts>) => void;
  readonly judge?: (level: string, name: string) => Words | undefined;
}): Check {
  const { about = /^/, first, judge, needs = [], ...rest } = definition;
  return check<Facts>({
    ...rest,
    needs: ['T2', ...needs],
    verify: recording => {
      first?.(recording);
      const { facts } = recording;
      const out = published(recording);
      for (const entry of out) {
        for (const { level, name, what } of named(entry, facts)) {
          if (!about.test(name)) continue;
          const expected = `the ${what} ${JSON.stringify(name)} becomes a level of a to z, 0 to 9 and -`;
          const words = judge?.(level, name);
          if (words) fail({ ...words, expected, seen: [entry] });
          if (!isLevel(level)) {
            fail({
              mistake: 'other-character',
              field: packetFields.topicName,
              expected,
              seen: [entry],
              why: `the level "${level}" has a character that shells, logs or access lists have trouble with; everybody who types this name can get it wrong`,
              try: 'name the characters that may stay, and replace all others',
            });
          }
          if (!keepsName(level, name)) {
            fail({
              mistake: 'letters-lost',
              field: packetFields.topicName,
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
            field: packetFields.topicFilter,
            expected: `four levels: ${shape}`,
            seen: [entry],
            why: 'a filter such as acme/+/+/temp counts levels',
            try: 'look for a slash that comes from a name',
          });
        }
      }
      for (const name of facts.devices.filter(one => about.test(one))) {
        const wanted = facts.readings.filter(({ device }) => device === name).length * 2;
        if (out.filter(entry => deviceOf(entry, facts) === name).length >= wanted) continue;
        fail({
          mistake: 'messages-missing',
          expected: `${wanted} messages of ${JSON.stringify(name)}`,
          seen: insteadOf(recording, out.length === 0 ? 'PUBLISH' : 'further PUBLISH'),
          why: 'a name that people gave to a thing stopped the program',
          try: 'replace what may not stand in a level; do not refuse the name',
        });
      }
    },
  });
}

export const noSpaces = levelsAreClean({
  id: 'T4',
  judges: ['C3'],
  title: 'spaces in a name do not reach the topic name',
  clauses: ['3.1.1 MQTT-4.7.3-4'],
  on: spelling,
  about: / /,
  judge: (level, name) => {
    if (level.includes('%')) {
      return {
        mistake: 'percent-encoded',
        field: packetFields.topicName,
        why: '"%20" is not a space to MQTT: it is a percent sign and two digits, and nobody decodes them',
        try: 'replace the characters that do not belong there with -',
      };
    }
    if (!level.includes(' ')) return undefined;
    const some = level.split(' ').length < name.split(' ').length;
    return {
      mistake: some ? 'first-space-only' : 'spaces-kept',
      field: packetFields.topicName,
      why: some
        ? 'only the first space was replaced: a replace without a global pattern stops after one'
        : 'MQTT allows it, and people pay for it: every shell, log and access list splits the name at the space',
      try: some
        ? 'replace every occurrence: a pattern with the flag g, or replaceAll'
        : 'replace each space with -',
    };
  },
});

export const noSlashes = levelsAreClean({
  id: 'T5',
  judges: ['C3'],
  title: 'a slash in a name makes no new level',
  clauses: ['3.1.1 MQTT-4.7.3-4'],
  on: slashes,
  first: recording => {
    const { site, devices } = recording.facts;
    const long = published(recording).find(entry => levels(entry).length > 4);
    if (!long) return;
    fail({
      mistake: 'slash-kept',
      field: packetFields.topicName,
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
          field: packetFields.topicName,
          why: '"%2F" is no slash to MQTT, and nobody decodes it',
          try: 'replace the characters that do not belong there with -',
        }
      : undefined,
});

export const noWildcards = levelsAreClean({
  id: 'T6',
  judges: ['C3'],
  title: '+, # and $ in a name do not reach the topic name',
  clauses: ['3.1.1 MQTT-3.3.2-2', '3.1.1 MQTT-4.7.1-1'],
  on: wildcards,
  needs: ['T4'],
  // The name that the wildcard comes from says more than the detectors can.
  explains: ['U2', 'U4', 'U5', 'U6'],
  first: recording => {
    const { company, site, devices } = recording.facts;
    const names = `site ${JSON.stringify(site)}, device ${JSON.stringify(devices[0])}`;
    const bad = sent(recording, 'PUBLISH').find(entry => /[+#]/.test(entry.packet.topic));
    const crash = readCrash(recording.programs[0]?.stderr ?? '');
    const refused = crash !== undefined && /wildcard/i.test(crash.error);
    if (bad || refused) {
      fail({
        mistake: 'wildcard-kept',
        field: packetFields.topicName,
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
        field: packetFields.topicName,
        expected: `the company ${JSON.stringify(company)} becomes a level of a to z, 0 to 9 and -`,
        seen: [dollar],
        why: 'a name that begins with $ is left out by # and by every filter that begins with + [3.1.1 MQTT-4.7.2-1]; such names belong to the broker',
        try: 'replace $ as any other character that may not stay',
        clauses: ['3.1.1 MQTT-4.7.2-1'],
      });
    }
  },
});

export const lowerCase = levelsAreClean({
  id: 'T7',
  judges: ['C4', 'C5'],
  title: 'capitals become small letters',
  clauses: ['3.1.1 MQTT-4.7.3-4'],
  on: spelling,
  about: /[A-Z]/,
  judge: (level, name) => {
    if (/[A-Z]/.test(level)) {
      return {
        mistake: 'capitals-kept',
        field: packetFields.topicName,
        why: 'topic names are compared byte by byte: ACME and acme are two topics, and one of them has no reader',
        try: 'turn the name into small letters first',
      };
    }
    return keepsName(level, name)
      ? undefined
      : {
          mistake: 'capitals-lost',
          field: packetFields.topicName,
          why: `the capitals of ${JSON.stringify(name)} are gone: your pattern keeps small letters, and met the capitals before they were small`,
          try: 'change the order: small letters first, then the pattern',
        };
  },
});

export const plainLetters = levelsAreClean({
  id: 'T8',
  judges: ['C3'],
  title: 'accents, dots and underscores do not reach the topic name',
  clauses: ['3.1.1 MQTT-4.7.3-4'],
  on: spelling,
  about: /[^ -~]|[._]/,
  needs: ['T4'],
});
