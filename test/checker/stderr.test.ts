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
