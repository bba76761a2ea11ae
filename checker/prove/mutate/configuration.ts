import { basename } from 'node:path';
import type { Mutation } from './syntax.js';

/** The mistakes that are made in Mosquitto's files, in lists of passwords, and in what is written about them. */
export function configurationMutations(file: string, text: string): Mutation[] {
  const name = basename(file);
  if (name.endsWith('.md')) return documentMutations(text);
  const found: Mutation[] = [];
  for (const { from, to, line } of linesOf(text)) {
    if (line.trim() === '' || line.trimStart().startsWith('#')) continue;
    found.push({ operator: 'line-removed', edits: [{ from, to, text: '' }] });
    const others = otherLines(name, line);
    found.push(
      ...others.map(other => ({
        operator: other.operator,
        edits: [{ from, to: from + line.length, text: other.text }],
      })),
    );
  }
  return found;
}

interface OtherLine {
  readonly operator: string;
  readonly text: string;
}

function otherLines(name: string, line: string): OtherLine[] {
  if (/^(passwd|guests|users)/.test(name) || /^\w+:\$/.test(line)) return otherPasswords(line);
  if (name.endsWith('.env')) return [{ operator: 'word-changed', text: `${line}x` }];
  return [...otherRights(line), ...otherWords(line)];
}

/** A user of another name, with another password, or without any. */
function otherPasswords(line: string): OtherLine[] {
  const at = line.indexOf(':');
  if (at < 0) return [];
  const [user, hash] = [line.slice(0, at), line.slice(at + 1)];
  const end = hash.replace(/[A-Za-z0-9](?==*$)/, letter => (letter === 'A' ? 'B' : 'A'));
  return [
    { operator: 'word-changed', text: `${user}x:${hash}` },
    { operator: 'word-changed', text: `${user}:${end}` },
    { operator: 'word-changed', text: `${user}:` },
  ];
}

/** More than was asked for: another direction as well, a level up, or everything. */
function otherRights(line: string): OtherLine[] {
  const [, kind = '', right = '', filter = ''] =
    /^\s*(topic|pattern)\s+(?:(read|write|readwrite|deny)\s+)?(.+?)\s*$/.exec(line) ?? [];
  if (kind === '') return [];
  const rights = (
    right === 'readwrite' ? ['read', 'write'] : ['readwrite', right === 'read' ? 'write' : 'read']
  )
    .filter(one => one !== right)
    .map(one => ({ operator: 'right-changed', text: `${kind} ${one} ${filter}` }));
  const word = right === '' ? '' : `${right} `;
  return [
    ...rights,
    ...otherFilters(filter).map(one => ({
      operator: 'right-changed',
      text: `${kind} ${word}${one}`,
    })),
  ];
}

function otherFilters(filter: string): string[] {
  const levels = filter.split('/');
  const up = levels.slice(0, -2).concat('#').join('/');
  const all = [
    '#',
    up,
    `${filter.replace(/\/?#$/, '')}/+`,
    filter.replace(/\/?#$/, ''),
    `${filter}x`,
  ];
  return [...new Set(all)].filter(one => one !== filter && one !== '' && !/#x$/.test(one));
}

function otherWords(line: string): OtherLine[] {
  const words = line.trim().split(/\s+/);
  if (/^(topic|pattern)$/.test(words[0] ?? '')) return [];
  return words.slice(1).map((word, at) => {
    const next = word === 'true' ? 'false' : word === 'false' ? 'true' : otherWord(word);
    const text = [words[0], ...words.slice(1).map((one, index) => (index === at ? next : one))];
    return { operator: 'word-changed', text: text.join(' ') };
  });
}

const otherWord = (word: string) => (/^\d+$/.test(word) ? String(Number(word) + 1) : `${word}x`);

const opposites: readonly (readonly [RegExp, string])[] = [
  [/\brefuses\b/, 'accepts'],
  [/\bdenied\b/, 'allowed'],
  [/\bNobody\b/, 'Everybody'],
  [/\bnobody\b/, 'everybody'],
  [/\bcannot\b/, 'can'],
  [/\bnothing\b/, 'everything'],
  [/\beverything\b/, 'nothing'],
  [/\bfalse\b/, 'true'],
  [/\bhashes\b/, 'plain text'],
];

/** A paragraph or a heading that is missing, and sentences that say the opposite. */
function documentMutations(text: string): Mutation[] {
  const found: Mutation[] = [];
  for (const { from, to, paragraph } of paragraphsOf(text)) {
    const heading = paragraph.startsWith('#');
    // The title, and what stands before the first section, are free.
    if (heading && paragraph.startsWith('# ')) continue;
    found.push({ operator: 'paragraph-removed', edits: [{ from, to, text: '' }] });
    if (heading) continue;
    for (const [word, opposite] of opposites) {
      const at = paragraph.search(word);
      if (at < 0) continue;
      const length = word.exec(paragraph)?.[0].length ?? 0;
      const start = from + at;
      found.push({
        operator: 'sentence-reversed',
        edits: [{ from: start, to: start + length, text: opposite }],
      });
    }
  }
  return found;
}

function linesOf(text: string): { from: number; to: number; line: string }[] {
  let from = 0;
  return text.split(/(?<=\n)/).map(whole => {
    const start = from;
    from += whole.length;
    return { from: start, to: from, line: whole.replace(/\r?\n$/, '') };
  });
}

function paragraphsOf(text: string): { from: number; to: number; paragraph: string }[] {
  return [...text.matchAll(/(?:^.*\S.*(?:\n|$))+/gm)].map(match => ({
    from: match.index,
    to: match.index + match[0].length,
    paragraph: match[0],
  }));
}
