import type { SentenceId } from '../../course/contract.js';
import { type PacketEntry, topicMatches } from '../../wire/index.js';
import { check, fail } from '../harness/check.js';
import { packetFields } from '../harness/fields.js';
import { defineLesson, type Practice } from '../harness/lesson.js';
import { insteadOf, jsonObject } from '../harness/matchers.js';
import { type Recording, received, sent } from '../harness/recording.js';
import { readCrash } from '../harness/stderr.js';
import { hiddenTests } from '../harness/vitest.js';
import {
  type BusyFacts,
  day,
  type Facts,
  type Phase,
  QUESTIONS,
  type Reply,
  readReply,
  replyIn,
  strange,
  topicOf,
} from './05-wildcards/scenarios.js';
import { leavesCleanly } from './shared/leaves-cleanly.js';

interface Filter {
  readonly filter: string;
  readonly entry: PacketEntry;
}

function filters(recording: Recording<Facts>): Filter[] {
  return sent(recording, 'SUBSCRIBE').flatMap(entry =>
    entry.packet.filters.map(({ filter }) => ({ filter, entry })),
  );
}

function temperatures(recording: Recording<Facts>): string[] {
  const { facts } = recording;
  const devices = facts.phases.flatMap(phase => phase.messages.map(one => one.device));
  return [...new Set(devices)].map(device => topicOf(facts, device));
}

export const covers = check<Facts>({
  id: 'T1',
  judges: ['C1'],
  title: 'it subscribes to the temperatures of all devices',
  clauses: ['3.1.1 MQTT-4.7.1-2', '3.1.1 MQTT-4.7.1-3'],
  on: day,
  // What a library says of a filter belongs to this check.
  explains: ['U2', 'U6'],
  verify: recording => {
    const { company, site } = recording.facts;
    const all = filters(recording);
    const topics = temperatures(recording);
    const expected = `one filter that matches company/site/device-id/temp of every device: ${topics.slice(0, 2).join(', ')}, …`;
    const missing = topics.filter(topic => !all.some(one => topicMatches(one.filter, topic)));
    if (missing.length === 0) return;
    const crash = readCrash(recording.programs[0]?.stderr ?? '');
    const [first] = all;
    if (!first || (crash && missing.length === topics.length)) {
      const refused = crash !== undefined && /filter|topic/i.test(crash.error);
      fail({
        mistake: crash && !refused ? 'crashed' : 'no-subscribe',
        expected,
        seen: crash
          ? ['no SUBSCRIBE for them came; your program said', crash.text]
          : insteadOf(recording, 'SUBSCRIBE'),
        why:
          crash && !refused
            ? 'an exception ended the program before it had subscribed'
            : 'no filter left your program: subscribe is not called, or the library refused the filter. It refuses # before the last level, and + or # beside other characters in a level; mqtt.js tells only the callback of subscribe, paho raises ValueError',
        try:
          crash && !refused
            ? `look at ${crash.where ?? 'the first line of the error'}`
            : 'print the filter and the error that subscribe gives you; does each wildcard stand alone in its level?',
      });
    }
    const ours = all.filter(one => one.filter.startsWith(`${company}/`) && /[+#]/.test(one.filter));
    const other = ours.find(one => one.filter.split('/').length !== 4 && !one.filter.endsWith('#'));
    if (other) {
      fail({
        mistake: 'wrong-level-count',
        field: packetFields.topicFilter,
        expected,
        seen: [
          `the filter "${other.filter}" has ${other.filter.split('/').length} levels, the topic names have 4`,
          other.entry,
        ],
        why: '+ stands for exactly one level, so this filter matches none of these topic names [3.1.1 MQTT-4.7.1-3]',
        try: `count the levels: company, site, device-id, metric`,
      });
    }
    const some = all.find(one => topics.some(topic => topicMatches(one.filter, topic)));
    if (some) {
      fail({
        mistake: 'misses-devices',
        expected,
        seen: [some.entry, `it does not match ${missing[0]}`],
        why: 'the device-ids are not known in advance: every day somebody adds a device',
        try: 'leave the level of the device open',
      });
    }
    const near = ours[0] ?? first;
    fail({
      mistake: 'wrong-filter',
      field: packetFields.topicFilter,
      expected,
      seen: [near.entry, `"${near.filter}" matches none of the topic names of ${company}/${site}`],
      why: 'a filter matches a name level by level, byte by byte; + matches any one level, and a device-id written into the filter matches that device only',
      try: 'put the filter and one topic name below each other, level by level',
    });
  },
});

export const listensForQueries = check<Facts>({
  id: 'T2',
  judges: ['C2'],
  title: 'it subscribes to QUERY_TOPIC',
  clauses: ['3.1.1 MQTT-3.8.4-4'],
  on: day,
  needs: ['T1'],
  verify: recording => {
    const { queryTopic } = recording.facts;
    const all = filters(recording);
    if (all.some(one => topicMatches(one.filter, queryTopic))) return;
    fail({
      mistake: 'no-query-filter',
      expected: `a filter that matches ${queryTopic}`,
      seen: all.map(one => one.entry).slice(0, 3),
      why: 'the temperatures come, but no question does',
      try: 'one SUBSCRIBE can carry several filters; or call subscribe twice',
    });
  },
});

/** Whether every topic name that a filter matches is a temperature of this site, or the query. */
function asksForNothingElse(filter: string, { company, site, queryTopic }: Facts): boolean {
  if (filter === queryTopic) return true;
  const [first, second, third, fourth, ...more] = filter.split('/');
  return (
    first === company && second === site && third !== '#' && fourth === 'temp' && more.length === 0
  );
}

/** A topic name that such a filter matches, and nobody asked for. */
function elsewhere(filter: string, { queryTopic }: Facts) {
  const wanted = queryTopic.split('/');
  const levels = filter.split('/').map((level, at, all) => {
    if (level === '#') return 'other';
    // As the query where that is not all of it.
    const last = at === all.lastIndexOf('+');
    return level === '+' ? (last ? 'other' : (wanted[at] ?? 'other')) : level;
  });
  return { topic: levels.join('/'), what: 'not asked for' };
}

export const narrow = check<Facts>({
  id: 'T3',
  judges: ['C3'],
  title: 'no filter matches anything else',
  clauses: ['3.1.1 MQTT-3.3.2-3'],
  on: day,
  needs: ['T1', 'T2'],
  verify: recording => {
    const { decoys, company, site } = recording.facts;
    for (const { filter, entry } of filters(recording)) {
      const caught = decoys.filter(decoy => topicMatches(filter, decoy.topic));
      if (caught.length === 0 && asksForNothingElse(filter, recording.facts)) continue;
      const others = caught.length > 0 ? caught : [elsewhere(filter, recording.facts)];
      const wanted = new Set([...temperatures(recording), recording.facts.queryTopic]);
      const all = received(recording, 'PUBLISH');
      const used = all.filter(one => wanted.has(one.packet.topic)).length;
      fail({
        mistake: filter === '#' ? 'everything' : filter.endsWith('#') ? 'whole-branch' : 'too-wide',
        field: packetFields.topicFilter,
        expected: `filters for the temperatures of ${company}/${site} and the query, and for nothing else`,
        seen: [
          entry,
          `"${filter}" matches also ${others
            .map(one => `${one.topic} (${one.what})`)
            .slice(0, 3)
            .join(', ')}`,
          `${all.length} messages came to you, ${used} of them asked for`,
        ],
        why:
          filter === '#'
            ? 'you receive every message of every company and throw most of it away; many brokers do not allow this filter'
            : 'you receive what you do not need, pay for it, and have to sort it out again in your code',
        try: 'write out a topic name that you want, then put + in the place of the one level that varies',
      });
    }
  },
});

export const replies = check<Facts>({
  id: 'T4',
  judges: ['C4', 'C5'],
  title: 'a query gets a reply on REPLY_TOPIC, as a JSON object',
  clauses: [],
  on: day,
  needs: ['T1', 'T2', 'T3'],
  verify: recording => {
    const { phases, replyTopic } = recording.facts;
    for (const phase of phases) {
      const { query, reply } = replyIn(recording, phase);
      if (reply) {
        jsonObject(reply);
        continue;
      }
      if (phase.messages.length === 0 || query === undefined) continue;
      const elsewhere = sent(recording, 'PUBLISH').find(one => one.packet.topic !== replyTopic);
      fail({
        mistake: elsewhere ? 'reply-elsewhere' : 'no-reply',
        field: elsewhere ? packetFields.topicName : undefined,
        expected: `a PUBLISH on ${replyTopic} after the query`,
        seen: elsewhere ? [elsewhere] : [query, ...insteadOf(recording, 'reply').slice(-1)],
        why: elsewhere
          ? 'whoever asked waits on REPLY_TOPIC'
          : 'the query reached your connection, and no reply came: the handler does not know this topic name, or took the query for a temperature',
        try: elsewhere
          ? 'read the topic name from the environment variable REPLY_TOPIC'
          : 'print the topic at the top of your message handler, and compare it with QUERY_TOPIC',
      });
    }
    const [, morning] = phases;
    if (morning && replyIn(recording, morning).query === undefined) {
      fail({
        mistake: 'no-reply',
        expected: 'replies to all queries',
        seen: insteadOf(recording, 'reply'),
        why: 'after the first query your program was not there for the next one',
        try: 'look at what your program does after a reply',
      });
    }
  },
});

export const emptyAtFirst = check<Facts>({
  id: 'T5',
  judges: ['C7'],
  title: 'before any data the reply is {}',
  clauses: [],
  on: day,
  needs: ['T4'],
  verify: recording => {
    const [before] = recording.facts.phases;
    if (!before) return;
    const { query, reply } = replyIn(recording, before);
    const expected = 'the reply {} to a query that comes before any temperature';
    if (!reply) {
      return fail({
        mistake: 'silent-when-empty',
        expected,
        seen: [...(query ? [query] : []), ...insteadOf(recording, 'reply').slice(-1)],
        why: 'silence has two meanings: nothing is known yet, or the monitor is dead. {} has one',
        try: 'answer also when you know of no device',
      });
    }
    if (Object.keys(readReply(reply) ?? {}).length === 0) return;
    fail({
      mistake: 'not-empty',
      expected,
      seen: [reply],
      why: 'the reply speaks of a device that has said nothing today',
      try: 'begin with nothing, and put in what messages say',
    });
  },
});

/** Judges the keys and values of a reply against what is known. */
function compare(recording: Recording<Facts>, phase: Phase, reply: Reply): void {
  const { site, company } = recording.facts;
  const object = readReply(reply) ?? {};
  const keys = Object.keys(object);
  const wanted = Object.keys(phase.known);
  const expected = JSON.stringify(phase.known);
  const used = received(recording, 'PUBLISH', { before: reply }).filter(({ packet }) =>
    wanted.some(device => packet.topic === topicOf(recording.facts, device)),
  );
  if (keys.length === 0) {
    fail({
      mistake: 'nothing-recorded',
      expected,
      seen: [
        `${used.length} temperatures reached you, such as`,
        ...used.slice(0, 1),
        'and the reply is',
        reply,
      ],
      why: 'a message carries the topic name that the sensor used, never your filter: a comparison with "…/+/temp" is never true. A handler that looks for a field which is not in the payload stores nothing, either',
      try: 'print topic and payload at the top of your handler: what does it really get?',
    });
  }
  const strangers = keys.filter(key => !wanted.includes(key));
  if (keys.length === 1 && strangers.length === 1 && wanted.length > 1) {
    const [key = ''] = keys;
    fail({
      mistake: 'wrong-level',
      expected,
      seen: [reply],
      why: `one key, "${key}", for ${wanted.length} devices: ${key === site ? 'that is the site' : key === company ? 'that is the company' : key === 'temp' ? 'that is the metric' : 'that is not the device'}. Levels count from 0 in the list that split gives, so all devices fell into one`,
      try: 'print the list that you get when you split the topic name at /',
    });
  }
  if (strangers.length > 0) {
    const named = strangers.every(key => key.startsWith('The '));
    const topics = strangers.every(key => key.includes('/'));
    fail({
      mistake: named ? 'name-not-id' : topics ? 'topic-as-key' : 'strange-device',
      field: packetFields.payload,
      expected,
      seen: [reply],
      why: named
        ? 'these are the names for people from the payload; the contract asks for the device-id of the topic name'
        : topics
          ? 'the keys are whole topic names; the contract asks for their third level'
          : `"${strangers[0]}" is no device of this site`,
      try: 'take the key from the topic name: its third level',
    });
  }
  for (const [device, temp] of Object.entries(phase.known)) {
    if (object[device] === temp) continue;
    const value = object[device];
    const earlier = recording.facts.phases.find(
      one => one !== phase && value === one.known[device],
    );
    const line = used.findLast(({ packet }) => packet.topic === topicOf(recording.facts, device));
    const seen = [
      `for ${device} the last message was`,
      ...(line ? [line] : []),
      'and the reply is',
      reply,
    ];
    if (!(device in object)) {
      fail({
        mistake: earlierReplyHad(recording, phase, device) ? 'device-missing' : 'new-device-missed',
        expected,
        seen,
        why: 'this device reported after the first query, and is not in the reply: devices come and go, and nobody tells the monitor',
        try: 'take in every device that reports, whenever it does',
      });
    }
    if (Array.isArray(value)) {
      fail({
        mistake: 'keeps-a-list',
        expected,
        seen,
        why: 'a list grows with each message; the question was what it is now',
        try: 'overwrite what you know of the device',
      });
    }
    fail({
      mistake: typeof value === 'string' ? 'number-as-text' : earlier ? 'old-value' : 'wrong-value',
      field: packetFields.payload,
      expected,
      seen,
      why:
        typeof value === 'string'
          ? 'a JSON string cannot be compared or averaged'
          : earlier
            ? `${String(value)} was true earlier: the update came, and was not stored`
            : 'this is not what the device said last',
      try: earlier
        ? 'overwrite what you know of the device at each message'
        : `follow the message of ${device} through your handler`,
    });
  }
}

/** Whether the device was known in an earlier phase already, so that it is not new. */
function earlierReplyHad(recording: Recording<Facts>, phase: Phase, device: string): boolean {
  const { phases } = recording.facts;
  return phases.slice(0, phases.indexOf(phase)).some(one => device in one.known);
}

function knows(
  id: string,
  judges: readonly SentenceId[],
  title: string,
  at: number,
  needs: readonly string[],
) {
  return check<Facts>({
    id,
    judges,
    title,
    clauses: ['3.1.1 MQTT-3.3.2-3'],
    on: day,
    needs,
    verify: recording => {
      const phase = recording.facts.phases[at];
      const reply = phase && replyIn(recording, phase).reply;
      if (reply) return compare(recording, phase, reply);
      fail({
        mistake: 'no-reply',
        expected: 'a reply to each query',
        seen: insteadOf(recording, 'reply'),
        why: 'your program answered before, and no longer',
        try: 'look at what happened between the last two queries',
      });
    },
  });
}

export const morning = knows(
  'T6',
  ['C5', 'C6'],
  'the reply has each device with its temperature',
  1,
  ['T4', 'T5'],
);
export const evening = knows(
  'T7',
  ['C6', 'C8'],
  'the latest temperature counts, and a new device is there',
  2,
  ['T6'],
);

export const strangeNames = check<BusyFacts>({
  id: 'T8',
  judges: ['C5', 'C6', 'C8', 'C9'],
  title: 'a device may have any name, and there may be hundreds of them',
  clauses: ['3.1.1 MQTT-4.7.3-4'],
  on: strange,
  needs: ['T6', 'T7'],
  verify: recording => {
    for (const phase of recording.facts.phases) {
      const { reply } = replyIn(recording, phase);
      const object = reply && readReply(reply);
      const wrong = Object.entries(phase.known).filter(
        ([device, temp]) => object?.[device] !== temp,
      );
      const strangers = Object.keys(object ?? {}).filter(key => !Object.hasOwn(phase.known, key));
      if (object && wrong.length === 0 && strangers.length === 0) continue;
      const total = Object.keys(phase.known).length;
      const missing = wrong.filter(([device]) => !Object.hasOwn(object ?? {}, device));
      const [device = '', temp] =
        wrong[0] ?? strangers.map(key => [key, undefined] as const)[0] ?? [];
      const line = received(recording, 'PUBLISH').findLast(
        ({ packet }) => packet.topic === topicOf(recording.facts, device),
      );
      const brief = device.length > 60 ? `${device.slice(0, 60)}…` : device;
      const forgets = object !== undefined && missing.length > 30 && strangers.length === 0;
      fail({
        mistake: forgets ? 'forgets-devices' : 'confused-by-names',
        expected:
          temp === undefined
            ? `${total} devices, each with its latest temperature, and no others`
            : `${total} devices, each with its latest temperature: ${JSON.stringify(brief)} has ${temp}`,
        seen: [
          ...(line ? [line] : []),
          ...(reply
            ? [
                `the reply has ${Object.keys(object ?? {}).length} devices; for ${JSON.stringify(brief)} it says ${JSON.stringify(object?.[device]) ?? 'nothing'}`,
              ]
            : insteadOf(recording, 'reply').slice(-1)),
        ],
        packets: reply ? [reply] : [],
        why: forgets
          ? `${missing.length} devices that reported are not in the reply: they were forgotten when others came`
          : 'some devices are called like other parts of the topic name, differ in one letter or in capitals, or report 0. A handler that looks for a word in the topic name, changes the name, or asks whether a number is true takes them for something else',
        try: forgets
          ? 'keep every device that has reported, however many there are'
          : 'compare whole topic names with QUERY_TOPIC, take the device from its level as it is, and keep each number as it came',
      });
    }
  },
});

/** Replies to the questions that came without a pause. */
export const oneReplyEach = check<BusyFacts>({
  id: 'T10',
  judges: ['C4'],
  title: 'each query gets one reply, whatever its payload, and however late PUBACK is',
  clauses: [],
  on: strange,
  needs: ['T8'],
  verify: recording => {
    const { queryTopic, replyTopic, phases } = recording.facts;
    const queries = received(recording, 'PUBLISH').filter(
      ({ packet }) => packet.topic === queryTopic && !packet.dup,
    );
    const out = sent(recording, 'PUBLISH').filter(
      ({ packet }) => packet.topic === replyTopic && !packet.dup,
    );
    if (out.length !== queries.length) {
      const more = out.length > queries.length;
      const last = out.at(-1);
      fail({
        mistake: more ? 'replies-again' : 'queries-left-out',
        expected: `${queries.length} queries, ${queries.length} replies`,
        seen: [
          `${queries.length} queries came to your program, the last ${QUESTIONS} without a pause, and ${out.length} replies came; the last query is`,
          ...queries.slice(-1),
          ...(more && last ? ['and the last reply', last] : []),
        ],
        why: more
          ? 'PUBACK was late, or one question was taken for two: whoever counts replies gets one too many'
          : 'a question was not answered: because of what its payload is, because it came close behind another one, or because the reply is published only when the last one was acknowledged',
        try: more
          ? 'look for a second call of publish; the library itself repeats a message when the connection was lost'
          : 'answer each message on QUERY_TOPIC, without a look at its payload',
      });
    }
    const known = phases.at(-1)?.known ?? {};
    for (const reply of out.slice(-QUESTIONS)) {
      const object = readReply(reply);
      const same =
        object !== undefined &&
        Object.keys(object).length === Object.keys(known).length &&
        Object.entries(known).every(([device, temp]) => object[device] === temp);
      if (same) continue;
      fail({
        mistake: 'differs-from-known',
        expected: 'the same devices and temperatures in each reply, when none has come in between',
        seen: [reply],
        why: 'nothing had changed, and yet this reply says something else than the one before',
        try: 'answer each query from all that is known, and take nothing away by answering',
      });
    }
  },
});

export const notRetained = check<Facts>({
  id: 'T11',
  judges: ['C10'],
  title: 'RETAIN is not set',
  clauses: ['3.1.1 MQTT-3.3.1-12'],
  on: day,
  needs: ['T4'],
  verify: recording => {
    const stored = sent(recording, 'PUBLISH').find(
      ({ packet }) => packet.topic === recording.facts.replyTopic && packet.retain,
    );
    if (!stored) return;
    fail({
      mistake: 'retained',
      field: packetFields.retain,
      expected: 'RETAIN is 0 in each reply',
      seen: [stored],
      why: 'the broker stores a message with RETAIN and gives it to everybody who subscribes later: an old reply looks like the answer to a question of now',
      try: 'leave out the option retain; lesson 8 is about what it is for',
    });
  },
});

export const leaves = leavesCleanly(day, { id: 'T9', judges: ['C11'], needs: ['T4'] });

export const practice: Practice = {
  env: () => ({
    COMPANY: 'acme',
    SITE: 'north',
    QUERY_TOPIC: 'acme/north/monitor/query',
    REPLY_TOPIC: 'acme/north/monitor/reply',
  }),
  events: random => {
    const [one, two] = [random.device(), random.device()];
    const reading = (device: string, metric: string, value: number) => ({
      topic: `acme/north/${device}/${metric}`,
      payload: JSON.stringify({ device, [metric]: value, seq: 1 }),
    });
    const query = { topic: 'acme/north/monitor/query', payload: '?' };
    return [
      query,
      reading(one, 'temp', random.decimal(-30, 5, 1)),
      reading(one, 'hum', random.int(20, 60)),
      reading(two, 'temp', random.decimal(-30, 5, 1)),
      query,
      { topic: 'acme/south/oven-2b/temp', payload: '{"device":"oven-2b","temp":180,"seq":1}' },
      reading(one, 'temp', random.decimal(-30, 5, 1)),
      query,
    ];
  },
};

export const lesson = hiddenTests(
  defineLesson({
    id: '05-wildcards',
    checks: [
      covers,
      listensForQueries,
      narrow,
      replies,
      emptyAtFirst,
      morning,
      evening,
      strangeNames,
      leaves,
      oneReplyEach,
      notRetained,
    ],
    practice,
  }),
);
