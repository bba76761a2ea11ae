import { spawn } from 'node:child_process';
import { personsEnvironment } from '../../course/environment.js';
import { print } from '../invocation.js';
import { columnsOf } from '../render/layout.js';
import { takeKeyboard } from './keyboard.js';

/**
 * Shows lines page by page on a terminal: through `$PAGER` when it is set, else with a small pager
 * of our own. Where there is no terminal they are printed at once.
 * @param draw is asked again when the window has another width
 */
export async function page(draw: () => Promise<readonly string[]>): Promise<void> {
  const { stdin, stdout } = process;
  const rows = stdout.rows ?? 24;
  const lines = await draw();
  if (!stdin.isTTY || !stdout.isTTY || lines.length < rows || process.env['TERM'] === 'dumb') {
    print(lines);
    return;
  }
  const pager = process.env['PAGER'];
  if (pager && (await throughPager(pager, lines))) return;
  await ownPager(lines, draw);
}

/** @returns false when the program cannot be started */
function throughPager(command: string, lines: readonly string[]): Promise<boolean> {
  const given = personsEnvironment();
  // less: colours are shown, and what was read stays in sight when it is left.
  const LESS = given['LESS'] === undefined ? '-FRX' : `${given['LESS']} -X`;
  return new Promise(resolve => {
    const child = spawn(command, {
      shell: true,
      stdio: ['pipe', 'inherit', 'inherit'],
      env: { ...given, LESS },
    });
    child.on('error', () => resolve(false));
    // Of a command that is not there, cmd says 1 or 9009.
    child.on('close', code => resolve(process.platform === 'win32' ? code === 0 : code !== 127));
    // A pager that is left early closes its input.
    child.stdin.on('error', () => undefined);
    child.stdin.end(`${lines.join('\n')}\n`);
  });
}

const HELP = 'space: on, b: back, q: leave';

/** space, Enter, arrows, b, g, G, q. The screen's history keeps what was read. */
function ownPager(first: readonly string[], draw: () => Promise<readonly string[]>): Promise<void> {
  const { stdout } = process;
  let lines = first;
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
    /** About the same place in the text, in the lines of the new width. */
    const resized = async () => {
      const drawn = await draw();
      if (left) return;
      const top = Math.max(0, shown - height()) / lines.length;
      lines = drawn;
      redraw(Math.round(top * lines.length));
    };
    const onResize = () => void resized();
    let left = false;
    const leave = () => {
      left = true;
      stdout.off('resize', onResize);
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
    stdout.on('resize', onResize);
    show(height());
  });
}
