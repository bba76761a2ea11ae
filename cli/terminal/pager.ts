import { spawn } from 'node:child_process';
import { print } from '../invocation.js';
import { columnsOf } from '../render/layout.js';
import { takeKeyboard } from './keyboard.js';

/**
 * Shows lines page by page on a terminal: through `$PAGER` when it is set, else with a small pager
 * of our own. Where there is no terminal they are printed at once.
 */
export async function page(lines: readonly string[]): Promise<void> {
  const { stdin, stdout } = process;
  const rows = stdout.rows ?? 24;
  if (!stdin.isTTY || !stdout.isTTY || lines.length < rows || process.env['TERM'] === 'dumb') {
    print(lines);
    return;
  }
  const pager = process.env['PAGER'];
  if (pager && (await throughPager(pager, lines))) return;
  await ownPager(lines);
}

/** @returns false when the program cannot be started */
function throughPager(command: string, lines: readonly string[]): Promise<boolean> {
  return new Promise(resolve => {
    const child = spawn(command, {
      shell: true,
      stdio: ['pipe', 'inherit', 'inherit'],
      env: { LESS: 'FRX', ...process.env },
    });
    child.on('error', () => resolve(false));
    child.on('close', code => resolve(code !== 127));
    // A pager that is left early closes its input.
    child.stdin.on('error', () => undefined);
    child.stdin.end(`${lines.join('\n')}\n`);
  });
}

const HELP = 'space: on, b: back, q: leave';

/** space, Enter, arrows, b, g, G, q. The screen's history keeps what was read. */
function ownPager(lines: readonly string[]): Promise<void> {
  const { stdout } = process;
  return new Promise(resolve => {
    let shown = 0;
    const height = () => Math.max(2, (stdout.rows ?? 24) - 1);
    const clearPrompt = () => stdout.write('\r\u001B[K');
    const prompt = () => {
      const percent = Math.floor((shown / lines.length) * 100);
      const color = !process.env['NO_COLOR'];
      const text = ` ${percent} %  ${HELP} `.slice(0, (stdout.columns ?? 80) - 1);
      stdout.write(color ? `\u001B[7m${text}\u001B[27m` : text);
    };
    /** Lines that fit into so many rows; a line wider than the window takes several. */
    const fitting = (rows: number) => {
      let used = 0;
      let count = 0;
      for (const line of lines.slice(shown)) {
        used += Math.max(1, Math.ceil(columnsOf(line) / (stdout.columns ?? 80)));
        if (used > rows && count > 0) break;
        count++;
      }
      return count;
    };
    const show = (rows: number) => {
      clearPrompt();
      const part = lines.slice(shown, shown + fitting(rows));
      shown += part.length;
      stdout.write(part.map(line => `${line}\n`).join(''));
      if (shown >= lines.length) leave();
      else prompt();
    };
    const redraw = (from: number) => {
      stdout.write('\u001B[H\u001B[2J');
      shown = Math.max(0, Math.min(from, lines.length - 1));
      show(height());
    };
    const leave = () => {
      release();
      clearPrompt();
      resolve();
    };
    const release = takeKeyboard(({ name }) => {
      switch (name) {
        case 'q':
        case 'Q':
        case 'ctrl-c':
        case 'ctrl-d':
        case 'escape':
          return leave();
        case 'enter':
        case 'j':
        case 'down':
          return show(1);
        case 'b':
        case 'page-up':
          return redraw(shown - 2 * height());
        case 'k':
        case 'up':
          return redraw(shown - height() - 1);
        case 'g':
          return redraw(0);
        case 'G':
          return show(Number.POSITIVE_INFINITY);
        default:
          return show(height());
      }
    });
    show(height());
  });
}
