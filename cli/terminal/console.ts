import type { Machine } from '../../course/system/index.js';

/**
 * Signs that the fonts of old consoles lack, and what those fonts have instead: a sign of the same
 * width, from the set that every font of Windows has had since 1995 (WGL4). What is written reaches
 * such a console as UTF-16, whatever its code page is.
 */
const instead: Readonly<Record<string, string>> = {
  '✓': '√',
  '✗': '×',
  '▶': '►',
  '▸': '►',
  '◀': '◄',
  '⏸': '║',
  '⏲': '○',
  '◇': '◊',
  '⧉': '≡',
  '∅': 'Ø',
  '⋮': ':',
  '┊': '│',
  '⇥': '→',
};
const lacking = new RegExp(Object.keys(instead).join('|'), 'g');

/**
 * Whether a terminal shows more signs than the fonts of old consoles have: every one but the console
 * that cmd and PowerShell get by themselves, and the one of the Linux kernel.
 */
export function showsAllSigns({
  platform = process.platform,
  env = process.env,
}: Machine = {}): boolean {
  if (platform !== 'win32') return env['TERM'] !== 'linux';
  return (
    Boolean(env['WT_SESSION'] ?? env['TERMINUS_SUBLIME'] ?? env['ALACRITTY_WINDOW_ID']) ||
    env['ConEmuTask'] === '{cmd::Cmder}' ||
    env['TERMINAL_EMULATOR'] === 'JetBrains-JediTerm' ||
    /^(?:vscode|WezTerm|Terminus-Sublime|Hyper|Tabby|rio|ghostty)$/.test(
      env['TERM_PROGRAM'] ?? '',
    ) ||
    /^(?:xterm|alacritty|rxvt-unicode)/.test(env['TERM'] ?? '')
  );
}

/** A text in signs that an old console has. */
export function inOldSigns(text: string): string {
  return text.replace(lacking, sign => instead[sign] ?? sign);
}

type Write = NodeJS.WriteStream['write'];

/** From now on, what goes to an old console goes in signs that it has. Files and pipes get all as it is. */
export function fitConsole(
  streams: readonly Pick<NodeJS.WriteStream, 'isTTY' | 'write'>[] = [
    process.stdout,
    process.stderr,
  ],
  machine: Machine = {},
): void {
  if (showsAllSigns(machine)) return;
  for (const stream of streams.filter(one => one.isTTY)) {
    const write = stream.write.bind(stream) as (...words: unknown[]) => boolean;
    stream.write = ((chunk: unknown, ...rest: unknown[]) =>
      write(typeof chunk === 'string' ? inOldSigns(chunk) : chunk, ...rest)) as Write;
  }
}
