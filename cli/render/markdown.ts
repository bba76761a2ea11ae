import MarkdownIt from 'markdown-it';
import type Token from 'markdown-it/lib/token.mjs';
import { highlight } from './code.js';
import { columnsOf, FIRM, hang, printable, wrap, wrapKeeping } from './layout.js';
import type { Style } from './style.js';
import { renderTable } from './table.js';

export interface MarkdownOptions {
  /** Show what stands in `<details>`; else only its summary, and how to see the rest. */
  readonly answers?: boolean;
  /** The command that shows the folded answers. */
  readonly answersCommand?: string;
}

/** Lines of prose are easier to read when they are not as wide as the window. */
const PROSE = 92;

interface Block {
  readonly token: Token;
  readonly children: Block[];
}

interface Context extends MarkdownOptions {
  readonly style: Style;
  readonly width: number;
}

/** Markdown as lines for a terminal. */
export function renderMarkdown(
  source: string,
  style: Style,
  options: MarkdownOptions = {},
): string[] {
  const parser = new MarkdownIt({ html: true, linkify: false });
  const blocks = fold(tree(parser.parse(source, {})));
  const context = { ...options, style, width: Math.min(style.width, PROSE) };
  return join(blocks, context);
}

/** One line of Markdown (a question, a hint) without its block. */
export function renderInline(source: string, style: Style): string {
  const parser = new MarkdownIt({ html: false, linkify: false });
  const [token] = parser.parseInline(source.trim(), {});
  return token ? inline(token.children ?? [], style) : '';
}

function tree(tokens: readonly Token[]): Block[] {
  const root: Block[] = [];
  const stack: Block[][] = [root];
  for (const token of tokens) {
    if (token.nesting === -1) {
      stack.pop();
      continue;
    }
    const block: Block = { token, children: [] };
    stack.at(-1)?.push(block);
    if (token.nesting === 1) stack.push(block.children);
  }
  return root;
}

/** Puts what stands between `<details>` and `</details>` into one block. */
function fold(blocks: readonly Block[]): Block[] {
  const out: Block[] = [];
  const open: Block[] = [];
  for (const block of blocks) {
    const html = block.token.type === 'html_block' ? block.token.content : '';
    const folded: Block = { token: block.token, children: fold(block.children) };
    const target = () => open.at(-1)?.children ?? out;
    if (/<details/i.test(html)) {
      target().push(folded);
      if (!/<\/details>/i.test(html)) open.push(folded);
    } else if (/<\/details>/i.test(html)) {
      open.pop();
    } else {
      target().push(folded);
    }
  }
  return out;
}

/** Blocks with one empty line between them. */
function join(blocks: readonly Block[], context: Context, tight = false): string[] {
  const lines: string[] = [];
  for (const block of blocks) {
    const rendered = renderBlock(block, context);
    if (rendered.length === 0) continue;
    if (lines.length > 0 && !tight) lines.push('');
    lines.push(...rendered);
  }
  return lines;
}

function renderBlock(block: Block, context: Context): string[] {
  const { token, children } = block;
  const { style, width } = context;
  switch (token.type) {
    case 'heading_open':
      return heading(token, textOf(children, style), context);
    case 'paragraph_open':
      return wrap(textOf(children, style), width);
    case 'inline':
      return wrap(inline(token.children ?? [], style), width);
    case 'bullet_list_open':
    case 'ordered_list_open':
      return list(block, context);
    case 'blockquote_open': {
      const bar = style.dim(style.plain ? '> ' : '│ ');
      const inner = join(children, { ...context, width: width - 2 });
      return inner.map(line => `${bar}${line}`.trimEnd());
    }
    case 'fence':
    case 'code_block':
      return fence(token, style, width);
    case 'table_open':
      return table(block, context);
    case 'hr':
      return [style.dim((style.plain ? '-' : '─').repeat(Math.min(width, 40)))];
    case 'html_block':
      return details(block, context);
    default:
      return join(children, context);
  }
}

function heading(token: Token, text: string, { style, width }: Context): string[] {
  const level = Number(token.tag.slice(1));
  const lines = wrap(text, width);
  if (style.color) {
    return lines.map(line => style.bold(level === 1 ? style.underline(line) : line));
  }
  const rule = level === 1 ? '=' : level === 2 ? '-' : '';
  const longest = Math.max(...lines.map(line => columnsOf(line)));
  return rule ? [...lines, rule.repeat(longest)] : lines;
}

function list({ token, children }: Block, context: Context): string[] {
  const { style, width } = context;
  const ordered = token.type === 'ordered_list_open';
  let number = Number(token.attrGet('start') ?? 1);
  const tight = children.every(item =>
    item.children.every(one => one.token.type !== 'paragraph_open' || one.token.hidden),
  );
  const lines: string[] = [];
  for (const item of children) {
    const mark = ordered ? `${number++}. ` : style.plain ? '- ' : '• ';
    const indent = ' '.repeat(mark.length);
    const inner = join(item.children, { ...context, width: width - mark.length }, tight);
    if (lines.length > 0 && !tight) lines.push('');
    lines.push(...inner.map((line, index) => `${index === 0 ? mark : indent}${line}`.trimEnd()));
  }
  return lines;
}

/**
 * Code is indented, coloured, and never wrapped: a broken line of code is wrong code. Packet lists
 * are for reading, and are wrapped.
 */
function fence(token: Token, style: Style, width: number): string[] {
  const language = token.info.trim().split(/\s+/)[0] ?? '';
  const written = printable(token.content.replace(/\n$/, '')).text;
  // Packets are written with arrows; `trace --plain` writes them like this, too.
  const code = style.plain ? written.replaceAll('→', '->').replaceAll('←', '<-') : written;
  if (code.trim() === '') return [];
  const longest = Math.max(...code.split('\n').map(line => columnsOf(line)));
  const indent = longest + 4 > width ? '  ' : '    ';
  const text = language === 'packets' ? wrapKeeping(code, style.width - 2).join('\n') : code;
  return highlight(text, language, style).map(line => `${indent}${line}`.trimEnd());
}

function table({ children }: Block, { style, width }: Context): string[] {
  const rows = children.flatMap(part =>
    part.children.map(row => row.children.map(cell => textOf(cell.children, style))),
  );
  const [head = [], ...body] = rows;
  return renderTable(head, body, style, width);
}

function details(block: Block, context: Context): string[] {
  const html = block.token.content;
  if (!/<details/i.test(html)) return wrap(stripTags(html), context.width).filter(Boolean);
  const { style, width } = context;
  const summary = stripTags(/<summary>([\s\S]*?)<\/summary>/i.exec(html)?.[1] ?? 'Answer');
  const mark = style.plain ? '' : '▸ ';
  if (!context.answers) {
    const how = context.answersCommand ? `  (answer: ${context.answersCommand})` : '';
    return hang(mark, '  ', `${style.bold(summary)}${style.dim(how)}`, width);
  }
  const rest = stripTags(html.replace(/<summary>[\s\S]*?<\/summary>/i, ''));
  const inner = join(block.children, { ...context, width: width - 2 });
  return [
    ...hang(mark, '  ', style.bold(summary), width),
    ...[...(rest ? wrap(rest, width - 2) : []), ...inner].map(line => `  ${line}`.trimEnd()),
  ];
}

function stripTags(html: string): string {
  return html
    .replace(/<!--[\s\S]*?-->/g, '')
    .replace(/<[^>]*>/g, '')
    .replace(/\s+/g, ' ')
    .trim();
}

function textOf(blocks: readonly Block[], style: Style): string {
  return blocks.map(block => inline(block.token.children ?? [], style)).join('');
}

function inline(tokens: readonly Token[], style: Style): string {
  let text = '';
  let strong = 0;
  let emphasis = 0;
  let link: { url: string; text: string } | undefined;
  const add = (part: string) => {
    if (link) link.text += part;
    else text += part;
  };
  const painted = (part: string) => {
    const bold = strong > 0 ? style.bold(part) : part;
    return emphasis > 0 ? style.italic(bold) : bold;
  };
  // Without colour nothing else says that a word counts.
  const mark = () => {
    if (!style.color) add('*');
  };
  for (const token of tokens) {
    switch (token.type) {
      case 'text':
        add(painted(clauses(token.content, style)));
        break;
      case 'code_inline':
        add(code(token.content, style));
        break;
      case 'softbreak':
        add(' ');
        break;
      case 'hardbreak':
        add('\n');
        break;
      case 'strong_open':
        mark();
        strong++;
        break;
      case 'strong_close':
        strong--;
        mark();
        break;
      case 'em_open':
        mark();
        emphasis++;
        break;
      case 'em_close':
        emphasis--;
        mark();
        break;
      case 'link_open':
        link = { url: String(token.attrGet('href') ?? ''), text: '' };
        break;
      case 'link_close': {
        const shown = link ? renderLink(link, style) : '';
        link = undefined;
        add(shown);
        break;
      }
      case 'image':
        add(token.content);
        break;
      case 'html_inline':
        if (/^<br/i.test(token.content)) add('\n');
        break;
      default:
        add(token.content);
    }
  }
  return text;
}

/** Inline code: coloured, or in backticks where there is no colour. Short code is not broken. */
function code(content: string, style: Style): string {
  const firm = content.length <= 30 ? content.replaceAll(' ', FIRM) : content;
  return style.color ? style.cyan(firm) : `\`${firm}\``;
}

/** Clauses of the standard stay in one piece, and quiet. */
function clauses(text: string, style: Style): string {
  return text.replace(/\[\d[\d.]* MQTT-[^\]]*\]/g, clause =>
    style.dim(clause.replaceAll(' ', FIRM)),
  );
}

function renderLink({ url, text }: { url: string; text: string }, style: Style): string {
  const lesson = /^(?:\.\/)?(\d{2,}-[a-z0-9-]+)\.md(?:#.*)?$/.exec(url)?.[1];
  if (lesson) return `${text} (npx mqtt-course read ${lesson})`;
  if (!/^[a-z]+:/.test(url)) return text;
  const linked = style.link(style.underline(text), url);
  if (linked) return linked;
  return url === text || url === `mailto:${text}` ? text : `${text} (${url})`;
}
