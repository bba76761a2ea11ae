import type { SyntaxNode } from '@lezer/common';
import {
  callee,
  elements,
  handlers,
  isDocstring,
  isStatement,
  onlyTells,
  optionOf,
  withComma,
} from './python-syntax.js';
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

/** The mistakes that are made in Python programs: those of TypeScript, as Python writes them. */
export const pythonOperators: readonly Operator[] = [
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
  { name: 'wait-removed', at: waitRemoved },
  { name: 'errors-ignored', at: errorsIgnored },
  { name: 'errors-narrowed', at: errorsNarrowed },
  { name: 'errors-not-caught', at: errorsNotCaught },
  { name: 'value-turned', at: valueTurned },
  { name: 'memory-limited', at: memoryLimited },
];

function optionRemoved(node: SyntaxNode, source: Source) {
  if (!/^(ArgList|DictionaryExpression)$/.test(node.name) || isTold(node, source)) return [];
  const named = elements(node).filter(({ nodes }) => /^(AssignOp|:)$/.test(nodes[1]?.name ?? ''));
  return named.flatMap(one => {
    const name = one.nodes[0] ? textOf(source, one.nodes[0]).replaceAll(/['"]/g, '') : '';
    if (isForm(name)) return [];
    return [{ edits: [replaced(withComma(one, source), '')], ...aboutOf(name) }];
  });
}

const aboutOfValue = (node: SyntaxNode, source: Source) => aboutOf(optionOf(node, source));

function numberChanged(node: SyntaxNode, source: Source) {
  if (node.name !== 'Number' || isTold(node, source)) return [];
  if (isForm(optionOf(node, source)) || optionOf(node, source) === 'keepalive') return [];
  return otherNumbers(textOf(source, node), numberUse(node, source)).map(text => ({
    edits: [replaced(node, text)],
    ...aboutOfValue(node, source),
  }));
}

function numberUse(node: SyntaxNode, source: Source): NumberUse {
  const option = optionOf(node, source);
  const to = callee(around(node, 'CallExpression'), source);
  if (/^(os\._exit|sys\.exit|exit)$/.test(to)) return 'exit code';
  if (option === 'qos') return 'qos';
  return isPause(option) || (node.parent?.name === 'ArgList' && isPause(to)) ? 'pause' : 'other';
}

function booleanFlipped(node: SyntaxNode, source: Source) {
  if (node.name !== 'Boolean' || isTold(node, source)) return [];
  if (isForm(optionOf(node, source))) return [];
  const text = textOf(source, node) === 'True' ? 'False' : 'True';
  return [{ edits: [replaced(node, text)], ...aboutOfValue(node, source) }];
}

function textChanged(node: SyntaxNode, source: Source) {
  if (node.name !== 'String' || isTold(node, source)) return [];
  if (node.parent?.name === 'ExpressionStatement') return [];
  const call = node.parent?.name === 'ArgList' ? node.parent.parent : undefined;
  if (
    /^(env|open|getattr|setattr|hasattr|int|float|exit|sys\.exit|SystemExit)$|\.(encode|decode)$/.test(
      callee(call, source),
    )
  )
    return [];
  const [, before = '', quote = '', text = ''] =
    /^([a-zA-Z]*)("""|'''|"|')([\s\S]*)\2$/.exec(textOf(source, node)) ?? [];
  if (quote === '' || quote.length > 1) return [];
  return otherTexts(text).map(other => ({
    edits: [replaced(node, `${before}${quote}${other}${quote}`)],
    ...aboutOfValue(node, source),
  }));
}

/** A part of a name or a key that is missing, or what keeps two parts apart. */
function partRemoved(node: SyntaxNode, source: Source) {
  if (isTold(node, source)) return [];
  if (/^(TupleExpression|ArrayExpression|ReturnStatement|AssignStatement)$/.test(node.name)) {
    return partsOfTuple(node, source);
  }
  if (node.name !== 'FormatString') return [];
  const [, before = ''] = /^([a-zA-Z]*["'])/.exec(textOf(source, node)) ?? [];
  if (textOf(source, node).startsWith(`${before}${before.at(-1)}`)) return [];
  const parts = children(node).filter(one => one.name === 'FormatReplacement');
  const places = [
    node.from + before.length,
    ...parts.flatMap(one => [one.from, one.to]),
    node.to - 1,
  ];
  const texts = Array.from({ length: parts.length + 1 }, (_, at) => ({
    from: places[at * 2] ?? 0,
    to: places[at * 2 + 1] ?? 0,
  })).filter(({ from, to }) => to > from);
  const replacements = parts.length > 1 ? parts : [];
  return [...replacements, ...texts].map(one => ({ edits: [replaced(one, '')] }));
}

/** `return a, b, c`, `x = a, b`, `(a, b)`: not what is unpacked, and not what `except` lists. */
function partsOfTuple(node: SyntaxNode, source: Source) {
  if (node.prevSibling?.name === 'except') return [];
  const all = children(node);
  const from =
    node.name === 'AssignStatement' ? all.findLastIndex(one => one.name === 'AssignOp') + 1 : 0;
  const values = all.slice(from).filter(one => !/^([()[\],]|return)$/.test(one.name));
  const commas = all.slice(from).filter(one => one.name === ',').length;
  if (commas === 0 || values.length < 2) return [];
  return values.map(one => ({ edits: [replaced(elementRange(one, source), '')] }));
}

function environmentIgnored(node: SyntaxNode, source: Source) {
  if (callee(node, source) !== 'env') return [];
  const name = textOf(source, node)
    .replace(/^env\(["']/, '')
    .replace(/["']\)$/, '');
  if (addressName.test(name)) return [];
  const number = /^(int|float)$/.test(callee(around(node, 'CallExpression'), source));
  const quote = around(node, 'FormatString') ? "'" : '"';
  const text = number ? `${quote}7${quote}` : `${quote}fixed${quote}`;
  return [{ edits: [replaced(node, text)], ...aboutOfValue(node, source) }];
}

function conditionsOf(node: SyntaxNode): SyntaxNode[] {
  if (node.name === 'IfStatement') {
    return children(node).flatMap(one =>
      /^(if|elif)$/.test(one.name) && one.nextSibling ? [one.nextSibling] : [],
    );
  }
  if (node.name !== 'ConditionalExpression') return [];
  const condition = node.getChild('if')?.nextSibling;
  return condition ? [condition] : [];
}

function conditionFixed(node: SyntaxNode, source: Source) {
  if (isTold(node, source)) return [];
  return conditionsOf(node).flatMap(condition =>
    ['True', 'False'].map(text => ({ edits: [replaced(condition, text)] })),
  );
}

function conditionPartRemoved(node: SyntaxNode, source: Source) {
  const parts = node.name === 'BinaryExpression' ? children(node) : [];
  const [left, operator, right] = parts;
  if (!left || !operator || !right || isTold(node, source)) return [];
  if (operator.name !== 'and' && operator.name !== 'or') return [];
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

/** What is there is not what is true: 0, False, and the empty text are values, too. */
function comparisonLoosened(node: SyntaxNode, source: Source) {
  if (isTold(node, source)) return [];
  if (callee(node, source) === 'isinstance') {
    const value = node.getChild('ArgList')?.firstChild?.nextSibling;
    return value ? [{ edits: [replaced(node, `${textOf(source, value)} is not None`)] }] : [];
  }
  if (node.name !== 'BinaryExpression') return [];
  const parts = children(node);
  const [left] = parts;
  const right = parts.at(-1);
  if (!left || !right) return [];
  const sign = parts
    .slice(1, -1)
    .map(one => textOf(source, one))
    .join(' ');
  const [a, b] = [textOf(source, left), textOf(source, right)];
  if (b === 'None' && /^(is|is not|==|!=)$/.test(sign)) {
    return [{ edits: [replaced(node, /not|!/.test(sign) ? a : `not (${a})`)] }];
  }
  if (left.name === 'String' && /^(in|not in)$/.test(sign)) {
    return [{ edits: [replaced(node, `${sign === 'in' ? '' : 'not '}${b}.get(${a})`)] }];
  }
  return [];
}

/** The thread of the library ends with the program, and when it has said goodbye. */
const endsLoop = /\.loop_stop\(\)$/;

const removable =
  /^(ExpressionStatement|UpdateStatement|RaiseStatement|BreakStatement|ContinueStatement|DeleteStatement)$/;

function statementRemoved(node: SyntaxNode, source: Source) {
  if (isDocstring(node) || onlyTells(node, source)) return [];
  const text = textOf(source, node);
  if (endsLoop.test(text)) return [];
  // What is assigned to a name is needed later; what is assigned to a part of something is a step.
  const step = node.name === 'AssignStatement' && node.firstChild?.name === 'MemberExpression';
  const bare = node.name === 'ReturnStatement' && text === 'return';
  if (!(removable.test(node.name) || step || bare)) return [];
  const siblings = children(node.parent ?? node).filter(one => isStatement(one));
  const only = node.parent?.name === 'Body' && siblings.length === 1;
  // Behind `if` alone it is what a condition that is never true makes.
  const above = node.parent?.parent;
  if (only && above?.name === 'IfStatement' && children(above).length === 3) return [];
  return [{ edits: [only ? replaced(node, 'pass') : replaced(lineRange(node, source), '')] }];
}

function statementsSwapped(node: SyntaxNode, source: Source) {
  const next = node.nextSibling;
  if (node.name !== 'ExpressionStatement' || next?.name !== 'ExpressionStatement') return [];
  if (isDocstring(node) || onlyTells(node, source) || onlyTells(next, source)) return [];
  const [first, second] = [textOf(source, node), textOf(source, next)];
  if ([first, second].some(one => /^on_stop\(/.test(one) || endsLoop.test(one))) return [];
  return [{ edits: [replaced(node, second), replaced(next, first)] }];
}

/** `.wait_for_publish()` behind what is waited for; a wait of its own is a statement. */
function waitRemoved(node: SyntaxNode, source: Source) {
  const name = callee(node, source);
  if (!/\.wait_for_publish$/.test(name)) return [];
  const before = node.firstChild?.firstChild;
  return before?.name === 'CallExpression'
    ? [{ edits: [replaced(node, textOf(source, before))] }]
    : [];
}

function errorsIgnored(node: SyntaxNode, source: Source) {
  return handlers(node).flatMap(body => {
    const does = children(body).filter(isStatement);
    if (does.every(one => onlyTells(one, source) || one.name === 'PassStatement')) return [];
    // A body may end in the line end behind it.
    const to = body.from + textOf(source, body).trimEnd().length;
    return [
      { edits: [replaced({ from: body.from, to }, `:\n${indentAt(node.from, source)}    pass`)] },
    ];
  });
}

/** Of several errors that are caught, one is not. */
function errorsNarrowed(node: SyntaxNode, source: Source) {
  if (node.name !== 'TupleExpression' || node.prevSibling?.name !== 'except') return [];
  const names = children(node).filter(one => !/^[(),]$/.test(one.name));
  return names.map(one => ({
    edits: [replaced(elementRange(one, source), names.length === 2 && one === names[1] ? ',' : '')],
  }));
}

/** The lines of a block stand where `try` stood. */
function errorsNotCaught(node: SyntaxNode, source: Source) {
  const body = node.name === 'TryStatement' ? node.getChild('Body') : undefined;
  if (!body) return [];
  const indent = indentAt(node.from, source);
  const lines = textOf(source, body)
    .replace(/^:[^\n]*\n/, '')
    .split('\n');
  const inner = /^[ \t]*/.exec(lines.find(one => one.trim() !== '') ?? '')?.[0] ?? '';
  const text = lines.map(one => (one.startsWith(inner) ? indent + one.slice(inner.length) : one));
  return [{ edits: [replaced(node, text.join('\n').slice(indent.length))] }];
}

/** A value that is not passed on as it came: rounded or cut, as text or without its letters. */
function valueTurned(node: SyntaxNode, source: Source) {
  if (node.name !== 'DictionaryExpression') return [];
  const given = source.text.includes('json.dumps(');
  if (!given || isTold(node, source)) return [];
  return elements(node).flatMap(({ nodes }) => {
    const value = nodes[2];
    if (nodes[1]?.name !== ':' || !value || nodes.length > 3) return [];
    if (/^(Number|String|Boolean|TupleExpression|DictionaryExpression)$/.test(value.name))
      return [];
    return turned(textOf(source, value), source).map(text => ({
      edits: [replaced(value, text)],
    }));
  });
}

/** A number and a text at once: what a value is, the text of a program does not tell. */
const turned = (value: string, { text: program }: Source) =>
  [...(isCounter(value, program) ? [] : [ROUNDED]), AS_TEXT].map(
    text => `(lambda v: ${text})(${value})`,
  );

const ROUNDED = `round(v) if isinstance(v, float) else v[:${SHORT_MEMORY}] if isinstance(v, str) else v`;
const AS_TEXT =
  'v.encode("ascii", "replace").decode() if isinstance(v, str) else str(v) if isinstance(v, (int, float)) else v';

/** A memory that forgets everything when there is more than a little in it. */
function memoryLimited(node: SyntaxNode, source: Source) {
  const text = textOf(source, node);
  const [, memory] =
    (node.name === 'ExpressionStatement' ? /^(\w+)\.add\(/.exec(text) : null) ??
    (node.name === 'AssignStatement' ? /^(\w+)\[/.exec(text) : null) ??
    [];
  if (memory === undefined || !new RegExp(`^${memory} = (set\\(|\\{\\})`, 'm').test(source.text))
    return [];
  const indent = indentAt(node.from, source);
  const lines = `if len(${memory}) >= ${SHORT_MEMORY}:\n${indent}    ${memory}.clear()\n${indent}`;
  return [{ edits: [{ from: node.from, to: node.from, text: lines }] }];
}
