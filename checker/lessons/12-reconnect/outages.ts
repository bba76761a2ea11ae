import { cannotTell, check, fail } from '../../harness/check.js';
import { endingWords } from '../../harness/ending.js';
import { isPacket, packets, received, sent, usableMs } from '../../harness/recording.js';
import { comesBack, lastFault, seconds } from './back.js';
import { beatsOf, faultAt, stalled } from './evidence.js';
import {
  brokerAway,
  brokerForgets,
  closedAtStart,
  closedInBetween,
  deadLine,
  noticeMs,
  slowConnack,
  threeDrops,
} from './scenarios.js';
import { type Facts, idOf } from './words.js';

export const subscribesAgain = check<Facts>({
  id: 'T7',
  judges: ['C15'],
  title: 'it subscribes again when the broker has forgotten everything',
  clauses: ['3.1.1 MQTT-3.2.2-3'],
  on: brokerForgets,
  needs: ['T4'],
  verify: recording =>
    comesBack(recording, 2, {
      expected: 'after CONNACK with sessionPresent=0 a SUBSCRIBE for ASK_TOPIC',
      deaf: {
        mistake: 'trusts-own-memory',
        why: 'a drop keeps your session at the broker; a broker that restarts without its disk does not. sessionPresent=0 says that your subscription no longer exists [3.1.1 MQTT-3.2.2-3]',
        try: 'read sessionPresent at every connect event, or subscribe every time',
      },
    }),
});

export const weather = check<Facts>({
  id: 'T8',
  judges: ['C21'],
  title: 'a closed port ends nothing: not at the start, not later',
  clauses: [],
  on: [closedAtStart, closedInBetween],
  needs: ['T4'],
  explains: ['U1', 'U2'],
  verify: recording => {
    const start = recording.scenario === 'port closed at the start';
    comesBack(recording, start ? 1 : 2, {
      expected:
        'the port is closed for two seconds and a half; within five seconds after it has opened, your program is connected and subscribed',
      ended: {
        mistake: start ? 'gives-up-at-start' : 'gives-up',
        why: 'the system refused the connection, and your program took that for the end. After a power cut the machine is often up before the broker',
        try: start
          ? 'let the first dialling fail, too: in mqtt.js connect() goes on by itself; in paho use connect_async and let the loop dial'
          : 'find what ends the program when dialling fails: an exit in an error handler, or an exception',
      },
    });
  },
});

export const noneLost = check<Facts>({
  id: 'T9',
  judges: ['C8'],
  title: 'every reading reaches the broker',
  clauses: ['3.1.1 MQTT-4.3.2-1'],
  on: [threeDrops, closedInBetween],
  needs: ['T8'],
  verify: recording => {
    const { readings, flood, readingsTopic } = recording.facts;
    const fed =
      recording.scenario === threeDrops.name ? readings.slice(0, 5) : [...readings, ...flood];
    const arrived = sent(recording, 'PUBLISH').filter(one => one.fate === 'forwarded');
    const ids = new Set(arrived.map(one => idOf(one, readingsTopic)));
    const lost = fed.filter(({ id }) => !ids.has(id));
    if (lost.length === 0) return;
    const some = (all: readonly { readonly id: string }[]) =>
      `${all
        .slice(0, 4)
        .map(one => one.id)
        .join(', ')}${all.length > 4 ? ` … (${all.length})` : ''}`;
    const fault = lastFault(recording);
    fail({
      mistake: 'readings-lost',
      expected: `all of ${some(fed)} on ${readingsTopic}`,
      seen: [
        `${some(lost)} never reached the broker; made while the line was down`,
        ...(fault ? [`${seconds(fault.t)}: ${fault.text}`] : []),
      ],
      why: 'a reading that is made during an outage is a reading. It was thrown away, or handed to the library in a way that does not wait for a connection',
      try: 'publish readings with QoS 1, connected or not: mqtt.js and paho keep them until PUBACK',
    });
  },
});

export const steady = check<Facts>({
  id: 'T10',
  judges: ['C16', 'C17'],
  title: 'in an outage it tries again: not too seldom, not too often',
  clauses: [],
  on: brokerAway,
  needs: ['T4'],
  explains: ['U3', 'U5'],
  verify: recording => {
    const away = faultAt(recording, 'broker-away');
    const home = faultAt(recording, 'broker-back');
    const attempts = recording.trace.entries.filter(
      entry =>
        entry.kind === 'connection' &&
        entry.event === 'opened' &&
        entry.who === 'program' &&
        away !== undefined &&
        entry.t >= away.t &&
        entry.t <= (home?.t ?? Number.POSITIVE_INFINITY),
    );
    const from = away?.t ?? 0;
    const to = home?.t ?? from;
    const span = to - from;
    const most = (ms: number) => (5 * ms) / 1000 + 3;
    if (attempts.length > most(span)) {
      fail({
        mistake: 'hammers',
        expected: 'at most five attempts in a second, at least one in five seconds',
        seen: [
          `${attempts.length} attempts in the ${seconds(span)} in which the broker was away, about one every ${Math.round(span / attempts.length)} ms`,
        ],
        why: 'a thousand such machines keep the broker from ever coming up again',
        try: 'pause between two attempts: a second is a good beginning, a longer pause after each failure is better',
      });
    }
    const times = [from, ...attempts.map(one => one.t)];
    // Of the last attempt CONNECT may be seen when its connection has been closed already.
    const next = recording.trace.entries.find(
      entry =>
        entry.kind === 'connection' &&
        entry.event === 'opened' &&
        entry.who === 'program' &&
        entry.t > to,
    )?.t;
    if (next !== undefined) times.push(next);
    const gap = times.slice(1).findIndex((t, at) => usableMs(recording, times[at] ?? 0, t) > 5700);
    const last = recording.gaveUp?.t ?? recording.trace.entries.at(-1)?.t ?? to;
    const never = next === undefined && usableMs(recording, times.at(-1) ?? 0, last) > 5700;
    const alive = recording.programs.every(one => one.exitedAt === undefined || one.killedAt);
    if (gap >= 0 || (never && alive)) {
      const pauses = times.slice(1).map((t, at) => seconds(t - (times[at] ?? 0)));
      fail({
        mistake: 'too-seldom',
        expected:
          'at most five attempts in a second, at least one in five seconds, however long it takes',
        seen: [
          `the pauses between its attempts were ${pauses.join(', ')}${never ? `; then none for ${seconds(last - (times.at(-1) ?? 0))}` : ''}`,
        ],
        why: 'a pause that grows without an end is longer than the outage: the broker is back, and your machine sleeps on. paho grows it up to 120 s, unless you name an end',
        try: 'give the growing pause an end below five seconds (reconnect_delay_set has max_delay)',
      });
    }
    // It may have hammered only in the time that it was given.
    if (attempts.length > most(usableMs(recording, from, to))) {
      cannotTell('the machine was too busy');
    }
    comesBack(recording, 2, {
      expected: 'at least one attempt in five seconds, until the broker is back',
    });
  },
});

export const noLies = check<Facts>({
  id: 'T11',
  judges: ['C5'],
  title: 'no late heartbeats after an outage',
  clauses: ['3.1.1 MQTT-4.3.1-1'],
  on: brokerAway,
  needs: ['T10'],
  explains: ['U3'],
  verify: recording => {
    const home = faultAt(recording, 'broker-back');
    const connack = received(recording, 'CONNACK').find(one => home && one.t >= home.t);
    if (!connack) return;
    const early = beatsOf(recording).filter(one => one.t >= connack.t && one.t <= connack.t + 1500);
    const flood = early
      .map(first => early.filter(one => one.t >= first.t && one.t <= first.t + 300))
      .reduce((most, one) => (one.length > most.length ? one : most), []);
    if (flood.length <= 3) return;
    // A busy machine can make one moment of many.
    if (stalled(recording, connack.t, connack.t + 1500) > 300) {
      cannotTell('the machine was too busy');
    }
    fail({
      mistake: 'stale-heartbeats',
      expected: 'at most two heartbeats in the first 300 ms after CONNACK',
      seen: [
        connack,
        `${flood.length} heartbeats within 300 ms, from`,
        ...flood.slice(0, 1),
        'to',
        ...flood.slice(-1),
      ],
      why: 'these are the heartbeats of the outage: each says "I live now", seconds late. mqtt.js 5.16 keeps QoS 0 messages while it is offline (queueQoSZero)',
      try: 'send a heartbeat only while connected, or set queueQoSZero to false; do not save them up',
    });
  },
});

export const notices = check<Facts>({
  id: 'T12',
  judges: ['C19', 'C21'],
  title: 'it notices a dead line by itself',
  clauses: ['3.1.1 MQTT-3.1.2-23'],
  on: deadLine,
  needs: ['T4'],
  explains: ['U3'],
  verify: recording => {
    const dead = faultAt(recording, 'blackhole');
    if (!dead) {
      comesBack(recording, 1, { expected: 'the program is connected, subscribed, and alive' });
      const program = recording.programs[0];
      if (program?.exitedAt === undefined || program.killedAt !== undefined) {
        return cannotTell('the line never went dead');
      }
      return fail({
        mistake: 'ended-before-dead-line',
        expected: 'the program runs until the end of its input',
        seen: `${seconds(program.exitedAt)}: your program ended ${endingWords(program)}; nothing had been disturbed`,
        why: 'nothing but the end of the input may end it: not a question, not a second that passes',
        try: 'look for an exit, and for a loop or a thread that ends',
      });
    }
    const limit = noticeMs(recording.facts);
    const again = sent(recording, 'CONNECT').find(one => one.t >= dead.t);
    const took = again ? usableMs(recording, dead.t, again.t) : Number.POSITIVE_INFINITY;
    const expected = `a new CONNECT within ${seconds(limit)}: twice the keep-alive of ${recording.facts.keepalive} s, and three seconds`;
    if (took > limit) {
      if (again && stalled(recording, dead.t, again.t) > 500)
        cannotTell('the machine was too busy');
      const unanswered = packets(recording, { direction: 'to-broker' }).filter(
        one => one.t >= dead.t && one.fate === 'lost',
      );
      const pings = unanswered.filter(one => isPacket(one, 'PINGREQ'));
      fail({
        mistake: 'never-notices',
        expected,
        seen: [
          `${seconds(dead.t)}: the line went dead, without a close`,
          `${unanswered.length} packets into the void since then, ${pings.length} PINGREQ among them; the first was`,
          ...unanswered.slice(0, 1),
          again ?? 'no new CONNECT',
        ],
        why: 'writing to a dead line succeeds for minutes. Only an answer proves that somebody is there, and PINGREQ is the packet that must be answered [3.1.1 MQTT-3.12.4-1]',
        try: 'let the library ping and look for the answer: in paho that is loop_misc(), which loop_start() and loop_forever() call for you',
        clauses: ['3.1.1 MQTT-3.12.4-1'],
      });
    }
    comesBack(recording, 2, { expected });
  },
});

export const patient = check<Facts>({
  id: 'T13',
  judges: ['C20'],
  title: 'it waits for a slow CONNACK',
  clauses: ['3.1.1 MQTT-3.1.4-2'],
  on: slowConnack,
  needs: ['T4'],
  explains: ['U3', 'U5'],
  verify: recording => {
    const kept = faultAt(recording, 'withhold');
    const released = faultAt(recording, 'release');
    const connects = sent(recording, 'CONNECT').filter(
      one => one.packet.clientId === recording.facts.clientId,
    );
    const first = connects.find(
      one => kept?.kind === 'fault' && one.connection === kept.connection,
    );
    const second = connects.find(
      one => first && one.n > first.n && one.t <= (released?.t ?? Number.POSITIVE_INFINITY),
    );
    if (first && second) {
      fail({
        mistake: 'impatient',
        expected: 'one CONNECT, and patience: CONNACK came after a second and a half',
        seen: [first, second, `the second one came ${seconds(second.t - first.t)} after the first`],
        why: 'after an outage every machine dials at once, and the broker is slow. Whoever gives up early and dials again doubles its load, and throws its own first connection out [3.1.1 MQTT-3.1.4-2]',
        try: 'wait at least ten seconds for CONNACK; the libraries do (mqtt.js 5.16: connectTimeout, 30 s)',
      });
    }
    comesBack(recording, 2, { expected: 'connected and subscribed when CONNACK has come' });
  },
});
