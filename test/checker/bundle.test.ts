import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { StoredBundle } from '../../checker/index.js';
import { sealBundle } from '../../checker/replay/bundle.js';
import { parseBundle } from '../../checker/replay/index.js';
import { packageRoot } from '../../course/index.js';

const recorded = (name: string): StoredBundle =>
  parseBundle(
    readFileSync(join(import.meta.dirname, '../cli/failures/recorded', `${name}.bundle`), 'utf8'),
  );

const place = { base: '/home/ada/my work', home: '/home/ada', user: 'ada' };

/** The bundle of a crash, with this text wherever a program or a message could bring it. */
function sealed(text: string) {
  const bundle = recorded('crashed');
  const [name = '', recording] = Object.entries(bundle.recordings)[0] ?? [];
  if (!recording) throw new Error('nothing is recorded');
  const [program] = recording.programs;
  if (!program) throw new Error('no program is recorded');
  const out = { stdout: text, stdoutBytes: Buffer.byteLength(text), stderr: '', stderrBytes: 7 };
  const result = sealBundle(
    {
      ...bundle,
      result: { ...bundle.result, notice: text, program: { exitCode: 0, ...out } },
      recordings: { [name]: { ...recording, programs: [{ ...program, ...out }], fault: text } },
      files: [{ path: text, sha256: '0' }],
    },
    place,
  );
  return { result: result.result, recording: result.recordings[name], files: result.files };
}

describe('a bundle that is kept', () => {
  test.each([
    ['/home/ada/my work/exercises/05/main.ts:3:7', 'exercises/05/main.ts:3:7'],
    ['file:///home/ada/my%20work/exercises/05/main.ts:3', 'exercises/05/main.ts:3'],
    ['at f (/home/ada/my work/a.ts:1)', 'at f (a.ts:1)'],
    ['in "/home/ada/my work"', 'in "."'],
    ['/home/ada/.venv/lib/x.py', '~/.venv/lib/x.py'],
    ['/home/adam/x.py', '/home/adam/x.py'],
    ['/mnt/c/Users/ada/x.py', '/mnt/c/Users/someone/x.py'],
    ['C:\\Users\\ada\\x.py', 'C:\\Users\\someone\\x.py'],
    ['ada wrote this', 'ada wrote this'],
    [`${packageRoot()}/dist/vendor/mqtt.cjs:1:2`, '(mqtt-course)/dist/vendor/mqtt.cjs:1:2'],
  ])('%s', (text, kept) => {
    const { result, recording, files } = sealed(text);
    expect(result.notice).toBe(kept);
    expect(result.program?.stdout).toBe(kept);
    expect(recording?.programs[0]?.stdout).toBe(kept);
    expect(recording?.fault).toBe(kept);
    expect(files[0]?.path).toBe(kept.replaceAll('\\', '/'));
  });

  test('the number of bytes is that of what is kept, and of what was not', () => {
    const { result } = sealed('/home/ada/my work/a.ts');
    expect(result.program).toMatchObject({ stdout: 'a.ts', stdoutBytes: 4, stderrBytes: 7 });
  });

  test('packets stay as they were', () => {
    const bundle = recorded('passed');
    const topic = JSON.parse(JSON.stringify(bundle).replaceAll('lab/', '/home/ada/'));
    const packets = (one: StoredBundle) =>
      Object.values(one.recordings).map(({ trace }) =>
        trace.entries.filter(entry => entry.kind === 'packet'),
      );
    expect(JSON.stringify(packets(topic))).toContain('/home/ada/');
    expect(packets(sealBundle(topic, place))).toEqual(packets(topic));
  });

  test('a home of one level is not taken out of other paths', () => {
    const bundle = recorded('passed');
    const result = { ...bundle.result, notice: '/home/ada and /homely' };
    const kept = sealBundle({ ...bundle, result }, { base: '/w', home: '/home', user: '' });
    expect(kept.result.notice).toBe('/home/ada and /homely');
  });
});
