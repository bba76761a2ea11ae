import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { temporaryFolder } from '../course/fixture.js';
import { programText } from '../programs.js';
import { builtCommandLine } from './command-line.js';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const cli = builtCommandLine();
const recorded = (name: string) => join(import.meta.dirname, 'failures/recorded', `${name}.bundle`);

/** A folder with one bundle in it, changed as the test likes. */
function folderWith(name: string, change: (bundle: Changeable) => void = () => undefined): string {
  const folder = temporaryFolder();
  const bundle = JSON.parse(readFileSync(recorded(name), 'utf8')) as Changeable;
  change(bundle);
  writeFileSync(join(folder, 'a.json'), JSON.stringify(bundle));
  return folder;
}

/** As much of a bundle as the tests change. */
interface Changeable {
  schema: string;
  result: { lesson: string; course: string; checks: { id: string; status: string }[] };
  recordings: Record<string, { trace: { entries: { kind: string }[] } }>;
  versions?: unknown;
}

const replay = (folder: string, ...more: string[]) =>
  cli.run(['check', '--replay', 'a.json', ...more], { cwd: folder });

describe('check --replay', () => {
  test('a bundle from anywhere: the screen, without running anything', async () => {
    const { code, out, err } = await replay(folderWith('field-will-retain'));
    expect(code).toBe(1);
    expect(out).toContain('✗ failed  T3 after a kill, a newcomer reads OFFLINE');
    expect(out).toContain('byte 9 of 64, connect flags, bit 5 = 0');
    expect(out).not.toContain('Next:');
    expect(err.replace(/\s+/g, ' ')).toContain('Nothing is run, nothing is stored.');
    expect(err).toContain('Every verdict is as it was stored.');
    expect(err).toContain('mqtt 5.');
  });

  test('passed is 0; what could not be told is 3', async () => {
    expect((await replay(folderWith('passed'))).code).toBe(0);
    const { code, out, err } = await replay(folderWith('no-python'));
    expect(code).toBe(3);
    expect(out).toContain('needs Python 3');
    expect(err).toContain('No packets were recorded in it; the verdict is the stored one.');
  });

  test('--json: the result, with what differs', async () => {
    const folder = folderWith('field-qos', bundle => {
      for (const one of bundle.result.checks) if (one.id === 'T2') one.status = 'passed';
    });
    const { code, out, err } = await replay(folder, '--json');
    expect({ code, err }).toEqual({ code: 1, err: '' });
    const result = JSON.parse(out);
    expect(result).toMatchObject({
      schema: 'mqtt-course/result/1',
      lesson: '06-qos-handshakes',
      status: 'failed',
      seed: '7f3a',
      replay: {
        judged: true,
        differences: [{ id: 'T2', before: 'passed', now: 'failed: qos-too-low' }],
      },
    });
  });

  test('verdicts that differ are named; so is another version of the course', async () => {
    const folder = folderWith('field-qos', bundle => {
      bundle.result.course = '0.0.9';
      bundle.result.checks = bundle.result.checks.filter(one => one.id !== 'T10');
      for (const one of bundle.result.checks) if (one.id === 'T2') one.status = 'passed';
    });
    const { err } = await replay(folder);
    const said = err.replace(/\s+/g, ' ');
    expect(said).toContain('of another version of the course (0.0.9)');
    expect(said).toContain("judged with today's checks");
    expect(said).toContain('was passed, is failed: qos-too-low');
    expect(said).toContain(
      'T10 asked to stop, it says goodbye and leaves: was not there, is not-reached',
    );
  });

  test('an old bundle, without versions, is read', async () => {
    const folder = folderWith('passed', bundle => {
      delete bundle.versions;
    });
    expect((await replay(folder)).code).toBe(0);
  });

  test('in the workspace: the line of the file, while it is the one that was judged', async () => {
    const folder = folderWith('field-topic-name');
    await cli.run(['start', '--dir', 'w', '--yes'], { cwd: folder });
    const file = 'exercises/02-publish-a-reading/typescript/main.ts';
    const program = programText('02-publish-a-reading', 'mutant/topic-of-its-own');
    writeFileSync(join(folder, 'w', file), program);
    const there = { cwd: join(folder, 'w') };
    const first = await cli.run(['check', '--replay', '../a.json'], there);
    expect(first.out).toContain(`${file}:9`);
    writeFileSync(join(folder, 'w', file), '// another program\n');
    const second = await cli.run(['check', '--replay', '../a.json'], there);
    expect(second.out).not.toContain(`${file}:9`);
    expect(second.code).toBe(1);
  });
});

describe('what is no bundle: what is wrong with it, and where bundles are; exit code 2', () => {
  const cases: [string, string, RegExp][] = [
    ['not JSON', 'hello', /a\.json is not JSON/],
    ['cut off', readFileSync(recorded('passed'), 'utf8').slice(0, 5000), /only a part of it/],
    ['JSON of something else', '{"name":"x"}', /is JSON of something else/],
    ['a list', '[1,2]', /is JSON of something else/],
    ['a result', '{"schema":"mqtt-course/result/1"}', /is a result, and has no packets/],
    [
      'a newer bundle',
      '{"schema":"mqtt-course/bundle/7"}',
      /has the schema mqtt-course\/bundle\/7/,
    ],
    ['a damaged one', '{"schema":"mqtt-course/bundle/1","result":{}}', /is damaged at result\./],
  ];

  test.each(cases)('%s', async (_, text, sentence) => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'a.json'), text);
    const { code, out, err } = await replay(folder);
    expect(code).toBe(2);
    expect(out).toBe('');
    expect(err).toMatch(sentence);
    expect(err).toContain('.mqtt-course/last/');
    expect(err).not.toMatch(/\n\s+at /);
  });

  test.each([
    [
      'a packet that is none',
      (bundle: Changeable) => {
        for (const one of Object.values(bundle.recordings)) one.trace.entries.push({ kind: 'x' });
      },
      /is damaged at recordings\./,
    ],
    [
      'a lesson that is a path',
      (bundle: Changeable) => {
        bundle.result.lesson = '../../evil';
      },
      /is damaged at result\.lesson/,
    ],
    [
      'a lesson of another course',
      (bundle: Changeable) => {
        bundle.result.lesson = '77-kafka';
      },
      /is of 77-kafka, and this course has no such lesson/,
    ],
  ] as const)('%s', async (_, change, sentence) => {
    const { code, err } = await replay(folderWith('passed', change));
    expect(code).toBe(2);
    expect(err).toMatch(sentence);
  });

  test('no file, a folder, and options that do not fit', async () => {
    const folder = temporaryFolder();
    const missing = await replay(folder);
    expect(missing.code).toBe(2);
    expect(missing.err).toContain('a.json is not there. Bundles are in .mqtt-course/last/');
    const directory = await cli.run(['check', '--replay', '.'], { cwd: folder });
    expect(directory).toMatchObject({ code: 2 });
    expect(directory.err).toContain('. is a folder');
    const named = await replay(folder, '5');
    expect(named.code).toBe(2);
    expect(named.err).toContain('--replay and a lesson do not go together');
    const seeded = await replay(folder, '--seed', '1');
    expect(seeded.err).toContain('--replay and --seed do not go together');
  });
});
