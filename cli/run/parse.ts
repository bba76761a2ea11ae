/** What a line typed into a live run means. Pure: nothing is done here. */
import type { Direction, QoS } from '../../wire/trace.js';
import { ALIASES, COMMANDS, type CommandWords, PACKET_TYPES, type PacketName } from './help.js';

/** Which packets of the program's line a fault applies to. */
export interface Aim {
  readonly type?: PacketName;
  readonly direction?: Direction;
  /** How many; Infinity for all. */
  readonly times: number;
}

export type LiveCommand =
  | {
      readonly kind: 'pub';
      readonly topic: string;
      readonly payload: string;
      readonly qos: QoS;
      readonly retain: boolean;
    }
  | { readonly kind: 'in'; readonly line: unknown }
  | { readonly kind: 'cut'; readonly direction?: Direction }
  | { readonly kind: 'cut-at'; readonly passes: boolean; readonly aim: Aim }
  | { readonly kind: 'withhold' | 'drop' | 'duplicate'; readonly aim: Aim }
  | { readonly kind: 'delay'; readonly ms: number; readonly aim: Aim }
  | { readonly kind: 'restart'; readonly state: 'keep' | 'wipe' }
  | { readonly kind: 'events'; readonly on: boolean }
  | { readonly kind: 'explain'; readonly packet: number }
  | { readonly kind: 'view'; readonly as: 'diagram' | 'list' }
  | { readonly kind: 'wait'; readonly type: PacketName }
  | { readonly kind: 'help'; readonly about?: CommandWords }
  | { [Kind in Bare]: { readonly kind: Kind } }[Bare];

/** Commands of one word. */
type Bare =
  | 'blackhole'
  | 'release'
  | 'heal'
  | 'crash'
  | 'stop'
  | 'again'
  | 'output'
  | 'env'
  | 'clear'
  | 'quit';

/** A command, or in words what was wrong and what would be right. */
export type ParsedLine = { readonly command: LiveCommand } | { readonly problem: string };

/** The longest delay, in milliseconds: what comes later looks like a black hole. */
const LONGEST_DELAY = 600_000;

class Wrong extends Error {}

/** Reads one line. `undefined` for an empty one, and for a comment (`# …`). */
export function parseLine(text: string): ParsedLine | undefined {
  const line = text.trim();
  if (line === '' || /^#(\s|$)/.test(line)) return undefined;
  try {
    return { command: parse(line) };
  } catch (error) {
    if (error instanceof Wrong) return { problem: error.message };
    throw error;
  }
}

function parse(line: string): LiveCommand {
  const [, first = '', rest = ''] = /^(\S+)\s*([\s\S]*)$/.exec(line) ?? [];
  const name = ALIASES[first.toLowerCase()] ?? first.toLowerCase();
  const words = COMMANDS.find(one => one.name === name);
  if (!words) return message(line, first);
  const more = rest.split(/\s+/).filter(Boolean);
  switch (words.name) {
    case 'pub':
      return publish(rest, words);
    case 'in':
      return input(rest, words);
    case 'cut':
      return cut(more, words);
    case 'withhold':
    case 'drop':
      return { kind: words.name, aim: aimOf(more, words, 'needs a type') };
    case 'duplicate': {
      const aim = aimOf(more, words, 'any');
      if (aim.type !== undefined && aim.type !== 'PUBLISH') {
        throw new Wrong(`only a PUBLISH can come twice. For example: ${words.example}`);
      }
      return { kind: 'duplicate', aim: { ...aim, type: 'PUBLISH' } };
    }
    case 'delay':
      return delay(more, words);
    case 'restart':
      return { kind: 'restart', state: oneOf(more, ['keep', 'wipe'], words, 'keep') };
    case 'events':
      return { kind: 'events', on: oneOf(more, ['on', 'off'], words) === 'on' };
    case 'view':
      return { kind: 'view', as: oneOf(more, ['diagram', 'list'], words) };
    case 'explain': {
      const packet = Number(more[0]?.replace(/^#/, ''));
      if (more.length !== 1 || !Number.isInteger(packet) || packet < 1) throw wrong(words);
      return { kind: 'explain', packet };
    }
    case 'wait': {
      const { type } = aimOf(more, words, 'needs a type');
      return { kind: 'wait', type: type as PacketName };
    }
    case 'help': {
      if (more.length === 0) return { kind: 'help' };
      const wanted = ALIASES[more[0]?.toLowerCase() ?? ''] ?? more[0]?.toLowerCase();
      const about = COMMANDS.find(one => one.name === wanted);
      if (!about) throw unknownCommand(more[0] ?? '');
      return { kind: 'help', about };
    }
    default:
      if (more.length > 0) throw wrong(words);
      return { kind: words.name as Bare } as LiveCommand;
  }
}

const wrong = (words: CommandWords) =>
  new Wrong(`${`${words.name} ${words.usage}`.trim()}. For example: ${words.example}`);

function unknownCommand(word: string): Wrong {
  const near = COMMANDS.map(one => one.name)
    .map(name => ({ name, far: distance(word.toLowerCase(), name) }))
    .sort((a, b) => a.far - b.far)[0];
  const meant = near && near.far <= 2 ? ` Did you mean ${near.name}?` : '';
  return new Wrong(`there is no command ${word}.${meant} All of them: help`);
}

/** `home/temp 21.5`: a line that begins with a topic is a message. */
function message(line: string, first: string): LiveCommand {
  const pub = COMMANDS.find(one => one.name === 'pub') as CommandWords;
  if (first.includes('/')) return publish(line, pub);
  const { message: text } = unknownCommand(first);
  throw new Wrong(`${text}. To publish to the topic ${first}: pub ${line}`);
}

/** One word, which may stand in quotes, and what follows it. */
function word(text: string): readonly [string, string] {
  const [, double, single, bare, rest = ''] =
    /^(?:"([^"]*)"|'([^']*)'|(\S+))\s*([\s\S]*)$/.exec(text) ?? [];
  return [double ?? single ?? bare ?? '', rest];
}

function publish(text: string, words: CommandWords): LiveCommand {
  let rest = text.trim();
  let qos: QoS = 0;
  let retain = false;
  const flag = (value: string | undefined) => {
    if (value === undefined) {
      retain = true;
      return;
    }
    if (!/^[012]$/.test(value))
      throw new Wrong(`the QoS is 0, 1 or 2. For example: ${words.example}`);
    qos = Number(value) as QoS;
  };
  // Flags stand before the topic or at the end of the line; between them all is payload.
  for (;;) {
    const before = /^(?:-r|-q\s*(\S+))(?:\s+|$)/.exec(rest);
    if (!before) break;
    flag(before[1]);
    rest = rest.slice(before[0].length);
  }
  for (;;) {
    const behind = /\s(?:-r|-q\s*([^\s"'}\]]+))$/.exec(rest);
    if (!behind) break;
    flag(behind[1]);
    rest = rest.slice(0, behind.index).trimEnd();
  }
  const [topic, behind] = word(rest);
  if (topic === '') throw wrong(words);
  if (/[+#]/.test(topic)) {
    throw new Wrong(
      `${topic} has a wildcard; a topic name has none (3.1.1 MQTT-3.3.2-2). For example: ${words.example}`,
    );
  }
  const quoted = /^(["'])([\s\S]*)\1$/.exec(behind);
  return { kind: 'pub', topic, payload: quoted?.[2] ?? behind, qos, retain };
}

function input(text: string, words: CommandWords): LiveCommand {
  if (text === '') throw wrong(words);
  try {
    return { kind: 'in', line: JSON.parse(text) as unknown };
  } catch {
    throw new Wrong(
      `your program reads lines of JSON, and this is none. For example: ${words.example}`,
    );
  }
}

function cut(more: readonly string[], words: CommandWords): LiveCommand {
  const at = more.findIndex(one => /^(before|after)$/i.test(one));
  if (at === -1) {
    const aim = aimOf(more, words, 'any');
    if (aim.type !== undefined || more.length > 1) throw wrong(words);
    return { kind: 'cut', ...(aim.direction ? { direction: aim.direction } : {}) };
  }
  const passes = more[at]?.toLowerCase() === 'after';
  return {
    kind: 'cut-at',
    passes,
    aim: aimOf(
      more.filter((_, index) => index !== at),
      words,
      'needs a type',
    ),
  };
}

function delay([first, ...more]: readonly string[], words: CommandWords): LiveCommand {
  const [, digits, unit] = /^(\d+)(ms|s)?$/i.exec(first ?? '') ?? [];
  const ms = Number(digits) * (unit?.toLowerCase() === 's' ? 1000 : 1);
  if (digits === undefined || ms < 1 || ms > LONGEST_DELAY) {
    throw new Wrong(
      `delay takes milliseconds, 1 to ${LONGEST_DELAY}. For example: ${words.example}`,
    );
  }
  return { kind: 'delay', ms, aim: aimOf(more, words, 'any') };
}

function aimOf(more: readonly string[], words: CommandWords, type: 'any' | 'needs a type'): Aim {
  let found: { type?: PacketName; direction?: Direction; times?: number } = {};
  for (const one of more) {
    const packet = PACKET_TYPES.find(name => name === one.toUpperCase());
    if (packet && found.type === undefined) found = { ...found, type: packet };
    else if (/^to-(broker|client)$/i.test(one) && found.direction === undefined) {
      found = { ...found, direction: one.toLowerCase() as Direction };
    } else if (/^(all|[1-9]\d{0,5})$/i.test(one) && found.times === undefined) {
      found = { ...found, times: /^all$/i.test(one) ? Number.POSITIVE_INFINITY : Number(one) };
    } else {
      throw new Wrong(
        /^[A-Z]+$/i.test(one) && found.type === undefined
          ? `${one} is no packet; they are ${PACKET_TYPES.join(', ')}. For example: ${words.example}`
          : wrong(words).message,
      );
    }
  }
  if (type === 'needs a type' && found.type === undefined) {
    throw new Wrong(`${words.name} which packet? For example: ${words.example}`);
  }
  return { times: 1, ...found };
}

function oneOf<const T extends string>(
  more: readonly string[],
  values: readonly T[],
  words: CommandWords,
  otherwise?: T,
): T {
  if (more.length === 0 && otherwise !== undefined) return otherwise;
  const found = values.find(value => value === more[0]?.toLowerCase());
  if (found === undefined || more.length > 1) throw wrong(words);
  return found;
}

/** Letters to insert, remove or change to make one word of the other. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (const [i, letter] of [...a].entries()) {
    const next = [i + 1];
    for (let j = 1; j <= b.length; j++) {
      const same = (row[j - 1] ?? 0) + (b[j - 1] === letter ? 0 : 1);
      next.push(Math.min(same, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
