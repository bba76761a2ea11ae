import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { makeStyle } from '../../../cli/render/style.js';
import { drawLive, type LiveState } from '../../../cli/run/draw.js';
import { pressed, topicsOf } from '../../../cli/run/on-key.js';
import {
  EMPTY_PROMPT,
  edited,
  entered,
  insert,
  textOf,
  withText,
} from '../../../cli/run/prompt.js';
import { columnsOf } from '../../../wire/draw/canvas.js';
import { faulty, steady } from '../../wire/draw-traces.js';

const base: LiveState = {
  lesson: '07-duplicates',
  broker: 'mqtt://127.0.0.1:1883',
  program: 'program running',
  running: true,
  faults: 'withhold PUBACK, 1 kept back',
  lifelines: { left: ['program'], right: ['world'] },
  entries: faulty().entries,
  from: 0,
  output: [
    { stream: 'stdout', text: 'connected' },
    {
      stream: 'stderr',
      text: 'a warning that is so long that it goes on below, \u001B[2Jand harmless',
    },
  ],
  prompt: withText(EMPTY_PROMPT, 'withhold PUBREC'),
  reply: { lines: ['withhold: the next PUBACK'], problem: false },
  view: 'diagram',
};
const plain = makeStyle({ plain: true, env: {} });
const grey = makeStyle({ color: false, env: {} });
const colour = makeStyle({ color: true, env: {} });
const text = { title: 'help', lines: Array.from({ length: 60 }, (_, at) => `line ${at}`), top: 20 };

test.each([
  ['80x24', base, 80, 24, grey],
  ['80x24-colour', base, 80, 24, colour],
  ['80x24-plain', base, 80, 24, plain],
  ['120x40', base, 120, 40, grey],
  ['120x40-plain', { ...base, view: 'list' }, 120, 40, plain],
  ['80x24-looking-back', { ...base, bottom: 8 }, 80, 24, grey],
  ['80x24-text', { ...base, text }, 80, 24, grey],
  ['80x24-begins', { ...base, entries: [], output: [], faults: '' }, 80, 24, grey],
] as const)('%s', async (name, state, width, height, style) => {
  const { lines } = drawLive(state, { width, height }, style);
  await expect(`${lines.join('\n')}\n`).toMatchFileSnapshot(`golden/live-${name}.txt`);
});

test('as many lines as the window has, none wider, the cursor inside; whatever is shown', () => {
  const long = fc.string({ unit: 'grapheme', maxLength: 200 });
  fc.assert(
    fc.property(
      fc.record({
        width: fc.integer({ min: 20, max: 200 }),
        height: fc.integer({ min: 8, max: 60 }),
        view: fc.constantFrom('diagram' as const, 'list' as const),
        bottom: fc.option(fc.integer({ min: 1, max: 40 }), { nil: undefined }),
        reply: fc.array(long, { maxLength: 9 }),
        output: fc.array(long, { maxLength: 9 }),
        typed: long,
        faults: long,
      }),
      fc.constantFrom(plain, grey, colour),
      ({ width, height, reply, output, typed, ...rest }, style) => {
        const state: LiveState = {
          ...base,
          ...rest,
          reply: { lines: reply, problem: true },
          output: output.map(line => ({ stream: 'stdout', text: line })),
          prompt: insert(EMPTY_PROMPT, typed),
        };
        const { lines, cursor } = drawLive(state, { width, height }, style);
        expect(lines).toHaveLength(height);
        for (const line of lines) expect(columnsOf(line)).toBeLessThanOrEqual(width);
        expect(cursor.column).toBeLessThan(width);
        expect(cursor.row).toBe(height - 1);
      },
    ),
  );
});

test('nothing that a program writes reaches the terminal as a command', () => {
  const nasty = '\u001B]0;title\u0007\u001B[2J\u009B31m\u202E';
  const state: LiveState = {
    ...base,
    output: [{ stream: 'stdout', text: nasty }],
    reply: { lines: [nasty], problem: false },
    prompt: insert(EMPTY_PROMPT, nasty),
  };
  const { lines } = drawLive(state, { width: 80, height: 24 }, grey);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: this is what must not be there
  expect(lines.join('')).not.toMatch(/[\u0000-\u001F\u007F-\u009F\u202E]/);
});

describe('keys', () => {
  const size = { width: 80, height: 24 };
  const press = (state: LiveState, ...names: string[]) =>
    names.reduce((now, name) => {
      const key = name.length === 1 ? { name, text: name } : { name };
      return pressed(now, key, drawLive(now, size, grey), () => ['home/temp']).state;
    }, state);
  const idle: LiveState = { ...base, prompt: EMPTY_PROMPT };

  test('PgUp looks back; the arrows go row by row there; Esc returns', () => {
    const { rows, page } = drawLive(idle, size, grey);
    expect(rows).toBeGreaterThan(page);
    const back = press(idle, 'page-up');
    expect(back.bottom).toBe(Math.max(page, rows - page + 1));
    expect(press(back, 'down').bottom).toBe((back.bottom ?? 0) + 1);
    expect(press(idle, 'page-up', 'page-up', 'page-up', 'page-up').bottom).toBe(page);
    expect(press(back, 'page-down').bottom).toBeUndefined();
    expect(press(back, 'escape').bottom).toBeUndefined();
  });

  test('new packets do not move what is looked at', () => {
    const trace = steady(40).entries;
    const looking = press({ ...idle, entries: trace.slice(0, 60) }, 'page-up', 'page-up');
    const before = drawLive(looking, size, grey).lines.slice(1, 12);
    const after = drawLive({ ...looking, entries: trace }, size, grey).lines.slice(1, 12);
    expect(after).toEqual(before);
  });

  test('Up and Down bring back lines; what is being typed is not lost', () => {
    let state = idle;
    for (const line of ['cut', 'release']) {
      const { state: next, effect } = pressed(
        { ...state, prompt: { ...state.prompt, ...withText(state.prompt, line) } },
        { name: 'enter' },
        { rows: 0, page: 1 },
        () => [],
      );
      expect(effect).toEqual({ kind: 'line', line });
      state = next;
    }
    state = press(state, 'x');
    expect(textOf(press(state, 'up').prompt)).toBe('release');
    expect(textOf(press(state, 'up', 'up', 'up').prompt)).toBe('cut');
    expect(textOf(press(state, 'up', 'up', 'down', 'down').prompt)).toBe('x');
  });

  test('Tab completes; several possibilities are shown', () => {
    expect(textOf(press(idle, 'w', 'i', 'tab').prompt)).toBe('withhold ');
    const many = press(idle, 'r', 'e', 'tab');
    expect(many.reply.lines).toEqual(['release  restart']);
  });

  test('a text is read with the same keys, and closed with Esc', () => {
    const reading: LiveState = { ...idle, text };
    expect(press(reading, 'up').text?.top).toBe(19);
    expect(
      press(reading, 'page-down', 'page-down', 'page-down', 'page-down').text?.top,
    ).toBeLessThan(60);
    expect(press(reading, 'escape').text).toBeUndefined();
  });

  test('Ctrl-C asks to leave; Ctrl-D only where nothing is typed', () => {
    const effect = (state: LiveState, name: string) =>
      pressed(state, { name }, { rows: 0, page: 1 }, () => []).effect?.kind;
    expect(effect(base, 'ctrl-c')).toBe('interrupt');
    expect(effect(idle, 'ctrl-d')).toBe('interrupt');
    expect(effect(base, 'ctrl-d')).toBeUndefined();
  });

  test('topics for Tab: published, subscribed without wildcard, and of the environment', () => {
    const topics = topicsOf({ entries: faulty().entries }, { IN_TOPIC: 'lab/x', NAME: 'pump' });
    expect(topics).toContain('lab/x');
    expect(topics).toContain('plant/n7/freezer/temp');
    expect(topics.some(one => /[+#]|pump/.test(one))).toBe(false);
  });
});

describe('the line', () => {
  const line = (text: string) => withText(EMPTY_PROMPT, text);

  test.each([
    ['ctrl-w', 'home/temp 21', 'home/temp '],
    ['ctrl-u', 'cut', ''],
    ['backspace', 'a👩‍👩‍👧', 'a'],
    ['delete', 'cut', 'cut'],
    ['nothing', 'cut', 'cut'],
  ])('%s', (key, before, after) => {
    expect(textOf(edited(line(before), key))).toBe(after);
  });

  test('insertion in the middle, and control characters of a paste left out', () => {
    const at = edited(edited(line('ct'), 'left'), 'nothing');
    expect(textOf(insert(at, 'u\u001B\n'))).toBe('cut');
  });

  test('the history holds a line once in a row, and no empty one', () => {
    let prompt = EMPTY_PROMPT;
    for (const text of ['cut', 'cut', '', ' ', 'heal']) prompt = entered(withText(prompt, text));
    expect(prompt.history).toEqual(['cut', 'heal']);
  });
});
