import type { PacketEntry } from '../../../wire/index.js';
import { check, fail } from '../../harness/check.js';
import { packetFields } from '../../harness/fields.js';
import { insteadOf, readObject, sameNumber } from '../../harness/matchers.js';
import { type Recording, received, sent } from '../../harness/recording.js';
import { latestReports } from './reports.js';
import { type Facts, mode, type Published, states, stored, text } from './scenarios.js';
import { fullYard, hurry, type Said, type YardFacts } from './yard.js';

function short(words: string | undefined): string {
  return words === undefined
    ? 'zero bytes'
    : words.length > 40
      ? `"${words.slice(0, 20)}…" (${words.length} characters)`
      : `"${words}"`;
}

/** What a message of the yard carries of a mode; undefined is zero bytes. */
function cause(recording: Recording<YardFacts>, one: Said, nth: number): PacketEntry[] {
  const topic = recording.facts.watchFilter.replace('+', one.device);
  return received(recording, 'PUBLISH')
    .filter(entry => entry.packet.topic === topic && modeOf(entry) === one.mode)
    .slice(nth, nth + 1);
}

function modeOf(entry: Published): unknown {
  return text(entry.packet) === '' ? undefined : readObject(entry)?.['mode'];
}

const fits = (report: Published, one: Said): boolean => {
  const said = readObject(report);
  return said?.['source'] === one.source && (one.mode === undefined || said['mode'] === one.mode);
};

export const oneReportEach = check<YardFacts>({
  id: 'T11',
  judges: ['C8', 'C9', 'C10', 'C11', 'C12', 'C13', 'C14', 'C15'],
  title: 'each message in a full yard gets one report, and it is not stored',
  clauses: [],
  on: fullYard,
  needs: ['T6', 'T7', 'T8', 'T9', 'T10'],
  verify: recording => {
    const byDevice = new Map<unknown, Published[]>();
    for (const report of latestReports(recording as unknown as Recording<Facts>)) {
      if (report.packet.retain) {
        fail({
          mistake: 'report-stored',
          field: packetFields.retain,
          expected: 'RETAIN=0 on reports, whatever the message was that they speak of',
          seen: [report],
          why: 'a report says what you saw at this moment. Stored, the last one of them is read for ever as if it were news',
          try: 'decide for each topic: state is stored, events are not. What is a report?',
        });
      }
      const device = readObject(report)?.['device'];
      byDevice.set(device, [...(byDevice.get(device) ?? []), report]);
    }
    const all = [...recording.facts.stored, ...recording.facts.live];
    const wanted = new Map<string, Said[]>();
    for (const one of all) wanted.set(one.device, [...(wanted.get(one.device) ?? []), one]);
    for (const [device, list] of wanted) {
      const left = [...(byDevice.get(device) ?? [])];
      for (const one of list) {
        const at = left.findIndex(report => fits(report, one));
        if (at >= 0) {
          left.splice(at, 1);
          continue;
        }
        const [other] = left;
        const nth = list.filter(each => each.mode === one.mode).indexOf(one);
        const [message] = cause(recording, one, nth);
        const expected = `device "${device}", source "${one.source}"${one.mode === undefined ? '' : `, mode ${short(one.mode)}`} in a report`;
        if (other) {
          fail({
            mistake: 'report-of-something-else',
            expected,
            seen: [...(message ? [message] : []), other],
            why: 'device comes from the topic name, source from RETAIN and the number of bytes, mode from the field mode of the payload, also where it is empty. Other fields of the payload say nothing of these',
            try: 'take each of the three fields from where it belongs; do not spread the payload over them',
          });
        }
        fail({
          mistake: 'message-without-report',
          expected,
          seen: [
            ...(message
              ? [message, 'no report on it']
              : insteadOf(recording, `report on ${device}`)),
          ],
          why: 'each message on WATCH_FILTER asks for a report: also one that says the same as before, one of a machine that nobody has heard of, and the three hundredth',
          try: 'look for a condition in your handler that asks what was there before',
        });
      }
      const [extra] = left;
      if (!extra) continue;
      fail({
        mistake: 'report-twice',
        expected: `${list.length} report(s) on ${device}`,
        seen: (byDevice.get(device) ?? []).slice(0, 3),
        why: 'one message asks for one report; whoever counts them counts this one again',
        try: 'look for a second subscription, a second handler, or a second call of publish',
      });
    }
  },
});

export const oneMessageEach = check<YardFacts>({
  id: 'T12',
  judges: ['C4', 'C5'],
  title: 'each line becomes a message: 0, empty, long, and the same as before',
  clauses: [],
  on: fullYard,
  needs: ['T1', 'T2', 'T3', 'T10'],
  verify: recording => {
    const { lines, stateTopic, telemetryTopic } = recording.facts;
    const mine = states(recording as unknown as Recording<Facts>);
    const temps = sent(recording, 'PUBLISH').filter(
      ({ packet }) => packet.topic === telemetryTopic && !packet.dup,
    );
    const counts = new Map<string, number>();
    for (const [at, line] of lines.entries()) {
      const key = JSON.stringify(line);
      const times = (counts.get(key) ?? 0) + 1;
      counts.set(key, times);
      const found =
        'mode' in line
          ? mine.filter(entry => modeOf(entry) === line.mode)
          : temps.filter(entry => sameNumber(readObject(entry)?.['temp'], line.temp));
      if (found.length >= times) continue;
      const words = 'mode' in line ? `{"mode":${short(line.mode)}}` : key;
      fail({
        mistake: times > 1 ? 'line-taken-for-old' : 'line-without-message',
        expected: `line ${at + 1}, ${words}: a message on ${'mode' in line ? stateTopic : telemetryTopic}`,
        seen: [
          ...found.slice(-1),
          times > 1
            ? 'the line came once more, and no message after this one'
            : `no message with ${words}`,
        ],
        why:
          times > 1
            ? 'each line asks for a message, also where it says the same as the one before: a broker that was restarted has nothing stored until then'
            : '0 and "" are values like any other, and so is a value with many digits or letters; a line that has the field asks for a message',
        try:
          times > 1
            ? 'publish for each line; do not compare with the last one'
            : 'ask whether the field is there, not whether its value is true; and do not round',
      });
    }
    const weak = mine.find(({ packet }) => packet.qos === 0 || !packet.retain);
    if (weak) {
      fail({
        mistake: 'state-not-stored',
        expected: 'RETAIN=1 and QoS 1 on every message on STATE_TOPIC',
        seen: [weak],
        why: 'a state that is not stored, or at QoS 0, is missing when somebody comes later',
        try: 'use the same options for every message on STATE_TOPIC',
      });
    }
  },
});

export const inAHurry = check<Facts>({
  id: 'T13',
  judges: ['C16'],
  title: 'when the input ends before CONNACK, the state leaves all the same',
  clauses: ['3.1.1 MQTT-3.2.0-1'],
  on: hurry,
  needs: ['T1', 'T2', 'T4', 'T10'],
  verify: recording => {
    const present = mode(recording.facts, 1);
    const [got] = stored(recording, 'newcomer', recording.facts.stateTopic);
    if (got && modeOf(got) === present) return;
    const told = states(recording).at(-1);
    fail({
      mistake: 'leaves-before-connack',
      expected: `two lines, the end of the input, CONNACK; afterwards a newcomer reads {"mode":"${present}"}`,
      seen: [
        ...(told ? [told] : insteadOf(recording, 'PUBLISH on STATE_TOPIC')),
        ...(got ? ['and later, to somebody new:', got] : ['and later, to somebody new: nothing']),
      ],
      why: 'the end of the input came before the broker had answered. What you had published waited in the library, and was dropped when the program ended; in mqtt.js 5.16 end() drops it',
      try: 'wait for each publish (publishAsync, wait_for_publish) before you end the client',
    });
  },
});
