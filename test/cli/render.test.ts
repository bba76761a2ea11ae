import stringWidth from 'fast-string-width';
import { describe, expect, test } from 'vitest';
import { renderDiff } from '../../cli/commands/solution.js';
import { printable, wrap, wrapKeeping } from '../../cli/render/layout.js';
import { renderMarkdown } from '../../cli/render/markdown.js';
import { makeStyle, type StyleInput } from '../../cli/render/style.js';
import { renderResult, type VerdictContext } from '../../cli/render/verdict.js';
import { allPassed, couldNotTell, failed, unreadable, wildOutput } from './results.js';

const style = (width: number, input: StyleInput = {}) => makeStyle({ env: {}, width, ...input });
const golden = (name: string, lines: readonly string[]) =>
  expect(`${lines.join('\n')}\n`).toMatchFileSnapshot(`golden/${name}.txt`);

const context: VerdictContext = {
  title: 'Last will',
  file: 'exercises/09-last-will/typescript/main.ts',
  next: '10-sessions',
  hintsShown: 1,
};

describe('the result of a check', () => {
  const cases = { failed, allPassed, couldNotTell, wildOutput, unreadable };
  for (const [name, result] of Object.entries(cases)) {
    for (const width of [40, 80, 120]) {
      test(`${name}, ${width} columns`, async () => {
        const lines = renderResult(result, style(width), context);
        await golden(`result-${name}-${width}`, lines);
        for (const line of lines) {
          // A path is never broken.
          if (line.trim() === context.file) continue;
          expect(stringWidth(line), line).toBeLessThanOrEqual(width);
        }
      });
    }
  }

  test('plain: words alone', async () => {
    const lines = renderResult(failed, style(80, { plain: true }), { ...context, first: true });
    await golden('result-failed-plain', lines);
    expect(lines.join('\n')).not.toMatch(/[✓✗│·]/u);
  });

  test('coloured: the same words', async () => {
    const lines = renderResult(failed, style(80, { color: true }), context);
    await golden('result-failed-colour', lines);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the colours are what is taken away
    const bare = lines.map(line => line.replace(/\u001B\[\d+m/g, ''));
    expect(bare).toEqual(renderResult(failed, style(80), context));
  });

  test('nothing of a program reaches the terminal as a command to it', () => {
    const text = renderResult(wildOutput, style(80), context).join('\n');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: none of them may be there
    expect(text).not.toMatch(/[\u0000-\u0009\u000B-\u001F\u007F-\u009F\u202E]/);
    expect(text).toContain('\\x1b]0;owned\\x07');
  });

  test('what is not shown of the output is said', () => {
    const text = renderResult(wildOutput, style(120), context).join(' ').replace(/\s+/g, ' ');
    expect(text).toContain(
      '41 lines; the last 12 here, all of them: npx mqtt-course trace 9 --output',
    );
    expect(text).toMatch(/only the first \d+ KiB of 391 were kept/);
    expect(text).toContain('2 control characters shown as escapes');
    expect(text).toContain('Your program was ended by SIGSEGV.');
  });

  test('a clause that the text names already is not named again', () => {
    const text = renderResult(failed, style(120), context).join(' ');
    expect(text.match(/MQTT-3\.1\.2-17/g)).toHaveLength(1);
    expect(text).toContain('[3.1.1 MQTT-3.3.1-5]');
  });

  test('the first red is expected, and only the first', () => {
    const sentence = 'Red is where everyone starts';
    expect(renderResult(failed, style(80), { first: true }).join('\n')).toContain(sentence);
    expect(renderResult(failed, style(80), {}).join('\n')).not.toContain(sentence);
    expect(renderResult(allPassed, style(80), { first: true }).join('\n')).not.toContain(sentence);
  });

  test('a command is offered again as it was', () => {
    const result = { ...failed, track: 'command' } as const;
    const text = renderResult(result, style(120), { command: './my program' }).join('\n');
    expect(text).toContain('npx mqtt-course check 9 -- ./my program');
  });
});

const lesson = `# Wildcards

A **dashboard** shows every room: \`home/+/temp\`. See [the standard](https://example.org/mqtt)
and [lesson 3](03-subscribe-and-react.md). Every filter is checked [3.1.1 MQTT-4.7.1-3].

## Two signs

1. \`+\` stands for one level
   * \`home/+/temp\` matches \`home/hall/temp\`
   * it does *not* match \`home/hall/door/temp\`
2. \`#\` stands for all the rest, however deep it goes, and for the level above it as well

> A filter is not a topic name. Nothing can be published on a filter, and a broker closes the connection.

| name | example | meaning |
|---|---|---|
| \`MQTT_URL\` | \`mqtt://127.0.0.1:41883\` | the broker; in Python also \`MQTT_HOST\` and \`MQTT_PORT\` |
| \`FILTER\` | \`lab/+/reading\` | what to subscribe to |

\`\`\`ts
const client = mqtt.connect(env('MQTT_URL')); // this line is longer than a narrow window is wide
await client.subscribeAsync('home/+/temp', { qos: 1 });
\`\`\`

\`\`\`packets program=solution
  #1  program → broker  CONNECT clientId=dashboard-4k keepalive=60 clean=1 will=none and more
  #2  broker → program  CONNACK returnCode=0
\`\`\`

<details><summary>Does # match home itself?</summary>

Yes: \`home/#\` matches \`home\`.

</details>

---

The end.
`;

describe('a lesson', () => {
  for (const width of [40, 80]) {
    test(`${width} columns, no colour`, () =>
      golden(`lesson-${width}`, renderMarkdown(lesson, style(width))));
  }

  test('plain', () => golden('lesson-plain', renderMarkdown(lesson, style(80, { plain: true }))));

  test('coloured, with links', () =>
    golden('lesson-colour', renderMarkdown(lesson, style(80, { color: true, links: true }))));

  test('prose keeps to the width; code is never broken', () => {
    const lines = renderMarkdown(lesson, style(40));
    const wide = lines.filter(line => stringWidth(line) > 40);
    expect(wide).toEqual([
      "  const client = mqtt.connect(env('MQTT_URL')); // this line is longer than a narrow window is wide",
      "  await client.subscribeAsync('home/+/temp', { qos: 1 });",
    ]);
  });

  test('folded answers are folded, and the way to them is said', () => {
    const command = 'npx mqtt-course read 5 --answers';
    const shut = renderMarkdown(lesson, style(100), { answersCommand: command }).join('\n');
    expect(shut).toContain(`Does # match home itself?  (answer: ${command})`);
    expect(shut).not.toContain('Yes: `home/#`');
    const open = renderMarkdown(lesson, style(100), { answers: true }).join('\n');
    expect(open).toContain('Yes: `home/#` matches `home`.');
  });

  test('links: shown where the terminal can, written out where it cannot', () => {
    const written = renderMarkdown(lesson, style(100)).join('\n');
    expect(written).toContain('the standard (https://example.org/mqtt)');
    expect(written).toContain('lesson 3 (npx mqtt-course read 03-subscribe-and-react)');
    const shown = renderMarkdown(lesson, style(100, { color: true, links: true })).join('\n');
    expect(shown).toContain('\u001B]8;;https://example.org/mqtt\u001B\\');
  });

  test('a table too wide for the window becomes lists', () => {
    const head = '| a | b | c | d | e | f |\n|---|---|---|---|---|---|\n';
    const row = `|${' something-long here |'.repeat(6)}\n`;
    const lines = renderMarkdown(head + row, style(40));
    expect(lines).toContain('a: something-long here');
  });
});

describe('colour and symbols', () => {
  const terminal = { isTTY: true, columns: 80 };
  const on = (env: Record<string, string>, isTTY = true) =>
    makeStyle({ env, stream: { ...terminal, isTTY } });

  test.each([
    ['a terminal', {}, true, true],
    ['a pipe', {}, false, false],
    ['NO_COLOR', { NO_COLOR: '1' }, true, false],
    ['an empty NO_COLOR', { NO_COLOR: '' }, true, true],
    ['FORCE_COLOR in a pipe', { FORCE_COLOR: '1' }, false, true],
    ['FORCE_COLOR=0', { FORCE_COLOR: '0' }, true, false],
    ['TERM=dumb', { TERM: 'dumb' }, true, false],
  ])('%s', (_, env, isTTY, color) => {
    expect(on(env, isTTY).color).toBe(color);
  });

  test('TERM=dumb is plain; --plain beats FORCE_COLOR', () => {
    expect(on({ TERM: 'dumb' }).plain).toBe(true);
    expect(makeStyle({ env: { FORCE_COLOR: '1' }, plain: true }).color).toBe(false);
  });

  test('links only where they are known to work', () => {
    expect(on({ TERM_PROGRAM: 'vscode' }).links).toBe(true);
    expect(on({ TERM_PROGRAM: 'vscode', TMUX: 'x' }).links).toBe(false);
    expect(on({ TERM: 'xterm-256color' }).links).toBe(false);
  });
});

test('printable text: colours go, what acts on a terminal is shown, text stays', () => {
  expect(printable('\u001B[1;31mred\u001B[0m\tü 家 👩‍🔧\r\nnext')).toEqual({
    text: 'red    ü 家 👩‍🔧\nnext',
    escaped: 0,
  });
  expect(printable('a\u001B[2Jb\rc\u009Bd\u2028e')).toEqual({
    text: 'a\\x1b[2Jb\\x0dc\\x9bd\\u{2028}e',
    escaped: 4,
  });
});

test('colours and links are closed at the end of a line, and go on in the next', () => {
  expect(wrap('a \u001B[1mbold\u001B[22m and \u001B[31mred word\u001B[39m end', 10)).toEqual([
    'a \u001B[1mbold\u001B[22m and',
    '\u001B[31mred word\u001B[39m',
    'end',
  ]);
  expect(wrap('\u001B[2m\u001B[31mone two\u001B[39m\u001B[22m', 4)).toEqual([
    '\u001B[2m\u001B[31mone\u001B[39m\u001B[22m',
    '\u001B[2m\u001B[31mtwo\u001B[39m\u001B[22m',
  ]);
});

test('wide characters take two columns; a long word is broken', () => {
  expect(wrap('家家家 abcdefgh', 4)).toEqual(['家家', '家', 'abcd', 'efgh']);
});

test('long lines go on below, further in', () => {
  expect(wrapKeeping('  #1 CONNECT clientId=press-3 keepalive=10', 24)).toEqual([
    '  #1 CONNECT',
    '    clientId=press-3',
    '    keepalive=10',
  ]);
});

test('a diff: what goes and what comes', () => {
  const diff = '===\n--- yours\n+++ solution\n@@ -1 +1 @@\n-a\n+b\n';
  const lines = renderDiff({ path: 'main.ts', solution: 'b', diff }, style(80, { color: true }));
  expect(lines.slice(0, 5)).toEqual([
    '\u001B[1m--- yours\u001B[22m',
    '\u001B[1m+++ solution\u001B[22m',
    '\u001B[36m@@ -1 +1 @@\u001B[39m',
    '\u001B[31m-a\u001B[39m',
    '\u001B[32m+b\u001B[39m',
  ]);
  expect(renderDiff({ path: 'main.ts', solution: '', diff: '' }, style(80)).join()).toContain(
    'the same',
  );
});
