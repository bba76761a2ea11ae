/** A window of the terminal that is drawn again and again: only what changed is written. */
import { emitKeypressEvents } from 'node:readline';
import { columnsOf } from '../../wire/draw/canvas.js';
import type { Frame } from '../run/draw.js';
import { type Key, keyOf } from '../run/on-key.js';

/** The other screen, without wrapping; and back. A synchronized update is shown at once. */
const ENTER = '\u001B[?1049h\u001B[?7l\u001B[2J';
const LEAVE = '\u001B[?7h\u001B[?25h\u001B[?1049l';
const BEGIN = '\u001B[?2026h\u001B[?25l';
const END = '\u001B[?25h\u001B[?2026l';

export interface Screen {
  readonly width: number;
  readonly height: number;
  draw(frame: Frame): void;
  /** Everything is written again at the next `draw`. */
  forget(): void;
  /** Gives the terminal back, stops this process, and takes the terminal again when it goes on. */
  suspend(): void;
  /** The terminal has gone away: nothing is written any more. */
  gone(): void;
  /** Gives the terminal back as it was. */
  close(): void;
}

/** Takes the terminal. Whatever way this process ends, the terminal is given back. */
export function openScreen(onKey: (key: Key) => void, onResize: () => void): Screen {
  const { stdin, stdout } = process;
  let shown: readonly string[] = [];
  let open = true;

  const enter = () => {
    stdin.setRawMode(true);
    stdout.write(ENTER);
    shown = [];
  };
  const leave = () => {
    stdout.write(LEAVE);
    try {
      stdin.setRawMode(false);
    } catch {
      // The terminal has gone away.
    }
  };
  // Behind a line that fills the window there is nothing to clear but its last character.
  const tail = (line: string) => (columnsOf(line) < (stdout.columns ?? 80) ? '\u001B[K' : '');
  const key = (
    text: string | undefined,
    pressed: { name?: string; ctrl?: boolean; meta?: boolean } | undefined,
  ) => onKey(keyOf(text, pressed));
  const resized = () => {
    shown = [];
    onResize();
  };
  const exiting = () => {
    if (open) leave();
  };

  function release(): void {
    open = false;
    stdin.off('keypress', key);
    stdout.off('resize', resized);
    process.off('exit', exiting);
    stdin.pause();
  }

  emitKeypressEvents(stdin);
  stdin.on('keypress', key);
  stdout.on('resize', resized);
  process.once('exit', exiting);
  enter();
  stdin.resume();
  return {
    get width() {
      return stdout.columns ?? 80;
    },
    get height() {
      return stdout.rows ?? 24;
    },
    draw({ lines, cursor }) {
      if (!open) return;
      const changed = lines.flatMap((line, at) =>
        shown[at] === line ? [] : [`\u001B[${at + 1};1H${line}\u001B[0m${tail(line)}`],
      );
      const rest = lines.length < shown.length ? `\u001B[${lines.length + 1};1H\u001B[J` : '';
      shown = lines;
      const place = `\u001B[${cursor.row + 1};${cursor.column + 1}H`;
      stdout.write(`${BEGIN}${changed.join('')}${rest}${place}${END}`);
    },
    forget() {
      shown = [];
      if (open) stdout.write('\u001B[2J');
    },
    suspend() {
      if (process.platform === 'win32') return;
      leave();
      process.once('SIGCONT', () => {
        if (!open) return;
        enter();
        onResize();
      });
      process.kill(process.pid, 'SIGTSTP');
    },
    gone: release,
    close() {
      if (!open) return;
      release();
      leave();
    },
  };
}
