import bash from '@speed-highlight/core/languages/bash.js';
import diff from '@speed-highlight/core/languages/diff.js';
import ini from '@speed-highlight/core/languages/ini.js';
import js from '@speed-highlight/core/languages/js.js';
import json from '@speed-highlight/core/languages/json.js';
import py from '@speed-highlight/core/languages/py.js';
import ts from '@speed-highlight/core/languages/ts.js';
import { type ShjLanguageData, tokenizeWith } from '@speed-highlight/core/tokenize';
import type { Style } from './style.js';

// The library's types do not know exactOptionalPropertyTypes.
const languages = {
  bash,
  sh: bash,
  shell: bash,
  console: bash,
  diff,
  ini,
  conf: ini,
  js,
  javascript: js,
  json,
  jsonc: json,
  py,
  python: py,
  ts,
  typescript: ts,
} as Record<string, unknown> as Record<string, ShjLanguageData>;

/** Code with its syntax coloured, line by line; unchanged in a language that is not known. */
export function highlight(code: string, language: string, style: Style): string[] {
  const name = language.toLowerCase();
  if (!style.color) return code.split('\n');
  if (name === '' || name === 'text' || name === 'packets') {
    return code.split('\n').map(line => packets(line, style));
  }
  const grammar = languages[name];
  if (!grammar) return code.split('\n');
  let text = '';
  tokenizeWith(
    code,
    grammar,
    (part, type) => {
      const paint = painter(type, style);
      text += part
        .split('\n')
        .map(line => paint(line))
        .join('\n');
    },
    { languages },
  );
  return text.split('\n');
}

function painter(type: string | undefined, style: Style): (text: string) => string {
  switch (type) {
    case 'kwd':
    case 'section':
      return style.magenta;
    case 'str':
    case 'insert':
      return style.green;
    case 'num':
    case 'bool':
      return style.yellow;
    case 'cmnt':
      return style.dim;
    case 'func':
      return style.blue;
    case 'class':
    case 'type':
      return style.cyan;
    case 'deleted':
    case 'err':
      return style.red;
    default:
      return text => text;
  }
}

const PACKET =
  /\b(CONNECT|CONNACK|PUBLISH|PUBACK|PUBREC|PUBREL|PUBCOMP|SUBSCRIBE|SUBACK|UNSUBSCRIBE|UNSUBACK|PINGREQ|PINGRESP|DISCONNECT|AUTH)\b/;

/** A line of a packet list: its number and the packet's name stand out. */
export function packets(line: string, style: Style): string {
  if (!/^\s*#\d+\b/.test(line)) return line;
  return line
    .replace(/#\d+\b/, number => style.yellow(number))
    .replace(PACKET, name => style.cyan(name));
}
