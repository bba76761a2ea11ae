/** What every page of ours must be, whatever a learner wrote. */
import { type DefaultTreeAdapterMap, parse } from 'parse5';
import { expect } from 'vitest';

type Node = DefaultTreeAdapterMap['node'];
export type Element = DefaultTreeAdapterMap['element'];

export interface PageTree {
  readonly elements: readonly Element[];
  /** All text that a reader sees, styles left out. */
  readonly text: string;
}

export function readPage(page: string): PageTree {
  const errors: string[] = [];
  const document = parse(page, { onParseError: error => errors.push(error.code) });
  expect(errors).toEqual([]);
  const elements: Element[] = [];
  let text = '';
  const walk = (node: Node) => {
    if ('tagName' in node) elements.push(node);
    if ('value' in node && node.parentNode && 'tagName' in node.parentNode) {
      if (node.parentNode.tagName !== 'style') text += node.value;
    }
    if ('childNodes' in node) for (const child of node.childNodes) walk(child);
  };
  walk(document);
  return { elements, text };
}

export const attribute = (element: Element, name: string) =>
  element.attrs.find(one => one.name === name)?.value;

const ALLOWED = new Set(
  `html head meta title style body a p h1 h2 h3 div header nav main footer section article table
caption thead tbody tr th td ul ol li dl dt dd span strong code pre details summary bdi br figure
figcaption svg g desc line rect text circle polygon`.split(/\s+/),
);

/** One file, nothing that runs or loads, a document that a screen reader can walk. */
export function expectSoundPage(page: string): PageTree {
  const tree = readPage(page);
  const { elements } = tree;
  const named = (name: string) => elements.filter(one => one.tagName === name);
  expect(page.startsWith('<!doctype html>')).toBe(true);
  expect(elements.filter(one => !ALLOWED.has(one.tagName)).map(one => one.tagName)).toEqual([]);
  for (const { attrs } of elements) {
    for (const { name, value } of attrs) {
      expect(name).not.toMatch(/^on|^src|^srcset|^data|^formaction|^srcdoc/i);
      if (name === 'href') expect(value).toMatch(/^(#[\w-]+|feedback\/[^:]+\.html)$/);
      if (name === 'style') expect(value).toMatch(/^width:[\d.]+%$/);
    }
  }
  for (const { childNodes } of named('style')) {
    const css = childNodes.map(one => ('value' in one ? one.value : '')).join('');
    expect(css).not.toMatch(/@import|url\(|expression|evil/);
    // The style of the drawings stays with the drawings.
    expect(css).not.toMatch(/(^|[}{])\s*(svg|text)\s*\{/m);
  }
  const policy = named('meta').find(one => attribute(one, 'http-equiv'));
  expect(policy && attribute(policy, 'content')).toContain("default-src 'none'");
  expect(attribute(elements[0] as Element, 'lang')).toBe('en');
  expect(named('title').length).toBeGreaterThan(0);
  expect(named('h1')).toHaveLength(1);
  expect(named('main')).toHaveLength(1);

  const ids = elements.flatMap(one => attribute(one, 'id') ?? []);
  expect(new Set(ids).size).toBe(ids.length);
  for (const one of elements) {
    for (const name of ['aria-labelledby', 'aria-describedby'])
      for (const id of attribute(one, name)?.split(' ') ?? []) expect(ids).toContain(id);
    const href = attribute(one, 'href');
    if (href?.startsWith('#')) expect(ids).toContain(href.slice(1));
  }
  const levels = elements.flatMap(one => /^h([1-6])$/.exec(one.tagName)?.[1] ?? []).map(Number);
  for (const [at, level] of levels.entries())
    expect(level - (levels[at - 1] ?? 0)).toBeLessThanOrEqual(1);
  for (const one of named('th')) expect(attribute(one, 'scope')).toMatch(/^(col|row)$/);

  expect(page).not.toMatch(/[^\n\P{Cc}]|[\u202A-\u202E\u2066-\u2069\u200B\uFEFF\uFFFF]/u);
  expect(Buffer.from(page).toString()).toBe(page);
  return tree;
}
