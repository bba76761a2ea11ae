import stringWidth from 'fast-string-width';

// biome-ignore lint/suspicious/noControlCharactersInRegex: the escapes of colours and links
const ESCAPE = /\u001B\[[\d;]*m|\u001B\]8;;[^\u001B]*\u001B\\/g;
const graphemes = new Intl.Segmenter();

/** A space at which no line is broken. Made an ordinary space by `wrap`. */
export const FIRM = '\u00A0';

/**
 * Breaks prose into lines of at most `width` columns, at spaces; a word that is wider is broken
 * where it must be, or stays whole and is wider than the line. Colours and links are closed at the end of a line and go on in the next, so
 * that a line can be indented or put beside another.
 */
export function wrap(
  text: string,
  width: number,
  { whole = false }: { readonly whole?: boolean } = {},
): string[] {
  const room = Math.max(1, width);
  const lines = text.split('\n').flatMap(paragraph => fill(paragraph, room, whole));
  return carry(lines).map(line => line.replaceAll(FIRM, ' ').trimEnd());
}

function fill(paragraph: string, width: number, whole: boolean): string[] {
  const lines: string[] = [];
  let line = '';
  let used = 0;
  for (const word of paragraph.split(' ')) {
    const size = stringWidth(word);
    const gap = used > 0 ? 1 : 0;
    if (used + gap + size <= width) {
      // A space before the first word of a line is left out.
      line += `${gap === 1 ? ' ' : ''}${word}`;
      used += gap + size;
      continue;
    }
    if (used > 0) lines.push(line);
    const parts = size > width && !whole ? breakWord(word, width) : [word];
    line = parts.pop() ?? '';
    lines.push(...parts);
    used = stringWidth(line);
  }
  return [...lines, line];
}

/** Characters that are given to the segmenter at once: what it costs grows with the square of them. */
const PIECE = 256;

/** The characters of a text as a reader counts them, in time that grows with its length. */
function* graphemesOf(text: string): Generator<string> {
  let rest = '';
  for (let at = 0; at < text.length; at += PIECE) {
    let last = '';
    for (const { segment } of graphemes.segment(rest + text.slice(at, at + PIECE))) {
      if (last !== '') yield last;
      last = segment;
    }
    // The end of a piece may be the middle of a character; nobody can read one of this length.
    rest = last.length < PIECE ? last : '';
    if (rest === '') yield last;
  }
  if (rest !== '') yield rest;
}

function breakWord(word: string, width: number): string[] {
  const parts: string[] = [];
  let part = '';
  let used = 0;
  let at = 0;
  const visible = (text: string) => {
    for (const segment of graphemesOf(text)) {
      const size = stringWidth(segment);
      if (used + size > width && used > 0) {
        parts.push(part);
        part = '';
        used = 0;
      }
      part += segment;
      used += size;
    }
  };
  for (const match of word.matchAll(ESCAPE)) {
    visible(word.slice(at, match.index));
    part += match[0];
    at = match.index + match[0].length;
  }
  visible(word.slice(at));
  return [...parts, part];
}

const closers: Record<string, string> = { '1': '22', '2': '22', '3': '23', '4': '24', '7': '27' };

/** The code that ends what a colour code begins: `31` is ended by `39`. */
function closer(code: string): string | undefined {
  if (/^(3[0-7]|9[0-7])$/.test(code)) return '39';
  return closers[code];
}

/** Closes what is open at the end of each line, and opens it again in the next. */
function carry(lines: readonly string[]): string[] {
  let open: { begin: string; end: string }[] = [];
  return lines.map(line => {
    const before = open.map(one => one.begin).join('');
    for (const [sequence] of line.matchAll(ESCAPE)) open = after(open, sequence);
    const ends = [...open].reverse().map(one => one.end);
    return `${before}${line}${ends.join('')}`;
  });
}

function after(open: { begin: string; end: string }[], sequence: string) {
  const END_LINK = '\u001B]8;;\u001B\\';
  if (sequence === END_LINK) return open.filter(one => one.end !== END_LINK);
  if (sequence.startsWith('\u001B]')) return [...open, { begin: sequence, end: END_LINK }];
  const code = sequence.slice(2, -1);
  const end = closer(code);
  if (end) return [...open, { begin: sequence, end: `\u001B[${end}m` }];
  return open.filter(one => one.end !== sequence);
}
