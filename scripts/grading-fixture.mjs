/**
 * Makes the class that the tests of the reports and exports read: real results of real programs of
 * the corpus, judged on the wire, with points, a late policy and the accidents that a class has.
 *
 *     npm run build && node scripts/grading-fixture.mjs
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { lessonChecks } from '../dist/checker/check/test-host.js';
import { openCheckSession } from '../dist/checker/index.js';
import { loadLesson } from '../dist/course/index.js';
import { programText } from './program-text.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const out = join(root, 'test', 'grading', 'fixtures');
const lessons = [
  '01-first-connection',
  '02-publish-a-reading',
  '05-wildcards',
  '08-retained-state',
  '09-last-will',
];

/** A learner's works in the order of the lessons: `ok`, `stub`, `-` (nothing), `?` (could not tell), or a mutant. */
const people = [
  ['adeyemi-f', 'Folasade Adeyemi', 'typescript', ['ok', 'ok', 'ok', 'ok', 'ok']],
  [
    'bauer-j',
    'Jonas Bauer',
    'python',
    ['ok', 'ok', 'everything', 'retain-missing', 'will-not-stored'],
  ],
  [
    'chen-w',
    'Wei Chen',
    'typescript',
    ['ok', 'zero-is-falsy', 'everything', 'retain-missing', 'ok'],
  ],
  ['dubois-c', 'Chloé Dubois', 'typescript', ['ok', 'ok', 'star', 'first-is-stored', 'no-will']],
  ['eriksen-l', 'Lars Eriksen', 'python', ['no-loop', 'no-loop', 'stub', '-', '-']],
  [
    'garcia-m',
    'María José García',
    'python',
    ['ok', 'zero-is-falsy', 'everything', 'ok', 'will-not-stored'],
  ],
  ['haddad-r', 'رنا حداد', 'typescript', ['ok', 'ok', 'ok', 'retain-missing', 'will-not-stored']],
  [
    'ito-k',
    'Kenji Itō',
    'typescript',
    ['literal-address', 'hand-made-json', 'whole-site', 'ok', 'keepalive-off'],
  ],
  ['kowalska-z', 'Zofia Kowalska', 'python', ['ok', 'ok', 'ok', 'retain-missing', '?']],
  [
    'mbeki-t',
    'Thandi Mbeki',
    'typescript',
    ['ok', 'one-batch', 'word-in-topic', 'only-at-start', 'process-exit'],
  ],
  [
    'novak-p',
    'Petr Novák',
    'typescript',
    ['ok', 'ok', 'everything', 'swapped-topics', 'will-not-stored'],
  ],
];
const late = {
  'chen-w': { seconds: 5400, days: 1, factor: 0.9 },
  'ito-k': { seconds: 3 * 86400, days: 3, factor: 0.7 },
};
const notices = {
  'mbeki-t': ['left out: package.json, node_modules/ (only main.ts is taken)'],
  'ito-k': ['left out: notes.docx'],
};

function textOf(lesson, track, work) {
  const file = `${lesson}/${track}/main.${track === 'python' ? 'py' : 'ts'}`;
  if (work === 'ok') return programText(lesson, track, `solutions/${file}`);
  if (work === 'stub') return programText(lesson, track, `exercises/${file}`);
  return programText(lesson, track, `mutant/${work}`);
}

/** Times of the trace to whole milliseconds, only the scenario that the first failure is about. */
function compact(bundle, name) {
  const told = bundle.result.checks.find(one => one.status === 'failed');
  const scenario = told?.scenario;
  if (!scenario) return undefined;
  const recording = bundle.recordings[scenario];
  const whole = (_key, value) =>
    typeof value === 'number' ? Math.round(value * 1000) / 1000 : value;
  const kept = {
    ...bundle,
    files: [],
    recordings: {
      [scenario]: {
        ...recording,
        trace: { ...recording.trace, startedAt: '2026-03-02T10:00:00.000Z' },
      },
    },
  };
  return JSON.parse(
    JSON.stringify(kept, whole).replaceAll(name, '/submission').replaceAll(root, '/course'),
  );
}

const temporary = mkdtempSync(join(tmpdir(), 'fixture-'));
const session = await openCheckSession();
const catalogue = new Map();
for (const id of lessons) {
  const { title } = loadLesson(id);
  const checks = (await lessonChecks(id)).map((check, at, all) => ({
    ...check,
    clauses: [...check.clauses],
    max: at === all.length - 1 ? 2 : 1,
  }));
  catalogue.set(id, { id, title, max: checks.reduce((sum, one) => sum + one.max, 0), checks });
}

const bundles = {};
const learners = [];
const jobs = people.flatMap(([id, , track, works]) =>
  works.map((work, at) => ({ id, track, work, lesson: lessons[at] })),
);
const outcomes = new Map();
const known = new Map();
async function worker() {
  for (let job = jobs.shift(); job; job = jobs.shift()) {
    const { id, track, work, lesson } = job;
    if (work === '-' || work === '?') continue;
    const folder = join(temporary, id, lesson);
    mkdirSync(folder, { recursive: true });
    const file = join(folder, track === 'python' ? 'main.py' : 'main.ts');
    writeFileSync(file, textOf(lesson, track, work));
    const share = `${lesson}/${track}/${work}`;
    if (!known.has(share)) {
      const outcome = await session.check({
        lesson,
        track,
        program: { kind: 'file', path: file },
        workspace: folder,
        seed: `c1a55${lesson.slice(0, 2)}`,
      });
      known.set(share, { ...outcome, folder });
      process.stderr.write(`${share} ${outcome.result.status} ${outcome.result.notice ?? ''}\n`);
    }
    outcomes.set(`${id}/${lesson}`, known.get(share));
  }
}
await Promise.all([worker(), worker()]);
await session.close();

for (const [id, name, track, works] of people) {
  const graded = works.map((work, at) => {
    const lesson = catalogue.get(lessons[at]);
    const base = {
      lesson: lesson.id,
      title: lesson.title,
      max: lesson.max,
      seed: `c1a55${lesson.id.slice(0, 2)}`,
      isolation: 'bwrap',
    };
    if (work === '-')
      return {
        ...base,
        status: 'missing',
        track: null,
        checks: [],
        points: 0,
        earned: 0,
        notices: ['nothing was handed in for this lesson'],
      };
    if (work === '?')
      return {
        ...base,
        status: 'unknown',
        track,
        checks: lesson.checks.map(({ max, ...check }) => ({
          ...check,
          status: 'unknown',
          packets: [],
          seen: 'the machine was too busy for a clock: 4.1 s lost',
          points: 0,
          max,
        })),
        points: null,
        earned: null,
        notices: ['tried twice; the machine was too busy for a verdict'],
      };
    const { result, bundle, folder } = outcomes.get(`${id}/${lesson.id}`);
    const text = JSON.stringify(result.checks)
      .replaceAll(folder, '/submission')
      .replaceAll(root, '/course');
    const checks = JSON.parse(text).map(verdict => {
      const max = lesson.checks.find(one => one.id === verdict.id)?.max ?? 0;
      return { ...verdict, points: verdict.status === 'passed' ? max : 0, max };
    });
    const earned = checks.reduce((sum, one) => sum + one.points, 0);
    const delay = late[id];
    const factor = delay?.factor ?? 1;
    const stored = compact(bundle, folder);
    if (stored) bundles[`${id}/${lesson.id}`] = stored;
    return {
      ...base,
      isolation: id === 'novak-p' ? 'process' : 'bwrap',
      status: work === 'stub' ? 'missing' : 'graded',
      track,
      checks,
      points: Math.round(earned * factor * 100) / 100,
      earned,
      ...(delay
        ? {
            late: {
              submittedAt:
                delay.days === 1 ? '2026-03-02T01:29:59+01:00' : '2026-03-04T23:59:59+01:00',
              deadline: '2026-03-01T23:59:59+01:00',
              ...delay,
            },
          }
        : {}),
      notices: [
        ...(at === 0 ? (notices[id] ?? []) : []),
        ...(work === 'stub' ? ['this is the stub as it was handed out'] : []),
      ],
      ...(result.program
        ? {
            program: JSON.parse(
              JSON.stringify(result.program)
                .replaceAll(folder, '/submission')
                .replaceAll(root, '/course'),
            ),
          }
        : {}),
      ...(stored ? { bundle: `bundles/${id}/${lesson.id}.json.gz` } : {}),
    };
  });
  learners.push({
    learner: {
      id,
      name,
      email: `${id}@example.edu`,
      ids: {
        canvas: String(4000 + learners.length),
        moodle: String(91000 + learners.length * 7),
        login: id,
      },
    },
    submission: `${id}.zip`,
    lessons: graded,
    points: graded.some(one => one.points === null)
      ? null
      : Math.round(graded.reduce((sum, one) => sum + one.points, 0) * 100) / 100,
    max: graded.reduce((sum, one) => sum + one.max, 0),
  });
}
const nothing = lessons.map(id => ({
  lesson: id,
  title: catalogue.get(id).title,
  status: 'missing',
  track: null,
  checks: [],
  points: 0,
  earned: 0,
  max: catalogue.get(id).max,
  notices: [],
  seed: `c1a55${id.slice(0, 2)}`,
  isolation: 'bwrap',
}));
learners.push({
  learner: {
    id: 'okafor-n',
    name: 'Nneka Okafor',
    email: 'okafor-n@example.edu',
    ids: { canvas: '4011', moodle: '91077', login: 'okafor-n' },
  },
  lessons: nothing,
  points: 0,
  max: nothing.reduce((sum, one) => sum + one.max, 0),
});

const grades = {
  schema: 'mqtt-course/class/1',
  title: 'Networked Things, spring 2026',
  course: '0.1.0',
  tests: '5f1c0de5a3b9127744e6a0d8c9f2b1a7e3d4c5b6a798f0e1d2c3b4a5968778f9',
  isolation: ['bwrap', 'process'],
  lessons: [...catalogue.values()],
  learners,
  absent: ['okafor-n'],
  unexpected: ['copy of bauer-j (2).zip'],
  unreadable: [
    {
      submission: 'smith-a.rar',
      reason: 'this kind of archive is not read; hand in a folder, .zip or .tar.gz',
    },
  ],
};
rmSync(temporary, { recursive: true, force: true });
writeFileSync(join(out, 'class.json'), `${JSON.stringify(grades, null, 1)}\n`);
writeFileSync(join(out, 'bundles.json.gz'), gzipSync(JSON.stringify(bundles), { level: 9 }));
process.stderr.write(`${learners.length} learners\n`);
