import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { packageRoot } from '../../course/index.js';
import { exampleCourseFile } from '../../grading/course-file.js';
import { DEFAULT_FORMATS, FORMATS } from '../../grading/exports/index.js';
import { commandLine } from '../cli/command-line.js';

/** docs/grading.md says only what the command line can do. */

const run = commandLine();
const cwd = packageRoot();
const file = join(cwd, 'docs', 'grading.md');
const guide = readFileSync(file, 'utf8');
const blocks = [...guide.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].flatMap(
  ([, language, text = '']) => (language === '' ? [text] : []),
);
const commands = blocks
  .flatMap(block => block.trim().split('\n'))
  .map(
    line =>
      line
        .replace(/^npx mqtt-course /, '')
        .split(' > ')[0]
        ?.split(' ') ?? [],
  );

/** The help of a command; undefined where it is not built in. */
async function help(...names: readonly string[]): Promise<string | undefined> {
  const { code, out } = await run([...names, '--help'], { cwd });
  return code === 0 && out.includes(`Usage: mqtt-course ${names.join(' ')} `) ? out : undefined;
}

const subcommands = ['merge', 'report', 'course-file', 'similar'];
const nameOf = ([first = '', second = '']: readonly string[]) =>
  first === 'grade' && subcommands.includes(second) ? [first, second] : [first];
const optionsIn = (text: string) =>
  [...text.matchAll(/(?<![\w-])--[a-z][a-z-]*/g)].map(([it]) => it);
const has = (text: string, option: string) => new RegExp(`^ +${option}[ ,]`, 'm').test(text);

describe('the guide', () => {
  test('every line of code is a command', () => {
    expect(blocks.length).toBeGreaterThan(8);
    for (const line of blocks.flatMap(block => block.trim().split('\n'))) {
      expect(line).toMatch(/^npx mqtt-course (grade|regrade|handout) /);
    }
  });

  test('each command exists, and takes the options it is shown with', async () => {
    const helps = new Map<string, string | undefined>();
    for (const words of commands) {
      const name = nameOf(words);
      const key = name.join(' ');
      if (!helps.has(key)) helps.set(key, await help(...name));
      const text = helps.get(key);
      // Another part of the project may bring these, or not.
      if (text === undefined && /^(regrade|handout)$/.test(key)) continue;
      expect(text, key).toBeDefined();
      for (const option of optionsIn(words.join(' '))) {
        expect(has(text ?? '', option), `${key} ${option}`).toBe(true);
      }
    }
    for (const key of [
      'grade',
      'grade merge',
      'grade report',
      'grade course-file',
      'grade similar',
    ]) {
      expect(helps.get(key), key).toBeDefined();
    }
  });

  test('every option that its text names is one of some command', async () => {
    const helps = await Promise.all(
      [['grade'], ['grade', 'similar'], ['grade', 'merge'], ['grade', 'report']].map(one =>
        help(...one),
      ),
    );
    const named = new Set(optionsIn(guide.replace(/`apt [^`]*`/g, '')));
    named.delete('--diff');
    named.delete('--help');
    expect(named.size).toBeGreaterThan(20);
    for (const option of named) {
      expect(
        helps.some(text => text !== undefined && has(text, option)),
        option,
      ).toBe(true);
    }
    // Wrong ones would be found.
    expect(helps.some(text => text !== undefined && has(text, '--form'))).toBe(false);
  });

  test('every format is named, as it is called', () => {
    const extra = Object.keys(FORMATS).filter(one => !DEFAULT_FORMATS.includes(one as never));
    const told = [...guide.matchAll(/`--formats ([a-z,-]+)`/g)].flatMap(([, it = '']) =>
      it.split(','),
    );
    for (const one of told) expect(Object.keys(FORMATS)).toContain(one);
    const named = new Set([...told, 'canvas', 'moodle']);
    expect(extra.filter(one => !named.has(one))).toEqual([]);
    for (const name of ['grades.csv', 'checks.csv', 'class.json', 'report.html', 'feedback/']) {
      expect(guide).toContain(`\`${name}\``);
    }
  });

  test('what it says of the course file is in the course file', () => {
    for (const word of ['deadline', 'extensions', 'excused', 'public']) {
      expect(exampleCourseFile()).toContain(`${word}:`);
    }
  });

  test('its links lead somewhere', () => {
    for (const [, link = ''] of guide.matchAll(/\]\(([^)]+)\)/g)) {
      expect(existsSync(join(dirname(file), link)), link).toBe(true);
    }
  });

  test('it speaks as the course does: short sentences', () => {
    const prose = guide
      .replace(/^```[\s\S]*?^```$/gm, '')
      .replace(/^[|#].*$/gm, '')
      .replace(/`[^`]*`/g, 'code');
    const sentences = prose.split(/[.:?]\s+|\n\n/).map(one => one.trim().split(/\s+/).length);
    const mean = sentences.reduce((sum, one) => sum + one, 0) / sentences.length;
    expect(mean).toBeLessThan(15);
    expect(prose).not.toMatch(/\b(simply|just|obviously|easy)\b/i);
  });
});
