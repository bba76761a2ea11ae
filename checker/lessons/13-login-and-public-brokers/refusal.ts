import { type Check, check, fail } from '../../harness/check.js';
import { endingWords } from '../../harness/ending.js';
import { insteadOf } from '../../harness/matchers.js';
import { notes, type Recording, received, sent } from '../../harness/recording.js';
import type { ScenarioDefinition } from '../../harness/scenario.js';
import type { Facts } from './scenarios.js';

/** After code 4 or 5: no second try with the same login, and exit code 2. */
export function endsAfterRefusal(
  on: ScenarioDefinition<Facts>,
  words: Pick<Check, 'id' | 'judges' | 'title' | 'needs'> & { readonly code: 4 | 5 },
): Check {
  const { code, ...rest } = words;
  return check<Facts>({
    ...rest,
    clauses: ['3.1.1 MQTT-3.2.2-5'],
    on,
    explains: ['U2', 'U5'],
    verify: recording => judgeRefusal(recording, code),
  });
}

function judgeRefusal(recording: Recording<Facts>, code: 4 | 5) {
  const expected = `after CONNACK ${code} no other try, and the program ends with exit code 2`;
  const changed = notes(recording, 'rotated')[0];
  const no = received(recording, 'CONNACK').find(({ packet }) => packet.returnCode === code);
  const program = recording.programs[0];
  if (!no || !program) {
    return fail({
      mistake: changed ? 'stays-away' : 'no-connect',
      expected,
      seen: [
        ...(changed ? ['the broker hung up after a password change'] : []),
        ...insteadOf(recording, 'CONNECT that could be refused'),
      ],
      why: changed
        ? 'the program never came back, so it does not even know that its password is old'
        : 'a program that does not knock cannot be told no',
      try: changed
        ? 'leave the reconnecting of the library on: only a code 4 or 5 ends it'
        : 'mend the first check first',
    });
  }
  const again = sent(recording, 'CONNECT', { after: no });
  const [second] = again;
  if (second) {
    return fail({
      mistake: 'retries-refusal',
      expected,
      seen: [
        no,
        second,
        `the same login again, ${again.length} time${again.length > 1 ? 's' : ''}`,
      ],
      why: `code ${code} is about the login, and the login is still the same: the answer will be too. A thousand such devices fill the log of the broker, and a guard may lock them out`,
      try: 'look at where your program learns of a refused CONNACK, and end it there',
    });
  }
  if (program.exitedAt === undefined || program.killedAt !== undefined) {
    return fail({
      mistake: 'stays-silent',
      expected,
      seen: [no, 'nothing came after that; your program was still running'],
      why: changed
        ? 'the program was refused in the middle of its work and waits. Whoever watches its process thinks that all is well'
        : 'the program was refused and waits for a connection that cannot come. Whoever watches its process thinks that all is well',
      try: changed
        ? 'the refusal can come at every connection, not only at the first: handle it in the same place'
        : `when the code is ${code}, end the process yourself`,
    });
  }
  if (program.exitCode !== 2) {
    return fail({
      mistake: program.exitCode === 0 ? 'refusal-looks-fine' : 'wrong-exit-code',
      expected,
      seen: [no, `the program ended ${endingWords(program)}`],
      why:
        program.exitCode === 0
          ? 'exit code 0 says that all went well: the supervisor starts the program again, or never looks'
          : 'the supervisor of this house restarts on every code but 2: the program will knock for ever',
      try: 'end with the code of the contract: process.exit(2), or os._exit(2)',
    });
  }
}
