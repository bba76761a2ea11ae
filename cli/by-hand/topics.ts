import { UsageError } from '../../course/errors.js';

/** The longest text of a packet, in bytes [3.1.1, 1.5.3]. */
const LONGEST = 65_535;

/** @throws UsageError for what no broker takes as a topic name [3.1.1 MQTT-3.3.2-2, MQTT-4.7.3-1] */
export function checkTopicName(name: string): void {
  checkText(name);
  if (!/[+#]/.test(name)) return;
  throw new UsageError(
    `${name} holds a wildcard. A message is published to one topic name; + and # are for sub.`,
  );
}

/** @throws UsageError for what no broker takes as a topic filter [3.1.1 MQTT-4.7.1-2, MQTT-4.7.1-3] */
export function checkTopicFilter(filter: string): void {
  checkText(filter);
  const levels = filter.split('/');
  const bad = levels.find(
    (level, at) =>
      (level.includes('+') && level !== '+') ||
      (level.includes('#') && (level !== '#' || at !== levels.length - 1)),
  );
  if (bad === undefined) return;
  throw new UsageError(
    `${filter} is no topic filter: + takes a whole level, and # a whole level at the end (here it stands in "${bad}").`,
  );
}

function checkText(text: string): void {
  if (text === '') throw new UsageError('A topic has at least one character.');
  if (text.includes('\0')) throw new UsageError('A topic holds no null character.');
  if (Buffer.byteLength(text) > LONGEST) {
    throw new UsageError(`A topic has at most ${LONGEST} bytes.`);
  }
}
