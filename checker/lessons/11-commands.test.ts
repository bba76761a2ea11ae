import { topicMatches } from '../../wire/index.js';
import { check, fail } from '../harness/check.js';
import { packetFields } from '../harness/fields.js';
import { defineLesson, type Practice } from '../harness/lesson.js';
import { insteadOf, jsonObject } from '../harness/matchers.js';
import { type Recording, received, sent } from '../harness/recording.js';
import { hiddenTests } from '../harness/vitest.js';
import { anyId, onlyAnswers, stopsBeforeConnack, storedAnyTime } from './11-commands/answers.js';
import {
  complains,
  delivery,
  inOrder,
  notExecuted,
  notFromYesterday,
  sameTwice,
  states,
  survives,
  unmoved,
} from './11-commands/commands.js';
import { type Command, type Facts, fields, published, switching } from './11-commands/scenarios.js';
import { leavesCleanly } from './shared/leaves-cleanly.js';

function filters(recording: Recording<Facts>) {
  return sent(recording, 'SUBSCRIBE').flatMap(entry =>
    entry.packet.filters.map(({ filter, qos }) => ({ filter, qos, entry })),
  );
}

export const subscribes = check<Facts>({
  id: 'T1',
  judges: ['C1'],
  title: 'it subscribes to COMMAND_TOPIC at QoS 1',
  clauses: ['3.1.1 MQTT-3.8.4-6'],
  on: switching,
  verify: recording => {
    const { commandTopic } = recording.facts;
    const expected = `SUBSCRIBE with a filter that matches ${commandTopic}, at QoS 1 or 2`;
    const own = filters(recording).filter(one => topicMatches(one.filter, commandTopic));
    const weak = own.find(one => one.qos === 0);
    if (own.length > 0 && !weak) return;
    if (weak) {
      fail({
        mistake: 'qos-0',
        expected,
        seen: [weak.entry],
        why: 'the broker delivers at the lower of the two QoS [3.1.1 MQTT-3.8.4-6]: a command that was sent at QoS 1 reaches you at QoS 0, and can be lost without a trace',
        try: 'ask for QoS 1 in subscribe; in mqtt.js it is an option, { qos: 1 }',
      });
    }
    const [other] = filters(recording);
    fail({
      mistake: other ? 'wrong-filter' : 'no-subscribe',
      field: other ? packetFields.topicFilter : undefined,
      expected,
      seen: other ? [other.entry] : insteadOf(recording, 'SUBSCRIBE'),
      why: other
        ? 'no command matches this filter'
        : 'without a subscription no command reaches the device',
      try: other
        ? 'compare the filter with COMMAND_TOPIC, letter by letter'
        : 'subscribe when the connection is up',
    });
  },
});

export const narrow = check<Facts>({
  id: 'T2',
  judges: ['C2'],
  title: 'it hears its own commands only',
  clauses: ['3.1.1 MQTT-3.3.2-3'],
  on: switching,
  needs: ['T1'],
  verify: recording => {
    const { stateTopic, errorTopic, neighbourTopic, commandTopic } = recording.facts;
    const expected = `a filter for ${commandTopic}, and for nothing else`;
    for (const { filter, entry } of filters(recording)) {
      const own = [stateTopic, errorTopic].find(topic => topicMatches(filter, topic));
      if (own) {
        const echo = received(recording, 'PUBLISH').find(({ packet }) => packet.topic === own);
        fail({
          mistake: 'hears-itself',
          field: packetFields.topicFilter,
          expected,
          seen: [entry, `it matches also ${own}, where you speak`, ...(echo ? [echo] : [])],
          why: 'your own report comes back to you. {"led":"on"} is a report and a command: the device obeys itself, and reports again',
          try: 'subscribe to COMMAND_TOPIC itself',
        });
      }
      if (topicMatches(filter, neighbourTopic)) {
        fail({
          mistake: 'hears-others',
          expected,
          seen: [entry, `it matches also ${neighbourTopic}`],
          why: 'that is the inbox of another device: somebody switches the lamp next door, and yours goes on, too',
          try: 'subscribe to COMMAND_TOPIC itself',
        });
      }
      if (filter === commandTopic) continue;
      fail({
        mistake: 'hears-more',
        expected,
        seen: [entry],
        why: 'a device hears what is meant for it, and nothing else: what else this filter matches today or tomorrow reaches your handler as a command',
        try: 'subscribe to COMMAND_TOPIC itself, and to no other filter',
      });
    }
  },
});

export const reports = check<Facts>({
  id: 'T3',
  judges: ['C3', 'C6'],
  title: 'each command is answered with the state',
  clauses: ['3.1.1 MQTT-4.5.0-2'],
  on: switching,
  needs: ['T1', 'T2'],
  verify: recording => {
    const { commands, stateTopic } = recording.facts;
    const answered: Command[] = [];
    for (const [at, command] of commands.entries()) {
      const came = delivery(recording, command);
      const next = commands[at + 1] && delivery(recording, commands[at + 1] as Command);
      const state =
        came &&
        published(recording, stateTopic).find(
          entry => entry.n > came.n && (next === undefined || entry.n < next.n),
        );
      if (state) {
        answered.push(command);
        continue;
      }
      const expected = `a PUBLISH on ${stateTopic} for ${command.what}`;
      const refused = came && sent(recording, 'PUBLISH', { after: came })[0];
      const plain = answered.length > 0 && /spaces|without id/.test(command.what);
      if (plain) {
        fail({
          mistake: 'reads-text',
          expected,
          seen: [
            ...(came ? [came] : []),
            ...(refused ? ['you answered', refused] : ['and no state came']),
          ],
          why: 'the same object can be written with spaces, in another order, with and without an id; a comparison of texts knows one spelling only',
          try: 'parse the JSON, then look at the field led',
        });
      }
      const elsewhere = refused && refused.packet.topic !== recording.facts.errorTopic;
      if (answered.length === 0 && elsewhere) {
        fail({
          mistake: 'state-elsewhere',
          field: packetFields.topicName,
          expected,
          seen: [refused],
          why: 'whoever wants to know the state reads STATE_TOPIC',
          try: 'read the topic name from the environment variable STATE_TOPIC',
        });
      }
      fail({
        mistake: answered.length > 0 ? 'stops-answering' : 'no-state',
        expected,
        seen: [
          `${answered.length} of ${commands.length} commands were answered; the next one was`,
          ...(came ? [came] : ['not delivered']),
          ...(refused
            ? ['and your program sent', refused]
            : insteadOf(recording, 'state').slice(-1)),
        ],
        why: 'PUBACK tells the sender that the broker has the command. That the lamp is on, only the lamp can say',
        try: 'print a line where you set the lamp: do you get there? Publish the state right behind it',
      });
    }
  },
});

export const rightState = check<Facts>({
  id: 'T4',
  judges: ['C4', 'C5'],
  title: 'the state says what the command asked for, with its id',
  clauses: [],
  on: switching,
  needs: ['T3'],
  verify: recording => {
    const { commands, stateTopic } = recording.facts;
    for (const [at, command] of commands.entries()) {
      const came = delivery(recording, command);
      const following = commands[at + 1];
      const next = following && delivery(recording, following);
      const window = published(recording, stateTopic).filter(
        entry => came && entry.n > came.n && (next === undefined || entry.n < next.n),
      );
      const [first] = window;
      if (!came || !first) return;
      const expected = `{"led":"${command.led}"${command.id !== undefined ? `,"id":"${command.id}"` : ''}} on ${stateTopic}`;
      const right = window.some(
        entry =>
          fields(entry)?.['led'] === command.led &&
          (command.id === undefined || fields(entry)?.['id'] === command.id),
      );
      if (right) continue;
      const object = jsonObject(first);
      const wrongId = object['led'] === command.led;
      fail({
        mistake: wrongId ? 'state-without-id' : 'wrong-state',
        expected,
        seen: [came, first],
        why: wrongId
          ? 'whoever sent the command looks for its id in the answer; without it, nobody can tell which command this answers'
          : 'a dashboard shows a lamp that is not there',
        try: wrongId
          ? 'copy id from the command into the state'
          : 'report the value that you have set, in the field led',
      });
    }
  },
});

export const isStored = check<Facts>({
  id: 'T5',
  judges: ['C7'],
  title: 'the state is stored for those who come later',
  clauses: ['3.1.1 MQTT-3.3.1-5', '3.1.1 MQTT-3.3.1-6'],
  on: switching,
  needs: ['T4'],
  verify: recording => {
    const { commands, stateTopic } = recording.facts;
    const got = received(recording, 'PUBLISH', { who: 'late dashboard' }).find(
      ({ packet }) => packet.topic === stateTopic,
    );
    const wanted = commands.at(-1)?.led;
    if (got && fields(got)?.['led'] === wanted) return;
    const last = states(recording).at(-1);
    const expected = `a dashboard that opens now reads {"led":"${wanted}"} on ${stateTopic}`;
    if (got) {
      fail({
        mistake: 'old-state-stored',
        expected,
        seen: [...(last ? [last.entry] : []), 'and the dashboard reads', got],
        why: 'a message without RETAIN leaves the stored one as it is [3.1.1 MQTT-3.3.1-12], so the dashboard shows an old state',
        try: 'set RETAIN on every state that you publish',
        clauses: ['3.1.1 MQTT-3.3.1-12'],
      });
    }
    fail({
      mistake: 'state-not-stored',
      field: packetFields.retain,
      expected,
      seen: [...(last ? [last.entry] : []), 'and a dashboard that subscribed later read nothing'],
      why: 'the lamp is on, and a dashboard that joined later does not know: the state was published without RETAIN',
      try: 'look at the options of the PUBLISH on STATE_TOPIC',
    });
  },
});

export const leaves = leavesCleanly(switching, { id: 'T13', judges: ['C20'], needs: ['T3'] });

export const practice: Practice = {
  env: () => ({
    COMMAND_TOPIC: 'device/commands',
    STATE_TOPIC: 'device/state',
    ERROR_TOPIC: 'device/error',
  }),
  events: random =>
    [
      '{"led":"on"}',
      `{"led":"off","id":"c-${random.token(3)}"}`,
      '{"led":',
      '{"led":"purple","id":"c-bad"}',
      '{"led":"on","id":"c-last"}',
    ].map(payload => ({ topic: 'device/commands', payload, qos: 1 as const })),
};

export const lesson = hiddenTests(
  defineLesson({
    id: '11-commands',
    checks: [
      subscribes,
      narrow,
      reports,
      rightState,
      isStored,
      survives,
      unmoved,
      complains,
      notFromYesterday,
      sameTwice,
      inOrder,
      notExecuted,
      leaves,
      anyId,
      storedAnyTime,
      onlyAnswers,
      stopsBeforeConnack,
    ],
    practice,
  }),
);
