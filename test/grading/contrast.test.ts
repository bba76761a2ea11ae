import { expect, test } from 'vitest';
import { feedbackHtml } from '../../grading/feedback/html.js';
import { PARTS_STYLE } from '../../grading/report/parts.js';
import { classGrades, learnerOf } from './class.js';

/** Relative luminance of `#rrggbb` or `#rgb`, as WCAG 2 defines it. */
function luminance(color: string): number {
  const hex = color.length === 4 ? color.replace(/[^#]/g, '$&$&') : color;
  const channel = (at: number) => {
    const value = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return value <= 0.040_45 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  };
  return 0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5);
}

function contrast(one: string, two: string): number {
  const [light, dark] = [luminance(one), luminance(two)].sort((a, b) => b - a);
  return ((light ?? 0) + 0.05) / ((dark ?? 0) + 0.05);
}

const page = feedbackHtml(classGrades(), learnerOf(classGrades(), 'bauer-j'));
const schemes = [...page.matchAll(/:root\{([^}]*--back[^}]*)\}/g)].map(([, rules = '']) =>
  Object.fromEntries(
    [...rules.matchAll(/--([\w-]+):(#[0-9a-f]+)/g)].map(([, name, to]) => [name, to]),
  ),
);

test('there is a light scheme, a dark one, and one for paper', () => {
  expect(schemes).toHaveLength(3);
});

test.each(schemes.map((scheme, at) => [['light', 'dark', 'print'][at], scheme] as const))(
  'every text of the %s scheme has a contrast of 4.5 or more to what it stands on',
  (_, scheme) => {
    const pairs = [
      ...['ink', 'dim', 'link', 'good', 'bad', 'ask'].flatMap(text =>
        ['back', 'card', 'soft'].map(ground => [text, ground] as const),
      ),
      ...['good', 'bad', 'ask'].map(tone => [tone, `${tone}-soft`] as const),
    ];
    for (const [text, ground] of pairs) {
      const ratio = contrast(scheme[text] ?? '', scheme[ground] ?? '');
      expect(`${text} on ${ground}: ${ratio >= 4.5}`).toBe(`${text} on ${ground}: true`);
    }
  },
);

test('so does every cell of the heat map', () => {
  const cells = [...PARTS_STYLE.matchAll(/\.h\d\{background:(#\w+);color:(#\w+)\}/g)];
  expect(cells).toHaveLength(12);
  for (const [, ground = '', text = ''] of cells)
    expect(contrast(ground, text)).toBeGreaterThanOrEqual(4.5);
});
