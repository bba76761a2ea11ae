import type { BrokerOptions } from '../../broker/index.js';
import type { ListenOptions } from '../../wire/index.js';
import type { ProgramSpec } from '../program/spec.js';
import type { ScenarioContext } from './context.js';
import type { Random } from './random.js';

/** What is known of a program before it starts, and what a scenario draws must leave it able to do. */
export interface Library {
  /**
   * Seconds: the shortest keep-alive that it may take. libmosquitto refuses less than 5 s; the
   * libraries of our own tracks take 1, so that timers of the protocol are short.
   */
  readonly leastKeepAlive: number;
}

/** mqtt.js and paho-mqtt. */
export const ourLibraries: Library = { leastKeepAlive: 1 };

/** What may be written with any library. */
const anyLibrary: Library = { leastKeepAlive: 5 };

/** Commands that run JavaScript and Python: those of our own tracks, as a rule with the same libraries. */
const OURS = /(?:^|[\\/])(?:node|bun|deno|tsx|python[\d.]*|py|uv)(?:\.exe|\.cmd)?$/i;

/** What is known of the library of a program: by its track, or by what runs it. */
export function libraryOf({ track, command }: Pick<ProgramSpec, 'track' | 'command'>): Library {
  return track !== 'command' || OURS.test(command) ? ourLibraries : anyLibrary;
}

/**
 * One driven situation. `facts` is a pure function of the seed and the library, so the facts are known even when
 * the program never gets anywhere; `run` drives the program and the checker's own peers.
 */
export interface ScenarioDefinition<Facts> {
  readonly name: string;
  readonly facts: (random: Random, library?: Library) => Facts;
  /** Options of the broker behind the tap; default: Mosquitto's defaults with everybody welcome. */
  readonly broker?: (facts: Facts) => BrokerOptions;
  /** How the tap listens for a program (TLS). */
  readonly listen?: (
    facts: Facts,
    name: string,
  ) => Partial<Omit<ListenOptions, 'who'>> | Promise<Partial<Omit<ListenOptions, 'who'>>>;
  /** Mostly waits for protocol timers (seconds on end): more such scenarios run at once. */
  readonly waits?: boolean;
  readonly run: (context: ScenarioContext, facts: Facts) => Promise<void>;
}

export function scenario<Facts>(
  name: string,
  definition: Omit<ScenarioDefinition<Facts>, 'name'>,
): ScenarioDefinition<Facts> {
  return { name, ...definition };
}
