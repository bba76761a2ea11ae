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
