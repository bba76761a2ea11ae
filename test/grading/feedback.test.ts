import MarkdownIt from 'markdown-it';
import { expect, test } from 'vitest';
import { excerpt, exchangeStyle, ownTrace } from '../../grading/feedback/exchange.js';
import { feedbackHtml } from '../../grading/feedback/html.js';
import { feedbackMarkdown } from '../../grading/feedback/markdown.js';
import { lateLines, outputWords } from '../../grading/feedback/phrases.js';
import { type LearnerGrade, SAME_AS_SOLUTION } from '../../grading/types.js';
import { bundleOf, classGrades, EVIL, hostileClass, learnerOf } from './class.js';
import { attribute, expectSoundPage } from './pages.js';

const grades = classGrades();
const pageOf = (id: string, options = {}) =>
  feedbackHtml(grades, learnerOf(grades, id), lesson => bundleOf(id, lesson), options);

test.each(grades.learners.map(one => one.learner.id))('the page of %s is sound', id => {
  const { text, elements } = expectSoundPage(pageOf(id));
  const learner = learnerOf(grades, id);
  expect(text).toContain(learner.learner.name);
  for (const lesson of learner.lessons.filter(one => one.status === 'graded')) {
    for (const check of lesson.checks) expect(text).toContain(check.title);
    for (const check of lesson.checks.filter(one => one.status === 'failed'))
      expect(text).toContain(check.try);
  }
  const drawings = elements.filter(one => one.tagName === 'svg').length;
  const failures = learner.lessons
    .filter(one => one.status === 'graded')
    .map(one => one.checks.filter(check => check.status === 'failed').length);
  expect(drawings).toBeLessThanOrEqual(failures.reduce((sum, one) => sum + one, 0));
  if (id === 'bauer-j') expect(drawings).toBe(3);
});

test('the same grades give the same bytes', () => {
  expect(pageOf('novak-p')).toBe(pageOf('novak-p'));
});

test('the packet that a verdict cites is marked in the drawing', () => {
  const page = pageOf('bauer-j', {});
  expect(page).toContain('▶ cited by T3: SUBSCRIBE # qos=0 id=1');
});

test('what a hidden test does stays hidden: only the learner’s own connections are drawn', () => {
  const own = pageOf('novak-p');
  const all = pageOf('novak-p', { traces: 'all' });
  for (const peer of ['newcomer', 'viewer', 'yesterday']) {
    expect(all).toContain(`>${peer}<`);
    expect(own).not.toContain(`>${peer}<`);
  }
  expect(own).toContain('#32 and #38 are between the broker and other clients, and not drawn.');
  expect(all).not.toContain('and not drawn.');
  const bundle = bundleOf('novak-p', '09-last-will');
  const [recording] = Object.values(bundle?.recordings ?? {});
  if (!recording) throw new Error('no recording');
  const names = new Set(
    ownTrace(recording).entries.flatMap(entry => ('who' in entry ? entry.who : [])),
  );
  expect([...names]).toEqual(['program']);
});

test('nothing is drawn when traces are kept back, and only points are told when asked', () => {
  expect(pageOf('novak-p', { traces: 'none' })).not.toContain('<svg');
  const points = pageOf('novak-p', { detail: 'points' });
  const { text } = expectSoundPage(points);
  for (const { checks } of learnerOf(grades, 'novak-p').lessons) {
    for (const check of checks) {
      expect(text).toContain(check.title);
      if (check.seen) expect(text).not.toContain(check.seen.split('\n')[0]);
      if (check.try) expect(text).not.toContain(check.try);
    }
  }
});

test('what we could not tell shows no word of our insides, and is no zero', () => {
  const learner = learnerOf(grades, 'kowalska-z');
  const inside = 'Error: boom\n    at judge (/srv/grader/checker/harness/judge.ts:31:7)';
  const broken: LearnerGrade = {
    ...learner,
    lessons: learner.lessons.map(one =>
      one.status === 'unknown'
        ? {
            ...one,
            notices: [inside],
            checks: one.checks.map(check => ({ ...check, seen: inside })),
          }
        : one,
    ),
  };
  for (const text of [feedbackHtml(grades, broken), feedbackMarkdown(grades, broken)]) {
    expect(text).not.toContain('boom');
    expect(text).not.toContain('/srv/');
    expect(text).toContain('It does not count as zero.');
    expect(text).toMatch(/open(<\/strong>|, of 50)/);
  }
});

test('pages of hostile learners are sound, and show what they wrote as text', () => {
  const hostile = hostileClass();
  for (const one of hostile.learners) {
    const { text } = expectSoundPage(feedbackHtml(hostile, one));
    if (
      one.lessons.some(it => it.status === 'graded' && it.checks.some(c => c.status === 'failed'))
    )
      expect(text).toContain('<script>alert(1)</script><img src=x onerror=alert(2)>');
  }
});

test('the drawings of a hostile trace are sound too', () => {
  const bundle = bundleOf('novak-p', '09-last-will');
  const evil = JSON.parse(
    JSON.stringify(bundle, (key, value) =>
      ['topic', 'clientId', 'text', 'scenario'].includes(key) && value !== 'killed'
        ? EVIL.join('')
        : value,
    ),
  );
  const page = feedbackHtml(grades, learnerOf(grades, 'novak-p'), lesson =>
    lesson === '09-last-will' ? evil : undefined,
  );
  expect(page).toContain('<svg');
  expectSoundPage(page);
});

test('a long exchange is cut to what is cited, and says so', () => {
  const [recording] = Object.values(bundleOf('novak-p', '05-wildcards')?.recordings ?? {});
  if (!recording) throw new Error('no recording');
  const whole = ownTrace(recording);
  const part = excerpt(whole, [7], 'program');
  expect(part.entries.length).toBeLessThan(whole.entries.length);
  const packets = (trace: typeof whole) =>
    trace.entries.filter(one => one.kind === 'packet').length;
  const left = part.entries.flatMap(entry =>
    entry.kind === 'note' && entry.note === 'left out' ? Number.parseInt(entry.text, 10) : [],
  );
  expect(packets(part) + left.reduce((sum, one) => sum + one, 0)).toBe(packets(whole));
  expect(excerpt(part, [7], 'program')).toBe(part);
});

test('the style of the drawings is bound to them', () => {
  const rules = exchangeStyle().match(/[^{}]+(?=\{[^{}]*\})/g) ?? [];
  for (const rule of rules) expect(rule.trim()).toMatch(/^\.exchange\b/);
  expect(rules.length).toBeGreaterThan(15);
});

test('output is shown escaped and capped, and what is left out is said', () => {
  const long = Array.from({ length: 500 }, (_, at) => `line ${at}`).join('\n');
  const { text, note } = outputWords(long, 99_999);
  expect(text.split('\n')).toHaveLength(61);
  expect(note).toBe(
    '99999 bytes; the first and last 30 of 500 lines are shown; only the beginning was kept',
  );
  expect(outputWords('x'.repeat(50_000), 50_000).text.length).toBeLessThan(6100);
});

test('lateness in words', () => {
  expect(lateLines(learnerOf(grades, 'chen-w'))).toEqual([
    'Handed in 2026-03-02 01:29 (+01:00), 1 hour 30 minutes after the deadline (2026-03-01 23:59 (+01:00)). 1 day counts as late, so points are multiplied by 0.9.',
  ]);
  expect(pageOf('chen-w')).toContain('late: 9 × 0.9 = 8.1');
  const learner = learnerOf(grades, 'chen-w');
  const grace = learner.lessons.map((one, at) => {
    const { late, ...rest } = one;
    return at === 1 && late
      ? { ...rest, late: { ...late, seconds: 300, days: 0, factor: 1 } }
      : rest;
  });
  expect(lateLines({ ...learner, lessons: grace })).toEqual([
    'Publish a reading: handed in 2026-03-02 01:29 (+01:00), 5 minutes after the deadline (2026-03-01 23:59 (+01:00)). That is within the grace period; no points are taken off.',
  ]);
});

test('Markdown says the same', async () => {
  await expect(feedbackMarkdown(grades, learnerOf(grades, 'bauer-j'))).toMatchFileSnapshot(
    'golden/feedback.md',
  );
});

test('Markdown of hostile learners marks nothing up', () => {
  const hostile = hostileClass();
  const parser = new MarkdownIt({ html: true, linkify: false });
  for (const one of hostile.learners) {
    const source = feedbackMarkdown(hostile, one);
    const tokens = parser.parse(source, {}).flatMap(token => [token, ...(token.children ?? [])]);
    const types = new Set(tokens.map(token => token.type));
    for (const type of ['html_block', 'html_inline', 'link_open', 'image', 'em_open', 's_open'])
      expect(types).not.toContain(type);
    expect(
      tokens.filter(token => token.type === 'heading_open' && token.tag === 'h1'),
    ).toHaveLength(1);
    expect(source).not.toMatch(/[^\n\P{Cc}]|[\u202A-\u202E\uFEFF]/u);
  }
});

test('every drawing can be reached by keyboard and has a name', () => {
  const { elements } = expectSoundPage(pageOf('novak-p'));
  const regions = elements.filter(one => attribute(one, 'class') === 'exchange');
  expect(regions.length).toBeGreaterThan(0);
  for (const one of regions) {
    expect(attribute(one, 'tabindex')).toBe('0');
    expect(attribute(one, 'aria-label')).toMatch(/^Sequence diagram of/);
  }
});

test('a suspicion is for the instructor, not for the learner', () => {
  const learner = learnerOf(grades, 'bauer-j');
  const [first, ...rest] = learner.lessons;
  if (!first) throw new Error('the fixture has no lessons');
  const suspected = {
    ...learner,
    lessons: [{ ...first, notices: [SAME_AS_SOLUTION, 'something else'] }, ...rest],
  };
  for (const text of [feedbackHtml(grades, suspected), feedbackMarkdown(grades, suspected)]) {
    expect(text).toContain('something else');
    expect(text).not.toContain('letter for letter');
  }
});
