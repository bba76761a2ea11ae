import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Track } from '../../checker/index.js';
import { exerciseEntry, lessonIds, packageRoot } from '../../course/index.js';
import { type Handed, similarPairs, THRESHOLD } from '../../grading/similar/index.js';
import { similarCsv, similarHtml } from '../../grading/similar/page.js';
import { tokensOf } from '../../grading/similar/tokens.js';

const root = packageRoot();
const read = (...path: string[]) => readFileSync(join(root, ...path), 'utf8');
const entry: Record<Track, string> = { typescript: 'main.ts', python: 'main.py' };
const stub = (lesson: string, track: Track) =>
  exerciseEntry(lesson, track) === undefined
    ? undefined
    : read('exercises', lesson, track, entry[track]);
const solution = (lesson: string, track: Track) => read('solutions', lesson, track, entry[track]);

/** As somebody would copy: other names, other texts, no comments, other spaces. */
function disguised(source: string): string {
  return source
    .replace(/(^|\s)(\/\/|#(?!kit)) .*$/gm, '')
    .replace(/\b(client|topic|payload|reading|connected|message|device|seq|state|level)\b/g, '$1_q')
    .replace(/\n\n+/g, '\n');
}

describe.each(['typescript', 'python'] as const)('%s', track => {
  test('a copy with other names is found in every lesson that has enough of its own', () => {
    const length = (source = '') => tokensOf(source, track).length;
    const lessons = lessonIds().filter(
      lesson => length(solution(lesson, track)) - length(stub(lesson, track)) >= 40,
    );
    expect(lessons.length).toBeGreaterThanOrEqual(15);
    for (const lesson of lessons) {
      const source = solution(lesson, track);
      const handed: Handed[] = [
        { learner: 'ada', lesson, track, source },
        { learner: 'bob', lesson, track, source: disguised(source) },
      ];
      const [pair] = similarPairs(handed, { stub });
      expect(pair?.similarity, lesson).toBeGreaterThan(0.95);
      expect(pair?.fragments.length, lesson).toBeGreaterThan(0);
    }
  });

  test('right programs that were written independently are not', () => {
    // Lesson 15's variants are its solution with changes, and `short` is one with fewer lines.
    for (const lesson of lessonIds().slice(0, 14)) {
      const folder = join(root, 'checker', 'prove', 'variants', lesson, track);
      const handed = [
        { learner: 'solution', lesson, track, source: solution(lesson, track) },
        ...readdirSync(folder)
          .filter(name => /(?<!^short)\.(ts|py)$/.test(name))
          .map(name => ({
            learner: name,
            lesson,
            track,
            source: readFileSync(join(folder, name), 'utf8'),
          })),
      ];
      expect(similarPairs(handed, { stub, threshold: THRESHOLD }), lesson).toEqual([]);
    }
  });

  test('two who only have the stub are not alike', () => {
    const lesson = '05-wildcards';
    const source = stub(lesson, track) ?? '';
    const handed = ['ada', 'bob'].map(learner => ({ learner, lesson, track, source }));
    expect(similarPairs(handed, { stub, threshold: 0.1 })).toEqual([]);
  });
});

test('what many have points at nobody, a rare copy among them does', () => {
  const lesson = '12-reconnect';
  const track = 'typescript';
  const many = Array.from({ length: 20 }, (_, at) => ({
    learner: `same-${at}`,
    lesson,
    track,
    source: solution(lesson, track),
  }));
  const other = read('checker/prove/variants', lesson, track, 'three-lines.ts');
  const pair = [
    { learner: 'ada', lesson, track, source: other },
    { learner: 'bob', lesson, track, source: disguised(other) },
  ] as const;
  const found = similarPairs([...many, ...pair] as Handed[], { stub });
  expect(found.map(one => [one.left.learner, one.right.learner])).toEqual([['ada', 'bob']]);
});

test('other lessons and other tracks are not compared', () => {
  const source = solution('05-wildcards', 'typescript');
  const handed: Handed[] = [
    { learner: 'ada', lesson: '05-wildcards', track: 'typescript', source },
    { learner: 'bob', lesson: '06-qos-handshakes', track: 'typescript', source },
    { learner: 'eve', lesson: '05-wildcards', track: 'python', source },
  ];
  expect(similarPairs(handed, { stub })).toEqual([]);
});

test('text that is no program gives tokens all the same', () => {
  expect(tokensOf('}}} ((( é \u0000 ', 'typescript').length).toBeGreaterThan(0);
  expect(tokensOf('', 'python')).toBeInstanceOf(Array);
});

test('the page shows both sides, marks what is alike, and runs nothing of them', () => {
  const lesson = '05-wildcards';
  const track = 'typescript';
  const source = `${solution(lesson, track)}\n// <script>alert(1)</script>\n`;
  const handed = ['<img src=x>', '=cmd()'].map(learner => ({ learner, lesson, track, source }));
  const pairs = similarPairs(handed as Handed[], { stub });
  const html = similarHtml(pairs, 2);
  expect(html).not.toContain('<script>');
  expect(html).not.toContain('<img');
  expect(html).toContain('&lt;script&gt;alert(1)');
  expect(html.match(/<mark>/g)?.length).toBeGreaterThan(10);
  expect(similarCsv(pairs)).toContain(`'=cmd()`);
});
