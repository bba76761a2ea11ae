import type { Random } from '../../harness/random.js';
import { scenario } from '../../harness/scenario.js';

export interface Facts {
  readonly topic: string;
}

export const makeTopic = (random: Random) => `lab/${random.token(5)}/hello`;

/** The program is started, says something, and is asked to stop. */
export const oneMessage = scenario<Facts>('one message', {
  facts: random => ({ topic: makeTopic(random) }),
  run: async (context, facts) => {
    const program = await context.start({ env: { TOPIC: facts.topic } });
    await program.sends('PUBLISH');
    await program.stop();
  },
});
