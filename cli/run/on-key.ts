/** What a key does to a live run. Pure: what has to be done elsewhere comes back as an effect. */

import type { KeyPress } from '../terminal/keyboard.js';
import { complete } from './complete.js';
import type { LiveFrame, LiveState } from './draw.js';
import { edited, entered, insert, textOf, withText } from './prompt.js';

export type Effect =
  | { readonly kind: 'line'; readonly line: string }
  | { readonly kind: 'interrupt' }
  | { readonly kind: 'suspend' }
  | { readonly kind: 'redraw' };

export interface Pressed {
  readonly state: LiveState;
  readonly effect?: Effect;
}

/** Topics that were seen or that the program was told, for Tab. */
export function topicsOf(state: Pick<LiveState, 'entries'>, env: Readonly<Record<string, string>>) {
  const found = new Set<string>();
  const add = (topic: string) => {
    if (topic !== '' && !/[+#\s$]/.test(topic)) found.add(topic);
  };
  for (const [name, value] of Object.entries(env))
    if (/TOPIC|\//.test(`${name}${value}`)) add(value);
  for (const entry of state.entries.slice(-2000)) {
    if (entry.kind !== 'packet') continue;
    if (entry.packet.type === 'PUBLISH') add(entry.packet.topic);
    if (entry.packet.type === 'SUBSCRIBE')
      for (const { filter } of entry.packet.filters) add(filter);
  }
  return [...found].sort();
}

export function pressed(
  state: LiveState,
  key: KeyPress,
  frame: Pick<LiveFrame, 'rows' | 'page'>,
  topics: () => readonly string[],
): Pressed {
  if (key.text !== undefined) return typed(state, insert(state.prompt, key.text));
  switch (key.name) {
    case 'enter': {
      const line = textOf(state.prompt).trim();
      const next = { ...state, prompt: entered(state.prompt) };
      return line === '' ? { state: next } : { state: next, effect: { kind: 'line', line } };
    }
    case 'tab':
      return tab(state, topics());
    case 'ctrl-c':
      return { state, effect: { kind: 'interrupt' } };
    case 'ctrl-d':
      return textOf(state.prompt) === ''
        ? { state, effect: { kind: 'interrupt' } }
        : typed(state, edited(state.prompt, 'delete'));
    case 'ctrl-z':
      return { state, effect: { kind: 'suspend' } };
    case 'ctrl-l':
      return { state, effect: { kind: 'redraw' } };
    case 'escape':
      if (state.text) return { state: { ...state, text: undefined } };
      if (state.bottom !== undefined) return { state: { ...state, bottom: undefined } };
      return typed(state, withText(state.prompt, ''));
    case 'page-up':
      return { state: scrolled(state, -Math.max(1, frame.page - 1), frame) };
    case 'page-down':
      return { state: scrolled(state, Math.max(1, frame.page - 1), frame) };
    case 'up':
    case 'down':
      // Looking back or reading, the arrows move there; else they go through what was typed.
      if (state.text || state.bottom !== undefined) {
        return { state: scrolled(state, key.name === 'up' ? -1 : 1, frame) };
      }
      return typed(state, edited(state.prompt, key.name));
    default:
      return typed(state, edited(state.prompt, key.name));
  }
}

const typed = (state: LiveState, prompt: LiveState['prompt']): Pressed => ({
  state: { ...state, prompt },
});

function tab(state: LiveState, topics: readonly string[]): Pressed {
  const { prompt } = state;
  const before = prompt.text.slice(0, prompt.cursor).join('');
  const after = prompt.text.slice(prompt.cursor);
  const { line, options } = complete(before, topics);
  const next = withText(prompt, line + after.join(''), after.length);
  const reply = options.length === 1 ? state.reply : { lines: [listed(options)], problem: false };
  return { state: { ...state, prompt: next, reply } };
}

function listed(options: readonly string[]): string {
  if (options.length === 0) return 'nothing to complete here; help lists the commands';
  const more = options.length > 24 ? `  and ${options.length - 24} more` : '';
  return options.slice(0, 24).join('  ') + more;
}

/** So many rows towards the newest (or towards the oldest: negative). */
function scrolled(state: LiveState, by: number, { rows, page }: Pick<LiveFrame, 'rows' | 'page'>) {
  if (state.text) {
    const most = Math.max(0, rows - page);
    const top = Math.min(Math.max(0, Math.min(state.text.top, most) + by), most);
    return { ...state, text: { ...state.text, top } };
  }
  const from = state.bottom ?? rows;
  const bottom = Math.max(Math.min(page, rows), from + by);
  return { ...state, bottom: bottom >= rows ? undefined : bottom };
}
