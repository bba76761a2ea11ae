import { describe, expect, test } from 'vitest';
import { readCrash } from '../../checker/harness/stderr.js';
import { crashedProgram } from './recordings.js';

describe('what a crash left behind', () => {
  test('of Node: the error, the learner’s frames, nothing of Node or of libraries', () => {
    const crash = readCrash(crashedProgram.stderr ?? '');
    expect(crash).toEqual({
      error: 'SyntaxError: Unexpected end of JSON input',
      kind: 'exception',
      where: 'main.ts:7',
      text: [
        'SyntaxError: Unexpected end of JSON input',
        '  at JSON.parse (<anonymous>)',
        '  at handle (main.ts:7:15)',
        '  at MqttClient.<anonymous> (main.ts:3:3)',
      ].join('\n'),
    });
  });

  test('of Python: the last traceback, without the frames of libraries', () => {
    const crash = readCrash(`Exception in thread Thread-1:
Traceback (most recent call last):
  File "/usr/lib/python3.11/threading.py", line 1038, in _bootstrap_inner
    self.run()
  File "/usr/lib/python3/dist-packages/paho/mqtt/client.py", line 3570, in _handle_on_message
    on_message(self, self._userdata, message)
  File "/home/x/exercises/03/python/main.py", line 12, in on_message
    reading = json.loads(message.payload)
              ^^^^^^^^^^^^^^^^^^^^^^^^^^^
  File "/usr/lib/python3.11/json/__init__.py", line 346, in loads
    return _default_decoder.decode(s)
json.decoder.JSONDecodeError: Expecting value: line 1 column 1 (char 0)
`);
    expect(crash?.error).toBe(
      'json.decoder.JSONDecodeError: Expecting value: line 1 column 1 (char 0)',
    );
    expect(crash?.where).toBe('main.py:12');
    expect(crash?.text).not.toContain('threading.py');
    expect(crash?.kind).toBe('exception');
  });

  test('of a Python file that does not parse', () => {
    const crash = readCrash(`  File "/home/x/main.py", line 3
    print("a"
         ^
SyntaxError: '(' was never closed
`);
    expect(crash).toMatchObject({ kind: 'syntax', where: 'main.py:3' });
  });

  test('a missing package', () => {
    expect(
      readCrash(
        'Traceback (most recent call last):\n  File "/x/main.py", line 1, in <module>\nModuleNotFoundError: No module named \'foo\'\n',
      )?.kind,
    ).toBe('import');
  });

  test('ordinary prints are no crash', () => {
    expect(readCrash('connected\nbye\n')).toBeUndefined();
  });

  test('control characters do not come through', () => {
    expect(readCrash('Error: \u001b[31mred\u001b[0m')?.error).toBe('Error: red');
  });
});

describe('a text that was written to keep the reader busy', () => {
  const mibibyte = (text: string) => text.repeat(Math.ceil((1 << 20) / text.length));
  const hostile: [what: string, text: string][] = [
    ['one line without an end', mibibyte('a')],
    ['one line of dots', mibibyte('a.')],
    ['an error that goes on', `Error: ${mibibyte('x.ts:')}\n    at ${mibibyte('/a.js')}`],
    ['frames without an end', `Error: x\n${mibibyte(`    at ${'/.ts:'.repeat(99_999)}\n`)}`],
    ['slashes', `TypeError: x\n${`    at ${mibibyte('/')}\n`.repeat(4)}`],
    ['names of files before the error', `${mibibyte(`${'x'.repeat(1999)}\n`)}Error: x`],
    ['frames of Python', `Traceback (most recent call last)\n${mibibyte('  File "", line 1\n')}`],
    ['a frame of Python', `  File "${mibibyte('", line ')}`],
    ['control sequences', mibibyte('\u001b[;;;;1')],
    ['control sequences that never end', `\u001b]${mibibyte(';a=')}`],
    ['digits', `${mibibyte(`x.ts:${'1'.repeat(1990)}x\n`)}Error: x`],
  ];

  test.each(hostile)('%s', (_, text) => {
    const began = performance.now();
    readCrash(text);
    expect(performance.now() - began).toBeLessThan(3000);
  });

  test('what follows on a line is not needed to read its beginning', () => {
    const crash = readCrash(`Error: x${' '.repeat(1 << 20)}\n    at f (/home/x/main.ts:3:1)`);
    expect(crash).toMatchObject({ where: 'main.ts:3' });
  });
});
