import type { SentenceId } from '../../../course/contract.js';
import { type Check, check, type Failure, fail } from '../../harness/check.js';
import { stillRunning, stillThere } from '../../harness/detectors/index.js';
import { notes, sent } from '../../harness/recording.js';
import type { ScenarioDefinition } from '../../harness/scenario.js';
import { readCrash } from '../../harness/stderr.js';
import {
  cut,
  cutAtGoodbye,
  type Facts,
  killed,
  said,
  silence,
  slowConnack,
  stopsEarly,
  stopsInOutage,
  stored,
  text,
} from './scenarios.js';
import { read } from './seen.js';

export const onlyOnline = check<Facts>({
  id: 'T10',
  judges: ['C4'],
  title: 'until it is asked to stop it says ONLINE and nothing else, stored, at QoS 1',
  clauses: ['3.1.1 MQTT-3.3.1-5'],
  on: [cut, silence, slowConnack, killed],
  needs: ['T2', 'T3', 'T5', 'T6'],
  verify: recording => {
    const { online, offline } = recording.facts;
    const asked = notes(recording, 'stop-asked')[0]?.t ?? Number.POSITIVE_INFINITY;
    for (const word of said(recording).filter(entry => entry.t < asked)) {
      const expected = `"${online}" on STATUS_TOPIC at QoS 1 with RETAIN, and no other word`;
      if (text(word) !== online) {
        fail({
          mistake: 'gone-while-running',
          expected,
          seen: [word, 'nobody had asked it to stop'],
          why:
            text(word) === offline
              ? 'you say that you are gone, and you are connected. What is published when the line breaks waits in the library, and goes out when the line is back; for the outage itself the will speaks'
              : 'the dashboards of this plant know two words; another one tells them nothing',
          try: 'say OFFLINE only when you are asked to stop; leave lost connections to the will',
        });
      }
      if (word.packet.retain && word.packet.qos > 0) continue;
      fail({
        mistake: 'birth-weaker-later',
        expected,
        seen: [word],
        why: 'a word that is not stored, or at QoS 0, may be missing for those who come later',
        try: 'use the same options each time',
      });
    }
  },
});

interface Stop {
  readonly id: string;
  readonly judges: readonly SentenceId[];
  readonly title: string;
  readonly on: ScenarioDefinition<Facts>;
  /** What happened, in words for *Seen*. */
  readonly what: string;
  readonly needs: readonly string[];
  readonly words: Pick<Failure, 'mistake' | 'why' | 'try'>;
}

/** The check that a stop at a bad moment leaves OFFLINE behind, and a program that has ended. */
function stops({ id, judges, title, on, what, needs, words }: Stop): Check {
  return check<Facts>({
    id,
    judges,
    title,
    clauses: ['3.1.1 MQTT-3.14.4-3'],
    on,
    needs,
    verify: recording => {
      const { offline } = recording.facts;
      const expected = `${what}; then the program ends, and a newcomer reads "${offline.slice(0, 20)}"`;
      if (stillRunning(recording)) {
        fail({
          mistake: 'never-leaves',
          expected,
          seen: [...said(recording).slice(-1), `asked to stop, ${stillThere(recording)}`],
          why: 'your program waits for something that will not come: an acknowledgement on a connection that is gone, or a message that the library has refused',
          try: 'print a line before and after each wait of your stop code',
        });
      }
      const died = recording.programs.find(
        one => one.killedAt === undefined && one.exitCode !== 0 && readCrash(one.stderr),
      );
      if (died) {
        fail({
          mistake: 'crashed-at-stop',
          expected,
          seen: [what, `then it ended by an exception: ${readCrash(died.stderr)?.error}`],
          why: 'an exception ended the program, and whatever it still had to do was not done',
          try: 'read the exception from its first line: which call is it, and what does it refuse?',
        });
      }
      const got = stored(recording, 'newcomer');
      if (got && text(got) === offline) return;
      fail({
        ...words,
        expected,
        seen: [
          what,
          ...said(recording).slice(-2),
          ...sent(recording, 'DISCONNECT').slice(-1),
          ...read(recording),
        ],
      });
    },
  });
}

const lastWord = 'remember that you are leaving, and let the connect event (on_connect) look at it';

export const stopsBeforeConnack = stops({
  id: 'T11',
  judges: ['C12', 'C15'],
  title: 'asked to stop before CONNACK, it does not stay behind as "here"',
  on: stopsEarly,
  what: 'it was asked to stop before CONNACK came',
  needs: ['T5', 'T6', 'T8', 'T9', 'T10'],
  words: {
    mistake: 'here-after-early-stop',
    why: 'CONNACK came after the request to stop, and with it your "here": the last word that is stored, and DISCONNECT discards the will. A machine that was switched off counts as alive',
    try: lastWord,
  },
});

export const stopsWhileAway = stops({
  id: 'T12',
  judges: ['C13', 'C15'],
  title: 'asked to stop in an outage, it does not stay behind as "here"',
  on: stopsInOutage,
  what: 'it was asked to stop while the line was down',
  needs: ['T11'],
  words: {
    mistake: 'here-after-outage',
    why: 'the broker had said your will. Then the line was back, you said "here", and left',
    try: lastWord,
  },
});

export const goodbyeAgain = stops({
  id: 'T13',
  judges: ['C14', 'C15'],
  title: 'cut between the goodbye and its acknowledgement, it does not come back as "here"',
  on: cutAtGoodbye,
  what: 'the line broke between the goodbye and its acknowledgement',
  needs: ['T12'],
  words: {
    mistake: 'here-after-goodbye',
    why: 'the library connected again to finish the goodbye. Your connect event said "here" there, and that was the last word',
    try: lastWord,
  },
});
