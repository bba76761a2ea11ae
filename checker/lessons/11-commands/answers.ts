import { check, fail } from '../../harness/check.js';
import { packetFields } from '../../harness/fields.js';
import { insteadOf, jsonObject } from '../../harness/matchers.js';
import { received, sent } from '../../harness/recording.js';
import { endsBeforeConnack } from '../shared/ends-early.js';
import { delivery, sameId, states } from './commands.js';
import { allKinds, stopsEarly } from './kinds.js';
import { crowded, type Facts, nonsense, published, strangers, switching } from './scenarios.js';

const shown = (id: unknown) => {
  const text = JSON.stringify(id);
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
};

export const anyId = check<Facts>({
  id: 'T14',
  judges: ['C4', 'C5', 'C6'],
  title: 'an id of any kind comes back as it is; without an id there is none in the answer',
  clauses: [],
  on: allKinds,
  needs: ['T4'],
  verify: recording => {
    const { commands, stored, stateTopic } = recording.facts;
    for (const [at, command] of commands.entries()) {
      const came = delivery(recording, command);
      const following = commands[at + 1] ?? stored?.[0];
      const next = following && delivery(recording, following);
      const window = states(recording).filter(
        ({ entry }) => came && entry.n > came.n && (next === undefined || entry.n < next.n),
      );
      const id = command.id === undefined ? '' : `,"id":${shown(command.id)}`;
      const expected = `{"led":"${command.led}"${id}} on ${stateTopic} for ${command.what}`;
      const [first] = window;
      if (!came || !first) {
        return fail({
          mistake: 'kind-unanswered',
          expected,
          seen: [...(came ? [came] : []), ...insteadOf(recording, 'state for it')],
          why: 'it is a JSON object with a led that you know, so it is a command: spelling, more fields, and the kind of its id do not matter',
          try: 'decide by the value of led alone',
        });
      }
      const stale = window.find(one => !sameId(one.id, command.id) && !sameId(one.id, undefined));
      if (stale) {
        fail({
          mistake: 'another-id',
          expected,
          seen: [came, stale.entry],
          why:
            command.id === undefined
              ? 'the command had no id, and the answer has one: that of an earlier command. Its sender reads an answer that he did not ask for'
              : 'the id in the answer is not the one of the command: its sender compares both, value and type, and finds no answer',
          try: 'make a new object for each answer, and copy the id without changing it',
        });
      }
      const right = window.find(one => sameId(one.id, command.id));
      if (!right) {
        return fail({
          mistake: 'id-left-out',
          expected,
          seen: [came, first.entry],
          why: '0, false and an empty text are values, too: a test for truth takes them for no id at all',
          try: 'ask whether the field is there, not whether its value is true',
        });
      }
      if (right.led === command.led) continue;
      fail({
        mistake: 'wrong-state-for-kind',
        expected,
        seen: [came, right.entry],
        why: 'the lamp is not what this command asked for: its led stands in the object itself, whatever else is in there',
        try: 'parse the whole message once, then read the field led of the object',
      });
    }
  },
});

export const storedAnyTime = check<Facts>({
  id: 'T15',
  judges: ['C17', 'C18'],
  title: 'a message with RETAIN=1 is answered with no state, whenever it comes',
  clauses: ['3.1.1 MQTT-3.3.1-8'],
  on: allKinds,
  needs: ['T9', 'T10', 'T14'],
  verify: recording => {
    const { stored = [], live = [] } = recording.facts;
    const all = states(recording);
    for (const [at, one] of stored.entries()) {
      const came = received(recording, 'PUBLISH', { after: delivery(recording, one) }).find(
        ({ packet }) => packet.retain,
      );
      const behind = live[at];
      const next = behind && delivery(recording, behind);
      const after = live[at + 1];
      const end = after && delivery(recording, after);
      if (!came || !next || !behind) return;
      const wrong = all.find(
        ({ entry, id }) =>
          entry.n > came.n &&
          (entry.n < next.n || (!sameId(id, behind.id) && (end === undefined || entry.n < end.n))),
      );
      if (wrong) {
        fail({
          mistake: 'state-for-stored',
          expected: 'no state for a message with RETAIN=1; an error is welcome',
          seen: [came, wrong.entry],
          why: 'a state is the answer to a command that was obeyed. Whoever reads this one believes that somebody switched the lamp now',
          try: 'where the retain flag is set, publish nothing on STATE_TOPIC',
        });
      }
      if (all.some(({ id, led }) => sameId(id, behind.id) && led === behind.led)) continue;
      fail({
        mistake: 'deaf-after-stored-later',
        expected: 'the live command behind it is obeyed',
        seen: [came, next, ...insteadOf(recording, 'state for it').slice(-1)],
        why: 'the message with RETAIN=1 was left out, and with it the next one',
        try: 'leave out the one message, and go on',
      });
    }
  },
});

export const onlyAnswers = check<Facts>({
  id: 'T16',
  judges: ['C7', 'C10', 'C14', 'C19'],
  title: 'every state is stored, no error is, and a command that is obeyed has no error',
  clauses: ['3.1.1 MQTT-3.3.1-5'],
  on: [switching, nonsense, strangers, crowded, allKinds],
  needs: ['T5', 'T8', 'T14'],
  verify: recording => {
    const { errorTopic, commandTopic, commands } = recording.facts;
    for (const { entry, led } of states(recording)) {
      const expected = '{"led":"on"} or {"led":"off"}, with RETAIN=1, each time';
      jsonObject(entry);
      if (led !== 'on' && led !== 'off') {
        fail({
          mistake: 'no-led-in-state',
          expected,
          seen: [entry],
          why: 'whoever reads STATE_TOPIC looks for led, and finds no state of the lamp',
          try: 'publish on STATE_TOPIC what the lamp is, and nothing else',
        });
      }
      if (entry.packet.retain) continue;
      fail({
        mistake: 'state-not-always-stored',
        field: packetFields.retain,
        expected,
        seen: [entry],
        why: 'a state without RETAIN leaves the stored one as it is [3.1.1 MQTT-3.3.1-12]: who comes later reads an old one',
        try: 'publish every state with the same options',
        clauses: ['3.1.1 MQTT-3.3.1-12'],
      });
    }
    const inbox = sent(recording, 'PUBLISH').find(({ packet }) => packet.topic === commandTopic);
    if (inbox) {
      fail({
        mistake: 'writes-into-inbox',
        expected: 'states on STATE_TOPIC, errors on ERROR_TOPIC',
        seen: [inbox],
        why: 'you published on the topic that you listen to: what you say comes back as the next command',
        try: 'look at the topic of each publish',
      });
    }
    const errors = published(recording, errorTopic);
    const kept = errors.find(({ packet }) => packet.retain);
    if (kept) {
      fail({
        mistake: 'error-stored-later',
        field: packetFields.retain,
        expected: 'errors with RETAIN=0, each time',
        seen: [kept],
        why: 'an error is news of one moment; stored, it is shown to everybody who comes later',
        try: 'retain state, and nothing else',
      });
    }
    const obeyed = commands.filter(one => one.led !== undefined && !one.either);
    const old = recording.scenario === strangers.name ? obeyed[0] : undefined;
    for (const error of errors) {
      const id = jsonObject(error)['id'];
      const own = obeyed.find(one => one !== old && one.id !== undefined && sameId(one.id, id));
      if (!own && recording.scenario !== switching.name && recording.scenario !== crowded.name)
        continue;
      const came = own && delivery(recording, own);
      fail({
        mistake: 'error-for-command',
        expected: 'an error is for what is refused; a command that is obeyed has a state',
        seen: [...(came ? [came] : []), error],
        why: 'the sender reads that the command was refused, and the lamp obeyed it',
        try: 'look at what follows the publish of the error in your handler: does it end there?',
      });
    }
  },
});

export const stopsBeforeConnack = endsBeforeConnack(stopsEarly, {
  id: 'T17',
  judges: ['C21'],
  needs: ['T13'],
});
