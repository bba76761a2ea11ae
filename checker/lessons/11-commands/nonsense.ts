import type { Random } from '../../harness/random.js';
import type { Command } from './scenarios.js';

/** Deeper than a parser of our two languages goes, and within what a broker carries. */
const DEEP = 9000;

/** What is no command, and has no id to be answered with. */
export const unreadable: readonly Command[] = [
  { payload: '{', what: 'half an object' },
  { payload: '', what: 'an empty message' },
  { payload: 'null', what: 'null: valid JSON, not an object' },
  { payload: '[]', what: 'a list' },
  { payload: '[{"led":"off"}]', what: 'a command in a list' },
  { payload: '"on"', what: 'a text' },
  { payload: 'off', what: 'the word off, which is no JSON' },
  { payload: '0', what: 'a number' },
  { payload: 'false', what: 'false: valid JSON, not an object' },
  { payload: '{"led":"off"}{"led":"off"}', what: 'two objects in one message' },
  { payload: "{'led':'off'}", what: 'single quotes, which are no JSON' },
  { payload: Buffer.from([0xff, 0xfe, 0x00, 0x80]), what: 'bytes that are no text' },
  { payload: 'x'.repeat(100_000), what: '100 kB of x' },
  { payload: '['.repeat(100_000), what: '100,000 opening brackets' },
  { payload: `{"led":${'9'.repeat(400)}}`, what: 'a number of 400 digits as led' },
  { payload: '{"__proto__":{"led":"off"}}', what: 'a field of an odd name' },
  {
    payload: `{"led":"on","id":${'['.repeat(DEEP)}${']'.repeat(DEEP)}}`,
    what: `an id that is nested ${DEEP} deep`,
    either: true,
  },
];

/** Values that are not one of the two, each with an id: texts like them, parts of them, other types. */
export function refused(random: Random): Command[] {
  const values: readonly unknown[] = [
    ...['OFF', 'purple', '', 'o', 'n', 'of', 'off ', ' off', 'off\n', 'offon', 'on off', 'on,off'],
    ...['\uff4f\uff46\uff46', '0', 'false', 'no', 0, 1, -1, 0.5, true, false, null],
    ...[['off'], ['on', 'off'], [], {}, { off: true }, { led: 'off' }],
  ];
  const odd: readonly unknown[] = [0, '', false, '\u00e9t\u00e9-\ud83d\ude00', { desk: [1, 'a'] }];
  const ids = values.map((_, at) => odd[at] ?? `c-${random.token(4)}-${at}`);
  return [
    ...values.map((led, at) => {
      const text = JSON.stringify(led);
      return {
        payload: JSON.stringify({ led, id: ids[at] }),
        id: ids[at],
        what: `{"led":${text}}`,
      };
    }),
    ...[{ lamp: 'off' }, { Led: 'off' }, { state: { led: 'off' } }].map((fields, at) => {
      const id = `c-${random.token(4)}-x${at}`;
      return { payload: JSON.stringify({ ...fields, id }), id, what: 'a command without led' };
    }),
  ];
}
