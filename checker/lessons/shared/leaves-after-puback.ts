import type { SentenceId } from '../../../course/contract.js';
import { type Check, check, fail } from '../../harness/check.js';
import { closing, notes, sent } from '../../harness/recording.js';
import type { ScenarioDefinition } from '../../harness/scenario.js';

interface Options {
  readonly id: string;
  readonly judges: readonly SentenceId[];
  readonly needs: readonly string[];
}

/**
 * The check that a program stays until its last reading is acknowledged. The scenario withholds the
 * PUBACKs while the input ends, and notes `acknowledged` when it lets them go.
 */
export function leavesAfterPubackOf<Facts>(
  on: ScenarioDefinition<Facts>,
  { id, judges, needs }: Options,
): Check {
  return check<Facts>({
    id,
    judges,
    title: 'it leaves when the last reading is acknowledged',
    clauses: ['3.1.1 MQTT-4.3.2-1'],
    on,
    needs,
    explains: ['U2'],
    verify: recording => {
      const released = notes(recording, 'acknowledged')[0];
      if (!released) return;
      const early = sent(recording, 'DISCONNECT').find(entry => entry.t < released.t);
      const connect = sent(recording, 'CONNECT').at(-1);
      const closed = connect && closing(recording, connect.connection);
      const gone = closed && closed.t < released.t && closed.by !== 'tap';
      if (!early && !gone) return;
      fail({
        mistake: 'left-before-puback',
        expected: 'PUBACK for each reading first, then DISCONNECT',
        seen: early
          ? [early, 'the broker had not acknowledged the readings before it']
          : 'the connection ended, and the broker had not acknowledged the readings',
        why: 'until PUBACK nobody knows whether a reading arrived. A program that has left cannot send it again',
        try: 'count what is published and what is acknowledged; say goodbye when both are the same',
      });
    },
  });
}
