/**
 * A terminal in which a program of Windows runs: tmux, with Wine's console in it. That console loses
 * the end of some lines and the top of some pages; so steps look for words, not for a layout.
 */
import { execFileSync } from 'node:child_process';
import { environment } from './rig.mjs';
import { until } from './steps.mjs';

const quoted = word => `'${word.replaceAll("'", `'\\''`)}'`;

/**
 * @param {ReturnType<typeof import('./wine.mjs').openWine>} wine
 * @param {readonly string[]} words
 * @param {{cwd: string, env?: Record<string, string>, columns?: number, rows?: number}} options
 */
export function openTerminal(wine, words, { cwd, env = {}, columns = 120, rows = 40 }) {
  const socket = `mqtt-course-windows-${process.pid}`;
  const tmux = (...args) => execFileSync('tmux', ['-L', socket, ...args], { encoding: 'utf8' });
  const variables = Object.entries({ ...environment(wine.rig.prefix), ...env });
  const line = [
    'exec env -i',
    ...variables.map(([name, value]) => `${name}=${quoted(value)}`),
    'wine',
    ...words.map(quoted),
  ].join(' ');
  const size = ['-x', String(columns), '-y', String(rows)];
  tmux(
    '-f',
    '/dev/null',
    'new-session',
    '-d',
    '-c',
    cwd,
    ...size,
    line,
    ';',
    'set',
    '-g',
    'remain-on-exit',
    'on',
  );
  const screen = () => {
    try {
      return tmux('capture-pane', '-p');
    } catch {
      return '';
    }
  };
  return {
    screen,
    coloured: () => tmux('capture-pane', '-pe'),
    keys: (...keys) => tmux('send-keys', ...keys),
    shows: (part, ms = 40_000) =>
      until(
        () => (typeof part === 'string' ? screen().includes(part) : part.test(screen())),
        `the terminal shows ${part}`,
        screen,
        ms,
      ),
    /** Waits for its end. @returns {Promise<number>} the exit code */
    ended: async () => {
      const state = () => tmux('display-message', '-p', '#{pane_dead} #{pane_dead_status}').trim();
      await until(() => state().startsWith('1'), 'the program in the terminal ends', screen);
      return Number(state().split(' ')[1]);
    },
    close: () => {
      try {
        tmux('kill-server');
      } catch {
        // It has ended.
      }
    },
  };
}
