import { MachineError, machineReason } from '../../course/machine.js';
import { TRACE_SCHEMA } from '../../wire/index.js';
import type { ProgramSpec } from '../program/spec.js';
import { type ContextSettings, openContext, STOPPED } from './open-context.js';
import { randomFrom } from './random.js';
import type { Recording } from './recording.js';
import { libraryOf, type ScenarioDefinition } from './scenario.js';
import { GaveUp, notSeen } from './waits.js';

/** Runs one scenario with one program and gives what was recorded. Never throws. */
export async function perform<Facts>(
  definition: ScenarioDefinition<Facts>,
  spec: ProgramSpec,
  settings: ContextSettings = {},
): Promise<Recording<Facts>> {
  const facts = definition.facts(randomFrom(spec.seed, definition.name), libraryOf(spec));
  const opened = await openContext(definition, spec, facts, settings).catch(faultOf);
  if (typeof opened === 'string') {
    const trace = {
      schema: TRACE_SCHEMA,
      startedAt: new Date().toISOString(),
      entries: [],
    } as const;
    const nothing = { trace, programs: [], stalls: [] };
    return { scenario: definition.name, facts, ...nothing, fault: opened };
  }
  const live = opened;
  let gaveUp: Recording['gaveUp'];
  let fault: string | undefined;
  try {
    await untilStopped(definition.run(live.context, facts), settings.signal);
  } catch (error) {
    if (error instanceof GaveUp) {
      live.context.tap.note('gave-up', notSeen(error));
      gaveUp = {
        waitedFor: error.waitedFor,
        afterMs: Math.round(error.afterMs),
        t: live.context.now(),
        ...(error.atRest ? { atRest: true as const } : {}),
      };
    } else {
      fault = faultOf(error);
    }
  }
  const { trace, programs, stalls, findings, broken } = await live.close();
  fault ??= broken;
  return {
    scenario: definition.name,
    facts,
    trace,
    programs,
    stalls,
    ...(findings === undefined ? {} : { findings }),
    ...(gaveUp ? { gaveUp } : {}),
    ...(fault ? { fault } : {}),
  };
}

function faultOf(error: unknown): string {
  if (error instanceof MachineError) return error.message;
  const reason = machineReason(error);
  if (reason !== undefined) return `This machine did not do its part: ${reason}`;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** @throws Error when it is stopped before it has ended; it then goes on with a context that is closed */
async function untilStopped(run: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  if (!signal) return run;
  let stop: (() => void) | undefined;
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(new Error(STOPPED));
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
  run.catch(() => undefined);
  aborted.catch(() => undefined);
  try {
    await Promise.race([run, aborted]);
  } finally {
    if (stop) signal.removeEventListener('abort', stop);
  }
}
