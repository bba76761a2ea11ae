import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Change, type Entry, parseEdits } from '../../checker/prove/edits.js';
import { formatEntry } from '../../checker/prove/format.js';
import { applyHunks, Misfit, makeHunks } from '../../checker/prove/hunks.js';

const header = [
  'fails: T1 as wrong-topic',
  'does: Publishes elsewhere.',
  'cause: TOPIC is unread.',
];
const entry = (...lines: string[]) => ['## elsewhere', ...header, ...lines, ''].join('\n');

function only(text: string): Entry {
  const { entries, problems } = parseEdits(text, 'mutant');
  expect(problems).toEqual([]);
  expect(entries).toHaveLength(1);
  return entries[0] as Entry;
}
/** The first problem: line and text. */
function problem(text: string, role: 'mutant' | 'variant' = 'mutant'): string {
  const [first] = parseEdits(text, role).problems;
  return first ? `${first.line}: ${first.text}` : 'none';
}

describe('an entry', () => {
  test('says what fails, what it does, why, and what changes in each part', () => {
    const read = only(
      [
        'For people: anything may stand here.',
        '',
        '## two-tracks',
        'of: variant/short',
        'fails: T4, U1 as left-early',
        'does: Leaves.',
        'cause: It does not wait.',
        '@@ typescript',
        '-wait();',
        '@@',
        ' end();',
        '+exit();',
        '@@ python',
        '-wait()',
        '@@ python data/lab.env deleted',
        '@@ config guests new',
        '+ada:x',
        '@@ config server.der whole',
        '',
      ].join('\n'),
    );
    expect(read).toMatchObject({
      name: 'two-tracks',
      of: 'variant/short',
      expects: { mistake: 'left-early', fails: ['T4', 'U1'] },
      does: 'Leaves.',
      cause: 'It does not wait.',
      line: 3,
    });
    const shape = ({ part, file, kind, hunks }: Change) => [part, file, kind, hunks.length];
    expect(read.changes.map(shape)).toEqual([
      ['typescript', 'main.ts', 'edit', 2],
      ['python', 'main.py', 'edit', 1],
      ['python', 'data/lab.env', 'deleted', 0],
      ['config', 'guests', 'new', 1],
      ['config', 'server.der', 'whole', 0],
    ]);
    expect(read.changes[0]?.hunks[1]).toEqual({
      line: 11,
      lines: [
        { sign: ' ', text: 'end();\n' },
        { sign: '+', text: 'exit();\n' },
      ],
    });
  });

  test('is the solution with a change where nothing else is said', () => {
    expect(only(entry('@@ python', '-a')).of).toBe('solution');
  });

  test('an empty line inside a change is one of the file; those behind it are air', () => {
    const [change] = only(entry('@@ typescript', '-a', '', '+b', '', '')).changes;
    expect(change?.hunks[0]?.lines).toEqual([
      { sign: '-', text: 'a\n' },
      { sign: ' ', text: '\n' },
      { sign: '+', text: 'b\n' },
    ]);
  });

  test('a last line without a line end', () => {
    const mark = '\\ No newline at end of file';
    const [change] = only(entry('@@ typescript', '-a', mark, '+a')).changes;
    expect(change?.hunks[0]?.lines.map(one => one.text)).toEqual(['a', 'a\n']);
  });

  test('the lines of a file with CRLF keep it, and the words around them do not', () => {
    const text = entry('@@ typescript', '-a', '+b').replaceAll('\n', '\r\n');
    const read = only(text);
    expect(read.expects).toEqual({ mistake: 'wrong-topic', fails: ['T1'] });
    expect(read.changes[0]?.hunks[0]?.lines.map(one => one.text)).toEqual(['a\r\n', 'b\r\n']);
  });

  test('of a right program has neither checks nor a cause', () => {
    const text = '## short\ndoes: Fewer lines.\n@@ python\n-# a comment\n';
    expect(parseEdits(text, 'variant')).toMatchObject({
      problems: [],
      entries: [{ name: 'short' }],
    });
    expect(problem(entry('@@ python', '-a'), 'variant')).toContain('is right');
  });
});

describe('what cannot be read: the line, and what is wrong with it', () => {
  const cases: [string, string, string][] = [
    ['no name', '## For Gets\n', '1: "For Gets" is no name: small letters, digits and hyphens'],
    ['no cause', '## a\nfails: T1 as b\ndoes: c\n@@ python\n-a\n', '1: a does not say "cause: …"'],
    ['an empty field', '## a\nfails: T1 as b\ndoes:\n', '3: does is still to be written'],
    ['a question mark', '## a\nfails: ?\n', '2: fails is still to be written'],
    ['a field twice', '## a\ndoes: b\ndoes: c\n', '3: does is there twice'],
    [
      'an unknown field',
      '## a\nwhy: b\n',
      '2: expected one of fails, breaks, does, cause, of or @@',
    ],
    ['no checks', entry('@@ python', '-a').replace('T1 as', ''), 'not of the form "fails: T1, T2'],
    ['no change', entry(), '1: elsewhere changes nothing'],
    ['no lines', entry('@@ python'), '5: no lines follow @@ of main.py'],
    ['no part', entry('@@', '-a'), '5: the first @@ says whose change it is'],
    ['an unknown part', entry('@@ rust', '-a'), '5: "rust" is none of typescript, python, config'],
    ['a configuration without a file', entry('@@ config', '-a'), '5: @@ config is followed by'],
    [
      'another word',
      entry('@@ python a gone', '-a'),
      '5: after the file comes new, deleted or whole',
    ],
    ['a file of somebody else', entry('@@ config ../acl', '-a'), '5: ../acl is outside'],
    [
      'a file twice',
      entry('@@ python', '-a', '@@ python', '-b'),
      '7: python main.py is there twice',
    ],
    [
      'lines of a deleted file',
      entry('@@ config acl deleted', '-a'),
      '5: acl is deleted: no lines',
    ],
    ['a new file that was there', entry('@@ config acl new', ' a'), '5: acl is new: all its lines'],
    ['a line without a sign', entry('@@ python', '-a', 'b'), '7: a line of a change begins with'],
    ['one name twice', `${entry('@@ python', '-a')}${entry('@@ python', '-b')}`, '7: elsewhere is'],
  ];
  test.each(cases)('%s', (_, text, told) => {
    expect(problem(text)).toContain(told);
  });

  test('the other entries are read all the same', () => {
    const { entries, problems } = parseEdits(`## bad\n\n${entry('@@ python', '-a')}`, 'mutant');
    expect(entries.map(one => one.name)).toEqual(['elsewhere']);
    expect(problems).toEqual([{ line: 1, name: 'bad', text: 'bad does not say "fails: …"' }]);
  });

  test('a draft may leave open what is not known yet', () => {
    const text = '## a\nfails: ?\ndoes: ?\ncause: ?\n@@ python\n-a\n';
    const { entries, problems } = parseEdits(text, 'mutant', { drafts: true });
    expect(problems).toEqual([]);
    expect(entries.map(({ name, does, expects }) => [name, does, expects])).toEqual([
      ['a', '', undefined],
    ]);
  });
});

describe('a place', () => {
  const hunks = (...lines: string[]) =>
    only(entry('@@ typescript', ...lines)).changes[0]?.hunks ?? [];
  const apply = (base: string, ...lines: string[]) => applyHunks(base, hunks(...lines), 'main.ts');
  /** Line in the file of edits, and what is said. */
  const misfit = (base: string, ...lines: string[]): string => {
    try {
      return `made ${apply(base, ...lines)}`;
    } catch (error) {
      if (!(error instanceof Misfit)) throw error;
      return `${error.line}: ${error.message}`;
    }
  };

  test('is found by its text, wherever it is', () => {
    const edit = ['-b', '+B'];
    expect(apply('a\nb\nc\n', ...edit)).toBe('a\nB\nc\n');
    expect(apply('new\nlines\nb\na\nc\n', ...edit)).toBe('new\nlines\nB\na\nc\n');
  });

  test('in any order, each in the text as it was', () => {
    expect(apply('a\nb\nc\n', '-c', '+b', '@@', '-a', '+c')).toBe('c\nb\nb\n');
  });

  test('that is not there: what was sought, and the nearest line', () => {
    const base = 'const client = connect();\n\nclient.publish(topic, text, { qos: 1 });\n';
    expect(misfit(base, '-client.publish(topic, text, { qos: 2 });')).toBe(
      '6: main.ts has no such lines:\n' +
        '  | client.publish(topic, text, { qos: 2 });\n' +
        'Nearest is line 3:\n' +
        '  | client.publish(topic, text, { qos: 1 });',
    );
  });

  test('of which the beginning is there: where it stops to be', () => {
    expect(misfit('a\nb\nc\n', ' a', '-b', '-d')).toBe(
      '6: main.ts has no such lines:\n  | a\n  | b\n  | d\n' +
        'The first 2 lines are there.\nNearest is line 3:\n  | c',
    );
  });

  test('that differs in white space only: says so', () => {
    expect(misfit('\tend();\n', '-  end();')).toContain(
      'Nearest is line 1, with other white space',
    );
    expect(misfit('end();\r\n', '-end();')).toContain('Nearest is line 1, with other white space');
  });

  test('that is there twice: where', () => {
    expect(misfit('a\nb\na\n', '-a', '+c')).toMatch(
      /^6: main\.ts has these lines 2 times, at line 1 and 3; add the line before or behind them/,
    );
  });

  test('that says not where: nothing is guessed', () => {
    expect(misfit('a\n', '+b')).toContain('does not say where');
    expect(apply('', '+b')).toBe('b\n');
  });

  test('that another one changes as well', () => {
    expect(misfit('a\nb\nc\n', '-a', '-b', '@@', '-b', '-c')).toContain(
      'line 2 of main.ts is in two places',
    );
  });
});

describe('an edit that is made of two texts', () => {
  const rewritten = (base: string, edited: string) => {
    const change: Change = {
      part: 'typescript',
      file: 'main.ts',
      kind: 'edit',
      hunks: makeHunks(base, edited),
      line: 0,
    };
    const expects = { mistake: 'm', fails: ['T1'] };
    const made = { name: 'a', of: 'solution', expects, does: 'b', cause: 'c', changes: [change] };
    return formatEntry(made, 'mutant');
  };
  const again = (base: string, edited: string) => {
    const [change] = only(rewritten(base, edited)).changes;
    return applyHunks(base, change?.hunks ?? [], 'main.ts');
  };

  test('has only the lines that change, where they are found once', () => {
    const base = 'if (a) {\n  b();\n}\nif (c) {\n  d();\n}\n';
    expect(rewritten(base, base.replace('d', 'e'))).toMatch(
      /\n@@ typescript\n- {2}d\(\);\n\+ {2}e\(\);\n$/,
    );
  });

  test('has a line more where they are not', () => {
    const base = 'a {\n}\nb {\n}\n';
    expect(rewritten(base, 'a {\n}\nb {\n}\n}\n')).toContain('@@ typescript\n b {\n }\n+}\n');
    expect(rewritten(base, 'a {\n}\nb {\n')).toContain('@@ typescript\n b {\n-}\n');
  });

  test('is one piece where only an empty line lies between', () => {
    expect(rewritten('a\n\nb\n', 'c\n\nd\n')).toContain('@@ typescript\n-a\n-\n-b\n+c\n+\n+d\n');
  });

  test('ends in no space, but where an empty line is all that tells the place', () => {
    for (const line of rewritten('a\n\nb\nc\n', 'a\nx\n\nb\nc\ny\n').split('\n')) {
      expect(line).not.toMatch(/\s$/);
    }
  });

  /** Texts that repeat themselves, and look like the format. */
  const line = fc.constantFrom(
    ...[
      'a',
      'b',
      '',
      ' ',
      '}',
      '## a',
      '@@ typescript',
      '@@',
      '+',
      '-',
      'does: x',
      '\r',
      '\\ No newline',
    ],
  );
  const lines = fc.tuple(fc.array(line, { maxLength: 12 }), fc.boolean());
  const repetitive = lines.map(([all, ended]) => all.join('\n') + (ended ? '\n' : ''));
  const text = fc.oneof(repetitive, fc.string({ unit: 'binary' }));

  test('gives the edited text, whatever both are', () => {
    fc.assert(
      fc.property(text, text, (base, edited) => {
        fc.pre(base !== edited);
        expect(again(base, edited)).toBe(edited);
      }),
      { numRuns: 2000 },
    );
  });

  test('gives it also where two lines of a long text are exchanged', () => {
    fc.assert(
      fc.property(repetitive, fc.nat(), fc.nat(), (base, from, to) => {
        const all = base.split('\n');
        const [moved = ''] = all.splice(from % all.length, 1);
        all.splice(to % (all.length + 1), 0, moved, 'new');
        expect(again(base, all.join('\n'))).toBe(all.join('\n'));
      }),
    );
  });
});
