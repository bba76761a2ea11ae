import { type TraceEntry, withhold } from '../../../wire/index.js';
import type { Random } from '../../harness/random.js';
import { isFromProgram, type PacketOf, type Recording, sent } from '../../harness/recording.js';
import { type ScenarioDefinition, scenario } from '../../harness/scenario.js';

/** As the sensors of lesson 2 send it. */
export interface Reading {
  readonly device: string;
  readonly temp: number;
  readonly hum: number;
  readonly seq: number;
}

export interface Facts {
  readonly company: string;
  readonly site: string;
  readonly devices: readonly string[];
  readonly readings: readonly Reading[];
}

interface Names {
  readonly company: string;
  readonly site: string;
  readonly devices: readonly string[];
}

/** Readings of the devices in turn, each device with a count of its own. */
function readingsOf(
  random: Random,
  devices: readonly string[],
  rounds: number,
  seq = (round: number) => round + 1,
): Reading[] {
  return Array.from({ length: rounds }, (_, round) =>
    devices.map(device => ({
      device,
      temp: random.decimal(-30, 45, 1),
      hum: random.int(5, 95),
      seq: seq(round),
    })),
  ).flat();
}

function named(
  name: string,
  names: (random: Random) => Names,
  rounds = 1,
  seq?: (round: number) => number,
): ScenarioDefinition<Facts> {
  return scenario<Facts>(name, {
    facts: random => {
      const made = names(random);
      return { ...made, readings: readingsOf(random, made.devices, rounds, seq) };
    },
    run: async (context, facts) => {
      const program = await context.start({ env: { COMPANY: facts.company, SITE: facts.site } });
      for (const reading of facts.readings) program.feed(reading);
      await program.sends('CONNECT', { within: 8000 });
      await program.stop();
    },
  });
}

const companies = ['acme', 'polar', 'nordfisk', 'meadow'] as const;
const sites = ['north', 'harbour', 'dock', 'valley'] as const;

/** Names that are levels already: two devices, two readings each. */
export const plain = named(
  'plain names',
  random => ({
    company: random.pick(companies),
    site: `${random.pick(sites)}-${random.int(2, 9)}`,
    devices: [random.device(), random.device()],
  }),
  2,
  // The sensors have counted for a while, and one of the readings is missing.
  round => 300 + 2 * round,
);

/** Company, site and devices, each with one thing that does not belong into a level. */
export const spelling = named('names with odd characters', random => ({
  company: `${random.pick(companies)} cold chain`,
  site: random.pick(sites).replace(/^./, first => first.toUpperCase()),
  devices: [
    `${random.device()} by the door`,
    random.device().replace(/^.|.$/g, end => end.toUpperCase()),
    `kühlraum_${random.token(3)}.${random.int(2, 9)}`,
  ],
}));

export const slashes = named('names with slashes', random => ({
  company: random.pick(companies),
  site: `plant-${random.int(2, 9)}/${random.pick(sites)}`,
  devices: [`${random.device()}/${random.int(2, 9)}/b`],
}));

export const wildcards = named('names with wildcards', random => ({
  company: `$${random.pick(companies)}`,
  site: `line-#${random.int(2, 9)}`,
  devices: [`${random.device()}+${random.token(2)}`],
}));

/** Names of which nothing remains: no letter a to z, and no digit 0 to 9. */
function nameless(random: Random): string[] {
  return [
    random.pick(['#/+', '///', '***']),
    '',
    '   ',
    '-',
    '温室',
    '٣ ½ ²',
    '🌡',
    '_._',
    '— ?',
    '&',
  ];
}

export interface NamelessFacts extends Facts {
  /** The company and the site of each start: of one of them nothing remains. */
  readonly places: readonly { readonly company: string; readonly site: string }[];
}

/** A site, and then a company, of which nothing remains: there is no place to publish. */
export const namelessSite = scenario<NamelessFacts>('a site without a name', {
  facts: random => {
    const devices = [random.device()];
    const company = random.pick(companies);
    const site = random.pick(['#/+', '///', '***']);
    const [one = '***', ...others] = nameless(random).filter(name => name !== '');
    const places = [
      { company, site },
      { company: random.pick([one, ...others]), site: random.pick(sites) },
    ];
    return { company, site, devices, readings: readingsOf(random, devices, 1), places };
  },
  run: async (context, facts) => {
    const starts = facts.places.map(async ({ company, site }, at) => {
      const program = await context.start({
        ...(at > 0 ? { name: 'second' } : {}),
        env: { COMPANY: company, SITE: site },
      });
      for (const reading of facts.readings) program.feed(reading);
      await program.stop();
    });
    await Promise.all(starts);
  },
});

/** Devices of which nothing remains: the first one, one between two others, and many in a row. */
export const namelessDevice = named('a device without a name', random => {
  const names = nameless(random);
  const [first = '***', second = '//', ...others] = names;
  return {
    company: random.pick(companies),
    site: random.pick(sites),
    devices: [first, random.device(), second, random.device(), ...others, random.device()],
  };
});

/** How many devices a site has that has many. */
const DEVICES = 60;

/** Names that end up as a good level, with all that people type. */
function oddNames(random: Random): string[] {
  const name = () => random.device();
  return [
    '0',
    '007',
    'x',
    'temp',
    'constructor',
    ` ${name()} `,
    `\t${name()}\n`,
    `-${name()}-`,
    `${name()}--${random.int(2, 9)}`,
    `Tom & ${name()} + Co. @ 5%`,
    `${random.int(20, 90)} m² ½ № ${name()}`,
    `hall ٣ ${name()}`,
    `温室 ${name()} 🌡`,
    `ÉTAGE ${random.int(2, 9)} ${name()}`,
    `Cafe\u0301 ${name()}\u00a0\u200b`,
    `"${name()}" \\ '<b>'`,
    `${name()} ${'by the door '.repeat(40)}`,
  ];
}

const edges = [0, -40, 0.1, -0.5, 1e-7, 123456789012, 1013.25, -4.876543210987655, 100, 41.7];
const counts = [0, 255, 256, 65_535, 65_536, 4_294_967_296, 17, 5, 5, 9_007_199_254_740_991];

/** Longer than a program in a hurry waits. Who waits for the event itself is asleep, and this ends early. */
const LATE_MS = 3000;

/** Many devices, with all that names and numbers can be; the input ends before CONNACK, PUBACK is late. */
export const year = scenario<Facts>('a year at the site', {
  facts: random => {
    const odd = oddNames(random);
    const devices = [
      ...odd,
      ...Array.from({ length: DEVICES - odd.length }, () => random.device()),
    ];
    const special = devices.slice(0, odd.length).map((device, at) => ({
      device,
      temp: edges[at % edges.length] ?? 0,
      hum: edges[(at + 3) % edges.length] ?? 0,
      seq: counts[at % counts.length] ?? 0,
    }));
    const usual = devices.map(device => ({
      device,
      temp: random.decimal(-30, 45, 1),
      hum: random.decimal(5, 95, 1),
      seq: random.int(300, 60_000),
    }));
    return {
      company: random.pick(companies),
      site: random.pick(sites),
      devices,
      // An equal reading is a reading.
      readings: [...special, ...special.slice(0, 3), ...usual],
    };
  },
  run: async (context, facts) => {
    const late = (...types: readonly string[]) =>
      context.tap.rule({
        who: 'program',
        when: entry => entry.direction === 'to-client' && types.includes(entry.packet.type),
        do: withhold(),
        times: Number.POSITIVE_INFINITY,
      });
    const connack = late('CONNACK');
    const acknowledgements = late('PUBACK', 'PUBREC');
    const program = await context.start({ env: { COMPANY: facts.company, SITE: facts.site } });
    for (const reading of facts.readings) program.feed(reading);
    program.endInput();
    await program.sends('CONNECT', { within: 8000 });
    await context.maybe('end of the connection before CONNACK', isClosed, LATE_MS);
    connack.remove();
    connack.release();
    await context.maybe('end of the connection before PUBACK', isClosed, LATE_MS);
    acknowledgements.remove();
    acknowledgements.release();
    await context.maybe('all messages, or the end of the connection', ends(facts), 6000);
    await program.stop();
  },
});

const isClosed = (entry: TraceEntry) => entry.kind === 'connection' && entry.event === 'closed';

/** True once everything has come, or the connection has ended. */
function ends({ readings }: Facts): (entry: TraceEntry) => boolean {
  const seen = new Set<number>();
  return entry => {
    if (isFromProgram(entry, 'PUBLISH') && !entry.packet.dup) seen.add(entry.n);
    return seen.size >= readings.length * 2 || isClosed(entry);
  };
}

export type Published = PacketOf<'PUBLISH'>;

/** What the program published; a packet that is sent again is the same message. */
export function published(recording: Recording<Facts>): Published[] {
  return sent(recording, 'PUBLISH').filter(entry => !entry.packet.dup);
}

export const metrics = ['temp', 'hum'] as const;

export function levels(entry: Published): string[] {
  return entry.packet.topic.split('/');
}

/** Letters of other alphabets may become their base letter, two letters (ü, ue), or go. */
const longForms: Readonly<Record<string, string>> = {
  ä: 'ae',
  ö: 'oe',
  ü: 'ue',
  ß: 'ss',
};

/** Whether a level has the letters and digits of a name, in their order, and nothing else but `-`. */
export function keepsName(level: string, name: string): boolean {
  const wanted = [...name.normalize('NFC').toLowerCase()].flatMap(char => {
    if (/[a-z0-9]/.test(char)) return [char];
    if (!/\p{L}/u.test(char)) return [];
    const base = char.normalize('NFD').replace(/[^a-z]/g, '');
    return [`(?:${[base, longForms[char] ?? ''].filter(Boolean).join('|')})?`];
  });
  return new RegExp(`^-*${wanted.map(one => `${one}-*`).join('')}$`).test(level);
}

/** Lower-case letters, digits and `-`, at least one of them a letter or digit. */
export function isLevel(level: string): boolean {
  return /^[a-z0-9-]+$/.test(level) && /[a-z0-9]/.test(level);
}

/** Whether a level is what a pattern left of a name: it begins as the name, and has only some of it. */
export function isPartOf(level: string, name: string): boolean {
  const rest = [...level.replace(/[^a-z0-9]/g, '')];
  if (rest.length < 2 || !name.startsWith(rest.slice(0, 2).join(''))) return false;
  for (const char of name) if (char === rest[0]) rest.shift();
  return rest.length === 0;
}
