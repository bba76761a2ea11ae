/** This process's terminal, taken for a while: raw keys in, a display out, and always given back. */
import type { Display } from './display.js';
import { type KeyPress, readKeys } from './keyboard.js';

export interface TerminalEvents {
  key(press: KeyPress): void;
  /** The window has another size, or is back after a pause: draw it anew. */
  redraw(): void;
  /** The terminal has gone away: its window was closed, or the line was dropped. */
  hungUp(): void;
  /** What is pasted counts as typed; else it is no key. */
  readonly pasted?: 'ignored' | 'typed';
}

export interface Terminal {
  /** Gives the terminal back, stops this process, and takes it again when the process goes on. */
  suspend(): void;
  /** The screen as it was, and lines again instead of keys; events still come. */
  give(): void;
  /** Gives it back, and hears nothing of it any more. */
  close(): void;
}

/** Takes the terminal. Whatever way this process ends, the terminal is given back. */
export function takeTerminal(
  display: Pick<Display, 'enter' | 'leave'>,
  events: TerminalEvents,
): Terminal {
  const { stdin, stdout } = process;
  const keys = readKeys(press => events.key(press), events.pasted ? { pasted: events.pasted } : {});
  let open = true;

  const feed = (data: Buffer) => keys.feed(data);
  const resized = () => events.redraw();
  const hungUp = () => events.hungUp();
  const take = () => {
    stdin.setRawMode(true);
    stdin.resume();
    display.enter();
  };
  const give = () => {
    display.leave();
    try {
      if (stdin.isTTY) stdin.setRawMode(false);
    } catch {
      // The terminal has gone away.
    }
  };

  stdin.on('data', feed);
  stdin.once('end', hungUp);
  stdin.once('error', hungUp);
  stdout.on('resize', resized);
  process.once('exit', give);
  take();
  return {
    give,
    suspend() {
      if (process.platform === 'win32') return;
      give();
      process.once('SIGCONT', () => {
        if (!open) return;
        take();
        events.redraw();
      });
      process.kill(process.pid, 'SIGTSTP');
    },
    close() {
      if (!open) return;
      open = false;
      keys.close();
      stdin.off('data', feed);
      stdin.off('end', hungUp);
      stdin.off('error', hungUp);
      stdout.off('resize', resized);
      process.off('exit', give);
      stdin.pause();
      give();
    },
  };
}
