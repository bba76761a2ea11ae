/** The window of a terminal, drawn again and again: only lines that changed are written. */
import { columnsOf } from '../render/layout.js';

/** The side of a terminal that is written to. */
export interface TerminalOutput {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
}

/** What the window shows. */
export interface DisplayFrame {
  /** As many as the window has rows; none is wider than it. */
  readonly lines: readonly string[];
  /** Where the cursor stands; without it none is shown. */
  readonly cursor?: { readonly row: number; readonly column: number };
}

export interface Display {
  readonly width: number;
  readonly height: number;
  /** Takes the window; what was on it before comes back with `leave`. */
  enter(): void;
  leave(): void;
  draw(frame: DisplayFrame): void;
  /** Everything is written again at the next `draw`. */
  forget(): void;
  /** The terminal has gone away: nothing is written any more. */
  gone(): void;
}

/** The other screen, without wrapping, pastes marked as such, no cursor; and back. */
const ENTER = '\u001B[?1049h\u001B[?7l\u001B[?25l\u001B[?2004h\u001B[2J';
const LEAVE = '\u001B[?7h\u001B[?2004l\u001B[?25h\u001B[?1049l';
/** A synchronized update is shown at once, where the terminal knows how to. */
const BEGIN = '\u001B[?2026h\u001B[?25l';
const END = '\u001B[?2026l';
const CLEAR = '\u001B[2J';

export function createDisplay(output: TerminalOutput): Display {
  let shown: readonly string[] = [];
  let size = '';
  let inside = false;
  const width = () => output.columns ?? 80;
  // Behind a line that fills the window there is nothing to clear but its last character.
  const tail = (line: string) => (columnsOf(line) < width() ? '\u001B[K' : '');

  return {
    get width() {
      return width();
    },
    get height() {
      return output.rows ?? 24;
    },
    enter() {
      if (inside) return;
      inside = true;
      shown = [];
      output.write(ENTER);
    },
    leave() {
      if (!inside) return;
      inside = false;
      output.write(LEAVE);
    },
    draw({ lines, cursor }) {
      if (!inside) return;
      const now = `${width()} ${output.rows}`;
      // A terminal moves lines about when its window changes: nothing is where it was.
      if (now !== size) shown = [];
      size = now;
      const changed = lines.flatMap((line, at) =>
        shown[at] === line ? [] : [`\u001B[${at + 1};1H${line}\u001B[0m${tail(line)}`],
      );
      const rest = lines.length < shown.length ? `\u001B[${lines.length + 1};1H\u001B[J` : '';
      shown = lines;
      const place = cursor ? `\u001B[${cursor.row + 1};${cursor.column + 1}H\u001B[?25h` : '';
      output.write(`${BEGIN}${changed.join('')}${rest}${place}${END}`);
    },
    forget() {
      shown = [];
      if (inside) output.write(CLEAR);
    },
    gone() {
      inside = false;
    },
  };
}
