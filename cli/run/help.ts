/** The commands of a live run, in words: for the parser, for Tab, and for `help`. */
import { hang, wrap } from '../render/layout.js';

export interface CommandWords {
  readonly name: string;
  /** What may stand behind the name. */
  readonly usage: string;
  readonly meaning: string;
  readonly group: 'messages' | 'faults' | 'program' | 'view';
  /** A whole line, for the message that says what would be right. */
  readonly example: string;
}

const words = (
  group: CommandWords['group'],
  name: string,
  usage: string,
  meaning: string,
  example: string,
): CommandWords => ({ name, usage, meaning, group, example });

export const COMMANDS: readonly CommandWords[] = [
  words(
    'messages',
    'pub',
    'TOPIC [PAYLOAD] [-q 0|1|2] [-r]',
    'publish as the world; "home/temp 21.5" alone does too',
    'pub home/kitchen/temp 21.5 -q 1',
  ),
  words('messages', 'in', 'JSON', 'one line for the input of your program', 'in {"temp": 21.5}'),
  words('messages', 'events', 'on|off', "the lesson's own events go on, or wait", 'events off'),
  words(
    'faults',
    'cut',
    '[to-broker|to-client] [before|after TYPE]',
    'end the connection of your program: both ways, one way, or at a packet',
    'cut before PUBACK',
  ),
  words('faults', 'blackhole', '', 'nothing passes any more, and nobody is told', 'blackhole'),
  words('faults', 'withhold', 'TYPE [N|all]', 'keep the next such packet back', 'withhold PUBACK'),
  words('faults', 'release', '', 'pass on what is kept back', 'release'),
  words('faults', 'drop', 'TYPE [N|all]', 'lose the next such packet', 'drop PUBACK'),
  words('faults', 'duplicate', '[N|all]', 'the next PUBLISH comes twice', 'duplicate'),
  words('faults', 'delay', 'MS [TYPE] [N|all]', 'the next packet comes late', 'delay 500 all'),
  words('faults', 'heal', '', 'no more faults; what is kept back is passed on', 'heal'),
  words(
    'faults',
    'restart',
    '[keep|wipe]',
    'the broker crashes and comes back, with its store or empty',
    'restart wipe',
  ),
  words('program', 'crash', '', 'kill your program', 'crash'),
  words('program', 'stop', '', 'ask your program to stop: the end of its input', 'stop'),
  words('program', 'again', '', 'start your program again', 'again'),
  words('view', 'explain', 'N', 'what every byte of packet N means', 'explain 4'),
  words('view', 'view', 'diagram|list', 'the wire as a drawing or in words', 'view list'),
  words('view', 'output', '', 'all that your program wrote', 'output'),
  words('view', 'env', '', 'what your program was told: topics, names', 'env'),
  words(
    'view',
    'wait',
    'TYPE',
    'wait for the next such packet, ten seconds at most',
    'wait SUBACK',
  ),
  words('view', 'clear', '', 'an empty view; nothing on the wire changes', 'clear'),
  words('view', 'help', '[COMMAND]', 'this list', 'help withhold'),
  words('view', 'quit', '', 'leave; your program is asked to stop', 'quit'),
];

/** What may stand for another name. */
export const ALIASES: Readonly<Record<string, string>> = {
  q: 'quit',
  exit: 'quit',
  publish: 'pub',
  input: 'in',
  dup: 'duplicate',
  kill: 'crash',
  start: 'again',
  '?': 'help',
};

export const PACKET_TYPES = [
  'CONNECT',
  'CONNACK',
  'PUBLISH',
  'PUBACK',
  'PUBREC',
  'PUBREL',
  'PUBCOMP',
  'SUBSCRIBE',
  'SUBACK',
  'UNSUBSCRIBE',
  'UNSUBACK',
  'PINGREQ',
  'PINGRESP',
  'DISCONNECT',
] as const;
export type PacketName = (typeof PACKET_TYPES)[number];

const TITLES: Readonly<Record<CommandWords['group'], string>> = {
  messages: 'Messages',
  faults: 'Faults on the line of your program',
  program: 'Your program',
  view: 'Looking',
};

const COLUMN = 26;

/** A command and what it is for: side by side, or one below the other where it is long. */
function explained(one: CommandWords, width: number): string[] {
  const left = `  ${one.name} ${one.usage}`.trimEnd();
  const space = ' '.repeat(COLUMN);
  const meaning = hang(space, space, one.meaning, width);
  const [first = '', ...more] = meaning;
  return left.length < COLUMN - 1
    ? [left.padEnd(COLUMN) + first.slice(COLUMN), ...more]
    : [left, ...meaning];
}

/** The list of `help`, or what it says of one command. */
export function helpLines(about: CommandWords | undefined, width: number): string[] {
  if (about) {
    return [`${about.name} ${about.usage}`.trim(), `  ${about.meaning}`, `  ${about.example}`];
  }
  const groups = Object.entries(TITLES).flatMap(([group, title]) => [
    title,
    ...COMMANDS.filter(one => one.group === group).flatMap(one => explained(one, width)),
    '',
  ]);
  const notes = [
    'TYPE is a packet: PUBLISH, PUBACK, SUBACK ... A number behind it means so many packets, "all" every one; to-broker or to-client only those that go that way.',
    'Tab completes. Up and Down bring back what you typed. PgUp and PgDn go through the packets; there the arrows go row by row, and Esc returns to now. quit or Ctrl-C leaves.',
  ];
  return [...groups, ...notes.flatMap(note => [...wrap(note, width), '']).slice(0, -1)];
}
