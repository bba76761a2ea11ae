import type { BrokerOptions } from '../../broker/index.js';
import type { ListenOptions } from '../../wire/index.js';
import type { ScenarioContext } from './context.js';
import type { Random } from './random.js';

/**
 * One driven situation. `facts` is a pure function of the seed, so the facts are known even when
 * the program never gets anywhere; `run` drives the program and the checker's own peers.
 */
export interface ScenarioDefinition<Facts> {
  readonly name: string;
  readonly facts: (random: Random) => Facts;
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
