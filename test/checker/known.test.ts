import { expect, test } from 'vitest';
import { knownCause } from '../../checker/harness/detectors/known.js';
import { readCrash } from '../../checker/harness/stderr.js';

const traceback = (last: string) =>
  [
    'Exception in thread paho-mqtt-client-pump:',
    'Traceback (most recent call last):',
    '  File "/tmp/x/main.py", line 7, in <module>',
    '    client.loop_forever()',
    last,
    '',
  ].join('\n');

test.each([
  ['TypeError: on_connect() takes 4 positional arguments but 5 were given', /VERSION2/],
  [
    'TypeError: main.<locals>.on_disconnect() takes 3 positional arguments but 5 were given',
    /VERSION2/,
  ],
  ['TypeError: <lambda>() takes 4 positional arguments but 5 were given', /parameters/],
  ["TypeError: on_connect() missing 1 required positional argument: 'properties'", /VERSION1/],
  ["TypeError: 'ConnectFlags' object is not subscriptable", /session_present/],
  [
    'RuntimeError: Message publish failed: The client is not currently connected.',
    /published while the line was down/,
  ],
])('%s is told with its cause', (last, why) => {
  const crash = readCrash(traceback(last));
  expect(crash?.error).toBe(last);
  expect(knownCause(crash?.error ?? '')?.why).toMatch(why);
});

test.each(["KeyError: 'temp'", 'TypeError: work() takes 0 positional arguments but 1 was given'])(
  '%s speaks for itself',
  error => expect(knownCause(error)).toBeUndefined(),
);
