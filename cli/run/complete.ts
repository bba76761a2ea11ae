/** Tab: what could stand where the cursor is. Pure. */
import { COMMANDS, PACKET_TYPES } from './help.js';

const DIRECTIONS = ['to-broker', 'to-client'];
const TYPES = new Set(['withhold', 'drop', 'delay', 'wait', 'cut']);

const ARGUMENTS: Readonly<Record<string, readonly string[]>> = {
  restart: ['keep', 'wipe'],
  events: ['on', 'off'],
  view: ['diagram', 'list'],
  help: COMMANDS.map(one => one.name),
  cut: [...DIRECTIONS, 'before', 'after'],
  withhold: [...DIRECTIONS, 'all'],
  drop: [...DIRECTIONS, 'all'],
  delay: [...DIRECTIONS, 'all'],
  duplicate: [...DIRECTIONS, 'all'],
};

export interface Completion {
  /** The line up to the cursor, with what is certain added. */
  readonly line: string;
  /** What could stand there; to be shown when there are several. */
  readonly options: readonly string[];
}

/** Completes the last word of a line; `topics`: those that were seen. */
export function complete(line: string, topics: readonly string[]): Completion {
  const at = line.search(/\S*$/);
  const before = line.slice(0, at);
  const word = line.slice(at);
  const [first, ...earlier] = before.split(/\s+/).filter(Boolean);
  const all = candidates(first?.toLowerCase(), earlier, topics);
  const options = all.filter(one => one.toLowerCase().startsWith(word.toLowerCase()));
  const [only] = options;
  if (only === undefined) return { line, options: [] };
  if (options.length === 1) return { line: `${before}${only} `, options };
  const shared = sharedStart(options);
  return { line: before + (shared.length > word.length ? shared : word), options };
}

function candidates(
  first: string | undefined,
  earlier: readonly string[],
  topics: readonly string[],
): readonly string[] {
  if (first === undefined) return [...COMMANDS.map(one => one.name), ...topics];
  if (first === 'pub') return earlier.length === 0 ? topics : ['-q', '-r'];
  const words = ARGUMENTS[first] ?? [];
  const typed = earlier.some(one => PACKET_TYPES.some(type => type === one.toUpperCase()));
  return TYPES.has(first) && !typed ? [...PACKET_TYPES, ...words] : words;
}

/** The longest beginning that all have, whatever the case. */
function sharedStart(options: readonly string[]): string {
  const [first = '', ...others] = options;
  let length = first.length;
  for (const other of others) {
    let same = 0;
    while (same < length && other[same]?.toLowerCase() === first[same]?.toLowerCase()) same++;
    length = same;
  }
  return first.slice(0, length);
}
