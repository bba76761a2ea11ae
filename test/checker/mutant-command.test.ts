import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { corpusText } from '../../checker/prove/corpus.js';
import { packageRoot } from '../../course/index.js';

const root = packageRoot();
const { PATH = '', HOME = '' } = process.env;

/** `npm run mutant …` behind the build. What it writes is proven by `author.test.ts`. */
function mutant(args: readonly string[], env: Record<string, string> = {}) {
  return spawnSync(process.execPath, [join(root, 'scripts/mutant.mjs'), ...args], {
    cwd: root,
    env: { PATH, HOME, ...env },
    encoding: 'utf8',
  });
}

describe.skipIf(!existsSync(join(root, 'dist/checker/prove/author.js')))('npm run mutant', () => {
  test('shows the program that an edit makes', () => {
    const { stdout, stderr, status } = mutant(['7', 'forgets-boot', 'python', 'show']);
    expect(stderr).toBe('');
    expect(status).toBe(0);
    expect(stdout).toBe(corpusText('07-duplicates', 'python', 'mutant/forgets-boot'));
  });

  test('shows the files of a configuration, and takes the flag as npm hands it over', () => {
    const { stdout } = mutant(['lesson-15', 'tab', 'config'], { npm_config_show: 'true' });
    expect(stdout).toContain('== acl\n');
    expect(stdout).toContain('topic\twrite home/sensors/#\n');
    expect(stdout).not.toContain('== main.ts');
  });

  const wrong: [string, string[], RegExp, Record<string, string>?][] = [
    ['nothing', [], /^Which lesson, and which mutant\? For example: npm run mutant 7 /],
    ['no mutant', ['7'], /^Which lesson, and which mutant\?/],
    ['no such lesson', ['99', 'a'], /^99 does not exist; the last lesson is /],
    ['no name', ['7', 'For_gets'], /^"For_gets" is no name of a mutant/],
    ['no such part', ['7', 'a', 'rust'], /^"rust" is none of typescript, python, config/],
    ['two parts', ['7', 'a', 'python', 'config'], /^One at a time: python or config\./],
    ['nothing to show', ['7', 'none', 'show'], /^07-duplicates has no mutant\/none in typescript/],
    ['checks that are none', ['7', 'a', '--fails', 'all'], /^--fails "all" is not of the form/],
    [
      'a flag that npm keeps',
      ['7', 'a', 'text'],
      /^npm keeps --does for itself/,
      { npm_config_does: 'true' },
    ],
    ['an unknown flag', ['7', 'a', '--why', 'b'], /^Unknown option '--why'/],
  ];
  test.each(wrong)('%s: one or two lines, exit code 2', (_, args, told, env) => {
    const { stdout, stderr, status } = mutant(args, env);
    expect(stderr).toMatch(told);
    expect(stderr.trim().split('\n').length).toBeLessThanOrEqual(2);
    expect(stdout).toBe('');
    expect(status).toBe(2);
  });
});
