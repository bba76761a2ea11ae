/** Keys of a terminal, one at a time, whatever way the bytes come. */

export interface KeyPress {
  /** The character itself, or what the key is called: `up`, `enter`, `ctrl-c`. */
  readonly name: string;
  /** Set where the key is a character that can be typed. */
  readonly text?: string;
}

const PASTE_BEGINS = '[200~';
const PASTE_ENDS = '[201~';

/** What stands behind ESC, and the key that sends it. */
const SEQUENCES: Readonly<Record<string, string>> = {
  '[A': 'up',
  '[B': 'down',
  '[C': 'right',
  '[D': 'left',
  OA: 'up',
  OB: 'down',
  OC: 'right',
  OD: 'left',
  '[Z': 'tab',
  '[3~': 'delete',
  '[5~': 'page-up',
  '[6~': 'page-down',
  '[H': 'home',
  '[F': 'end',
  '[1~': 'home',
  '[4~': 'end',
  '[7~': 'home',
  '[8~': 'end',
  OH: 'home',
  OF: 'end',
};

const CONTROLS: Readonly<Record<string, string>> = {
  '\r': 'enter',
  '\n': 'enter',
  '\t': 'tab',
  '\b': 'backspace',
  '\u007F': 'backspace',
};

/** An ESC that is followed by nothing for so long is the key; else it begins a sequence. */
const ESCAPE_MS = 60;

export interface KeyReader {
  feed(data: Buffer | string): void;
  close(): void;
}

function pressOf(character: string): KeyPress | undefined {
  const control = CONTROLS[character];
  if (control !== undefined) return { name: control };
  if (character === ' ') return { name: 'space', text: ' ' };
  if (character > ' ')
    return /\p{Cc}/u.test(character) ? undefined : { name: character, text: character };
  // Ctrl-A is 1, and so on.
  const letter = String.fromCharCode(character.charCodeAt(0) + 96);
  return /[a-z]/.test(letter) ? { name: `ctrl-${letter}` } : undefined;
}

/**
 * Turns bytes into keys. A sequence that is not known is no key, and none of its characters is taken
 * for a letter. What is pasted is no key either, unless `pasted` says that it counts as typed.
 */
export function readKeys(
  onKey: (press: KeyPress) => void,
  { pasted = 'ignored' }: { readonly pasted?: 'ignored' | 'typed' } = {},
): KeyReader {
  let held = '';
  let timer: NodeJS.Timeout | undefined;
  let pasting = false;
  const decoder = new TextDecoder();

  const tell = (press: KeyPress | undefined) => {
    if (press && (!pasting || pasted === 'typed')) onKey(press);
  };

  /** Takes one key off the front. @returns false when more must come first */
  const take = (): boolean => {
    const [first = ''] = held;
    if (first !== '\u001B') {
      held = held.slice(first.length);
      tell(pressOf(first));
      return true;
    }
    // biome-ignore lint/suspicious/noControlCharactersInRegex: ESC begins every sequence
    const whole = /^\u001B(\[[\d;:<=>?]*[ -/]*[@-~]|O[@-~])/.exec(held);
    if (whole) {
      const [all, sequence = ''] = whole;
      held = held.slice(all.length);
      if (sequence === PASTE_BEGINS) pasting = true;
      else if (sequence === PASTE_ENDS) pasting = false;
      else if (SEQUENCES[sequence] !== undefined) tell({ name: SEQUENCES[sequence] });
      return true;
    }
    // biome-ignore lint/suspicious/noControlCharactersInRegex: as above
    if (/^\u001B(?:\[[\d;:<=>? -/]*|O)?$/.test(held)) return false;
    // ESC and a letter is Alt with the letter: no key of ours. Two ESC are two keys.
    if (held[1] === '\u001B') {
      held = held.slice(1);
      tell({ name: 'escape' });
    } else {
      held = held.slice(2);
    }
    return true;
  };

  const drain = () => {
    clearTimeout(timer);
    while (held !== '' && take());
    if (held === '') return;
    timer = setTimeout(() => {
      const alone = held === '\u001B';
      held = '';
      if (alone) tell({ name: 'escape' });
    }, ESCAPE_MS);
  };

  return {
    feed: data => {
      held += typeof data === 'string' ? data : decoder.decode(data, { stream: true });
      drain();
    },
    close: () => clearTimeout(timer),
  };
}

/** Reads keys from standard input until the returned function is called. */
export function takeKeyboard(onKey: (press: KeyPress) => void): () => void {
  const { stdin } = process;
  const reader = readKeys(onKey);
  const feed = (data: Buffer) => reader.feed(data);
  stdin.setRawMode(true);
  stdin.on('data', feed);
  stdin.resume();
  return () => {
    reader.close();
    stdin.off('data', feed);
    stdin.setRawMode(false);
    stdin.pause();
  };
}
