/** CONNECT, the packet with the most fields (3.1.1 section 3.1). */
import { type BitPart, Broken, bit, type FieldReader } from './explain-reader.js';
import { properties } from './explain-v5.js';

function flagBits(flags: number, v5: boolean): BitPart[] {
  const on = (place: number) => ((flags >> place) & 1) === 1;
  const will = on(2);
  const qos = (flags >> 3) & 3;
  return [
    bit(
      flags,
      7,
      on(7) ? 'user name follows' : 'no user name',
      on(7) ? '3.1.1 MQTT-3.1.2-19' : '3.1.1 MQTT-3.1.2-18',
    ),
    bit(
      flags,
      6,
      on(6) ? 'password follows' : 'no password',
      on(6) ? '3.1.1 MQTT-3.1.2-21' : '3.1.1 MQTT-3.1.2-20',
    ),
    bit(
      flags,
      5,
      on(5) ? 'will retain: the will is stored for later subscribers' : 'will retain: no',
      will ? (on(5) ? '3.1.1 MQTT-3.1.2-17' : '3.1.1 MQTT-3.1.2-16') : '3.1.1 MQTT-3.1.2-15',
    ),
    bit(
      flags,
      [4, 3],
      qos === 3 ? 'will QoS 3 does not exist' : `will QoS ${qos}`,
      will ? '3.1.1 MQTT-3.1.2-14' : '3.1.1 MQTT-3.1.2-13',
    ),
    bit(
      flags,
      2,
      will ? 'a will follows: published when the client is lost' : 'no will',
      will ? '3.1.1 MQTT-3.1.2-8' : '3.1.1 MQTT-3.1.2-12',
    ),
    bit(
      flags,
      1,
      on(1)
        ? v5
          ? 'clean start: what was kept is forgotten'
          : 'clean session: nothing is kept for this client'
        : v5
          ? 'no clean start: what was kept goes on'
          : 'not clean: the session is kept',
      on(1) ? '3.1.1 MQTT-3.1.2-6' : '3.1.1 MQTT-3.1.2-4',
    ),
    bit(flags, 0, 'reserved, always 0', '3.1.1 MQTT-3.1.2-3'),
  ];
}

function flagProblem(flags: number, version: number): Broken | undefined {
  if (flags & 1) return new Broken('the reserved flag is set', '3.1.1 MQTT-3.1.2-3');
  if ((flags & 0x18) === 0x18) return new Broken('will with QoS 3', '3.1.1 MQTT-3.1.2-14');
  if ((flags & 4) === 0 && (flags & 0x38) !== 0) {
    return new Broken(
      'will QoS or will retain without a will',
      '3.1.1 MQTT-3.1.2-13, MQTT-3.1.2-15',
    );
  }
  if (version < 5 && (flags & 0xc0) === 0x40) {
    return new Broken('a password without a user name', '3.1.1 MQTT-3.1.2-22');
  }
  return undefined;
}

const LEVELS: Readonly<Record<number, string>> = { 3: 'MQTT 3.1', 4: 'MQTT 3.1.1', 5: 'MQTT 5' };

/** Reads a CONNECT behind its fixed header. */
export function connect(reader: FieldReader): void {
  reader.text('protocol name', value =>
    value === 'MQTT' || value === 'MQIsdp'
      ? { meaning: 'says that this is MQTT' }
      : { meaning: 'must be MQTT', clauses: '3.1.1 MQTT-3.1.2-1' },
  );
  const level = reader.byte('protocol level', value => ({
    // The high bit is a habit of bridges: Mosquitto marks itself with it.
    meaning: LEVELS[value & 0x7f] ?? 'no version has it',
    clauses: '3.1.1 MQTT-3.1.2-2',
  }));
  const version = level & 0x7f;
  const flags = reader.byte('connect flags', value => ({
    value: `0x${value.toString(16).padStart(2, '0')}`,
    bits: flagBits(value, version === 5),
  }));
  const problem = flagProblem(flags, version);
  if (problem) throw problem;
  reader.number('keep-alive', value => ({
    value: `${value} s`,
    meaning:
      value === 0
        ? 'switched off: a silent client is never missed'
        : `after ${value * 1.5} s of silence the broker closes`,
    clauses: value === 0 ? '' : '3.1.1 MQTT-3.1.2-23, MQTT-3.1.2-24',
  }));
  if (version === 5) properties(reader);
  reader.text('client identifier', value =>
    value === ''
      ? { meaning: 'the broker chooses one', clauses: '3.1.1 MQTT-3.1.3-6, MQTT-3.1.3-7' }
      : { meaning: 'names the session', clauses: '3.1.1 MQTT-3.1.3-2' },
  );
  if (flags & 0x04) {
    if (version === 5) properties(reader, 'will ');
    reader.text('will topic', () => ({
      meaning: 'where the will is published',
      clauses: '3.1.1 MQTT-3.1.2-9, MQTT-3.1.3-10',
    }));
    reader.blob('will message', value => ({
      meaning: value.length === 0 ? 'no bytes: with will retain it erases' : 'its payload',
      clauses: '3.1.1 MQTT-3.1.2-9',
    }));
  }
  if (flags & 0x80) {
    reader.text('user name', () => ({ meaning: 'who asks', clauses: '3.1.1 MQTT-3.1.3-11' }));
  }
  if (flags & 0x40) {
    reader.blob('password', value => ({
      value: `(${value.length} bytes)`,
      meaning: 'not encrypted: without TLS it is on the wire as you see it',
    }));
  }
}
