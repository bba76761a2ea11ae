import type { SyntaxNode } from '@lezer/common';
import {
  around,
  children,
  elementRange,
  indentAt,
  isTold,
  lineRange,
  type Operator,
  replaced,
  type Source,
  textOf,
} from './syntax.js';
import {
  aboutOf,
  addressName,
  isCounter,
  isForm,
  isPause,
  type NumberUse,
  otherNumbers,
  otherTexts,
  SHORT_MEMORY,
} from './values.js';

/** The mistakes that are made in TypeScript programs. What each is for stands in docs/authoring.md. */
export const typescriptOperators: readonly Operator[] = [
  { name: 'option-removed', at: optionRemoved },
  { name: 'number-changed', at: numberChanged },
  { name: 'boolean-flipped', at: booleanFlipped },
  { name: 'text-changed', at: textChanged },
  { name: 'part-removed', at: partRemoved },
  { name: 'environment-ignored', at: environmentIgnored },
  { name: 'condition-fixed', at: conditionFixed },
  { name: 'condition-part-removed', at: conditionPartRemoved },
  { name: 'comparison-bound', at: comparisonBound },
  { name: 'comparison-loosened', at: comparisonLoosened },
  { name: 'statement-removed', at: statementRemoved },
  { name: 'statements-swapped', at: statementsSwapped },
  { name: 'await-removed', at: awaitRemoved },
  { name: 'handler-once', at: handlerOnce },
  { name: 'handler-in-connect', at: handlerInConnect },
  { name: 'errors-ignored', at: errorsIgnored },
  { name: 'errors-not-caught', at: errorsNotCaught },
  { name: 'value-turned', at: valueTurned },
  { name: 'memory-limited', at: memoryLimited },
];

const isStatement = (node: SyntaxNode) => /Statement$|^Block$|Declaration$/.test(node.name);

/** `client.on` of `client.on('message', …)`. */
function callee(node: SyntaxNode | null | undefined, source: Source): string {
  return node?.name === 'CallExpression' && node.firstChild ? textOf(source, node.firstChild) : '';
}

function argumentsOf(call: SyntaxNode): SyntaxNode[] {
  const list = call.getChild('ArgList');
  return list ? children(list).filter(one => !/^[(),]$/.test(one.name)) : [];
}

/** The name before the colon of `qos: 1`, or of `qos` alone. */
function propertyName(node: SyntaxNode, source: Source): string {
  return node.firstChild ? textOf(source, node.firstChild).replaceAll(/['"]/g, '') : '';
}

function optionRemoved(node: SyntaxNode, source: Source) {
  if (node.name !== 'Property' || isTold(node, source)) return [];
  const name = propertyName(node, source);
  if (isForm(name)) return [];
  return [{ edits: [replaced(elementRange(node, source), '')], ...aboutOf(name) }];
}

function aboutOfValue(node: SyntaxNode, source: Source) {
  const property = node.parent?.name === 'Property' ? node.parent : undefined;
  return property ? aboutOf(propertyName(property, source)) : undefined;
}

function numberChanged(node: SyntaxNode, source: Source) {
  if (node.name !== 'Number' || isTold(node, source)) return [];
  const option = node.parent?.name === 'Property' ? propertyName(node.parent, source) : '';
  if (isForm(option) || option === 'keepalive') return [];
  // The indent of a JSON text.
  if (node.parent?.name === 'ArgList' && callee(node.parent.parent, source) === 'JSON.stringify')
    return [];
  return otherNumbers(textOf(source, node), numberUse(node, source)).map(text => ({
    edits: [replaced(node, text)],
    ...aboutOfValue(node, source),
  }));
}

function numberUse(node: SyntaxNode, source: Source): NumberUse {
  const property = node.parent?.name === 'Property' ? propertyName(node.parent, source) : '';
  const to = callee(around(node, 'CallExpression'), source);
  if (to === 'process.exit' || /exitCode/.test(callText(node, source))) return 'exit code';
  if (property === 'qos') return 'qos';
  return isPause(property) || (node.parent?.name === 'ArgList' && isPause(to)) ? 'pause' : 'other';
}

/** The statement around a node, as text. */
function callText(node: SyntaxNode, source: Source): string {
  const statement = around(node, 'ExpressionStatement');
  return statement ? (textOf(source, statement).split('\n')[0] ?? '') : '';
}

function booleanFlipped(node: SyntaxNode, source: Source) {
  if (node.name !== 'BooleanLiteral' || isTold(node, source)) return [];
  const text = textOf(source, node) === 'true' ? 'false' : 'true';
  return [{ edits: [replaced(node, text)], ...aboutOfValue(node, source) }];
}

/** Names of events, of variables of the environment, of modules and types are no values. */
function textChanged(node: SyntaxNode, source: Source) {
  if (node.name !== 'String' || isTold(node, source) || isFallback(node, source)) return [];
  if (around(node, 'TypeAnnotation', 'TypeArgList', 'UnionType', 'TypeAliasDeclaration')) return [];
  const call = node.parent?.name === 'ArgList' ? node.parent.parent : undefined;
  const to = callee(call, source);
  if (/^env$|\.(on|once|off|emit)$|^once$|^import$|^require$/.test(to)) return [];
  const beside = node.parent?.firstChild?.name === 'UnaryExpression';
  // typeof x === 'number' has a mistake of its own.
  if (beside && node.parent?.name === 'BinaryExpression') return [];
  const quote = textOf(source, node)[0] ?? "'";
  return otherTexts(textOf(source, node).slice(1, -1)).map(text => ({
    edits: [replaced(node, `${quote}${text}${quote}`)],
    ...aboutOfValue(node, source),
  }));
}

/** A part of a name or a key that is missing, or what keeps two parts apart. */
function partRemoved(node: SyntaxNode, source: Source) {
  if (isTold(node, source)) return [];
  if (node.name === 'ArrayExpression') {
    const elements = children(node).filter(one => !/^[[\],]$/.test(one.name));
    return elements.length < 2
      ? []
      : elements.map(one => ({ edits: [replaced(elementRange(one, source), '')] }));
  }
  if (node.name !== 'TemplateString') return [];
  const parts = children(node).filter(one => one.name === 'Interpolation');
  const places = [node.from + 1, ...parts.flatMap(one => [one.from, one.to]), node.to - 1];
  const texts = Array.from({ length: parts.length + 1 }, (_, at) => ({
    from: places[at * 2] ?? 0,
    to: places[at * 2 + 1] ?? 0,
  })).filter(({ from, to }) => to > from);
  const interpolations = parts.length > 1 ? parts : [];
  return [...interpolations, ...texts].map(one => ({ edits: [replaced(one, '')] }));
}

function environmentIgnored(node: SyntaxNode, source: Source) {
  if (callee(node, source) !== 'env') return [];
  const [name] = argumentsOf(node);
  const text = name ? textOf(source, name).slice(1, -1) : '';
  if (addressName.test(text)) return [];
  const number = callee(around(node, 'CallExpression'), source) === 'Number';
  return [{ edits: [replaced(node, number ? "'7'" : "'fixed'")], ...aboutOfValue(node, source) }];
}

/** The condition of `if` and of `? :`, without its parentheses. A loop that has no end is no mistake to learn of. */
function conditionOf(node: SyntaxNode): SyntaxNode | undefined {
  if (node.name === 'IfStatement') {
    const parentheses = node.getChild('ParenthesizedExpression');
    return parentheses?.firstChild?.nextSibling ?? undefined;
  }
  return node.name === 'ConditionalExpression' ? (node.firstChild ?? undefined) : undefined;
}

function conditionFixed(node: SyntaxNode, source: Source) {
  const condition = conditionOf(node);
  if (!condition || isTold(node, source)) return [];
  return ['true', 'false'].map(text => ({ edits: [replaced(condition, text)] }));
}

function conditionPartRemoved(node: SyntaxNode, source: Source) {
  const parts = node.name === 'BinaryExpression' ? children(node) : [];
  const [left, operator, right] = parts;
  if (!left || !operator || !right || isTold(node, source)) return [];
  if (!/^(&&|\|\||\?\?)$/.test(textOf(source, operator)) || isFallback(right, source)) return [];
  return [left, right].map(one => ({ edits: [replaced(node, textOf(source, one))] }));
}

const bounds: Readonly<Record<string, readonly string[]>> = {
  '<': ['<=', '>'],
  '<=': ['<', '>'],
  '>': ['>=', '<'],
  '>=': ['>', '<'],
};

function comparisonBound(node: SyntaxNode, source: Source) {
  if (node.name !== 'CompareOp' || isTold(node, source)) return [];
  return (bounds[textOf(source, node)] ?? []).map(text => ({ edits: [replaced(node, text)] }));
}

/** What is there is not what is true: 0, false and the empty text are values, too. */
function comparisonLoosened(node: SyntaxNode, source: Source) {
  const [left, operator, right] = node.name === 'BinaryExpression' ? children(node) : [];
  if (!left || !operator || !right || isTold(node, source)) return [];
  const [a, sign, b] = [left, operator, right].map(one => textOf(source, one));
  const same = sign === '===' || sign === '==';
  const differs = sign === '!==' || sign === '!=';
  if ((same || differs) && (b === 'undefined' || b === 'null')) {
    return [{ edits: [replaced(node, differs ? `${a}` : `!(${a})`)] }];
  }
  if ((same || differs) && a?.startsWith('typeof ')) {
    const there = `${a.slice('typeof '.length)} ${differs ? '===' : '!=='} undefined`;
    return [{ edits: [replaced(node, there)] }];
  }
  if (sign === '??' && !/^(0|''|new \w+.*)$/.test(b ?? '')) {
    return [{ edits: [replaced(operator, '||')] }];
  }
  return [];
}

/** What stands behind `??` for the sake of the types, where something is always there. */
function isFallback(node: SyntaxNode, source: Source): boolean {
  const before = node.prevSibling;
  return before !== null && textOf(source, before) === '??' && textOf(source, node) === "''";
}

function statementRemoved(node: SyntaxNode, source: Source) {
  const alone = /^(ExpressionStatement|ThrowStatement|BreakStatement|ContinueStatement)$/.test(
    node.name,
  );
  // `return value;` without its value does not compile in most places: only a return that ends something.
  const bare = node.name === 'ReturnStatement' && /^return;?$/.test(textOf(source, node));
  if (!(alone || bare) || onlyTells(node, source)) return [];
  const inBlock = node.parent && /^(Block|Script|SwitchBody)$/.test(node.parent.name);
  // Behind `if` alone it is what a condition that is never true makes.
  const { parent } = node;
  if (parent?.name === 'IfStatement' && !parent.getChild('else')) return [];
  return [{ edits: [inBlock ? replaced(lineRange(node, source), '') : replaced(node, ';')] }];
}

/** Two steps of the work in the wrong order. Of two handlers the order says nothing. */
function statementsSwapped(node: SyntaxNode, source: Source) {
  const next = node.nextSibling;
  if (node.name !== 'ExpressionStatement' || next?.name !== 'ExpressionStatement') return [];
  const [first, second] = [textOf(source, node), textOf(source, next)];
  const registers = /^\w+(\.\w+)*\.(on|once)\(|^onStop\(/;
  if (onlyTells(node, source) || onlyTells(next, source)) return [];
  if (registers.test(first) || registers.test(second)) return [];
  return [{ edits: [replaced(node, second), replaced(next, first)] }];
}

function awaitRemoved(node: SyntaxNode, source: Source) {
  if (node.name !== 'AwaitExpression' || isTold(node, source)) return [];
  // Behind the last wait of a program, nothing is left to come too early.
  if (node.parent?.parent?.name === 'Script' && !node.parent.nextSibling) return [];
  const value = node.firstChild?.nextSibling;
  return value ? [{ edits: [replaced(node, textOf(source, value))] }] : [];
}

function handlerOnce(node: SyntaxNode, source: Source) {
  const called = node.name === 'CallExpression' ? node.firstChild : undefined;
  const name = called?.name === 'MemberExpression' ? called.lastChild : undefined;
  const text = name ? textOf(source, name) : '';
  if (!name || (text !== 'on' && text !== 'once')) return [];
  // A promise that is fulfilled again changes nothing.
  if (text === 'once') return [];
  return [{ edits: [replaced(name, 'once')] }];
}

/** Attached anew at every connection: the second one answers twice. */
function handlerInConnect(node: SyntaxNode, source: Source) {
  if (node.name !== 'ExpressionStatement' || node.parent?.name !== 'Script') return [];
  const [, client] = /^(\w+)\.on\('(?!connect|error|close)/.exec(textOf(source, node)) ?? [];
  if (client === undefined) return [];
  const text = textOf(source, node);
  return [{ edits: [replaced(node, `${client}.on('connect', () => {\n${text}\n});`)] }];
}

function errorsIgnored(node: SyntaxNode, source: Source) {
  const block = node.name === 'CatchClause' ? node.getChild('Block') : undefined;
  const does = children(block ?? node).filter(isStatement);
  if (!block || does.every(one => onlyTells(one, source))) return [];
  return [{ edits: [replaced(block, '{}')] }];
}

/** A statement that does nothing but say something: for whoever watches the wire it is not there. */
function onlyTells({ name, firstChild }: SyntaxNode, source: Source): boolean {
  return name === 'ExpressionStatement' && firstChild !== null && isTold(firstChild, source);
}

function errorsNotCaught(node: SyntaxNode, source: Source) {
  if (node.name !== 'TryStatement') return [];
  const block = node.getChild('Block');
  return block ? [{ edits: [replaced(node, textOf(source, block))] }] : [];
}

/** A value that is not passed on as it came: rounded or cut, as text or without its letters. */
function valueTurned(node: SyntaxNode, source: Source) {
  if (node.name !== 'Property' || node.getChild('Spread')) return [];
  const call = around(node, 'CallExpression');
  if (callee(call, source) !== 'JSON.stringify' || node.parent?.parent?.name !== 'ArgList')
    return [];
  const name = propertyName(node, source);
  const last = node.lastChild;
  const value = last && last.name !== 'PropertyDefinition' ? textOf(source, last) : name;
  if (last && /^(Number|String|ObjectExpression|BooleanLiteral)$/.test(last.name)) return [];
  return turned(value, source).map(text => ({ edits: [replaced(node, `${name}: ${text}`)] }));
}

/** A number and a text at once: what a value is, the text of a program does not tell. */
const turned = (value: string, { text: program }: Source) =>
  [...(isCounter(value, program) ? [] : [ROUNDED]), AS_TEXT].map(
    text => `((v: unknown) => (${text}))(${value})`,
  );

const ROUNDED = `typeof v === 'number' ? Math.round(v) : typeof v === 'string' ? v.slice(0, ${SHORT_MEMORY}) : v`;
const AS_TEXT =
  "typeof v === 'number' ? String(v) : typeof v === 'string' ? v.replace(/[^ -~]/g, '?') : v";

/** A memory that forgets everything when there is more than a little in it. */
function memoryLimited(node: SyntaxNode, source: Source) {
  if (node.name !== 'ExpressionStatement') return [];
  const [, memory] = /^(\w+)\.(?:add|set)\(/.exec(textOf(source, node)) ?? [];
  const made = new RegExp(`\\b${memory} = new (Set|Map)\\b`);
  if (memory === undefined || !made.test(source.text)) return [];
  const line = `if (${memory}.size >= ${SHORT_MEMORY}) ${memory}.clear();\n${indentAt(node.from, source)}`;
  const inBlock = node.parent && /^(Block|Script)$/.test(node.parent.name);
  return inBlock ? [{ edits: [{ from: node.from, to: node.from, text: line }] }] : [];
}
