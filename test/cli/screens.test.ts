import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir, userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import stringWidth from 'fast-string-width';
import { describe, expect, test } from 'vitest';
import { offence } from '../../checker/harness/offence.js';
import type { StoredBundle } from '../../checker/index.js';
import { parseBundle, replayBundle } from '../../checker/replay/index.js';
import { evidenceOf } from '../../cli/check/evidence.js';
import { makeStyle, type StyleInput } from '../../cli/render/style.js';
import { renderResult, type VerdictContext } from '../../cli/render/verdict.js';
import { loadLesson, packageRoot } from '../../course/index.js';
import { temporaryFolder } from '../course/fixture.js';
import { programText } from '../programs.js';

/** Every kind of result that a learner can get, with a program that really gets it. */
interface Case {
  readonly name: string;
  readonly lesson: string;
  readonly track: 'typescript' | 'python';
  readonly program: string;
}
const cases: readonly Case[] = JSON.parse(
  readFileSync(join(import.meta.dirname, 'failures/cases.json'), 'utf8'),
);

const recorded = ({ name }: Case) =>
  readFileSync(join(import.meta.dirname, 'failures/recorded', `${name}.bundle`), 'utf8');
const bundleOf = (one: Case) => parseBundle(recorded(one));
const named = (name: string): Case => {
  const found = cases.find(one => one.name === name);
  if (!found) throw new Error(`there is no case ${name}`);
  return found;
};

/** The screen as `check` draws it: with the program's file where the check had it. */
function screen(
  one: Case,
  input: StyleInput,
  more: VerdictContext = {},
  bundle: StoredBundle = bundleOf(one),
): string[] {
  const shown = `exercises/${one.lesson}/${one.track}/main.${one.track === 'python' ? 'py' : 'ts'}`;
  const file = join(temporaryFolder(), shown);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, programText(one.lesson, one.program, one.track));
  const result = { ...bundle.result, trace: `.mqtt-course/last/${one.lesson}.json` };
  return renderResult(result, makeStyle({ env: {}, ...input }), {
    title: loadLesson(one.lesson).title,
    file: shown,
    next: '99-next',
    evidence: evidenceOf(bundle, file, shown),
    ...more,
  });
}

const golden = (name: string, lines: readonly string[]) =>
  expect(`${lines.join('\n')}\n`).toMatchFileSnapshot(`golden/screen-${name}.txt`);

describe('the screen of each kind of result', () => {
  for (const one of cases) {
    test(one.name, async () => {
      const lines = screen(one, { width: 80 });
      await golden(one.name, lines);
      for (const line of lines) expect(stringWidth(line), line).toBeLessThanOrEqual(80);
    });
  }

  test('120 and 44 columns', async () => {
    await golden('field-will-retain-120', screen(named('field-will-retain'), { width: 120 }));
    const narrow = screen(named('field-will-retain'), { width: 44 });
    await golden('field-will-retain-44', narrow);
    await golden('crashed-44', screen(named('crashed'), { width: 44 }));
  });

  test('plain: words alone', async () => {
    const lines = screen(named('field-will-retain'), { width: 80, plain: true });
    await golden('field-will-retain-plain', lines);
    expect(lines.join('\n')).not.toMatch(/[✓✗│·→…]/u);
  });

  test('coloured: the same words', async () => {
    const lines = screen(named('field-will-retain'), { width: 80, color: true });
    await golden('field-will-retain-colour', lines);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the colours are what is taken away
    const bare = lines.map(line => line.replace(/\u001B\[\d+m/g, ''));
    expect(bare).toEqual(screen(named('field-will-retain'), { width: 80 }));
  });

  test('could not tell: what a scenario that broke leaves', async () => {
    const one = named('field-qos');
    const bundle = bundleOf(one);
    const broken = Object.fromEntries(
      Object.entries(bundle.recordings).map(([name, recording]) => [
        name,
        { ...recording, fault: 'the broker of this check did not come up within 5 s' },
      ]),
    );
    const { result } = await replayBundle({ ...bundle, recordings: broken });
    expect(result.status).toBe('unknown');
    await golden('unknown', screen(one, { width: 80 }, {}, { ...bundle, result }));
  });

  test('in watch: a save is the next step; little room folds what passed and what waits', async () => {
    const watched = { watched: 'keys', attempts: 4, stops: ['T1', 'T2', 'T2'] } as const;
    await golden('watched', screen(named('field-qos'), { width: 80 }, watched));
    const brief = screen(named('field-qos'), { width: 80 }, { ...watched, brief: true });
    await golden('watched-brief', brief);
    const passed = { watched: 'keys', stops: ['T2', ''] } as const;
    await golden('watched-passed', screen(named('passed'), { width: 80 }, passed));
  });
});

describe('attempts', () => {
  const one = named('field-qos');
  const said = (stops: string[]) =>
    screen(one, { width: 120 }, { attempts: 7, stops }).find(line => line.startsWith('Attempt'));

  test.each([
    [['T2'], undefined],
    [['T1', 'T2'], 'Attempt 7. The attempt before this one stopped at T1.'],
    [['', 'T2'], 'Attempt 7. You have passed this lesson before.'],
    [['T2', 'T1', 'T2'], 'Attempt 7. 2 of your last 3 attempts stopped at T2.'],
  ])('%j', (stops, sentence) => {
    expect(said(stops)).toBe(sentence);
  });
});

describe('field and byte', () => {
  const found = (name: string) => {
    const bundle = bundleOf(named(name));
    const verdict = bundle.result.checks.find(one => one.status === 'failed');
    const recording = bundle.recordings[verdict?.scenario ?? ''];
    return verdict && recording ? offence(verdict, recording) : undefined;
  };

  test.each([
    ['field-qos', 'PUBLISH', 'type and flags', '2-1', '00'],
    ['field-will-retain', 'CONNECT', 'connect flags', '5', '0'],
  ])('%s: the bits', (name, type, field, at, bits) => {
    const { entry, part, bit } = found(name) ?? {};
    expect({ type: entry?.packet.type, field: part?.field }).toEqual({ type, field });
    expect(bit).toMatchObject({ at, bits });
  });

  test.each([
    ['field-topic-name', 'PUBLISH', 'topic name', '"lab/reading"'],
    ['field-topic-filter', 'SUBSCRIBE', 'topic filter', '"acme/+/temp"'],
  ])('%s: the text', (name, type, field, value) => {
    const { entry, part } = found(name) ?? {};
    expect({ type: entry?.packet.type, field: part?.field }).toEqual({ type, field });
    expect(`"${part?.value.replaceAll('"', '')}"`).toBe(value);
    const bytes = Buffer.from(entry?.hex ?? '', 'hex').subarray(part?.from, part?.to);
    expect(`"${bytes.toString()}"`).toBe(value);
  });

  test.each(['stub', 'still-running', 'never-connected', 'crashed', 'id-collision'])(
    '%s: not one field is the mistake, and none is marked',
    name => {
      expect(found(name)).toBeUndefined();
    },
  );
});

describe('the line of the source', () => {
  const where = (name: string) => {
    const lines = screen(named(name), { width: 120 });
    const at = lines.findIndex(line => line.startsWith('  Where '));
    return at < 0 ? undefined : lines.slice(at, at + 2).join('\n');
  };

  test('the only call of its kind', () => {
    expect(where('field-topic-name')).toMatch(/main\.ts:\d+\n.*publishAsync\(/);
  });

  test('where a program crashed, and where a file does not parse', () => {
    expect(where('crashed')).toMatch(/main\.ts:14\n.*seen\.get\(device\)/);
    expect(where('crashed-python')).toMatch(/main\.py:14\n.*reading\["name"\]/);
    expect(where('syntax-error')).toMatch(/main\.ts:4\n.*mqtt\.connect/);
  });

  test('two candidates: none is named', () => {
    expect(where('field-qos')).toBeUndefined();
  });

  test('a file that was changed since: no line of it is named', () => {
    const one = named('crashed');
    const file = join(temporaryFolder(), 'main.ts');
    writeFileSync(file, `// changed\n${programText(one.lesson, one.program, one.track)}`);
    const [evidence] = evidenceOf(bundleOf(one), file, 'main.ts').values();
    expect(evidence?.place).toBeUndefined();
  });
});

describe('replay', () => {
  for (const one of cases) {
    test(`${one.name}: every verdict is as it was stored`, async () => {
      const bundle = bundleOf(one);
      const { differences, result, otherCourse } = await replayBundle(bundle);
      expect(differences).toEqual([]);
      expect(otherCourse).toBeUndefined();
      expect(result.status).toBe(bundle.result.status);
      expect(result.checks).toEqual(bundle.result.checks);
    });
  }

  test('nothing of the machine is in a bundle', () => {
    for (const one of cases) {
      const text = recorded(one);
      for (const secret of [homedir(), tmpdir(), packageRoot()]) {
        expect(text).not.toMatch(new RegExp(`${secret}(?![\\w.-])`));
      }
      const { username } = userInfo();
      expect(text).not.toContain(`/home/${username}/`);
      for (const file of bundleOf(one).files) expect(file.path).toMatch(/^exercises\//);
    }
  });
});
