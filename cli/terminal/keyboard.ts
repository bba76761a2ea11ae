/** Keys of a terminal, one at a time, whatever way the bytes come. */

/** A letter as it is typed, or the name of a key. */
export type Key = string;

const sequences: Readonly<Record<string, Key>> = {
  '[A': 'up',
  '[B': 'down',
  OA: 'up',
  OB: 'down',
  '[5~': 'page-up',
  '[6~': 'page-down',
  '[H': 'home',
  '[F': 'end',
  '[1~': 'home',
  '[4~': 'end',
  OH: 'home',
  OF: 'end',
  '[200~': 'paste-begins',
  '[201~': 'paste-ends',
};

const controls: Readonly<Record<string, Key>> = {
  '\r': 'enter',
  '\n': 'enter',
  ' ': 'space',
  '\u0003': 'ctrl-c',
  '\u0004': 'ctrl-d',
  '\u001A': 'ctrl-z',
  '\u007F': 'backspace',
  '\b': 'backspace',
};

/** An ESC that is followed by nothing for so long is the key; else it begins a sequence. */
const ESCAPE_MS = 60;

export interface KeyReader {
  feed(data: Buffer | string): void;
  close(): void;
}

/**
 * Turns bytes into keys. What is pasted is no key; a sequence that is not known is none either, and
 * none of its characters is taken for a letter.
 */
export function readKeys(onKey: (key: Key) => void): KeyReader {
  let held = '';
  let timer: NodeJS.Timeout | undefined;
  let pasting = false;
  const decoder = new TextDecoder();

  const tell = (key: Key) => {
    if (key === 'paste-begins') pasting = true;
    else if (key === 'paste-ends') pasting = false;
    else if (!pasting) onKey(key);
  };

  /** Takes one key off the front. @returns false when more must come first */
  const take = (): boolean => {
    const [first = ''] = held;
    if (first !== '\u001B') {
      held = held.slice(first.length);
      const key = controls[first] ?? (first >= ' ' ? first : undefined);
      if (key !== undefined) tell(key);
      return true;
    }
    // biome-ignore lint/suspicious/noControlCharactersInRegex: ESC begins every sequence
    const whole = /^\u001B(\[[\d;:<=>?]*[ -/]*[@-~]|O[@-~])/.exec(held);
    if (whole) {
      held = held.slice(whole[0].length);
      const key = sequences[whole[1] ?? ''];
      if (key !== undefined) tell(key);
      return true;
    }
    // biome-ignore lint/suspicious/noControlCharactersInRegex: as above
    if (/^\u001B(?:\[[\d;:<=>? -/]*|O)?$/.test(held)) return false;
    // ESC and a letter is Alt with the letter: no key of ours. Two ESC are two keys.
    if (held[1] === '\u001B') {
      held = held.slice(1);
      tell('escape');
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
      if (alone) tell('escape');
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
