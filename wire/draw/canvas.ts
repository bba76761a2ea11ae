/** One row of a drawing in characters: what is put later covers what is there. */
import stringWidth from 'fast-string-width';

const graphemes = new Intl.Segmenter('en');

/** Symbols that terminals show in one column, though they have a wide form as emoji. */
const NARROW = /[\u25B6\u25C0\u23F8\u23F2]/gu;

/** Columns of a text in a terminal. */
export function columnsOf(text: string): number {
  return stringWidth(text.replace(NARROW, '|'));
}

export interface Canvas {
  /** Writes a text from a column on; what does not fit is left out. */
  put(column: number, text: string): void;
  line(): string;
}

export function createCanvas(width: number): Canvas {
  // A wide character fills its own cell and leaves the next one empty.
  const cells = new Array<string>(width).fill(' ');
  return {
    put(column, text) {
      let at = column;
      for (const { segment } of graphemes.segment(text)) {
        const size = columnsOf(segment);
        if (at < 0 || at + size > width) return;
        if (size === 0) continue;
        // Half of a wide character that is covered becomes a space.
        if (cells[at] === '' && at > 0) cells[at - 1] = ' ';
        if (cells[at + size] === '') cells[at + size] = ' ';
        cells[at] = segment;
        for (let next = 1; next < size; next++) cells[at + next] = '';
        at += size;
      }
    },
    line: () => cells.join('').trimEnd(),
  };
}

/** Words in lines of at most `width` columns; at most `most` lines, the last then ends in `end`. */
export function wrapped(text: string, width: number, most: number, end: string): string[] {
  const lines: string[] = [];
  let line = '';
  const words = text.split(' ').flatMap(word => pieces(word, width));
  for (const word of words) {
    if (line !== '' && columnsOf(line) + 1 + columnsOf(word) > width) {
      lines.push(line);
      line = '';
    }
    line += line === '' ? word : ` ${word}`;
  }
  if (line !== '') lines.push(line);
  if (lines.length <= most) return lines;
  const last = pieces(`${lines[most - 1]}`, Math.max(1, width - end.length))[0] ?? '';
  return [...lines.slice(0, most - 1), last + end];
}

function pieces(word: string, width: number): string[] {
  if (columnsOf(word) <= width) return [word];
  const found: string[] = [];
  let piece = '';
  for (const { segment } of graphemes.segment(word)) {
    if (piece !== '' && columnsOf(piece) + columnsOf(segment) > width) {
      found.push(piece);
      piece = '';
    }
    piece += segment;
  }
  return [...found, piece];
}
