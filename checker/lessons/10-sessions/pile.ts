import type { Random } from '../../harness/random.js';
import { isFromProgram } from '../../harness/recording.js';
import { scenario } from '../../harness/scenario.js';
import { doneId, type Facts, facts, start, visit } from './scenarios.js';

/** Jobs that wait: more than a small memory holds. */
const MANY = 301;

export interface PileFacts extends Facts {
  /** What waits, in order: a job has an id. */
  readonly pile: readonly { readonly payload: string | Uint8Array; readonly id?: string }[];
}

function pile(random: Random): PileFacts {
  const here = facts(random);
  const letters: readonly string[] = [
    ...['', ' ', '0', 'false', 'null', 'constructor', '__proto__', 'été-№5-😀', 'a"b\\c\n'],
    'x'.repeat(3000),
  ];
  const ids = Array.from(
    { length: MANY },
    (_, at) => letters[at] ?? `order-${random.token(3)}-${at}`,
  );
  const jobs = ids.map(id => ({ payload: JSON.stringify({ id }), id }));
  const known = ids[11] ?? '';
  const last = `order-${random.token(4)}`;
  return {
    ...here,
    pile: [
      ...jobs,
      // The same name twice is two jobs; more fields are allowed.
      { payload: JSON.stringify({ id: known }), id: known },
      {
        payload: JSON.stringify({ done: 'no', id: known, copies: 2, job: { id: 'no' } }),
        id: known,
      },
      ...['{', '', 'null', '[]', '"order-1"', '0', '{}', '['.repeat(100_000)].map(payload => ({
        payload,
      })),
      { payload: Buffer.from([0xff, 0xfe, 0x00, 0x80]) },
      { payload: JSON.stringify({ id: last }), id: last },
    ],
  };
}

/** For all of them; each may take its time. */
const PATIENCE_MS = 45_000;

/** Hundreds of jobs wait, with names of all kinds; behind them what is no job, and one more job. */
export const bigPile = scenario<PileFacts>('hundreds of jobs wait', {
  facts: pile,
  run: async (context, here) => {
    if (!(await visit(context, here))) return;
    const foreman = await context.peer('foreman');
    for (let at = 0; at < here.pile.length; at += 40) {
      await Promise.all(
        here.pile
          .slice(at, at + 40)
          .map(({ payload }) => foreman.publish(here.jobsTopic, payload, { qos: 1 })),
      );
    }
    const program = await start(context, here);
    const jobs = here.pile.flatMap(({ id }) => (id === undefined ? [] : [id]));
    const said = { count: 0, last: false };
    let seen = 0;
    const begins = context.now();
    // However slow it works: as long as it goes on.
    for (let before = -1; before < said.count && context.now() - begins < PATIENCE_MS; ) {
      before = said.count;
      const all = await context.maybe(
        'a done message for each job',
        entry => {
          if (isFromProgram(entry, 'PUBLISH') && entry.packet.topic === here.doneTopic) {
            if (entry.n > seen) {
              seen = entry.n;
              said.count += 1;
              said.last ||= doneId(entry) === jobs.at(-1);
            }
          }
          return said.last && said.count >= jobs.length;
        },
        3000,
      );
      if (all) break;
      if (said.count > before && context.now() - begins >= PATIENCE_MS) {
        context.tap.note('not-finished', 'the program was still at work');
      }
    }
    await program.stop();
  },
});
