import { check, fail } from '../../harness/check.js';
import { insteadOf, jsonObject, sameNumber } from '../../harness/matchers.js';
import { type Recording, sent } from '../../harness/recording.js';
import type { ScenarioDefinition } from '../../harness/scenario.js';
import { dependence, follower } from './dependence.js';
import { leakOf } from './scan.js';
import { type Facts, inPublic, threeHouses } from './scenarios.js';

/** T9–T12, T17: what somebody else's broker is told. */

/** A check of the public mode. */
function publicly(
  words: Pick<Parameters<typeof check<Facts>>[0], 'id' | 'judges' | 'title' | 'needs' | 'clauses'>,
  verify: (recording: Recording<Facts>) => void,
) {
  const on: ScenarioDefinition<Facts> = inPublic;
  return check<Facts>({ ...words, on, verify });
}

export const noLogin = publicly(
  {
    id: 'T9',
    judges: ['C11', 'C15'],
    title: "no login for somebody else's broker",
    clauses: ['3.1.1 MQTT-3.1.2-18', '3.1.1 MQTT-3.1.2-22'],
    needs: ['T1'],
  },
  recording => {
    const [first] = sent(recording, 'CONNECT');
    if (!first) {
      return fail({
        mistake: 'no-connect-in-public',
        expected: 'with PUBLIC_BROKER=1 a CONNECT without user name and password',
        seen: insteadOf(recording, 'CONNECT'),
        why: 'the demonstration shows nothing',
        try: 'print what your program does when PUBLIC_BROKER is 1',
      });
    }
    const told = sent(recording, 'CONNECT').find(
      ({ packet }) => packet.username !== undefined || packet.password !== undefined,
    );
    if (told) {
      fail({
        mistake: 'login-in-public',
        expected: 'with PUBLIC_BROKER=1 a CONNECT without user name and password',
        seen: [told],
        why: 'a public broker does not ask for your login, but its owner, and everybody on the way, can now read it',
        try: 'give the login only when PUBLIC_BROKER is not 1',
      });
    }
    const name = leakOf(recording, recording.facts.username);
    if (name) {
      fail({
        mistake: 'user-name-in-public',
        expected: 'with PUBLIC_BROKER=1 your user name in no packet',
        seen: [name.entry, `${name.where} holds it${name.how ? `, ${name.how}` : ''}`],
        why: 'half of a login is known to strangers now, and to which house it belongs',
        try: 'find where MQTT_USERNAME is used besides the login',
      });
    }
  },
);

export const ownCorner = publicly(
  {
    id: 'T10',
    judges: ['C12'],
    title: 'in public, everything is below PUBLIC_PREFIX',
    clauses: [],
    needs: ['T9'],
  },
  recording => {
    const { prefix, temps } = recording.facts;
    const expected = `one message for each reading, on a topic whose first level is ${prefix}`;
    const messages = sent(recording, 'PUBLISH').filter(({ packet }) => !packet.dup);
    const outside = messages.find(({ packet }) => packet.topic.split('/')[0] !== prefix);
    if (outside) {
      return fail({
        mistake: 'outside-prefix',
        expected,
        seen: [outside],
        why: 'on a public broker a thousand strangers use the same first words; your messages and theirs get mixed, and a leading slash makes an empty first level',
        try: 'begin the topic name with PUBLIC_PREFIX, without a slash before it',
      });
    }
    if (messages.length < temps.length) {
      fail({
        mistake: 'silent-in-public',
        expected,
        seen: insteadOf(recording, `message number ${messages.length + 1}`),
        why: 'a demonstration without messages shows nothing',
        try: 'publish one made-up value for each line of the input',
      });
    }
  },
);

export const noSerial = publicly(
  {
    id: 'T11',
    judges: ['C14'],
    title: 'in public, the real serial is nowhere',
    clauses: [],
    needs: ['T9'],
  },
  recording => {
    const { serial } = recording.facts;
    const leak = leakOf(recording, serial, { parts: true });
    if (!leak) return;
    fail({
      mistake: 'serial-in-public',
      expected: `no packet that tells the serial ${serial}`,
      seen: [leak.entry, `${leak.where} holds it${leak.how ? `, ${leak.how}` : ''}`],
      why: 'on a public broker everybody may read everything. Whoever subscribes to # now knows that this device exists, and that it is yours',
      try: 'make up a name for public use; in the client identifier too',
    });
  },
);

export const madeUp = publicly(
  {
    id: 'T12',
    judges: ['C13'],
    title: 'in public, the values are made up',
    clauses: [],
    needs: ['T10'],
  },
  recording => {
    const { temps } = recording.facts;
    const expected = 'values that are made up, not the readings of your house';
    const messages = sent(recording, 'PUBLISH').filter(({ packet }) => !packet.dup);
    const values = messages.map(one => Number(jsonObject(one)['temp']));
    const real = messages[values.findIndex(one => temps.some(temp => sameNumber(one, temp)))];
    if (real) {
      return fail({
        mistake: 'real-value-in-public',
        expected,
        seen: [real, 'this is a reading from your input'],
        why: 'temperatures tell when somebody is at home. They are yours, and this broker is read by strangers',
        try: 'make up a number; the input only tells you when to send',
      });
    }
    const near = temps.every((temp, at) => Math.abs((values[at] ?? Number.NaN) - temp) <= 0.6);
    if (near) {
      fail({
        mistake: 'rounded-value-in-public',
        expected,
        seen: [...messages.slice(0, temps.length), `your input says ${temps.join(', ')}`],
        why: 'a rounded reading is a reading: the curve of your house is the same',
        try: 'make up a number that does not depend on the input',
      });
    }
  },
);

export const houseUnknown = check<Facts>({
  id: 'T17',
  judges: ['C16'],
  title: 'in public, nothing depends on your house',
  clauses: [],
  on: threeHouses,
  needs: ['T8', 'T9', 'T11', 'T12'],
  explains: ['U3', 'U5'],
  verify: recording => {
    const expected =
      'the same kind of messages for every house: what is said does not come from the serial, the login or the readings';
    const found = dependence(recording);
    if (found) {
      const reading = found.what === 'reading';
      return fail({
        mistake: reading ? 'reading-in-disguise' : 'device-in-disguise',
        expected,
        seen: [
          'in your house',
          found.here,
          'the same again in a second run there; in another house',
          found.there,
        ],
        why: reading
          ? `${found.where} changes where the readings change, and only there: whoever knows how can reckon back. Another unit, a sum or a rounded number is still your temperature`
          : `${found.where} is the same whenever this device speaks, and another for another device: strangers know it again. A part, a sum or a hash of the serial is still its name`,
        try: reading
          ? 'make up the number without the input; the input only tells when to send'
          : 'make up the name without DEVICE_SERIAL and without the login',
      });
    }
    const near = follower(recording);
    if (near) {
      fail({
        mistake: 'reading-with-noise',
        expected,
        seen: [
          near.entry,
          `over ${recording.facts.temps.length} messages ${near.where} goes up and down with the readings`,
        ],
        why: 'a little chance added to a reading hides nothing: the curve of your house is the same',
        try: 'make up the number without the input; the input only tells when to send',
      });
    }
  },
});
