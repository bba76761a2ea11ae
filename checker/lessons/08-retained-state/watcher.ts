import { topicMatches } from '../../../wire/index.js';
import { check, fail } from '../../harness/check.js';
import { packetFields } from '../../harness/fields.js';
import { insteadOf, jsonObject } from '../../harness/matchers.js';
import { type Recording, received, sent } from '../../harness/recording.js';
import { expectedReport, latestReports, reportFor, sourceOf } from './reports.js';
import { type Facts, neighbour, neighbours, stateOf, text } from './scenarios.js';

/** What the watcher makes of one kind of message; the three checks differ in what they explain. */
function wrongReport(recording: Recording<Facts>, nth: number) {
  const wanted = expectedReport(recording.facts, nth);
  const { report, cause } = reportFor(recording, nth);
  const expected = `${wanted.text} on REPORT_TOPIC`;
  return {
    wanted,
    report,
    cause,
    expected,
    seen: [...(cause ? [cause] : []), ...(report ? [report] : [])],
  };
}

/** Device and mode of a report whose source is right. */
function rightContent(recording: Recording<Facts>, nth: number): void {
  const { wanted, report, expected, seen } = wrongReport(recording, nth);
  if (!report) return;
  const object = jsonObject(report);
  if (object['device'] !== wanted.device) {
    fail({
      mistake: 'wrong-device',
      expected,
      seen,
      why: 'the name of the device is not in the payload. It is the level of the topic name that + stands for',
      try: 'split the topic name of the message at its slashes, and print the parts',
    });
  }
  if (wanted.mode === undefined || object['mode'] === wanted.mode) return;
  fail({
    mistake: 'wrong-mode',
    expected,
    seen,
    why: 'the report shows another mode than the message carried',
    try: 'parse the payload of the message you are handling, and take its mode',
  });
}

export const reportsStored = check<Facts>({
  id: 'T6',
  judges: ['C8', 'C9', 'C10'],
  title: 'what was stored before you came is reported as "stored"',
  clauses: ['3.1.1 MQTT-3.3.1-6', '3.1.1 MQTT-3.3.1-8'],
  on: neighbours,
  verify: recording => {
    const { watchFilter } = recording.facts;
    const filters = sent(recording, 'SUBSCRIBE').flatMap(one => one.packet.filters);
    if (!filters.some(one => topicMatches(one.filter, stateOf(recording.facts, 0)))) {
      fail({
        mistake: 'no-subscribe',
        expected: `SUBSCRIBE with ${watchFilter}`,
        seen: [
          ...sent(recording, 'SUBSCRIBE').slice(0, 1),
          ...insteadOf(recording, 'such SUBSCRIBE'),
        ],
        why: 'without a subscription the broker delivers nothing, stored or live',
        try: 'subscribe to the value of WATCH_FILTER when the connection is up',
      });
    }
    for (const nth of [0, 1]) {
      const { report, cause, expected, seen } = wrongReport(recording, nth);
      if (!report) {
        const others = latestReports(recording);
        fail({
          mistake: others.length > 0 ? 'skips-stored' : 'no-report',
          expected,
          seen: [
            ...(cause ? [cause] : insteadOf(recording, 'message of a neighbour')),
            others.length > 0
              ? 'no report on it, but on later messages'
              : 'no report on it, nor on any later message',
          ],
          why:
            others.length > 0
              ? 'RETAIN=1 does not mean stale: it is the present state, and the only word on this device until it changes'
              : 'the message reached your connection, and nothing came of it',
          try:
            others.length > 0
              ? 'find the condition in your handler that asks for the RETAIN flag'
              : 'TODO 4: publish a report for every message in your handler',
        });
      }
      if (sourceOf(report) !== 'stored') {
        fail({
          mistake: 'stored-not-told',
          expected,
          seen,
          why: 'the broker marks what it had in store with RETAIN=1 [3.1.1 MQTT-3.3.1-8]. It may be a second old, or a year',
          try: 'look at the RETAIN flag of the message that your handler gets',
        });
      }
      rightContent(recording, nth);
    }
  },
});

export const reportsLive = check<Facts>({
  id: 'T7',
  judges: ['C8', 'C11', 'C15'],
  title: 'what happens while you listen is reported as "live"',
  clauses: ['3.1.1 MQTT-3.3.1-9'],
  on: neighbours,
  needs: ['T6'],
  verify: recording => {
    for (const nth of [2, 3, 4]) {
      const { report, cause, expected, seen } = wrongReport(recording, nth);
      if (!report) {
        fail({
          mistake: 'skips-live',
          expected,
          seen: [...(cause ? [cause] : insteadOf(recording, 'live message')), 'no report on it'],
          why: 'the sender set RETAIN, and you see RETAIN=0: the broker clears the flag for those who listen already [3.1.1 MQTT-3.3.1-9]. So every change passed unseen',
          try: 'find the condition in your handler that asks for the RETAIN flag',
        });
      }
      if (sourceOf(report) !== 'live') {
        fail({
          mistake: nth === 3 ? 'first-is-stored' : 'live-not-told',
          expected,
          seen,
          why:
            nth === 3
              ? 'this device was not there when you subscribed. Its first message is not a stored one: RETAIN=0 says that it happens now'
              : 'RETAIN=0 says that it happens now, also when the sender set RETAIN [3.1.1 MQTT-3.3.1-9]',
          try: 'let the RETAIN flag of the message decide, not what came before it',
        });
      }
      rightContent(recording, nth);
      if (report.packet.retain) {
        fail({
          mistake: 'report-stored',
          field: packetFields.retain,
          expected: 'RETAIN=0 on reports',
          seen: [report],
          why: 'a report says what you saw at this moment. Stored, the last one of them is read for ever as if it were news',
          try: 'decide for each topic: state is stored, events are not. What is a report?',
        });
      }
    }
  },
});

export const reportsErased = check<Facts>({
  id: 'T8',
  judges: ['C12'],
  title: 'an erased state is reported as "erased"',
  clauses: ['3.1.1 MQTT-3.3.1-10'],
  on: neighbours,
  needs: ['T7'],
  verify: recording => {
    const { report, cause, expected, seen } = wrongReport(recording, 5);
    if (!report) {
      fail({
        mistake: 'erase-unseen',
        expected,
        seen: [
          ...(cause ? [cause] : insteadOf(recording, 'message of zero bytes')),
          'no report on it',
        ],
        why: 'the dashboard shows a device that is gone. To a listener the erasing comes as zero bytes with RETAIN=0',
        try: 'ask for the length of the payload first, and for nothing else',
      });
    }
    if (sourceOf(report) !== 'erased') {
      fail({
        mistake: 'erase-as-value',
        expected,
        seen,
        why: 'zero bytes are no mode: they say that there is none any more [3.1.1 MQTT-3.3.1-10]',
        try: 'ask for the length of the payload before you parse it',
      });
    }
    rightContent(recording, 5);
    const { report: later, expected: wanted, seen: then } = wrongReport(recording, 6);
    if (later && sourceOf(later) === 'live') return;
    fail({
      mistake: 'stops-after-erase',
      expected: wanted,
      seen: then.length > 0 ? then : insteadOf(recording, 'report'),
      why: 'other devices live on after one is gone',
      try: 'print a line at the top of your handler: is it still called?',
    });
  },
});

export const comesBack = check<Facts>({
  id: 'T9',
  judges: ['C10'],
  title: 'after a restart the watcher gets what is stored, not what was said last',
  clauses: ['3.1.1 MQTT-3.3.1-12', '3.1.1 MQTT-3.3.1-6'],
  on: neighbours,
  needs: ['T8'],
  verify: recording => {
    for (const nth of [7, 8, 9]) {
      const { wanted, report, cause, expected, seen } = wrongReport(recording, nth);
      if (!report || sourceOf(report) !== wanted.source) {
        fail({
          mistake: 'remembers-too-much',
          expected: `in the second run: ${expected}`,
          seen:
            seen.length > 0
              ? seen
              : [
                  ...(cause ? [cause] : []),
                  ...insteadOf(recording, `report on ${neighbour(recording.facts, 3)}`),
                ],
          why: 'each subscription begins with what is stored then. A memory of your own is about another day',
          try: 'start the program twice by hand: what does it keep from the first run?',
        });
      }
      rightContent(recording, nth);
    }
    const reports = latestReports(recording);
    const strange = received(recording, 'PUBLISH').find(
      one =>
        text(one.packet) !== '' && !topicMatches(recording.facts.watchFilter, one.packet.topic),
    );
    if (strange && reports.length > 0) {
      fail({
        mistake: 'listens-too-wide',
        expected: `a subscription to ${recording.facts.watchFilter} only`,
        seen: [strange],
        why: 'what is on other topics is not the state of a neighbour',
        try: 'subscribe to the value of WATCH_FILTER itself',
      });
    }
  },
});
