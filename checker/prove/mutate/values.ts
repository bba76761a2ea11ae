/*
 * What a wrong value could be. Few of each, chosen because people write them or because a check must
 * be exact to see them. Values that nobody could tell from the right one are worth nothing.
 */

/** What a number is for, as far as its place tells. */
export type NumberUse = 'exit code' | 'qos' | 'pause' | 'other';

/** Other numbers in place of one. */
export function otherNumbers(text: string, use: NumberUse = 'other'): string[] {
  const value = Number(text.replaceAll('_', ''));
  if (!Number.isFinite(value)) return [];
  if (use === 'exit code') return value === 0 ? ['1'] : ['0'];
  // More than was asked for is right nearly everywhere, and 0 is what comes of no option.
  if (use === 'qos') return value === 1 ? [] : [value === 0 ? '1' : String(value - 1)];
  // None at all, and one that nobody has the patience for.
  if (use === 'pause' || value >= 100) return value === 0 ? ['1'] : ['0', String(value * 60)];
  if (value === 0) return ['1'];
  return [String(value - 1), String(value + 1)];
}

/** Options that change nothing on the wire that a contract could speak of: the form of a JSON text, patience in a loop. */
export const isForm = (name: string): boolean =>
  /^(indent|separators|ensure_ascii|sort_keys|timeout|protocol|protocolVersion|encoding|callback_api_version)$/.test(
    name,
  );

/** Whether this value is an integer, always: it counts, in this program or in what sends to it. */
export function isCounter(name: string, text: string): boolean {
  if (/\b(seq|n|boot|count|beat|qos|mid|id)("\])?$/.test(name)) return true;
  if (!/^\w+$/.test(name)) return false;
  const counts = [`\\b${name} \\+= 1\\b`, `\\b${name}\\+\\+`, `\\bfor ${name}, .* in enumerate\\(`];
  return new RegExp(counts.join('|')).test(text);
}

/** Whether a number with this name, or given to this function, is a time. */
export const isPause = (name: string): boolean =>
  /(wait|sleep|join|timeout|delay|period|interval|pause|setTimeout)$/i.test(name);

/** Other texts in place of one, without its quotes. */
export function otherTexts(text: string): string[] {
  if (text.includes('://')) return [];
  if (text === '') return ['x'];
  const wild = [swapped(text, '+', '#'), swapped(text, '#', '+')].filter(one => one !== text);
  return [...new Set([...wild, `${text}x`])];
}

/** A level of a filter, or the whole of it. */
function swapped(text: string, from: string, to: string): string {
  return text
    .split('/')
    .map(level => (level === from ? to : level))
    .join('/');
}

/** What a message should speak of when an option of this name is wrong. */
export const aboutOption: Readonly<Record<string, RegExp>> = {
  qos: /qos/i,
  retain: /retain|stored|store/i,
  clean: /clean|session/i,
  keepalive: /keep.?alive/i,
  will: /\bwill\b/i,
  'client id': /client.?id/i,
  login: /user ?name|login|password|anonymous|refused/i,
};

const spelled: Readonly<Record<string, string>> = {
  qos: 'qos',
  retain: 'retain',
  clean: 'clean',
  clean_session: 'clean',
  keepalive: 'keepalive',
  will: 'will',
  clientId: 'client id',
  client_id: 'client id',
  username: 'login',
  password: 'login',
};

/** What a true message speaks of when this option is wrong; undefined when that cannot be said. */
export function aboutOf(option: string): { readonly about: string } | undefined {
  const about = spelled[option];
  return about === undefined ? undefined : { about };
}

/** Names that must stay as they are: another address is another machine. */
export const addressName = /^MQTT_(URL|HOST|PORT)$/;

/** So many things a program with a short memory keeps. */
export const SHORT_MEMORY = 64;
