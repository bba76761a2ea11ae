import type { Random } from '../../harness/random.js';
import { type PacketOf, type Recording, sent } from '../../harness/recording.js';
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
function readingsOf(random: Random, devices: readonly string[], rounds: number): Reading[] {
  return Array.from({ length: rounds }, (_, round) =>
    devices.map(device => ({
      device,
      temp: random.decimal(-30, 45, 1),
      hum: random.int(5, 95),
      seq: round + 1,
    })),
  ).flat();
}

function named(
  name: string,
  names: (random: Random) => Names,
  rounds = 1,
): ScenarioDefinition<Facts> {
  return scenario<Facts>(name, {
    facts: random => {
      const made = names(random);
      return { ...made, readings: readingsOf(random, made.devices, rounds) };
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

/** A site of which nothing remains: there is no place to publish. */
export const namelessSite = scenario<Facts>('a site without a name', {
  facts: random => {
    const devices = [random.device()];
    return {
      company: random.pick(companies),
      site: random.pick(['#/+', '///', '***']),
      devices,
      readings: readingsOf(random, devices, 1),
    };
  },
  run: async (context, facts) => {
    const program = await context.start({ env: { COMPANY: facts.company, SITE: facts.site } });
    for (const reading of facts.readings) program.feed(reading);
    await program.stop();
  },
});

/** A device of which nothing remains, between two others. */
export const namelessDevice = named('a device without a name', random => ({
  company: random.pick(companies),
  site: random.pick(sites),
  devices: [random.device(), random.pick(['***', '//', '— ?']), random.device()],
}));

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
const longForms: Readonly<Record<string, string>> = { ä: 'ae', ö: 'oe', ü: 'ue' };

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
