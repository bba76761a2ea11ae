import type { VerdictStatus } from '../../checker/harness/result.js';

/** How to write for one terminal: decided once, then only asked; but for the width. */
export interface Style {
  /** Words only: no symbols, no lines drawn, no colour. */
  readonly plain: boolean;
  readonly color: boolean;
  /** The terminal shows links (OSC 8). */
  readonly links: boolean;
  /** Columns to write into. */
  readonly width: number;
  bold(text: string): string;
  dim(text: string): string;
  italic(text: string): string;
  underline(text: string): string;
  red(text: string): string;
  green(text: string): string;
  yellow(text: string): string;
  blue(text: string): string;
  magenta(text: string): string;
  cyan(text: string): string;
  /** The text as a link where the terminal can, else undefined. */
  link(text: string, url: string): string | undefined;
}

export interface StyleInput {
  readonly plain?: boolean | undefined;
  readonly width?: number | undefined;
  readonly color?: boolean | undefined;
  readonly links?: boolean | undefined;
  readonly stream?: { readonly isTTY?: boolean; readonly columns?: number } | undefined;
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
}

const NARROWEST = 20;
const WIDEST = 120;

/** Looks at the terminal and the environment: `NO_COLOR`, `FORCE_COLOR`, `TERM`, `COLUMNS`. */
export function makeStyle(input: StyleInput = {}): Style {
  const env = input.env ?? process.env;
  const stream = input.stream ?? process.stdout;
  const terminal = stream.isTTY === true;
  const plain = input.plain ?? env['TERM'] === 'dumb';
  const color = !plain && (input.color ?? wantsColor(env, terminal));
  const links = !plain && (input.links ?? (terminal && color && showsLinks(env)));
  const width = () => {
    const columns = input.width ?? stream.columns ?? Number(env['COLUMNS'] ?? '');
    return Math.min(WIDEST, Math.max(NARROWEST, columns || 80));
  };
  const paint = (open: number, close: number) => (text: string) =>
    color && text !== '' ? `\u001B[${open}m${text}\u001B[${close}m` : text;
  return {
    plain,
    color,
    links,
    // Asked at each drawing: a window may have another size by then.
    get width() {
      return width();
    },
    bold: paint(1, 22),
    dim: paint(2, 22),
    italic: paint(3, 23),
    underline: paint(4, 24),
    red: paint(31, 39),
    green: paint(32, 39),
    yellow: paint(33, 39),
    blue: paint(34, 39),
    magenta: paint(35, 39),
    cyan: paint(36, 39),
    link: (text, url) => (links ? `\u001B]8;;${url}\u001B\\${text}\u001B]8;;\u001B\\` : undefined),
  };
}

function wantsColor(env: Readonly<Record<string, string | undefined>>, terminal: boolean): boolean {
  const force = env['FORCE_COLOR'];
  if (force !== undefined) return force !== '0' && force !== 'false';
  if (env['NO_COLOR']) return false;
  return terminal && env['TERM'] !== 'dumb';
}

function showsLinks(env: Readonly<Record<string, string | undefined>>): boolean {
  if (env['FORCE_HYPERLINK'] !== undefined) return env['FORCE_HYPERLINK'] !== '0';
  if (env['TMUX'] || env['STY']) return false;
  return (
    /^(iTerm\.app|vscode|WezTerm|ghostty|Hyper|Tabby|rio|zed)$/.test(env['TERM_PROGRAM'] ?? '') ||
    /kitty|alacritty|foot|ghostty/.test(env['TERM'] ?? '') ||
    env['WT_SESSION'] !== undefined ||
    env['KONSOLE_VERSION'] !== undefined ||
    Number(env['VTE_VERSION'] ?? 0) >= 5000
  );
}

const marks: Record<VerdictStatus, string> = {
  passed: '✓',
  failed: '✗',
  'not-reached': '·',
  unknown: '?',
};
const words: Record<VerdictStatus, string> = {
  passed: 'passed',
  failed: 'failed',
  'not-reached': 'later',
  unknown: 'unknown',
};

export function statusSymbol(status: VerdictStatus): string {
  return marks[status];
}

export function statusWord(status: VerdictStatus): string {
  return words[status];
}

/** A status as a symbol and a word, 9 columns wide; in plain the word alone, 7 columns. */
export function statusMark(status: VerdictStatus, style: Style): string {
  const text = `${style.plain ? '' : `${marks[status]} `}${words[status].padEnd(7)}`;
  return statusColor(status, style)(text);
}

export function statusColor(status: VerdictStatus, style: Style): (text: string) => string {
  if (status === 'passed') return style.green;
  if (status === 'failed') return style.red;
  return status === 'unknown' ? style.yellow : style.dim;
}

/** Between short facts in one line. */
export function separator(style: Style): string {
  return style.plain ? ', ' : ' · ';
}
