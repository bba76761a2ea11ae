import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { packageRoot } from '../course/index.js';

interface Picture {
  readonly title: string;
  readonly about: string;
  readonly lines: readonly string[];
  readonly columns?: number;
}
const script = pathToFileURL(join(packageRoot(), 'scripts', 'ansi-svg.mjs')).href;
const { ansiSvg } = (await import(script)) as { ansiSvg(picture: Picture): string };
const draw = (...lines: string[]) =>
  ansiSvg({ title: 'run', about: 'a "run" <here>', lines, columns: 20 });

test('colours and weights become classes; text stands in its column', () => {
  const svg = draw('ab \u001B[1;31mred\u001B[22;39m  end');
  expect(svg).toContain('<text x="16" y="53" textLength="16.8">ab</text>');
  expect(svg).toContain('<text x="41.2" y="53" textLength="25.2" class="bold red">red</text>');
  expect(svg).toContain('<text x="83.2" y="53" textLength="25.2">end</text>');
});

test('lanes and arrow heads are drawn, so that they meet in any font', () => {
  const svg = draw('│──▶│', '⏸ withheld');
  expect(svg).not.toMatch(/>[^<]*[│─▶⏸][^<]*<\/text>/);
  expect(svg.match(/class="head"/g)).toHaveLength(1);
  expect(svg).toContain('withheld</text>');
});

test('markup in the output is text', () => {
  const svg = draw('<script>&"');
  expect(svg).toContain('>&lt;script&gt;&amp;&quot;</text>');
  expect(svg).toContain('a &quot;run&quot; &lt;here&gt;');
});

test('the pictures stand alone: two colour schemes, no script, nothing loaded, no path of a machine', () => {
  const folder = join(packageRoot(), 'docs', 'pictures');
  const names = readdirSync(folder).sort();
  expect(names).toEqual(['check-failed.svg', 'exchange-terminal.svg', 'exchange.svg', 'run.svg']);
  for (const name of names) {
    const svg = readFileSync(join(folder, name), 'utf8');
    expect(svg).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg"[\s\S]*<\/svg>\n$/);
    expect(svg).toContain('prefers-color-scheme:dark');
    expect(svg).not.toMatch(/<script|href=|url\(|\/home\/|\/tmp\//);
  }
});
