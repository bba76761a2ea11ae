import { isDeepStrictEqual } from 'node:util';
import { payloadText } from '../../../wire/index.js';
import { check, fail } from '../../harness/check.js';
import { packetFields } from '../../harness/fields.js';
import { insteadOf, jsonObject } from '../../harness/matchers.js';
import { notes, type Recording, received, sent } from '../../harness/recording.js';
import {
  alone,
  atOnce,
  type Command,
  crowded,
  type Facts,
  fields,
  nonsense,
  type Published,
  published,
  strangers,
} from './scenarios.js';

/** The states that a program reported, with what they say. */
export function states(recording: Recording<Facts>) {
  return published(recording, recording.facts.stateTopic).map(entry => ({
    entry,
    led: fields(entry)?.['led'],
    id: fields(entry)?.['id'],
  }));
}

/** The delivery of a command to the program; a command with bytes is found by its length. */
export function delivery(recording: Recording<Facts>, command: Command): Published | undefined {
  return received(recording, 'PUBLISH').find(({ packet }) => {
    if (packet.topic !== recording.facts.commandTopic) return false;
    return typeof command.payload === 'string'
      ? packet.payload.bytes === Buffer.byteLength(command.payload) &&
          (payloadText(packet.payload) ?? '').startsWith(command.payload.slice(0, 200))
      : payloadText(packet.payload) === undefined;
  });
}

const bad = (recording: Recording<Facts>) =>
  recording.facts.commands.filter(command => command.led === undefined && !command.either);

/** An answer says what a command says: a text is no number, and no id is null or none. */
export const sameId = (a: unknown, b: unknown) => isDeepStrictEqual(a ?? undefined, b ?? undefined);

export const survives = check<Facts>({
  id: 'T6',
  judges: ['C15'],
  title: 'after nonsense, the next command is obeyed',
  clauses: ['3.1.1 MQTT-4.5.0-2'],
  on: nonsense,
  needs: ['T4'],
  verify: recording => {
    const last = recording.facts.commands.at(-1);
    if (states(recording).some(one => one.id === last?.id && one.led === last?.led)) return;
    const after = states(recording).at(-1)?.entry;
    const culprit = received(recording, 'PUBLISH', { after }).find(
      ({ packet }) => packet.topic === recording.facts.commandTopic,
    );
    fail({
      mistake: 'dies-of-nonsense',
      expected: `{"led":"${last?.led}"} is obeyed, whatever came before it`,
      seen: [
        ...(culprit ? ['the first message after the last answer was', culprit] : []),
        ...insteadOf(recording, 'answer to the last command').slice(-1),
      ],
      why: 'one message that is no command made the device deaf; anybody who may publish there can switch it off for good',
      try: 'guard the parsing, and answer what you cannot use with an error',
    });
  },
});

export const unmoved = check<Facts>({
  id: 'T7',
  judges: ['C6', 'C11'],
  title: 'nonsense does not change the lamp',
  clauses: [],
  on: nonsense,
  needs: ['T6'],
  verify: recording => {
    const named = bad(recording).filter(one => one.id !== undefined);
    const last = recording.facts.commands.at(-1);
    const end = states(recording).find(one => one.id === last?.id)?.entry;
    const [first] = recording.facts.commands;
    const begin = first && delivery(recording, first);
    for (const { entry, led, id } of states(recording)) {
      const early = begin && end && entry.n > begin.n && entry.n < end.n;
      const owner = named.find(one => sameId(one.id, id));
      if (!owner && !(early && led !== 'on')) continue;
      const came = owner && delivery(recording, owner);
      fail({
        mistake: 'obeys-nonsense',
        expected:
          'only {"led":"on"} and {"led":"off"} are commands; the lamp stays on until the last one',
        seen: [came ?? 'after a bad command without id came', entry],
        why: 'the lamp obeyed a message that is no command: what is not "on" is not therefore "off", and ["off"] is not "off"',
        try: 'name the two values that you know, compare strictly, and reject all others',
      });
    }
  },
});

export const complains = check<Facts>({
  id: 'T8',
  judges: ['C12', 'C13', 'C14', 'C19'],
  title: 'nonsense is answered on ERROR_TOPIC, and not stored',
  clauses: ['3.1.1 MQTT-3.3.1-5'],
  on: nonsense,
  needs: ['T6', 'T7'],
  verify: recording => {
    const { errorTopic, commandTopic } = recording.facts;
    const errors = published(recording, errorTopic);
    const expected = `for each bad command {"error":…} on ${errorTopic}, RETAIN=0`;
    const inbox = sent(recording, 'PUBLISH').find(({ packet }) => packet.topic === commandTopic);
    if (inbox) {
      fail({
        mistake: 'answers-into-inbox',
        expected,
        seen: [inbox],
        why: 'you published on the topic that you listen to: your own error comes back as the next bad command, and so on without end',
        try: 'publish errors on ERROR_TOPIC',
      });
    }
    const kept = errors.find(({ packet }) => packet.retain);
    if (kept) {
      fail({
        mistake: 'error-stored',
        field: packetFields.retain,
        expected,
        seen: [kept],
        why: 'an error is news of one moment; stored [3.1.1 MQTT-3.3.1-5], it is shown to everybody who comes later, as if it had happened now',
        try: 'retain state, and nothing else',
      });
    }
    for (const command of bad(recording).filter(one => one.id !== undefined)) {
      const own = errors.filter(entry => sameId(fields(entry)?.['id'], command.id));
      if (own.length === 1) continue;
      if (own.length > 1) {
        fail({
          mistake: 'error-with-old-id',
          expected: `${expected}; with the id of its own command, and none where there was none`,
          seen: [...own.slice(0, 2), `${own.length} errors with this id, and one such command`],
          why: 'the id says which command was refused. An object that is kept for all answers still has the id of an earlier one',
          try: 'make a new object for each answer',
        });
      }
      const came = delivery(recording, command);
      const nameless = errors.some(entry => sameId(fields(entry)?.['id'], undefined));
      const enough = errors.length >= bad(recording).length;
      fail({
        mistake: enough && nameless ? 'error-without-id' : 'no-error',
        expected: `${expected}; with the id of the command, where it has one`,
        seen: [
          ...(came ? [came] : []),
          enough
            ? `${errors.length} errors, none of them with this id`
            : `${errors.length} errors for ${bad(recording).length} bad commands`,
        ],
        why:
          enough && nameless
            ? 'whoever sent the command cannot tell which of his commands was refused'
            : 'a command that is dropped without a word looks like a device that is dead',
        try:
          enough && nameless
            ? 'copy id from the command into the error'
            : 'answer every bad command, also one that is valid JSON',
      });
    }
    for (const entry of errors) {
      const reason = jsonObject(entry)['error'];
      if (typeof reason === 'string' && reason.trim() !== '') continue;
      fail({
        mistake: 'error-field',
        expected,
        seen: [entry],
        why: 'the reason stands in the field "error", as text: without it nobody knows what to mend',
        try: 'compare with the table in the lesson',
      });
    }
    if (errors.length >= bad(recording).length) return;
    const waited = notes(recording, 'not-seen').at(-1)?.text ?? '';
    fail({
      mistake: 'no-error',
      expected,
      seen: `${errors.length} errors for ${bad(recording).length} bad commands: ${bad(recording)
        .map(one => one.what)
        .join(', ')}${waited ? `; ${waited}` : ''}`,
      why: 'a command that is dropped without a word looks like a device that is dead',
      try: 'answer every bad command: what cannot be parsed, what is no object, and what has no "on" or "off"',
    });
  },
});

export const notFromYesterday = check<Facts>({
  id: 'T9',
  judges: ['C17', 'C18'],
  title: 'a stored command is not obeyed',
  clauses: ['3.1.1 MQTT-3.3.1-8'],
  on: strangers,
  needs: ['T4'],
  verify: recording => {
    const [old, today] = recording.facts.commands;
    const came = received(recording, 'PUBLISH').find(({ packet }) => packet.retain);
    const live = today && delivery(recording, today);
    const early = (n: number) => live === undefined || n < live.n;
    const wrong = states(recording).find(
      one => one.id === old?.id || (one.led === old?.led && early(one.entry.n)),
    );
    if (wrong) {
      fail({
        mistake: 'obeys-stored',
        expected: 'a command with RETAIN=1 changes nothing',
        seen: [...(came ? [came] : []), wrong.entry],
        why: 'RETAIN=1 on what you receive says: this was stored before you subscribed [3.1.1 MQTT-3.3.1-8]. The lamp goes on by itself at every start, because of a command of yesterday',
        try: 'look at the retain flag of the message before you obey',
      });
    }
    if (states(recording).some(one => one.id === today?.id && one.led === today?.led)) return;
    fail({
      mistake: 'deaf-after-stored',
      expected: 'the command of today is obeyed',
      seen: [...(came ? [came] : []), ...insteadOf(recording, 'state for the command of today')],
      why: 'the stored command was left out, and with it the next one',
      try: 'leave out the one message, and go on',
    });
  },
});

export const sameTwice = check<Facts>({
  id: 'T10',
  judges: ['C3', 'C8'],
  title: 'a command that comes twice leaves the lamp as if it came once',
  clauses: ['3.1.1 MQTT-4.3.2-2'],
  on: crowded,
  needs: ['T4'],
  verify: recording => {
    const commands = alone(recording.facts);
    const [first, , again] = commands;
    const copies = received(recording, 'PUBLISH').filter(
      ({ packet }) => payloadText(packet.payload) === first?.payload,
    );
    const all = states(recording);
    for (const { entry, led, id } of all) {
      const wanted = commands.find(command => command.id === id);
      if (!wanted || led === wanted.led) continue;
      fail({
        mistake: 'toggles',
        expected: `after ${wanted.what} the lamp is ${wanted.led}, however often it comes`,
        seen: [...copies, entry],
        why: 'the second copy turned the lamp the other way. QoS 1 delivers at least once, so a command says what shall be, not "change"',
        try: 'set the lamp to the value of led; do not ask what it was',
      });
    }
    const unanswered = commands.find(command => !all.some(one => one.id === command.id));
    if (!unanswered) return;
    const unchanged = unanswered.id === again?.id;
    const came = delivery(recording, unanswered);
    fail({
      mistake: unchanged ? 'silent-when-unchanged' : 'stuck-after-copy',
      expected: `an answer with the id of each command, also of ${unanswered.what}`,
      seen: [...(came ? [came] : copies), ...insteadOf(recording, 'state with this id').slice(-1)],
      why: unchanged
        ? 'the lamp was off already, and the command got no answer: whoever sent it cannot tell a wish that is fulfilled from a device that is dead'
        : 'the copy stopped what came after it',
      try: unchanged
        ? 'answer every command with the state, also when nothing changes'
        : 'follow the second copy through your handler',
    });
  },
});

export const inOrder = check<Facts>({
  id: 'T11',
  judges: ['C3', 'C9'],
  title: 'twenty commands at once: each is answered, and the last one counts',
  clauses: ['3.1.1 MQTT-4.6.0-6'],
  on: crowded,
  needs: ['T4', 'T10'],
  verify: recording => {
    const commands = atOnce(recording.facts);
    const all = states(recording);
    const last = commands.at(-1);
    const missing = commands.filter(command => !all.some(one => one.id === command.id));
    const [lost] = missing;
    if (lost) {
      const came = delivery(recording, lost);
      fail({
        mistake: 'loses-in-burst',
        expected: 'an answer to each of twenty commands',
        seen: [
          `${commands.length - missing.length} of ${commands.length} were answered; no answer to`,
          ...(came ? [came] : [lost.what]),
        ],
        why: 'commands that come close together are still one each; whoever sent this one waits for its id',
        try: 'look for a variable that holds only the latest command',
      });
    }
    const end = all.at(-1);
    if (end && end.id === last?.id && end.led === last?.led) return;
    const came = last && delivery(recording, last);
    fail({
      mistake: 'out-of-order',
      expected: `the last command is {"led":"${last?.led}"}, and so is the last state`,
      seen: [
        ...(came ? [came] : []),
        'and the last state is',
        ...(end ? [end.entry] : ['missing']),
      ],
      why: 'the broker delivers the commands of one topic in order [3.1.1 MQTT-4.6.0-6]; your program answered them in another order, and the stored state is wrong now',
      try: 'do one command after the other: no timer and no thread for each',
    });
  },
});

export const notExecuted = check<Facts>({
  id: 'T12',
  judges: ['C15', 'C16'],
  title: 'text from the network is never run',
  clauses: [],
  on: strangers,
  needs: ['T4', 'T6', 'T9'],
  explains: ['U2'],
  verify: recording => {
    const program = recording.programs[0];
    const ran = program?.exitCode === 7;
    const last = recording.facts.commands.at(-1);
    if (!ran && states(recording).some(one => one.id === last?.id)) return;
    const came = recording.facts.commands
      .filter(command => command.led === undefined)
      .flatMap(command => delivery(recording, command) ?? []);
    fail({
      mistake: ran ? 'runs-code' : 'dies-of-code',
      expected: 'a payload that is a program is a bad command like any other',
      seen: [
        ...came,
        ran
          ? 'and your program ended with exit code 7, as this text told it to'
          : 'and no answer to the next command',
      ],
      why: ran
        ? 'your device executed text from the network: whoever may publish there owns the device, and all that it can reach'
        : 'the next command found nobody',
      try: ran ? 'replace eval by a JSON parser' : 'answer with an error, and go on',
    });
  },
});
