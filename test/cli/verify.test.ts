import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { packageRoot } from '../../course/index.js';
import { builtCommandLine } from './command-line.js';

// Programs are really run.
vi.setConfig({ testTimeout: 120_000 });

const cli = builtCommandLine();
const lesson = '02-publish-a-reading';
/** The command line stands in a course of its own, which a test may change. */
const root = dirname(dirname(cli.bin));
const edits = `checker/prove/mutants/${lesson}/programs.diff`;
const short = `checker/prove/variants/${lesson}/typescript/short.ts`;

beforeAll(() => {
  const parts = ['package.json', 'lessons', 'exercises', `solutions/${lesson}`];
  for (const part of [...parts, dirname(edits), dirname(dirname(short))]) {
    mkdirSync(dirname(join(root, part)), { recursive: true });
    cpSync(join(packageRoot(), part), join(root, part), { recursive: true });
  }
  // A line that is there twice.
  writeFileSync(
    join(root, short),
    `${readFileSync(join(packageRoot(), short), 'utf8')}// a\n// a\n`,
  );
});

/** Proves two mutants, and those that are written down behind the others. */
async function verify(more: string, ...args: string[]) {
  writeFileSync(join(root, edits), `${readFileSync(join(packageRoot(), edits), 'utf8')}\n${more}`);
  const command = ['verify', '2', '--track', 'typescript', '--only', 'mutant/seq', ...args];
  return cli.run(command, { cwd: root });
}
const header = '## seq-lost\nof: variant/short\nfails: T3 as seq-lost\ndoes: a\ncause: b\n';
/** The line of the header in the file. */
const at = readFileSync(join(packageRoot(), edits), 'utf8').split('\n').length + 1;

describe('verify', () => {
  test('where every edit fits: exit code 0', async () => {
    const { code, out } = await verify('');
    expect(out).toContain('4 programs as they should be, 0 not');
    expect(code).toBe(0);
  });

  const cases: [string, string, string[]][] = [
    [
      'no longer fits: where, what was sought, and the nearest line',
      `${header}@@ typescript\n-  seq += 2;\n`,
      [
        `WRONG mutant/seq-lost  cannot be made of ${edits}:${at + 6}`,
        'main.ts of variant/short has no such lines:',
        '  |   seq += 2;',
        'Nearest is line 8:',
        '  |   seq += 1;',
      ],
    ],
    [
      'fits twice',
      `${header}@@ typescript\n-// a\n`,
      [
        `WRONG mutant/seq-lost  cannot be made of ${edits}:${at + 6}`,
        'main.ts of variant/short has these lines 2 times, at line 13 and 14; add the line before or behind them:',
        '  | // a',
      ],
    ],
    [
      'cannot be read',
      header.replace('does: a', 'does: ?'),
      [
        `WRONG mutant/seq-lost  cannot be made of ${edits}:${at + 3}`,
        'does is still to be written',
      ],
    ],
  ];
  test.each(cases)('an edit that %s; exit code 1', async (_, more, told) => {
    const { code, out } = await verify(more);
    const lines = out.split('\n').map(line => line.slice(line.startsWith('  WRONG') ? 2 : 8));
    const start = lines.indexOf(told[0] ?? '');
    expect(lines.slice(start, start + told.length)).toEqual(told);
    expect(out).toContain('4 programs as they should be, 1 not');
    expect(code).toBe(1);
  });

  test('as JSON', async () => {
    const { code, out } = await verify(`${header}@@ python\n-no\n`, '--track', 'python', '--json');
    const { broken, proofs } = JSON.parse(out);
    expect(broken).toEqual([
      {
        lesson,
        track: 'python',
        name: 'mutant/seq-lost',
        where: `${edits}:${at + 6}`,
        text: expect.stringContaining('main.py of variant/short has no such lines'),
      },
    ]);
    expect(JSON.stringify(proofs)).not.toContain('"files"');
    expect(code).toBe(1);
  });

  test.skipIf(process.platform !== 'linux')(
    'interrupted while programs run: nothing goes on, and no folder stays',
    async () => {
      const TMPDIR = mkdtempSync(join(tmpdir(), 'v'));
      const running = () => holding(entry => entry === `TMPDIR=${TMPDIR}`);
      const programs = () =>
        running().filter(pid =>
          holding(entry => entry.startsWith('MQTT_COURSE_PROGRAM=')).includes(pid),
        );
      const { code, out } = await cli.run(['verify', '2', '3'], {
        cwd: root,
        env: { TMPDIR },
        interruptWhen: () => programs().length > 2,
      });
      expect(code).toBe(130);
      expect(out).not.toContain('as they should be');
      // A process that was ended is in the list for a moment.
      await expect.poll(running, { timeout: 2000 }).toEqual([]);
      expect(readdirSync(TMPDIR)).toEqual([]);
      rmSync(TMPDIR, { recursive: true });
    },
  );
});

/** The processes that have such an entry in their environment. */
function holding(is: (entry: string) => boolean): string[] {
  return readdirSync('/proc').filter(pid => {
    try {
      return readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0').some(is);
    } catch {
      return false;
    }
  });
}
