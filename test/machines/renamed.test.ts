import { cpSync, mkdirSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { packageRoot } from '../../course/index.js';
import { usualName } from '../../grading/submissions/layout.js';
import { commandLine } from '../cli/command-line.js';
import { flowing, PUBLISH } from './lab.js';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const cli = commandLine();

describe('a file that was renamed', () => {
  test.each(['Main.ts', 'main (1).ts', 'main.ts.txt', 'MAIN.TS', 'main - Copy.ts', 'main-2.ts'])(
    '%s is known',
    name => {
      expect(usualName(name)).toBe('main.ts');
    },
  );
  test.each(['domain.ts', 'main.py', 'main2.ts', 'mainly.ts'])('%s is none', name => {
    expect(usualName(name)).not.toBe('main.ts');
  });

  test('is graded, and named: on the screen, in grades.csv, in the report and on its page', async () => {
    const top = mkdtempSync(join(tmpdir(), 'renamed-'));
    const names = ['Main.ts', 'main (1).ts', 'main.ts.txt'];
    for (const [at, name] of names.entries()) {
      const place = join(top, 'in', `learner-${at}`, 'exercises', PUBLISH, 'typescript', name);
      mkdirSync(dirname(place), { recursive: true });
      cpSync(join(packageRoot(), 'solutions', PUBLISH, 'typescript', 'main.ts'), place);
    }
    const { out, err } = await cli(['grade', 'in', '--lessons', '2', '--out', 'out'], { cwd: top });
    const csv = readFileSync(join(top, 'out', 'grades.csv'), 'utf8');
    const told = [flowing(out + err), csv, readFileSync(join(top, 'out', 'report.html'), 'utf8')];
    for (const [at, name] of names.entries()) {
      for (const text of told) expect(text).toContain(`typescript/${name} was taken as main.ts`);
      expect(csv).toMatch(new RegExp(`^learner-${at},.*,10,10,`, 'm'));
      const page = readFileSync(join(top, 'out', 'feedback', `learner-${at}.html`), 'utf8');
      expect(page).toContain(`${name} was taken as main.ts`);
    }
  });
});
