/**
 * Whether a topic name matches a topic filter.
 * 3.1.1 MQTT-4.7.1-2 (`#`), MQTT-4.7.1-3 (`+`), MQTT-4.7.2-1 (`$` topics), MQTT-4.7.3-4 (no
 * normalisation): `home/#` matches `home`; `+` matches an empty level; `#` and `+/…` do not match
 * `$SYS/…`.
 */
export function topicMatches(filter: string, topic: string): boolean {
  const wanted = filter.split('/');
  const levels = topic.split('/');
  if (topic.startsWith('$') && wanted[0] !== levels[0]) return false;
  for (const [at, level] of wanted.entries()) {
    if (level === '#') return true;
    if (at >= levels.length) return false;
    if (level !== '+' && level !== levels[at]) return false;
  }
  return wanted.length === levels.length;
}

/** Whether a text may stand as a topic filter: `#` alone and last, `+` alone in its level, not empty. */
export function isTopicFilter(text: string): boolean {
  if (text === '' || text.includes('\0') || Buffer.byteLength(text) > 65_535) return false;
  const levels = text.split('/');
  return levels.every(
    (level, at) =>
      level === '+' || !/[+#]/.test(level) || (level === '#' && at === levels.length - 1),
  );
}

/** Whether a text may stand as a topic name (3.1.1 MQTT-3.3.2-2, MQTT-4.7.3-1, MQTT-4.7.3-2, MQTT-4.7.3-3). */
export function isTopicName(text: string): boolean {
  return isTopicFilter(text) && !/[+#]/.test(text);
}
