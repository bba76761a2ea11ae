/** Finds the line of a program that makes a kind of packet: only when there is exactly one. */

type Language = 'typescript' | 'python';

/** What a field is called in the program, before the call that sends the packet is looked for. */
const options: readonly [field: RegExp, language: Language, option: RegExp][] = [
  [/^client identifier/, 'typescript', /\bclientId\b\s*[:,}]/],
  [/^keep-alive/, 'typescript', /\bkeepalive\b\s*[:,}]/],
  [/\bwill\b/, 'typescript', /\bwill\b\s*:/],
  [/^(?:not )?clean/, 'typescript', /\bclean\b\s*:/],
  [/^client identifier/, 'python', /\b(?:make_client|Client)\s*\(/],
  [/\bwill\b/, 'python', /\.will_set\s*\(/],
];

const calls: Readonly<Record<Language, Readonly<Record<string, RegExp>>>> = {
  typescript: {
    CONNECT: /\bconnect(?:Async)?\s*\(/,
    PUBLISH: /\.publish(?:Async)?\s*\(/,
    SUBSCRIBE: /\.subscribe(?:Async)?\s*\(/,
  },
  python: {
    CONNECT: /\.connect(?:_async)?\s*\(/,
    PUBLISH: /\.publish\s*\(/,
    SUBSCRIBE: /\.subscribe\s*\(/,
  },
};

/**
 * The line, from 1, of the only call that sends packets of this type; of the option that a field
 * comes from, where it is written out. Undefined where there is none or more than one.
 */
export function callLine(
  source: string,
  type: string,
  field: string,
  language: Language,
): number | undefined {
  const lines = withoutComments(source, language);
  for (const [pattern, of, option] of options) {
    if (of !== language || type !== 'CONNECT' || !pattern.test(field)) continue;
    const line = only(lines, option);
    if (line !== undefined) return line;
  }
  const call = calls[language][type];
  return call && only(lines, call);
}

function only(lines: readonly string[], pattern: RegExp): number | undefined {
  const everywhere = new RegExp(pattern, 'g');
  const found = lines.flatMap((line, at) => [...line.matchAll(everywhere)].map(() => at + 1));
  return found.length === 1 ? found[0] : undefined;
}

/** The lines with comments taken out, at the same numbers. A `//` behind a colon is an address. */
function withoutComments(source: string, language: Language): string[] {
  const blank = (text: string) => text.replace(/[^\n]/g, ' ');
  const code =
    language === 'typescript'
      ? source.replace(/\/\*[\s\S]*?\*\//g, blank).replace(/(?<![:'"`])\/\/.*$/gm, blank)
      : source.replace(/("""|''')[\s\S]*?\1/g, blank).replace(/(^|\s)#.*$/gm, blank);
  return code.split('\n');
}

/** One line of a file, without the space around it. */
export function lineOf(source: string, line: number): string | undefined {
  return source.split('\n')[line - 1]?.trim();
}
