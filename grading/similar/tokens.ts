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

/** Programs of the course have some hundreds. */
const MOST_TOKENS = 20_000;

/** Says nothing about how a program was made: the order and the number of these are free. */
const silent = /^(LineComment|BlockComment|Comment|;|,)$/;

/**
 * The syntax of a program as a row of tokens: names, numbers, texts and comments do not count, so a
 * copy with other names has the same row. Nothing is run; text that does not parse gives what there is.
 * @throws Error when there are far more than a program of the course has
 */
export function tokensOf(source: string, track: Track): Token[] {
  const tree: Tree = parsers[track].parse(source);
  const tokens: Token[] = [];
  walk(tree.cursor(), tokens);
  return tokens;
}

/** Without recursion: a program may nest as deeply as it likes. */
function walk(cursor: TreeCursor, tokens: Token[]): void {
  const open: { readonly from: number; readonly to: number }[] = [];
  for (;;) {
    const { name, from, to } = cursor;
    const at = tokens.length;
    if (!silent.test(name)) {
      tokens.push({ kind: name, from, to });
      if (tokens.length > MOST_TOKENS) throw new Error(`it has more than ${MOST_TOKENS} tokens`);
      if (cursor.firstChild()) {
        // A node with children stands for what is before the first of them.
        tokens[at] = { kind: name, from, to: cursor.from };
        open.push({ from, to });
        continue;
      }
    }
    while (!cursor.nextSibling()) {
      const node = open.pop();
      if (!node) return;
      cursor.parent();
      tokens.push({ kind: ')', from: node.to, to: node.from });
    }
  }
}
