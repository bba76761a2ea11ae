import { expect, test } from 'vitest';
import { type KeyPress, readKeys } from '../../../cli/terminal/keyboard.js';

type Options = Parameters<typeof readKeys>[1];

async function pressesOf(chunks: readonly (string | Buffer)[], options?: Options) {
  const presses: KeyPress[] = [];
  const reader = readKeys(press => presses.push(press), options);
  for (const chunk of chunks) reader.feed(chunk);
  // What is not whole is held back until nothing more comes.
  await new Promise(resolve => setTimeout(resolve, 100));
  reader.close();
  return presses;
}

const namesOf = async (...chunks: (string | Buffer)[]) =>
  (await pressesOf(chunks)).map(press => press.name);

test.each([
  ['letters in one piece', ['hs'], ['h', 's']],
  ['arrows and pages', ['\u001B[A\u001B[6~\u001BOB'], ['up', 'page-down', 'down']],
  ['to the sides', ['\u001B[C\u001BOD\u001B[3~'], ['right', 'left', 'delete']],
  ['a sequence in pieces', ['\u001B', '[', '5~'], ['page-up']],
  ['ESC alone', ['\u001B'], ['escape']],
  ['ESC twice', ['\u001B\u001B'], ['escape', 'escape']],
  ['a key that is not known: none of its letters', ['\u001B[1;5Sq\u001B[24~'], ['q']],
  ['Alt and a letter is not the letter', ['\u001Bq'], []],
  ['a paste is no key', ['\u001B[200~quit and h\u001B[201~r'], ['r']],
  ['control', ['\u0003\r \u007F\u001A'], ['ctrl-c', 'enter', 'space', 'backspace', 'ctrl-z']],
  ['what edits a line', ['\u0001\u000B\u0017\t'], ['ctrl-a', 'ctrl-k', 'ctrl-w', 'tab']],
  ['control characters that are no key', ['\u001C\u001F\u0080\u009B'], []],
])('%s', async (_, chunks, names) => {
  expect(await namesOf(...chunks)).toEqual(names);
});

test('a character in two pieces of bytes is one', async () => {
  const bytes = Buffer.from('é');
  expect(await namesOf(bytes.subarray(0, 1), bytes.subarray(1))).toEqual(['é']);
});

test('what can be typed comes with its text, what cannot without', async () => {
  expect(await pressesOf(['G 👍\r\u0003\u001B[A'])).toEqual([
    { name: 'G', text: 'G' },
    { name: 'space', text: ' ' },
    { name: '👍', text: '👍' },
    { name: 'enter' },
    { name: 'ctrl-c' },
    { name: 'up' },
  ]);
});

test('a paste counts as typed where that is asked for', async () => {
  const presses = await pressesOf(['\u001B[200~cut\rok\u001B[201~!'], { pasted: 'typed' });
  expect(presses.map(press => press.text ?? `<${press.name}>`).join('')).toBe('cut<enter>ok!');
});
