import type { TlsOptions } from 'node:tls';
import type { BrokerOptions } from '../../broker/index.js';
import type { Check, Diagnosis } from './check.js';
import type { Random } from './random.js';
import type { ScenarioDefinition } from './scenario.js';

/** What a practice run gives a program: the same contract as in the checks, without any judging. */
export interface Practice {
  /** The environment of the lesson's contract, beside MQTT_URL and its like. */
  readonly env: (random: Random) => Readonly<Record<string, string>>;
  /** For a program that speaks TLS: the server's side of it, and what the program needs to know. */
  readonly tls?: () => Promise<{
    readonly options: TlsOptions;
    readonly env: Readonly<Record<string, string>>;
  }>;
  /** Options of the practice broker; default: everybody is welcome. */
  readonly broker?: (env: Readonly<Record<string, string>>) => BrokerOptions;
  /** What happens around the program, one event a second: a line of its input, or a message on the broker. */
  readonly events?: (
    random: Random,
    env: Readonly<Record<string, string>>,
  ) => readonly PracticeEvent[];
}

export type PracticeEvent =
  | { readonly input: unknown }
  | {
      readonly topic: string;
      readonly payload: string;
      readonly qos?: 0 | 1 | 2;
      readonly retain?: boolean;
    };

/** The hidden tests of one lesson. */
export interface Lesson {
  /** `02-publish-a-reading`. */
  readonly id: string;
  readonly checks: readonly Check[];
  readonly diagnoses: readonly Diagnosis[];
  readonly practice: Practice;
}

/**
 * Each check, each diagnosis and the practice are exports of the lesson's modules, and these modules
 * only declare: so what students get can be made without the checks that are kept back.
 */
export interface LessonDefinition {
  readonly id: string;
  readonly checks: readonly Check[];
  readonly diagnoses?: readonly Diagnosis[];
  readonly practice: Practice;
}

/**
 * @throws Error when ids repeat, or a check needs one that does not stand before it: an author's slip
 */
export function defineLesson(definition: LessonDefinition): Lesson {
  const lesson = { diagnoses: [], ...definition };
  const { id, checks } = lesson;
  const seen = new Set<string>();
  for (const check of checks) {
    if (seen.has(check.id)) throw new Error(`${id}: two checks are called ${check.id}`);
    for (const need of check.needs ?? []) {
      if (!seen.has(need)) {
        throw new Error(`${id}: ${check.id} needs ${need}, which does not stand before it`);
      }
    }
    seen.add(check.id);
  }
  return lesson;
}

export function scenariosOf(check: Check): readonly ScenarioDefinition<unknown>[] {
  return 'name' in check.on ? [check.on] : check.on;
}

/** Every scenario of the lesson once, in the order in which the checks name them. */
export function lessonScenarios(lesson: Lesson): ScenarioDefinition<unknown>[] {
  return [...new Set(lesson.checks.flatMap(scenariosOf))];
}
