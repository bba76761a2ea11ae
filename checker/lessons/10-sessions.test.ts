import { topicMatches } from '../../wire/index.js';
import { check, fail } from '../harness/check.js';
import { packetFields } from '../harness/fields.js';
import { defineLesson, type Practice } from '../harness/lesson.js';
import { insteadOf, jsonObject } from '../harness/matchers.js';
import { notes, type Recording, received, sent } from '../harness/recording.js';
import { hiddenTests } from '../harness/vitest.js';
import {
  everyJob,
  neverBack,
  noJob,
  onlyDone,
  redoesAlive,
  stopsAway,
  stopsBeforeConnack,
} from './10-sessions/always.js';
import {
  brokerForgets,
  brokerKeeps,
  doneId,
  type Facts,
  facts,
  job,
  killedAtWork,
  whileAway,
} from './10-sessions/scenarios.js';
import { leavesCleanly } from './shared/leaves-cleanly.js';

export const ownMailbox = check<Facts>({
  id: 'T1',
  judges: ['C1', 'C2'],
  title: 'it comes under its name and asks for a session that is kept',
  clauses: ['3.1.1 MQTT-3.1.2-4', '3.1.1 MQTT-3.1.3-2'],
  on: whileAway,
  verify: recording => {
    const { clientId } = recording.facts;
    const expected = `CONNECT with clientId=${clientId} (from MQTT_CLIENT_ID) and clean=0, at every start`;
    const connects = sent(recording, 'CONNECT');
    if (connects.length === 0) {
      return fail({
        mistake: 'no-connect',
        expected,
        seen: insteadOf(recording, 'CONNECT'),
        why: 'without CONNECT there is no session, and no mailbox',
        try: 'call connect with the address in MQTT_URL',
      });
    }
    const own = connects.filter(one => one.packet.clientId === clientId);
    const clean = (own.length > 0 ? own : connects).find(one => one.packet.clean);
    const kept = connects.find(one => !one.packet.clean);
    if (clean && kept && own.length > 0) {
      fail({
        mistake: 'resets-mailbox',
        expected,
        seen: [clean, kept],
        why: 'one CONNECT with clean=1 discards the session of that name, and every job that waits in it [3.1.1 MQTT-3.1.2-6]; the next one finds an empty mailbox',
        try: 'connect once, with clean=0; a mailbox needs no reset',
        clauses: ['3.1.1 MQTT-3.1.2-6'],
      });
    }
    if (!kept && clean) {
      fail({
        mistake: 'clean-session',
        field: packetFields.cleanSession,
        expected,
        seen: [clean],
        why: 'clean=1 makes a session that ends with the connection: jobs that come while you are away are kept for nobody [3.1.1 MQTT-3.1.2-6]. It is the default of mqtt.js and paho',
        try: 'look for the option of connect (mqtt.js) or make_client (Python) that says what happens to the session',
        clauses: ['3.1.1 MQTT-3.1.2-6'],
      });
    }
    const [other] = connects;
    if (other && own.length === 0) {
      fail({
        mistake: 'another-name',
        field: packetFields.clientId,
        expected,
        seen: [other],
        why: `the mailbox belongs to the client identifier: jobs wait for ${clientId}, and "${other.packet.clientId}" came to fetch them`,
        try: 'take the client identifier from MQTT_CLIENT_ID, without anything random in it',
      });
    }
  },
});

export const subscribesWell = check<Facts>({
  id: 'T2',
  judges: ['C3'],
  title: 'it subscribes to JOBS_TOPIC so that jobs are kept',
  clauses: ['3.1.1 MQTT-3.1.2-5'],
  on: whileAway,
  needs: ['T1'],
  verify: recording => {
    const { jobsTopic } = recording.facts;
    const all = sent(recording, 'SUBSCRIBE');
    const expected = `SUBSCRIBE for ${jobsTopic} with QoS 1`;
    const fitting = all.find(one =>
      one.packet.filters.some(f => topicMatches(f.filter, jobsTopic)),
    );
    if (!fitting) {
      const connack = received(recording, 'CONNACK')[0];
      return fail({
        mistake: 'no-subscribe',
        expected,
        seen: [
          ...(connack ? [connack] : []),
          ...(all[0] ? [all[0]] : insteadOf(recording, 'SUBSCRIBE')),
        ],
        why: 'a session collects messages for the subscriptions in it; without one the mailbox has no slot',
        try: 'session present = 0 in CONNACK says that the broker holds no subscription of yours: subscribe then',
      });
    }
    const qos = fitting.packet.filters.find(f => topicMatches(f.filter, jobsTopic))?.qos ?? 0;
    if (qos > 0) return;
    const suback = received(recording, 'SUBACK', { after: fitting })[0];
    fail({
      mistake: 'qos0-subscription',
      expected,
      seen: [fitting, ...(suback ? [suback] : [])],
      why: 'what is delivered has the lower QoS of publish and subscription [3.1.1 MQTT-3.8.4-6], and only QoS 1 and 2 are kept for those who are away: this mailbox stays empty',
      try: 'name the QoS in the call of subscribe; in mqtt.js options are an object, a bare number is ignored',
      clauses: ['3.1.1 MQTT-3.8.4-6'],
    });
  },
});

/** The first job was delivered and is not acknowledged, although the program is alive. */
function holdsLoop(recording: Recording<Facts>): boolean {
  const first = received(recording, 'PUBLISH').find(one => one.packet.qos > 0);
  const program = recording.programs[0];
  if (!first || (program?.exitedAt !== undefined && program.killedAt === undefined)) return false;
  const acks = [...sent(recording, 'PUBACK'), ...sent(recording, 'PUBREC')];
  return !acks.some(
    one => one.connection === first.connection && one.packet.id === first.packet.id,
  );
}

/** Whether the job was acknowledged before its done message left, on the same connection. */
function acknowledgedFirst(recording: Recording<Facts>) {
  const [id = ''] = recording.facts.live;
  const order = received(recording, 'PUBLISH')[0];
  const ack = [...sent(recording, 'PUBACK'), ...sent(recording, 'PUBREC')].find(
    one => order && one.connection === order.connection && one.packet.id === order.packet.id,
  );
  const done = sent(recording, 'PUBLISH').find(one => doneId(one) === id);
  if (!order || !ack) return undefined;
  if (done && (done.n < ack.n || done.connection !== order.connection)) return undefined;
  return { order, ack, ...(done ? { done } : {}) };
}

export const doesJobs = check<Facts>({
  id: 'T3',
  judges: ['C6', 'C7'],
  title: 'each job becomes a done message with QoS 1',
  clauses: ['3.1.1 MQTT-4.5.0-2'],
  on: whileAway,
  needs: ['T2'],
  verify: recording => {
    const { live, doneTopic } = recording.facts;
    const published = sent(recording, 'PUBLISH');
    const jobs = received(recording, 'PUBLISH');
    for (const [at, id] of live.entries()) {
      const expected = `{"done":"${id}"} on ${doneTopic}, QoS 1, for the job {"id":"${id}"}`;
      const own = published.filter(one => one.packet.topic === doneTopic);
      const done = own.find(one => doneId(one) === id);
      if (done && done.packet.qos > 0) continue;
      if (done) {
        fail({
          mistake: 'done-at-qos-0',
          field: packetFields.qos,
          expected,
          seen: [done],
          why: 'at QoS 0 nobody confirms it: the job leaves your mailbox, and the word that it is done may be lost',
          try: 'give the publish a QoS of 1',
        });
      }
      if (own[at]) {
        jsonObject(own[at]);
        fail({
          mistake: 'wrong-done',
          expected,
          seen: [...(jobs[at] ? [jobs[at]] : []), own[at]],
          why: 'the foreman looks up the job by this value, and finds none',
          try: 'copy id of the job into the field done',
        });
      }
      if (holdsLoop(recording)) {
        fail({
          mistake: 'waits-in-handler',
          expected,
          seen: [
            ...(jobs[0] ? [jobs[0]] : []),
            ...published.slice(0, 1),
            'your program never acknowledged this job, and read nothing after it',
          ],
          why: 'your handler has not come back: it waits for something that only the network loop can read, and the loop waits for your handler. In mqtt.js nothing is read before the callback of handleMessage is called; in paho nothing while on_message runs',
          try: 'publish the done message and go on: do not wait for its acknowledgement inside the handler (await publishAsync before the callback, wait_for_publish inside on_message)',
        });
      }
      if (at > 0) {
        fail({
          mistake: 'stops-after-first',
          expected,
          seen: [
            `${at} of ${live.length} jobs done; without an answer stayed`,
            jobs[at] ?? 'a job that was not delivered',
          ],
          why: 'the handler worked once and is gone',
          try: 'attach the handler for good: on, not once',
        });
      }
      fail({
        mistake: 'no-done',
        expected,
        seen: [...(jobs[0] ? [jobs[0]] : []), ...insteadOf(recording, 'done message')],
        why: 'the job reached your connection and was acknowledged, and no done message left: no handler is attached, or it publishes nothing',
        try: 'print a line at the top and at the bottom of your handler',
      });
    }
  },
});

export const keepsMailbox = check<Facts>({
  id: 'T4',
  judges: ['C14'],
  title: 'leaving does not cancel the subscription',
  clauses: ['3.1.1 MQTT-3.10.4-2'],
  on: whileAway,
  needs: ['T3'],
  verify: recording => {
    const cancel = sent(recording, 'UNSUBSCRIBE')[0];
    if (!cancel) return;
    fail({
      mistake: 'cancels-mailbox',
      expected: 'DISCONNECT without an UNSUBSCRIBE before it',
      seen: [cancel],
      why: 'UNSUBSCRIBE tells the broker to collect nothing more [3.1.1 MQTT-3.10.4-2]: you cancel the mailbox just before you need it',
      try: 'remove what unsubscribes in your stop code; DISCONNECT alone keeps the session',
    });
  },
});

export const doesWaitingJobs = check<Facts>({
  id: 'T6',
  judges: ['C5'],
  title: 'jobs that came while it was away are done',
  clauses: ['3.1.1 MQTT-4.5.0-1', '3.1.1 MQTT-3.2.2-2'],
  on: [whileAway, brokerKeeps],
  needs: ['T5'],
  verify: recording => {
    const { away, doneTopic } = recording.facts;
    const said = sent(recording, 'PUBLISH')
      .filter(one => one.packet.topic === doneTopic)
      .map(doneId);
    const missing = away.filter(id => !said.includes(id));
    if (missing.length === 0) return;
    const connack = received(recording, 'CONNACK')[1];
    const delivered = received(recording, 'PUBLISH', { after: connack }).filter(one =>
      missing.some(id => 'text' in one.packet.payload && one.packet.payload.text === job(id)),
    );
    const [first] = delivered;
    const ack =
      first &&
      sent(recording, 'PUBACK', { after: first }).find(one => one.packet.id === first.packet.id);
    const expected = `a done message for each of ${away.join(', ')}`;
    if (first && connack) {
      return fail({
        mistake: 'handler-late',
        expected,
        seen: [connack, first, ...(ack ? [ack] : []), `no done message for ${missing.join(', ')}`],
        why: 'waiting jobs come right behind CONNACK, in the same segment here. Your library acknowledged the job before your handler was attached; the broker has forgotten it, and nobody prints the label',
        try: 'attach the handler before you connect: before connect, before any await, before SUBACK',
      });
    }
    fail({
      mistake: 'mailbox-empty',
      expected,
      seen: [...(connack ? [connack] : []), ...insteadOf(recording, 'waiting job')],
      why: 'the broker had no job for you: the session, or the subscription in it, was gone',
      try: 'compare your two starts in the trace: the same name, clean=0, and no UNSUBSCRIBE',
    });
  },
});

export const trustsConnack = check<Facts>({
  id: 'T7',
  judges: ['C4'],
  title: 'it subscribes again when the broker has lost the session',
  clauses: ['3.1.1 MQTT-3.2.2-3'],
  on: brokerForgets,
  needs: ['T6'],
  verify: recording => {
    const connack = received(recording, 'CONNACK').at(-1);
    // Before or after CONNACK: a client need not wait for it.
    const subscribe = sent(recording, 'SUBSCRIBE', { connection: connack?.connection ?? -1 });
    if (subscribe.length > 0) {
      const [id = ''] = recording.facts.away;
      if (sent(recording, 'PUBLISH').some(one => doneId(one) === id)) return;
      fail({
        mistake: 'lost-after-restart',
        expected: `a done message for ${id}, after the broker has come back`,
        seen: insteadOf(recording, 'done message'),
        why: 'the second start differs from the first one, though the broker knows nothing of either',
        try: 'let both starts run through the same code',
      });
    }
    fail({
      mistake: 'trusts-own-memory',
      expected:
        'after CONNACK with sessionPresent=0 a SUBSCRIBE, even when you have subscribed before',
      seen: [...(connack ? [connack] : []), ...insteadOf(recording, 'SUBSCRIBE')],
      why: 'the broker restarted without its disk. session present = 0 says that your subscription no longer exists [3.1.1 MQTT-3.2.2-3]; a note of your own that says otherwise is wrong, and the worker waits for ever',
      try: 'decide by session present in CONNACK, or subscribe at every start',
    });
  },
});

export const redoes = check<Facts>({
  id: 'T8',
  judges: ['C12'],
  title: 'killed at work, it does the job again after the restart',
  clauses: ['3.1.1 MQTT-4.4.0-1', '3.1.1 MQTT-3.3.1-1'],
  on: killedAtWork,
  needs: ['T6'],
  verify: recording => {
    const [id = ''] = recording.facts.live;
    const killed = notes(recording, 'crashed')[0];
    const again = received(recording, 'PUBLISH').find(one => killed && one.t > killed.t);
    if (!killed || sent(recording, 'PUBLISH').some(one => one.t > killed.t && doneId(one) === id))
      return;
    // Then the next check says so.
    if (acknowledgedFirst(recording)) return;
    const ack = again && sent(recording, 'PUBACK', { after: again })[0];
    fail({
      mistake: 'skips-redelivered',
      expected: `{"done":"${id}"} after the restart: the first one never reached the broker`,
      seen: [
        ...received(recording, 'PUBLISH').slice(0, 1),
        'killed here; nothing you said about the job had reached the broker. After the restart:',
        ...(again ? [again] : ['the job did not come again']),
        ...(ack ? [ack] : []),
        'and no done message',
      ],
      why: 'the broker gives you the job again because nobody confirmed it. A job is done when its done message is acknowledged, not before: a handler that drops DUP=1, or a note on disk that calls it done too early, loses the job',
      try: 'do a job that comes again once more; a second done message does no harm, a missing one does',
    });
  },
});

export const acksAfterwards = check<Facts>({
  id: 'T9',
  judges: ['C11'],
  title: 'no job is acknowledged before it is safe',
  clauses: ['3.1.1 MQTT-4.3.2-2'],
  on: killedAtWork,
  needs: ['T8'],
  verify: recording => {
    const [id = ''] = recording.facts.live;
    const early = acknowledgedFirst(recording);
    const killed = notes(recording, 'crashed')[0];
    if (!early) return;
    // Acknowledged, killed, and done all the same: the job was on its disk.
    const kept = sent(recording, 'PUBLISH').some(
      one => killed && one.t > killed.t && doneId(one) === id,
    );
    if (kept) return;
    fail({
      mistake: 'acks-too-early',
      expected: 'PUBLISH on DONE_TOPIC first, then PUBACK for the job; or the job on your disk',
      seen: [
        early.order,
        early.ack,
        ...(early.done ? [early.done, 'killed here; after the restart no done message came'] : []),
      ],
      why: 'PUBACK takes the job out of your mailbox. The work came after it: killed in between, the job is acknowledged, never done, and never comes again',
      try: 'publish the done message before your handler returns; what is slow belongs before the acknowledgement (in mqtt.js: handleMessage). Where your library acknowledges before it calls you, write the job to a file and say done for it at the next start',
    });
  },
});

export const leaves = leavesCleanly(whileAway, { id: 'T5', judges: ['C15'], needs: ['T4'] });

export const practice: Practice = {
  env: random => {
    const { clientId, jobsTopic, doneTopic } = facts(random);
    return { MQTT_CLIENT_ID: clientId, JOBS_TOPIC: jobsTopic, DONE_TOPIC: doneTopic };
  },
  events: (_random, env) =>
    Array.from({ length: 8 }, (_, at) => ({
      topic: env['JOBS_TOPIC'] ?? '',
      payload: job(`order-${at + 1}`),
      qos: 1,
    })),
};

export const lesson = hiddenTests(
  defineLesson({
    id: '10-sessions',
    checks: [
      ownMailbox,
      subscribesWell,
      doesJobs,
      keepsMailbox,
      leaves,
      doesWaitingJobs,
      trustsConnack,
      redoes,
      acksAfterwards,
      everyJob,
      noJob,
      onlyDone,
      neverBack,
      redoesAlive,
      stopsBeforeConnack,
      stopsAway,
    ],
    practice,
  }),
);
