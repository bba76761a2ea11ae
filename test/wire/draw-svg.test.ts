import { expect, test } from 'vitest';
import { drawSvg } from '../../wire/draw/svg.js';
import { crowd, faulty, publish, recording, steady, traceOf } from './draw-traces.js';

/** Names of elements, in order; throws where tags do not nest or text is not escaped. */
function elements(svg: string): string[] {
  const open: string[] = [];
  const found: string[] = [];
  const rest = svg.replace(
    /<(\/?)([a-z]+)((?: [\w:-]+="[^"<&]*(?:&\w+;[^"<&]*)*")*)\s*(\/?)>/g,
    (_, end: string, name: string, __, empty: string) => {
      if (end) expect(open.pop()).toBe(name);
      else {
        found.push(name);
        if (!empty) open.push(name);
      }
      return '';
    },
  );
  expect(open).toEqual([]);
  expect(rest).not.toMatch(/[<>]|&(?!(amp|lt|gt|quot|apos);)/);
  return found;
}

test('a golden drawing', async () => {
  const svg = drawSvg(faulty(), { title: 'faults', cited: new Map([[16, ['T3']]]) });
  elements(svg);
  await expect(svg).toMatchFileSnapshot('golden/faulty.svg');
});

test('stands by itself: nothing is loaded, nothing runs', () => {
  const svg = drawSvg(faulty());
  const names = new Set(elements(svg));
  for (const bad of ['script', 'image', 'use', 'a', 'foreignObject', 'link']) {
    expect(names.has(bad)).toBe(false);
  }
  expect(svg.replace('http://www.w3.org/2000/svg', '')).not.toMatch(/https?:|url\(|@import/);
  expect(svg).toContain('prefers-color-scheme:dark');
});

test('faults and cited packets are told by word and shape, not by colour', () => {
  const svg = drawSvg(faulty(), { cited: new Map([[16, ['T3', 'T5']]]) });
  for (const word of [
    'lost',
    'withheld',
    'copy of #11',
    'absorbed by the tap',
    'cited by T3, T5',
  ]) {
    expect(svg).toContain(word);
  }
  expect(svg).toMatch(/class="box"/);
  expect(svg).toMatch(/class="ring"/);
});

test('the whole packet is in the title of its row', () => {
  const on = recording();
  const text = `${'long '.repeat(15)}end`;
  on.packet('program', 'to-broker', publish('a/b', text));
  expect(drawSvg(on.trace())).toContain(
    `<title>#1  +0.002 s  program → broker  PUBLISH a/b &quot;${text}&quot; qos=0 retain=0 dup=0</title>`,
  );
});

test('what came over the wire stays text', () => {
  const on = recording();
  const evil = '</text><script>alert(1)</script>"\'&]]>\u0000\u001B\uFFFE\u202E';
  on.connection(evil, 1, 'opened');
  on.packet(evil, 'to-broker', publish(evil.replaceAll('\u0000', ''), evil, 1, 1));
  on.fault(evil, evil);
  on.note(evil, evil, evil);
  const svg = drawSvg(on.trace(), { title: evil, cited: new Map([[1, [evil]]]) });
  expect(elements(svg)).not.toContain('script');
  expect(svg.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\uFFFE]/u);
});

test('a packet that was kept is slanted down to where it was passed on', () => {
  const [, y1, y2] = /class="late"/.test(drawSvg(faulty()))
    ? (/<line x1="\S+" y1="(\S+)" x2="\S+" y2="(\S+)" class="late"/.exec(drawSvg(faulty())) ?? [])
    : [];
  expect(Number(y2)).toBeGreaterThan(Number(y1));
});

test('a very long exchange is cut, and says so', () => {
  const svg = drawSvg(steady(400), { fold: false, most: 100 });
  expect(svg).toContain('cut here: the drawing ends at packet 100; the exchange has 803 packets');
  expect(svg).not.toContain('>#101<');
  expect(drawSvg(steady(400))).not.toContain('cut here');
  elements(svg);
});

test('draws a crowd, and nothing at all', () => {
  elements(drawSvg(crowd(30)));
  elements(drawSvg(traceOf([])));
});
