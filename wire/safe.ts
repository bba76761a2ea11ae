/** Untrusted text made fit for a terminal: nothing of it is ever written raw. */

/** Unsafe: control and format characters (bidi overrides, zero-width), surrogates, unassigned. */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/gu;
const NOT_ASCII = /[^\x20-\x7e]/gu;
const NAMED: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

function escaped(character: string): string {
  const named = NAMED[character];
  if (named) return named;
  const code = character.codePointAt(0) ?? 0;
  return code < 0x100
    ? `\\x${code.toString(16).padStart(2, '0')}`
    : `\\u{${code.toString(16).padStart(4, '0')}}`;
}

export interface SafeOptions {
  /** Only ASCII: for terminals and files that cannot show more. */
  readonly ascii?: boolean;
}

/** Text with everything a terminal could act on escaped; a backslash only marks an escape. */
export function safeText(text: string, options: SafeOptions = {}): string {
  const marked = text.replaceAll('\\', '\\\\').replace(UNSAFE, escaped);
  return options.ascii ? marked.replace(NOT_ASCII, escaped) : marked;
}

/** The first `limit` characters (code points) of a text, and whether that was all of it. */
export function shortened(text: string, limit: number): { text: string; whole: boolean } {
  // A code point is at most two units: cut roughly first, so that huge texts cost nothing.
  const points = [...text.slice(0, limit * 2 + 2)];
  return points.length <= limit && text.length <= limit * 2 + 2
    ? { text, whole: true }
    : { text: points.slice(0, limit).join(''), whole: false };
}

/** Text in double quotes, escaped. */
export function quoted(text: string, options: SafeOptions = {}): string {
  return `"${safeText(text, options).replaceAll('"', '\\"')}"`;
}

/** A name: bare where that is unambiguous, else in quotes; shortened to `limit` characters. */
export function safeName(text: string, options: SafeOptions & { limit?: number } = {}): string {
  const short = shortened(text, options.limit ?? 120);
  const more = short.whole ? '' : options.ascii ? '...' : '…';
  const bare = /^[^\s"'=,]+$/u.test(short.text) && safeText(short.text, options) === short.text;
  return (bare ? short.text : quoted(short.text, options)) + more;
}
