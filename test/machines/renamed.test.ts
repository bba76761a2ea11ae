import { cpSync, mkdirSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { packageRoot } from '../../course/index.js';
import { nearMiss } from '../../grading/submissions/layout.js';
import { commandLine } from '../cli/command-line.js';
import { flowing, PUBLISH } from './lab.js';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const cli = commandLine();

describe('a file that was renamed', () => {
  test.each(['Main.ts', 'main (1).ts', 'main.ts.txt', 'MAIN.TS', 'main - Copy.ts', 'main-2.ts'])(
    '%s is known',
    name => {
      expect(nearMiss({ track: 'typescript' }, ['notes.ts', `a/${name}`])).toBe(`a/${name}`);
    },
  );
  test.each(['main.ts', 'domain.ts', 'main.py', 'main2.ts', 'mainly.ts'])('%s is none', name => {
    expect(nearMiss({ track: 'typescript' }, [name])).toBeUndefined();
  });

  test('is named where its zero points are: on the screen, in grades.csv and in the report', async () => {
    const top = mkdtempSync(join(tmpdir(), 'renamed-'));
    for (const name of ['Main.ts', 'main (1).ts', 'main.ts.txt']) {
      const place = join(top, 'in', name, 'exercises', PUBLISH, 'typescript', name);
      mkdirSync(dirname(place), { recursive: true });
      cpSync(join(packageRoot(), 'solutions', PUBLISH, 'typescript', 'main.ts'), place);
    }
    const { out, err } = await cli(['grade', 'in', '--lessons', '2', '--out', 'out'], { cwd: top });
    const told = [
      flowing(out + err),
      readFileSync(join(top, 'out', 'grades.csv'), 'utf8'),
      readFileSync(join(top, 'out', 'report.html'), 'utf8'),
    ];
    for (const text of told) {
      for (const name of ['Main.ts', 'main (1).ts', 'main.ts.txt']) {
        expect(text).toContain(`typescript/${name} has another name`);
      }
    }
  });
});
