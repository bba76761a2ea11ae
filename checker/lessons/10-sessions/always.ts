import { payloadText } from '../../../wire/index.js';
import { type Check, cannotTell, check, fail } from '../../harness/check.js';
import { stillRunning, stillThere } from '../../harness/detectors/index.js';
import { packetFields } from '../../harness/fields.js';
import { insteadOf, readObject } from '../../harness/matchers.js';
import { notes, type PacketOf, type Recording, received, sent } from '../../harness/recording.js';
import { endsBeforeConnack } from '../shared/ends-early.js';
import { cutAtWork, forgetsAlive, stopsEarly } from './living.js';
import { bigPile, type PileFacts } from './pile.js';
import {
  brokerForgets,
  brokerKeeps,
  doneId,
  type Facts,
  job,
  killedAtWork,
  whileAway,
} from './scenarios.js';

type Publish = PacketOf<'PUBLISH'>;

/** What the program said on DONE_TOPIC; a packet that is sent again is the same message. */
function saidDone(recording: Recording<Facts>): Publish[] {
  return sent(recording, 'PUBLISH').filter(
    ({ packet }) => packet.topic === recording.facts.doneTopic && !packet.dup,
  );
}

const short = (text: string) => JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);

/** How many done messages a name has, and how many jobs. */
function counts(recording: Recording<PileFacts>) {
  const done = new Map<unknown, number>();
  for (const entry of saidDone(recording)) {
    const id = doneId(entry);
    done.set(id, (done.get(id) ?? 0) + 1);
  }
  const wanted = new Map<string, number>();
  const { pile } = recording.facts;
  for (const { id } of pile.slice(0, -1)) {
    if (id !== undefined) wanted.set(id, (wanted.get(id) ?? 0) + 1);
  }
  return { done, wanted, last: pile.at(-1)?.id };
}

/** The first message that was delivered and is no job. */
function noJobCame(recording: Recording<PileFacts>): Publish | undefined {
  const bad = recording.facts.pile.filter(one => one.id === undefined && one.payload !== '');
  return received(recording, 'PUBLISH').find(({ packet }) =>
    bad.some(one => payloadText(packet.payload) === one.payload),
  );
}

/** The program ended although nobody had asked it to. */
function endedByItself(recording: Recording): boolean {
  return recording.programs.some(
    one =>
      one.exitedAt !== undefined &&
      one.killedAt === undefined &&
      (one.stopAskedAt === undefined || one.exitedAt < one.stopAskedAt),
  );
}

export const everyJob = check<PileFacts>({
  id: 'T10',
  judges: ['C5', 'C6', 'C12'],
  title: 'hundreds of waiting jobs are done, whatever their names',
  clauses: ['3.1.1 MQTT-4.5.0-1'],
  on: bigPile,
  needs: ['T6'],
  verify: recording => {
    const { done, wanted } = counts(recording);
    if (recording.trace.entries.some(one => one.kind === 'note' && one.note === 'not-finished')) {
      cannotTell('the program was still at work');
    }
    const all = [...wanted.values()].reduce((sum, one) => sum + one, 0);
    const missing = [...wanted].filter(([id, times]) => (done.get(id) ?? 0) < times);
    const lost = missing.find(([id]) => !done.has(id)) ?? missing[0];
    // Ended at what is no job: the next check says so.
    if (!lost || (endedByItself(recording) && noJobCame(recording))) return;
    const [id, times] = lost;
    const has = done.get(id) ?? 0;
    const jobs = received(recording, 'PUBLISH');
    const came = jobs.find(({ packet }) => payloadText(packet.payload) === job(id));
    const seen = [
      `${all} jobs waited; ${missing.length} of their names were not said done as often as they came, for example`,
      ...(came ? [came] : [`the job ${short(id)}`]),
      ...(came ? [] : [...insteadOf(recording, 'delivery of it').slice(-1)]),
    ];
    if (has > 0) {
      fail({
        mistake: 'same-name-skipped',
        expected: `${times} done messages for ${short(id)}: it came ${times} times`,
        seen: [...seen, `${has} done messages for it`],
        why: 'a job that comes again is a job: your program takes the name for one that it has done already, and no label is printed',
        try: 'do each job that comes, also when you know its name',
      });
    }
    fail({
      mistake: missing.length > 20 ? 'loses-of-many' : 'odd-name-lost',
      expected: `a done message for each of ${all} jobs, with its id letter by letter`,
      seen,
      why:
        missing.length > 20
          ? 'they were delivered in one go, and most of them were lost in your program: a store that is too small, or a counter that ends the work'
          : 'an id is any text: empty, long, with quotes, beyond ASCII. Something in your program takes this one for none, or changes it',
      try:
        missing.length > 20
          ? 'do each job where it is delivered'
          : 'ask whether id is there and a text, not whether it counts as true; let the JSON library write it',
    });
  },
});

export const noJob = check<PileFacts>({
  id: 'T11',
  judges: ['C9', 'C10'],
  title: 'what is no job stops nothing, and has no done message',
  clauses: ['3.1.1 MQTT-4.4.0-1'],
  on: bigPile,
  needs: ['T10'],
  verify: recording => {
    const { done, last } = counts(recording);
    const firstBad = noJobCame(recording);
    const expected = 'a message that is no {"id":…} is left out, and the next job is done';
    if (!done.has(last)) {
      fail({
        mistake: 'stops-at-no-job',
        expected,
        seen: [
          ...(firstBad ? [firstBad] : []),
          ...insteadOf(recording, 'done message of the job behind it'),
        ],
        why: 'one message that nobody can read ended the work. It is not acknowledged, so it waits in the mailbox and comes again at each start',
        try: 'guard the parsing: what is no job you print, and let be acknowledged',
      });
    }
    const names = new Set(recording.facts.pile.map(({ id }) => id));
    const wrong = saidDone(recording).find(entry => {
      const id = doneId(entry);
      return id === undefined || !names.has(id as string);
    });
    if (!wrong) return;
    fail({
      mistake: 'done-for-no-job',
      expected,
      seen: [wrong],
      why: 'the foreman reads that a job is done which nobody has given',
      try: 'say done only where the message is an object with an id that is a text',
    });
  },
});

export const onlyDone: Check = check<Facts>({
  id: 'T12',
  judges: ['C7', 'C8', 'C9'],
  title: 'every done message has QoS 1 and no RETAIN, and is about a job that came',
  clauses: ['3.1.1 MQTT-3.3.1-5'],
  on: [whileAway, brokerKeeps, brokerForgets, killedAtWork, cutAtWork, forgetsAlive],
  needs: ['T3', 'T6', 'T7'],
  verify: recording => {
    const given = received(recording, 'PUBLISH');
    for (const entry of sent(recording, 'PUBLISH')) {
      if (entry.packet.topic !== recording.facts.doneTopic) continue;
      const expected = '{"done":"…"} for a job that came before, QoS 1 or 2, RETAIN=0';
      if (entry.packet.retain) {
        fail({
          mistake: 'done-stored',
          field: packetFields.retain,
          expected,
          seen: [entry],
          why: 'done is news of one job. Stored, it is told again to everybody who subscribes later, as if it had happened now [3.1.1 MQTT-3.3.1-8]',
          try: 'publish it without RETAIN',
          clauses: ['3.1.1 MQTT-3.3.1-8'],
        });
      }
      if (entry.packet.qos === 0) {
        fail({
          mistake: 'done-at-qos-0-later',
          expected,
          seen: [entry],
          why: 'at QoS 0 nobody confirms it: the job leaves your mailbox, and the word that it is done may be lost',
          try: 'publish every done message with the same options',
        });
      }
      const id = doneId(entry);
      const own = given.some(one => one.n < entry.n && readObject(one)?.['id'] === id);
      if (id !== undefined && own) continue;
      fail({
        mistake: 'done-without-job',
        expected,
        seen: [entry, 'no job of this name had been delivered'],
        why: 'the foreman reads that a job is done which nobody has given you',
        try: 'say done in the handler of the job, with the id that is in it',
      });
    }
  },
});

export const neverBack = check<Facts>({
  id: 'T13',
  judges: ['C4', 'C13'],
  title: 'a lost line or a broker that restarts ends nothing: it connects and subscribes again',
  clauses: ['3.1.1 MQTT-3.2.2-3'],
  on: [cutAtWork, forgetsAlive],
  needs: ['T7', 'T8'],
  explains: ['U2', 'U3', 'U5'],
  verify: recording => {
    const forgets = recording.scenario === forgetsAlive.name;
    const fault = recording.trace.entries.find(entry => entry.kind === 'fault');
    const expected = `the line is lost${forgets ? ', and the broker has forgotten everything' : ''}: CONNECT within five seconds${forgets ? ', then SUBSCRIBE, then jobs are done' : ''}`;
    const connects = sent(recording, 'CONNECT');
    const late = fault ? connects.filter(one => one.t >= fault.t) : [];
    const program = recording.programs[0];
    if (program && endedByItself(recording)) {
      fail({
        mistake: 'ends-with-the-line',
        expected,
        seen: [
          ...late.slice(-1),
          `your program ended, exit code ${program.exitCode ?? program.signal}`,
        ],
        why: 'a line that breaks, or a broker without your session, is no reason to end: nobody is there at night to start the program again, and the jobs wait',
        try: 'look for an exit in a connect, close or disconnect handler, and for a loop that ends with the connection',
      });
    }
    if (!fault && connects.length > 0) return;
    if (late.length === 0) {
      fail({
        mistake: 'no-reconnect',
        expected,
        seen: insteadOf(recording, 'CONNECT after that'),
        why: 'the broker was there again at once, and your program never asked',
        try: 'let the library reconnect: mqtt.js does it by itself, paho inside loop_start() or loop_forever()',
      });
    }
    if (!forgets) return;
    const again = late.map(one => one.connection);
    const connack = received(recording, 'CONNACK').findLast(one => again.includes(one.connection));
    if (!sent(recording, 'SUBSCRIBE').some(one => again.includes(one.connection))) {
      fail({
        mistake: 'subscribes-only-once',
        expected,
        seen: [...(connack ? [connack] : []), ...insteadOf(recording, 'SUBSCRIBE').slice(-1)],
        why: 'session present = 0 came in the middle of your life: the subscription is gone with the session [3.1.1 MQTT-3.2.2-3]. You look at it once, at the start, and the worker waits for ever',
        try: 'decide at every connection: in the connect event (on_connect), without a note of your own',
      });
    }
    const id = recording.facts.live[1] ?? '';
    if (saidDone(recording).some(one => doneId(one) === id)) return;
    fail({
      mistake: 'idle-after-restart',
      expected,
      seen: insteadOf(recording, `done message for ${id}`),
      why: 'the connection and the subscription are back, and your handler is not',
      try: 'attach the handler once, to a client that lives as long as the program',
    });
  },
});

export const redoesAlive = check<Facts>({
  id: 'T14',
  judges: ['C12'],
  title: 'a job that comes again to the same program is done again',
  clauses: ['3.1.1 MQTT-4.4.0-1', '3.1.1 MQTT-3.3.1-1'],
  on: cutAtWork,
  needs: ['T8', 'T13'],
  verify: recording => {
    const id = recording.facts.live[1] ?? '';
    const back = notes(recording, 'back')[0];
    const again = received(recording, 'PUBLISH').find(
      one => back && one.t >= back.t && readObject(one)?.['id'] === id,
    );
    if (!again) return;
    if (saidDone(recording).some(one => one.n > again.n && doneId(one) === id)) return;
    const first = received(recording, 'PUBLISH').find(one => readObject(one)?.['id'] === id);
    fail({
      mistake: 'remembers-done',
      expected: `{"done":"${id}"} once more: the job came again`,
      seen: [
        ...(first ? [first] : []),
        'its acknowledgement was lost, and then the line',
        again,
        'and no done message',
      ],
      why: 'the broker gives you the job again because your PUBACK never came. By the contract of this exercise it is done again; a memory of names also skips a new job of the same name',
      try: 'do what comes, without a memory of what was',
    });
  },
});

export const stopsBeforeConnack = endsBeforeConnack(stopsEarly, {
  id: 'T15',
  judges: ['C16'],
  needs: ['T5'],
});

export const stopsAway = check<Facts>({
  id: 'T16',
  judges: ['C17'],
  title: 'asked to stop while the broker is gone, it ends',
  clauses: [],
  on: forgetsAlive,
  needs: ['T13', 'T15'],
  explains: ['U3', 'U5'],
  verify: recording => {
    if (!stillRunning(recording)) return;
    fail({
      mistake: 'stays-without-broker',
      expected: 'the broker is gone, and the end of the input still ends the program',
      seen: `asked to stop, ${stillThere(recording)}`,
      why: 'the stop waits for a connection that does not come, or one of your connections dials on',
      try: 'make the stop work in every state; in mqtt.js, end(true) where client.connected is false',
    });
  },
});
