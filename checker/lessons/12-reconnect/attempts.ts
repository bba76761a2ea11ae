import type { ConnectionEntry, TraceEntry } from '../../../wire/index.js';
import type { ScenarioContext } from '../../harness/context.js';

/** Of the long outage: the pause behind an attempt so late is too long where pauses still double. */
const LONG_OUTAGE_MS = 5700;
/** Where pauses do not grow, fewer attempts tell as much. */
const STEADY_OUTAGE_MS = 4500;

/** Waits in an outage until the attempts have told the pace for good, and the last of them has ended. */
export async function attemptsTell(context: ScenarioContext, patienceMs: number): Promise<void> {
  const times = [context.now()];
  const isAttempt = (entry: TraceEntry, event: string): entry is ConnectionEntry =>
    entry.kind === 'connection' && entry.event === event && entry.who === 'program';
  let last: TraceEntry | undefined;
  do {
    const since = times.at(-1) ?? 0;
    last = await context.maybe(
      'one more attempt',
      entry => isAttempt(entry, 'opened') && entry.t > since,
      patienceMs,
    );
    if (last) times.push(last.t);
  } while (last && !paceIsKnown(times));
  const connection = last?.kind === 'connection' ? last.connection : undefined;
  if (connection === undefined) return;
  await context.maybe(
    'the end of that attempt',
    entry => isAttempt(entry, 'closed') && entry.connection === connection,
    500,
  );
}

/** Whether the next pause tells all that a longer outage would: of the beginning, and each attempt. */
function paceIsKnown(times: readonly number[]): boolean {
  const [before = 0, one = 0, last = 0] = times.slice(-3);
  const took = last - (times[0] ?? 0);
  if (took >= LONG_OUTAGE_MS) return true;
  return took >= STEADY_OUTAGE_MS && last - one <= 1.2 * (one - before);
}
