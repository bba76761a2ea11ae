import type { SyntaxNode } from '@lezer/common';
import { parser as javascript } from '@lezer/javascript';
import { parser as python } from '@lezer/python';

/** What the operators know of a program: its text, and its syntax as the parsers of `grade similar` see it. */
export interface Source {
  readonly text: string;
  readonly top: SyntaxNode;
}

/** A piece of the text that is replaced. */
export interface Edit {
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

/** One mistake, made in one place. */
export interface Mutation {
  readonly operator: string;
  readonly edits: readonly Edit[];
  /** What a true message speaks of, where the operator knows it: `qos`, `retain`, … */
  readonly about?: string;
}

/** Finds the places for one kind of mistake. */
export interface Operator {
  readonly name: string;
  /** Called for each node of the tree. */
  readonly at: (node: SyntaxNode, source: Source) => readonly Omit<Mutation, 'operator'>[];
}

const parsers = { typescript: javascript.configure({ dialect: 'ts' }), python };

export function parse(text: string, language: keyof typeof parsers): Source {
  return { text, top: parsers[language].parse(text).topNode };
}

/** Every mutation of a program, in the order of its text. */
export function mutationsOf(source: Source, operators: readonly Operator[]): Mutation[] {
  const found: Mutation[] = [];
  for (const node of nodes(source.top)) {
    for (const { name, at } of operators) {
      for (const one of at(node, source)) found.push({ operator: name, ...one });
    }
  }
  return found;
}

/** The node and everything in it, in the order of the text; without recursion. */
export function nodes(top: SyntaxNode): SyntaxNode[] {
  const all: SyntaxNode[] = [];
  const waiting = [top];
  for (let node = waiting.pop(); node; node = waiting.pop()) {
    all.push(node);
    waiting.push(...children(node).reverse());
  }
  return all;
}

/** The text with these pieces replaced. @throws Error when two of them overlap: an operator's slip */
export function applied(text: string, edits: readonly Edit[]): string {
  let made = '';
  let at = 0;
  for (const edit of [...edits].sort((a, b) => a.from - b.from)) {
    if (edit.from < at) throw new Error('two edits of a mutation overlap');
    made += text.slice(at, edit.from) + edit.text;
    at = edit.to;
  }
  return made + text.slice(at);
}

export function children(node: SyntaxNode): SyntaxNode[] {
  const all: SyntaxNode[] = [];
  for (let one = node.firstChild; one; one = one.nextSibling) all.push(one);
  return all;
}

export const textOf = ({ text }: Source, { from, to }: { from: number; to: number }): string =>
  text.slice(from, to);

export const replaced = (node: { from: number; to: number }, text: string): Edit => ({
  from: node.from,
  to: node.to,
  text,
});

/** The nearest node around this one that has one of these names. */
export function around(node: SyntaxNode, ...names: readonly string[]): SyntaxNode | undefined {
  for (let one = node.parent; one; one = one.parent) if (names.includes(one.name)) return one;
  return undefined;
}

/** An element of a list in brackets, with the comma that belongs to it: behind it, else before it. */
export function elementRange(node: SyntaxNode, { text }: Source): { from: number; to: number } {
  const last = node;
  if (last.nextSibling?.name === ',') {
    const comma = last.nextSibling;
    const space = /^[ \t]*/.exec(text.slice(comma.to))?.[0] ?? '';
    return { from: node.from, to: comma.to + space.length };
  }
  return { from: node.prevSibling?.name === ',' ? node.prevSibling.from : node.from, to: node.to };
}

/** Whether the text of a node is only told to people: judged by nobody. */
export function isTold(node: SyntaxNode, source: Source): boolean {
  for (let one: SyntaxNode | null = node; one; one = one.parent) {
    if (/^(ThrowStatement|RaiseStatement|ImportDeclaration|ImportStatement)$/.test(one.name))
      return true;
    if (one.name === 'CallExpression' && tells.test(textOf(source, one))) return true;
  }
  return false;
}

const tells =
  /^(console\.\w+|print|logging\.\w+|sys\.std(out|err)\.write|process\.std(out|err)\.write)\(/;

/** What is removed of a statement so that no empty line stays. */
export function lineRange(node: { from: number; to: number }, { text }: Source) {
  const before = /[ \t]*$/.exec(text.slice(0, node.from))?.[0].length ?? 0;
  const atStart = node.from - before === 0 || text[node.from - before - 1] === '\n';
  const after = /^[ \t]*\n/.exec(text.slice(node.to))?.[0].length;
  return atStart && after !== undefined
    ? { from: node.from - before, to: node.to + after }
    : { from: node.from, to: node.to };
}

/** How deep a line is indented. */
export function indentAt(position: number, { text }: Source): string {
  const start = text.lastIndexOf('\n', position - 1) + 1;
  return /^[ \t]*/.exec(text.slice(start))?.[0] ?? '';
}
