import type { SentenceId } from '../../../course/contract.js';
import { type Check, check, fail } from '../../harness/check.js';
import { stillRunning, stillThere } from '../../harness/detectors/index.js';
import { sent } from '../../harness/recording.js';
import type { ScenarioDefinition } from '../../harness/scenario.js';

/** The check that a program ends when it is asked to stop before CONNACK has come. */
export function endsBeforeConnack<Facts>(
  on: ScenarioDefinition<Facts>,
  options: {
    readonly id: string;
    readonly judges?: readonly SentenceId[];
    readonly needs: readonly string[];
  },
): Check {
  return check<Facts>({
    ...options,
    title: 'asked to stop before CONNACK, it ends',
    clauses: [],
    on,
    verify: recording => {
      const expected = 'the program ends, with exit code 0, also when CONNACK has not come yet';
      if (stillRunning(recording)) {
        fail({
          mistake: 'stuck-before-connack',
          expected,
          seen: [
            ...sent(recording, 'CONNECT').slice(0, 1),
            `asked to stop before CONNACK; ${stillThere(recording)}`,
          ],
          why: 'the stop waits for something that does not come. In mqtt.js 5.16, end() before CONNACK neither says DISCONNECT nor closes',
          try: 'make the stop work in every state; in mqtt.js, end(true) where client.connected is false',
        });
      }
      const program = recording.programs[0];
      if (program?.exitCode === 0) return;
      fail({
        mistake: 'stop-as-failure',
        expected,
        seen: `asked to stop before CONNACK, your program ended with exit code ${program?.exitCode ?? program?.signal}`,
        why: 'somebody wanted it to end, and it reports a failure. A subscription that cannot be made while it leaves is not one that the broker refused',
        try: 'look at what your program does when something fails while it is leaving',
      });
    },
  });
}
