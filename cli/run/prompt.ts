/** The line that is being typed: a value, and what a key makes of it. */

export interface Prompt {
  /** What is typed, one entry for each character as a person sees it. */
  readonly text: readonly string[];
  /** Before which of them the cursor stands. */
  readonly cursor: number;
  /** Lines that were entered, the oldest first. */
  readonly history: readonly string[];
  /** Which of them is shown; `history.length`: the line that is new. */
  readonly at: number;
  /** The new line, while an old one is shown. */
  readonly draft: string;
}

export const EMPTY_PROMPT: Prompt = { text: [], cursor: 0, history: [], at: 0, draft: '' };

const MOST_HISTORY = 200;
/** Holds the parts of an emoji together. */
const JOINER = '\u200D';
const graphemes = new Intl.Segmenter('en');

export const textOf = (prompt: Prompt) => prompt.text.join('');

export function withText(prompt: Prompt, line: string, cursorFromEnd = 0): Prompt {
  const text = [...graphemes.segment(line)].map(one => one.segment);
  return { ...prompt, text, cursor: Math.max(0, text.length - cursorFromEnd) };
}

/** Typed or pasted characters; whatever a terminal could act on is left out. */
export function insert(prompt: Prompt, typed: string): Prompt {
  const clean = typed.replace(/[\p{Cc}\p{Cs}\p{Cf}\p{Zl}\p{Zp}]/gu, one =>
    one === JOINER ? one : '',
  );
  const before = prompt.text.slice(0, prompt.cursor).join('') + clean;
  const after = prompt.text.slice(prompt.cursor);
  return withText(prompt, before + after.join(''), after.length);
}

/** The line is entered: it goes to the history, and a new one begins. */
export function entered(prompt: Prompt): Prompt {
  const line = textOf(prompt).trim();
  const known = line === '' || prompt.history.at(-1) === line;
  const history = known ? prompt.history : [...prompt.history, line].slice(-MOST_HISTORY);
  return { text: [], cursor: 0, history, at: history.length, draft: '' };
}

/** Goes through the history: -1 to the older line, 1 to the newer one. */
function recall(prompt: Prompt, step: -1 | 1): Prompt {
  const at = prompt.at + step;
  if (at < 0 || at > prompt.history.length) return prompt;
  const draft = prompt.at === prompt.history.length ? textOf(prompt) : prompt.draft;
  const line = at === prompt.history.length ? draft : (prompt.history[at] ?? '');
  return { ...withText(prompt, line), at, draft };
}

const cut = (prompt: Prompt, from: number, to: number): Prompt => ({
  ...prompt,
  text: [...prompt.text.slice(0, from), ...prompt.text.slice(to)],
  cursor: from,
});

/** What a key does to the line; the same line where it means nothing to it. */
export function edited(prompt: Prompt, key: string): Prompt {
  const { text, cursor } = prompt;
  const moved = (to: number) => ({ ...prompt, cursor: Math.min(text.length, Math.max(0, to)) });
  switch (key) {
    case 'left':
    case 'ctrl-b':
      return moved(cursor - 1);
    case 'right':
    case 'ctrl-f':
      return moved(cursor + 1);
    case 'home':
    case 'ctrl-a':
      return moved(0);
    case 'end':
    case 'ctrl-e':
      return moved(text.length);
    case 'backspace':
    case 'ctrl-h':
      return cursor === 0 ? prompt : cut(prompt, cursor - 1, cursor);
    case 'delete':
      return cursor === text.length ? prompt : cut(prompt, cursor, cursor + 1);
    case 'ctrl-u':
      return cut(prompt, 0, cursor);
    case 'ctrl-k':
      return { ...cut(prompt, cursor, text.length), cursor };
    case 'ctrl-w': {
      const start = text
        .slice(0, cursor)
        .join('')
        .search(/\S+\s*$/);
      return start === -1
        ? prompt
        : cut(
            prompt,
            withText(prompt, text.slice(0, cursor).join('').slice(0, start)).cursor,
            cursor,
          );
    }
    case 'up':
    case 'ctrl-p':
      return recall(prompt, -1);
    case 'down':
    case 'ctrl-n':
      return recall(prompt, 1);
    default:
      return prompt;
  }
}
