/** As much of a terminal as the course's display speaks: what is on it after what was written. */
export interface Emulator {
  readonly isTTY: true;
  rows: number;
  columns: number;
  write(text: string): void;
  /** Everything that was written, as it came. */
  readonly written: string;
  /** The rows of the window, without trailing space. */
  lines(): string[];
  shown(): string;
  readonly cursor: { readonly row: number; readonly column: number; readonly visible: boolean };
  /** The other screen is shown, not the one with the shell. */
  readonly inside: boolean;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: what a terminal acts on
const PARTS = /\u001B\[([\d;?]*)([A-Za-z])|./gsu;

/** Fails at a sequence that it does not know. */
export function emulator(rows = 24, columns = 80): Emulator {
  let written = '';
  let grid: string[][] = [];
  let row = 0;
  let column = 0;
  let visible = true;
  let inside = false;

  function put(character: string): void {
    if (character === '\r') column = 0;
    else if (character === '\n') row++;
    else {
      const line = grid[row] ?? [];
      grid[row] = line;
      for (let at = line.length; at < column; at++) line[at] = ' ';
      line[column] = character;
      column++;
    }
  }

  function control(parameters: string, final: string): void {
    const [first = 1, second = 1] = parameters.split(';').map(one => Number(one) || 1);
    if (final === 'm') return;
    if (final === 'H') {
      row = first - 1;
      column = second - 1;
    } else if (final === 'K') grid[row] = (grid[row] ?? []).slice(0, column);
    else if (final === 'J' && parameters === '') {
      grid[row] = (grid[row] ?? []).slice(0, column);
      grid = grid.slice(0, row + 1);
    } else if (final === 'J' && parameters === '2') grid = [];
    else if (parameters === '?25') visible = final === 'h';
    else if (parameters === '?1049') inside = final === 'h';
    else if (!['?7', '?2004', '?2026'].includes(parameters)) {
      throw new Error(`not known to this terminal: ESC [ ${parameters} ${final}`);
    }
  }

  return {
    isTTY: true,
    rows,
    columns,
    write(text) {
      written += text;
      for (const [part, parameters = '', final] of text.matchAll(PARTS)) {
        if (final === undefined) put(part);
        else control(parameters, final);
      }
    },
    get written() {
      return written;
    },
    lines: () => Array.from(grid, line => (line ?? []).join('').trimEnd()),
    shown() {
      return this.lines().join('\n');
    },
    get cursor() {
      return { row, column, visible };
    },
    get inside() {
      return inside;
    },
  };
}
