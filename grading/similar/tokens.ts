import type { Tree, TreeCursor } from '@lezer/common';
import { parser as javascript } from '@lezer/javascript';
import { parser as python } from '@lezer/python';
import type { Track } from '../../checker/index.js';

/** A token of a program's syntax tree: what it is, not what it is called. */
export interface Token {
  readonly kind: string;
  /** Where it begins and ends, in characters. */
  readonly from: number;
  readonly to: number;
}

const parsers = { typescript: javascript.configure({ dialect: 'ts' }), python };

/** Says nothing about how a program was made: the order and the number of these are free. */
const silent = /^(LineComment|BlockComment|Comment|;|,)$/;

/**
 * The syntax of a program as a row of tokens: names, numbers, texts and comments do not count, so a
 * copy with other names has the same row. Nothing is run; text that does not parse gives what there is.
 */
export function tokensOf(source: string, track: Track): Token[] {
  const tree: Tree = parsers[track].parse(source);
  const tokens: Token[] = [];
  walk(tree.cursor(), tokens);
  return tokens;
}

function walk(cursor: TreeCursor, tokens: Token[]): void {
  const { name, from, to } = cursor;
  if (silent.test(name)) return;
  const at = tokens.length;
  tokens.push({ kind: name, from, to });
  if (!cursor.firstChild()) return;
  // A node with children stands for what is before the first of them.
  tokens[at] = { kind: name, from, to: cursor.from };
  do walk(cursor, tokens);
  while (cursor.nextSibling());
  cursor.parent();
  tokens.push({ kind: ')', from, to: from });
}
