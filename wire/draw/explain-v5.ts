/** The property lists of MQTT 5 (5.0 section 2.2.2): names and kinds, to read over them. */
import { Broken, type FieldReader } from './explain-reader.js';

type Kind = 'byte' | 'two' | 'four' | 'varint' | 'text' | 'binary' | 'pair';

/** 5.0 table 2-4. */
const PROPERTIES: Readonly<Record<number, readonly [name: string, kind: Kind]>> = {
  1: ['payload format indicator', 'byte'],
  2: ['message expiry interval', 'four'],
  3: ['content type', 'text'],
  8: ['response topic', 'text'],
  9: ['correlation data', 'binary'],
  11: ['subscription identifier', 'varint'],
  17: ['session expiry interval', 'four'],
  18: ['assigned client identifier', 'text'],
  19: ['server keep alive', 'two'],
  21: ['authentication method', 'text'],
  22: ['authentication data', 'binary'],
  23: ['request problem information', 'byte'],
  24: ['will delay interval', 'four'],
  25: ['request response information', 'byte'],
  26: ['response information', 'text'],
  28: ['server reference', 'text'],
  31: ['reason string', 'text'],
  33: ['receive maximum', 'two'],
  34: ['topic alias maximum', 'two'],
  35: ['topic alias', 'two'],
  36: ['maximum QoS', 'byte'],
  37: ['retain available', 'byte'],
  38: ['user property', 'pair'],
  39: ['maximum packet size', 'four'],
  40: ['wildcard subscription available', 'byte'],
  41: ['subscription identifier available', 'byte'],
  42: ['shared subscription available', 'byte'],
};

/** Reads a property list: its length, then each property. */
export function properties(reader: FieldReader, whose = ''): void {
  const size = reader.varint(`${whose}property length`, value => ({
    meaning: value === 0 ? 'no properties' : 'bytes of properties that follow',
  }));
  const end = reader.at + size;
  if (size > reader.left) throw new Broken('the properties are longer than the packet');
  while (reader.at < end) {
    const id = reader.varint('property', value => ({
      value: String(value),
      meaning: PROPERTIES[value]?.[0] ?? 'no property has this identifier',
    }));
    const known = PROPERTIES[id];
    if (!known) throw new Broken(`there is no property ${id} in MQTT 5`);
    const [name, kind] = known;
    if (kind === 'byte') reader.byte(name, () => ({}));
    else if (kind === 'two') reader.number(name);
    else if (kind === 'four') reader.four(name);
    else if (kind === 'varint') reader.varint(name, () => ({}));
    else if (kind === 'binary') reader.blob(name);
    else reader.text(kind === 'pair' ? `${name}: name` : name);
    if (kind === 'pair') reader.text(`${name}: value`);
    if (reader.at > end) throw new Broken(`${name} goes beyond the properties`);
  }
}
