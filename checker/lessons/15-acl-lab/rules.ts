import type { SentenceId } from '../../../course/contract.js';
import type { PacketEntry } from '../../../wire/index.js';
import { type Check, check, type Failure, fail } from '../../harness/check.js';
import { packetFields } from '../../harness/fields.js';
import type { Recording } from '../../harness/recording.js';
import {
  type Access,
  type Cell,
  configuration,
  type Facts,
  findingsOf,
  publishOf,
  type User,
} from './configuration.js';

/** T4–T9: what each user can do, and what not. Judged by what was delivered. */

/** The cells of one user and access, as they should have come and did not. */
function wrong(recording: Recording<Facts>, user: User, access: Access, wanted: boolean): Cell[] {
  return findingsOf(recording).cells.filter(
    one =>
      one.user === user && one.access === access && one.wanted === wanted && one.got !== wanted,
  );
}

const lineText = ({ by }: Cell) => (by ? [`${by.at}: ${by.text}`] : []);

const aclName = (recording: Recording<Facts>, cell: Cell) =>
  findingsOf(recording).doors[cell.door]?.aclFile ?? 'the access list';

/** Topics as a short list. */
function listed(cells: readonly Cell[]): string {
  const [first, second, ...more] = cells.map(one => one.topic);
  return [first, second, ...(more.length > 0 ? [`${more.length} more`] : [])]
    .filter(Boolean)
    .join(', ');
}

/** A right that is missing: why, as far as the access list tells. */
function missingRight(recording: Recording<Facts>, cells: readonly Cell[]): never {
  const [first] = cells as [Cell];
  const { user, access, topic } = first;
  const door = findingsOf(recording).doors[first.door];
  const file = aclName(recording, first);
  const lines = door?.users[user];
  const sent = publishOf(recording, first, 'sent');
  const sight = {
    expected:
      access === 'write'
        ? 'what sensor publishes below home/sensors, at any depth, reaches those who may read it'
        : 'dashboard receives everything below home, at any depth',
    seen: [
      ...(sent ? [sent] : []),
      access === 'write'
        ? first.unplayed
          ? `the rules let sensor publish to ${topic}: no`
          : 'PUBACK came, and the tester, who reads everything, received nothing'
        : first.unplayed
          ? `the rules let dashboard receive ${topic}: no`
          : 'the broker took the message, and dashboard received nothing',
      ...(cells.length > 1
        ? [`the same with ${cells.length} topics in all: ${listed(cells)}`]
        : []),
    ] as (string | PacketEntry)[],
  };
  const cite = (line: { at: string; text: string } | undefined) =>
    line ? [`${line.at}: ${line.text}`] : [];
  const stray = door?.nameless[0];
  if (stray && (!lines || lines.length === 0)) {
    fail({
      ...sight,
      seen: [...sight.seen, ...cite(stray)],
      mistake: 'before-user',
      why: `topic lines above the first "user" line are for clients without a name only. ${user} has a name, so they give it nothing`,
      try: `put "user ${user}" above the lines that are meant for it`,
    });
  }
  if (!lines || lines.length === 0) {
    fail({
      ...sight,
      seen: [...sight.seen, `${file} has no lines for a user called ${user}`],
      mistake: 'no-lines',
      why: 'a topic line belongs to the last "user" line above it, and who has no lines may do nothing',
      try: `write "user ${user}" and its topic line below it; the name counts letter by letter`,
    });
  }
  if (first.by?.access === 'deny') {
    fail({
      ...sight,
      seen: [...sight.seen, ...lineText(first)],
      mistake: 'deny-wins',
      why: 'deny lines are asked before all others, wherever they stand in the file',
      try: 'allow only what is needed: what no line allows is denied anyway',
    });
  }
  const slash = lines.find(line => line.filter.startsWith('/'));
  if (slash) {
    fail({
      ...sight,
      seen: [...sight.seen, ...cite(slash)],
      mistake: 'leading-slash',
      field: packetFields.topicName,
      why: `the rule begins with an empty level: it matches /${topic}, and never ${topic}`,
      try: 'take the first / away',
    });
  }
  const plus = lines.find(line => line.filter.endsWith('+'));
  if (plus) {
    fail({
      ...sight,
      seen: [...sight.seen, ...cite(plus)],
      mistake: 'one-level',
      why: '+ stands for exactly one level [3.1.1 MQTT-4.7.1-3]; deeper topics are denied',
      try: 'take the wildcard that stands for all levels below, and for none',
      clauses: ['3.1.1 MQTT-4.7.1-3'],
    });
  }
  const other = lines.find(line => line.access === (access === 'write' ? 'read' : 'write'));
  fail({
    ...sight,
    seen: [...sight.seen, ...lines.slice(0, 3).flatMap(cite)],
    mistake: access === 'write' ? 'sensor-cannot-publish' : 'dashboard-cannot-receive',
    why: `no line lets ${user} ${access} ${topic}${other ? `. "${other.access}" is the other direction: read is to receive, write is to publish` : ''}`,
    try: `read the lines of ${user} aloud: who may do what, on which topics?`,
  });
}

/** A right too many: which line gives it. */
function rightTooMany(recording: Recording<Facts>, cells: readonly Cell[], harm: string): never {
  const [first] = cells as [Cell];
  const { user, access, topic, by } = first;
  const delivered = publishOf(recording, first, 'delivered');
  const sight: Pick<Failure, 'expected' | 'seen'> = {
    expected:
      user === 'sensor'
        ? 'sensor publishes below home/sensors, and does nothing else'
        : 'dashboard receives what is below home, and does nothing else',
    seen: [
      first.unplayed
        ? `the rules let ${user} ${access === 'write' ? 'publish to' : 'receive'} ${topic}`
        : access === 'write'
          ? `${user} published to ${topic}, and it was delivered:`
          : `${user} received:`,
      ...(delivered ? [delivered] : []),
      ...(cells.length > 1
        ? [`the same with ${cells.length} topics in all: ${listed(cells)}`]
        : []),
      ...lineText(first),
    ],
  };
  if (by?.kind === 'pattern') {
    fail({
      ...sight,
      mistake: 'pattern-for-all',
      why: `a pattern line is for every user, wherever it stands in the file. ${harm}`,
      try: 'give the right to the one user that needs it, with a topic line below its user line',
    });
  }
  if (by && /^topic +(?!read |write |readwrite |deny )/.test(by.text)) {
    fail({
      ...sight,
      mistake: 'no-access-word',
      why: `a topic line without an access word grants both directions. ${harm}`,
      try: 'say which direction you mean: read or write',
    });
  }
  if (by?.access === 'readwrite') {
    fail({
      ...sight,
      mistake: 'readwrite',
      why: `readwrite grants both directions. ${harm}`,
      try: `give ${user} the one direction it needs`,
    });
  }
  fail({
    ...sight,
    mistake: access === 'write' ? 'too-wide-write' : 'too-wide-read',
    why: `the filter of this line reaches further than the task of ${user}. ${harm}`,
    try: 'write the narrowest filter that does the job, level by level',
  });
}

const positive = (
  id: string,
  sentence: SentenceId,
  user: User,
  access: Access,
  title: string,
): Check =>
  check<Facts>({
    id,
    judges: [sentence],
    title,
    clauses: ['3.1.1 MQTT-4.7.1-2'],
    on: configuration,
    needs: ['T3'],
    verify: recording => {
      const cells = wrong(recording, user, access, true);
      if (cells.length > 0) missingRight(recording, cells);
    },
  });

const negative = (
  id: string,
  sentence: SentenceId,
  user: User,
  access: Access,
  title: string,
  needs: readonly string[],
  harm: string,
): Check =>
  check<Facts>({
    id,
    judges: [sentence],
    title,
    clauses: access === 'write' ? ['3.1.1 MQTT-3.3.5-2'] : [],
    on: configuration,
    needs,
    verify: recording => {
      const cells = wrong(recording, user, access, false);
      if (cells.length > 0) rightTooMany(recording, cells, harm);
    },
  });

export const sensorPublishes = positive(
  'T4',
  'C5',
  'sensor',
  'write',
  'what sensor publishes below home/sensors arrives',
);

export const dashboardReceives = positive(
  'T5',
  'C6',
  'dashboard',
  'read',
  'dashboard receives everything below home',
);

export const sensorPublishesNowhereElse = negative(
  'T6',
  'C7',
  'sensor',
  'write',
  'sensor can publish nowhere else',
  ['T4'],
  'A stolen thermometer could switch the lights and open the locks',
);

export const sensorReceivesNothing = negative(
  'T7',
  'C8',
  'sensor',
  'read',
  'sensor receives nothing',
  ['T4', 'T5'],
  'A stolen thermometer could read along: who is at home, and when',
);

export const dashboardPublishesNothing = negative(
  'T8',
  'C9',
  'dashboard',
  'write',
  'dashboard can publish nothing',
  ['T4'],
  'A display must not be able to inject readings: an alarm would believe them',
);

export const dashboardReceivesNothingElse = negative(
  'T9',
  'C10',
  'dashboard',
  'read',
  'dashboard receives nothing from outside home',
  ['T5'],
  'The display in the hall would also show what is none of its business',
);
