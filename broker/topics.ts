/** Most `/` in a topic or filter, as in Mosquitto. */
export const MAX_SLASHES = 200;

const SLASH = 47;
const PLUS = 43;
const HASH = 35;
const DOLLAR = 36;

/** `3.1.1 MQTT-3.3.2-2`, `3.1.1 MQTT-4.7.3-1`: a topic name has at least one character and no wildcard. */
export function validTopicName(topic: string): boolean {
  if (topic.length === 0) return false;
  let slashes = 0;
  for (let i = 0; i < topic.length; i++) {
    const c = topic.charCodeAt(i);
    if (c === PLUS || c === HASH) return false;
    if (c === SLASH && ++slashes > MAX_SLASHES) return false;
  }
  return true;
}

/** `3.1.1 MQTT-4.7.1-2`, `3.1.1 MQTT-4.7.1-3`, `3.1.1 MQTT-4.7.3-1`: `#` only as the last level, `+` only as a whole level. */
export function validFilter(filter: string): boolean {
  if (filter.length === 0) return false;
  let slashes = 0;
  for (let i = 0; i < filter.length; i++) {
    const c = filter.charCodeAt(i);
    if (c === SLASH && ++slashes > MAX_SLASHES) return false;
    if (c !== PLUS && c !== HASH) continue;
    if (i > 0 && filter.charCodeAt(i - 1) !== SLASH) return false;
    if (c === HASH && i !== filter.length - 1) return false;
    if (c === PLUS && i + 1 < filter.length && filter.charCodeAt(i + 1) !== SLASH) return false;
  }
  return true;
}

/** Whether a valid filter matches a topic name (`3.1.1`, section 4.7; a leading wildcard does not
 * match a leading `$`: `3.1.1 MQTT-4.7.2-1`). */
export function matches(filter: string, topic: string): boolean {
  if (filter === topic) return true;
  const first = filter.charCodeAt(0);
  if ((first === PLUS || first === HASH) && topic.charCodeAt(0) === DOLLAR) return false;
  let t = 0;
  let f = 0;
  for (;;) {
    const c = filter.charCodeAt(f);
    if (c === HASH) return true;
    if (c === PLUS) {
      f++;
      while (t < topic.length && topic.charCodeAt(t) !== SLASH) t++;
    } else {
      while (f < filter.length && filter.charCodeAt(f) !== SLASH) {
        if (t >= topic.length || filter.charCodeAt(f) !== topic.charCodeAt(t)) return false;
        f++;
        t++;
      }
    }
    if (f === filter.length) return t === topic.length;
    // The filter stands on a slash: the topic must too, or `/#` ends the filter (parent level).
    if (t === topic.length) return filter.length === f + 2 && filter.charCodeAt(f + 1) === HASH;
    if (topic.charCodeAt(t) !== SLASH) return false;
    f++;
    t++;
    if (f === filter.length) return t === topic.length;
  }
}

/** The text of an MQTT string, or undefined where Mosquitto closes the connection: bytes that are no
 * UTF-8 (`3.1.1 MQTT-1.5.3-1`), NUL (`3.1.1 MQTT-1.5.3-2`), control characters, surrogates, non-characters. */
export function mqttString(bytes: Buffer): string | undefined {
  let ascii = true;
  for (let i = 0; i < bytes.length; i++) {
    const c = bytes[i] as number;
    if (c < 0x20 || c === 0x7f) return undefined;
    if (c > 0x7f) ascii = false;
  }
  if (ascii) return bytes.toString('latin1');
  let text: string;
  try {
    text = strict.decode(bytes);
  } catch {
    return undefined;
  }
  for (const character of text) {
    const c = character.codePointAt(0) as number;
    if (c <= 0x9f && c >= 0x7f) return undefined;
    if ((c & 0xfffe) === 0xfffe || (c >= 0xfdd0 && c <= 0xfdef)) return undefined;
  }
  return text;
}

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
