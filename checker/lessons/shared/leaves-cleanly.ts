import type { SentenceId } from '../../../course/contract.js';
import type { PacketEntry } from '../../../wire/index.js';
import { type Check, check, type Failure, fail } from '../../harness/check.js';
import { stillRunning, stillThere } from '../../harness/detectors/index.js';
import { insteadOf } from '../../harness/matchers.js';
import {
  closing,
  connections,
  notes,
  packets,
  type Recording,
  sent,
} from '../../harness/recording.js';
import type { ScenarioDefinition } from '../../harness/scenario.js';

/** Connections that stood when the program was asked to stop (or after), and got no DISCONNECT. */
function withoutGoodbye(recording: Recording, asked: number, who?: string): number[] {
  return connections(recording, who).filter(connection => {
    const closed = closing(recording, connection);
    if (closed && (closed.t < asked || closed.by === 'tap')) return false;
    return sent(recording, 'DISCONNECT', { connection, ...(who ? { who } : {}) }).length === 0;
  });
}

/**
 * The check that every exercise shares: asked to stop, the program says DISCONNECT, then leaves.
 * It has a file of its own, so that what is made for students is without it where no lesson shows it.
 */
export function leavesCleanly<Facts>(
  on: ScenarioDefinition<Facts>,
  options: {
    readonly id?: string;
    readonly judges?: readonly SentenceId[];
    readonly needs?: readonly string[];
    readonly who?: string;
  } = {},
): Check {
  return check<Facts>({
    id: options.id ?? 'T9',
    ...(options.judges ? { judges: options.judges } : {}),
    title: 'asked to stop, it says goodbye and leaves',
    clauses: ['3.1.1 MQTT-3.14.4-1'],
    on,
    needs: options.needs ?? [],
    verify: recording => {
      const asked = notes(recording, 'stop-asked')[0];
      const expected = 'DISCONNECT after the end of its input, then the program ends';
      if (!asked)
        return fail({ ...notAsked, expected, seen: insteadOf(recording, 'moment to stop it') });
      const [rude] = withoutGoodbye(recording, asked.t, options.who);
      const goodbye = sent(recording, 'DISCONNECT', options.who ? { who: options.who } : {}).at(-1);
      if (stillRunning(recording)) {
        return fail({
          mistake: goodbye ? 'hung-after-goodbye' : 'hung',
          expected,
          seen: goodbye
            ? [goodbye, stillThere(recording)]
            : [...lastPacket(recording), `asked to stop, ${stillThere(recording)}`],
          why: 'a timer, a blocked loop, or an end that waits for an acknowledgement keeps the process alive',
          try: goodbye
            ? 'look for timers and listeners that are still active'
            : 'check that your stop code runs: print a line in it',
        });
      }
      if (rude !== undefined) {
        const last = packets(recording, {
          connection: rude,
          direction: 'to-broker',
          madeByTap: false,
        }).at(-1);
        return fail({
          mistake: 'no-goodbye',
          expected,
          seen: last
            ? ['the connection ended without DISCONNECT; the last packet from you was', last]
            : 'the connection ended without DISCONNECT, and without any other packet from you',
          why: 'a connection that ends without DISCONNECT is a failure to the broker: it publishes the will, if there is one [3.1.1 MQTT-3.1.2-8]',
          try: 'end the client and let that finish before the process ends',
          clauses: ['3.1.1 MQTT-3.1.2-8'],
        });
      }
    },
  });
}

const notAsked: Pick<Failure, 'mistake' | 'why' | 'try'> = {
  mistake: 'never-got-to-stop',
  why: 'what comes before the stop did not happen',
  try: 'mend the first failing check; this one follows',
};

function lastPacket(recording: Recording): PacketEntry[] {
  return packets(recording, { direction: 'to-broker', madeByTap: false }).slice(-1);
}
