import type { SyntaxNode } from '@lezer/common';
import { children, elementRange, isTold, type Source, textOf } from './syntax.js';

export function callee(node: SyntaxNode | null | undefined, source: Source): string {
  return node?.name === 'CallExpression' && node.firstChild ? textOf(source, node.firstChild) : '';
}

/** What stands between commas in brackets: an argument with its keyword, a pair of a dictionary. */
export function elements(list: SyntaxNode): { from: number; to: number; nodes: SyntaxNode[] }[] {
  const found: { from: number; to: number; nodes: SyntaxNode[] }[] = [];
  let nodes: SyntaxNode[] = [];
  for (const one of children(list)) {
    if (/^[()[\]{},]$/.test(one.name)) {
      const [first] = nodes;
      const last = nodes.at(-1);
      if (first && last) found.push({ from: first.from, to: last.to, nodes });
      nodes = [];
    } else nodes.push(one);
  }
  const [first] = nodes;
  const last = nodes.at(-1);
  return first && last ? [...found, { from: first.from, to: last.to, nodes }] : found;
}

/** With the comma that belongs to it. */
export function withComma({ from, nodes }: { from: number; nodes: SyntaxNode[] }, source: Source) {
  const [first] = nodes;
  const last = nodes.at(-1);
  if (!first || !last) return { from, to: from };
  if (last.nextSibling?.name === ',') return { from, to: elementRange(last, source).to };
  return { from: first.prevSibling?.name === ',' ? first.prevSibling.from : from, to: last.to };
}

/** The option that this is the value of; empty when it is none. */
export function optionOf(node: SyntaxNode, source: Source): string {
  const name = /^(AssignOp|:)$/.test(node.prevSibling?.name ?? '')
    ? node.prevSibling?.prevSibling
    : undefined;
  return name ? textOf(source, name).replaceAll(/['"]/g, '') : '';
}

export const isStatement = ({ name }: SyntaxNode) => /Statement$|Definition$/.test(name);

export const isDocstring = ({ name, firstChild }: SyntaxNode) =>
  name === 'ExpressionStatement' && firstChild?.name === 'String';

export function onlyTells({ name, firstChild }: SyntaxNode, source: Source): boolean {
  return name === 'ExpressionStatement' && firstChild !== null && isTold(firstChild, source);
}

/** The bodies behind `except`. */
export function handlers(node: SyntaxNode): SyntaxNode[] {
  if (node.name !== 'TryStatement') return [];
  const found: SyntaxNode[] = [];
  let inExcept = false;
  for (const one of children(node)) {
    if (/^(except|finally|else|try)$/.test(one.name)) inExcept = one.name === 'except';
    if (one.name === 'Body' && inExcept) found.push(one);
  }
  return found;
}
