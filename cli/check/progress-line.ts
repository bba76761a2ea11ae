import { printable } from '../render/layout.js';
import type { Style } from '../render/style.js';

export interface ProgressLine {
  begin(text: string): void;
  /** What is going on now. */
  update(text: string): void;
  /** Writes above the line, which goes on. */
  above(write: () => void): void;
  /** Takes the line away, so that the result stands alone. */
  end(): void;
}

/**
 * What a check is doing, on one line that is written over. Where that cannot be (no terminal,
 * `--plain`) the beginning is said once; with `--json` nothing is said.
 */
export function progressLine(style: Style, silent: boolean): ProgressLine {
  const { stdout } = process;
  const live = stdout.isTTY && !style.plain;
  let said = '';
  const draw = (text: string) => {
    const room = Math.max(10, (stdout.columns ?? 80) - 1);
    stdout.write(
      `\r\u001B[K${style.dim(text.length > room ? `${text.slice(0, room - 1)}…` : text)}`,
    );
  };
  return {
    begin: text => {
      if (silent || (said === text && !live)) return;
      said = text;
      if (live) draw(`${text} …`);
      else stdout.write(`${text} ...\n\n`);
    },
    update: text => {
      if (!silent && live) draw(`${said} … ${printable(text).text.replaceAll('\n', ' ')}`);
    },
    above: write => {
      if (live) stdout.write('\r\u001B[K');
      write();
      if (!silent && live && said !== '') draw(`${said} …`);
    },
    end: () => {
      if (!silent && live && said !== '') stdout.write('\r\u001B[K');
    },
  };
}
