/** A terminal with a shell in it, for tests of what a person sees. */
import { execFileSync, spawnSync } from 'node:child_process';
import { expect, vi } from 'vitest';

export const hasTmux = spawnSync('tmux', ['-V']).status === 0;
if (!hasTmux)
  console.warn('tmux is not on this machine: windows of a terminal are not tested here');

export interface Tmux {
  /** A command of tmux itself. @returns what it prints */
  call(...args: string[]): string;
  /** Keys by tmux's names: `Enter`, `C-c`, or text. */
  type(...keys: string[]): void;
  /** Waits until the window shows this. @returns the window */
  shows(wanted: RegExp | string): Promise<string>;
  /** The process of the shell. */
  readonly shell: number;
  close(): void;
}

/** Opens a window of 80 by 24 with a shell that knows nothing of this terminal. */
export function openTmux(folder: string): Tmux {
  const server = `mqtt-course-${process.pid}-${Math.random().toString(36).slice(2)}`;
  const call = (...args: string[]) =>
    execFileSync('tmux', ['-u', '-L', server, '-f', '/dev/null', ...args], { encoding: 'utf8' });
  const clean = 'env -i PATH="$PATH" HOME="$HOME" TMPDIR="$TMPDIR" LANG=C.UTF-8 TERM=screen sh';
  call('new-session', '-d', '-x', '80', '-y', '24', '-c', folder, clean);
  return {
    call,
    type: (...keys) => void call('send-keys', ...keys),
    shows: wanted =>
      vi.waitFor(
        () => {
          const shown = call('capture-pane', '-p');
          expect(shown).toMatch(wanted);
          return shown;
        },
        { timeout: 60_000, interval: 50 },
      ),
    shell: Number(call('display-message', '-p', '#{pane_pid}')),
    close: () => void spawnSync('tmux', ['-L', server, 'kill-server']),
  };
}
