/** A live run as the lines of a window. Pure: a state, a size, a style. */

import { fitted, traceLines } from '../../wire/describe.js';
import { columnsOf } from '../../wire/draw/canvas.js';
import { type LiveDiagram, liveDiagram } from '../../wire/draw/live.js';
import type { Lifelines } from '../../wire/draw/scene.js';
import type { TraceEntry } from '../../wire/trace.js';
import { packets } from '../render/code.js';
import { painted } from '../render/exchange.js';
import { count, cutLine, printable, wrap, wrapKeeping } from '../render/layout.js';
import { type Style, separator } from '../render/style.js';
import type { DisplayFrame } from '../terminal/display.js';
import { outputLine } from './log.js';
import { type Prompt, textOf } from './prompt.js';

export interface OutputLine {
  readonly stream: 'stdout' | 'stderr';
  readonly text: string;
}

export interface LiveState {
  readonly lesson: string;
  /** Where other clients can join. */
  readonly broker: string;
  /** What the program does, in words; and whether it runs. */
  readonly program: string;
  readonly running: boolean;
  /** Faults that still wait for packets; empty when there are none. */
  readonly faults: string;
  readonly lifelines: Lifelines;
  readonly entries: readonly TraceEntry[];
  /** The first entry shown. */
  readonly from: number;
  readonly output: readonly OutputLine[];
  readonly prompt: Prompt;
  /** What the last command came to. */
  readonly reply: { readonly lines: readonly string[]; readonly problem: boolean };
  readonly view: 'diagram' | 'list';
  /** Looking back: the row behind the last one shown. Undefined: the newest rows. */
  readonly bottom?: number | undefined;
  /** A text in place of the wire. */
  readonly text?:
    | { readonly title: string; readonly lines: readonly string[]; readonly top: number }
    | undefined;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

export interface LiveFrame extends Required<DisplayFrame> {
  /** Rows of the wire (or lines of the text) there are, and how many of them are in view. */
  readonly rows: number;
  readonly page: number;
}

/** From this width on, the output stands beside the wire; else below it. */
const TWO_PANES = 110;
const NARROWEST_DIAGRAM = 40;
const MOST_REPLY = 6;
const PROMPT = '> ';

/** Columns of the wire in a window of so many. */
export const wireColumns = (width: number) =>
  width >= TWO_PANES ? Math.max(72, Math.floor(width * 0.66)) : width;

export function drawLive(state: LiveState, size: Size, style: Style): LiveFrame {
  const width = Math.max(20, size.width);
  const height = Math.max(8, size.height);
  const reply = replyLines(state, width, Math.min(MOST_REPLY, height - 6), style);
  // Header, the rule above the reply, the reply, the prompt.
  const room = height - 3 - reply.length;
  const side = width >= TWO_PANES;
  // Below the wire, the output takes room as it comes.
  const most = Math.max(2, Math.floor(room * 0.28));
  const outputHeight = side ? room : Math.min(most, Math.max(1, state.output.length));
  const wireHeight = side ? room : room - outputHeight - 1;
  const wireWidth = wireColumns(width);
  const wire = wirePane(state, { width: wireWidth, height: wireHeight }, style);
  const output = outputPane(
    state,
    { width: side ? width - wireWidth - 3 : width, height: outputHeight },
    style,
  );
  const bar = style.plain ? '|' : style.dim('│');
  const body = side
    ? wire.lines.map((line, at) =>
        `${padded(line, wireWidth)} ${bar} ${output[at] ?? ''}`.trimEnd(),
      )
    : [...wire.lines, rule('output', width, style), ...output];
  const input = promptLine(state.prompt, width, style);
  const lines = [
    headerLine(state, width, style),
    ...body,
    rule(hint(state, wire), width, style),
    ...reply,
    input.line,
  ];
  return {
    lines,
    cursor: { row: lines.length - 1, column: input.column },
    rows: wire.rows,
    page: wire.page,
  };
}

const padded = (line: string, width: number) =>
  line + ' '.repeat(Math.max(0, width - columnsOf(line)));

function headerLine(state: LiveState, width: number, style: Style): string {
  const between = separator(style);
  const seen = state.entries.filter(one => one.kind === 'packet').length;
  const facts = [
    state.program,
    ...(state.faults === '' ? [] : [`faults: ${state.faults}`]),
    state.broker,
    count(seen, 'packet'),
  ];
  const shown = fitted(`${state.lesson}${between}${facts.join(between)}`, {
    width,
    ascii: style.plain,
  });
  const rest = shown.slice(state.lesson.length);
  const paint = state.running ? style.green : style.yellow;
  const coloured = rest.replace(state.program, word => paint(word));
  const marked =
    state.faults === '' ? coloured : coloured.replace(`faults: ${state.faults}`, style.red);
  return style.bold(shown.slice(0, state.lesson.length)) + marked;
}

function rule(words: string, width: number, style: Style): string {
  const dash = style.plain ? '-' : '─';
  const text = fitted(`${dash.repeat(2)} ${words} `, { width, ascii: style.plain });
  return style.dim(text + dash.repeat(Math.max(0, width - columnsOf(text))));
}

function hint(state: LiveState, wire: Pane): string {
  const keys = 'arrows, PgUp, PgDn';
  if (state.text) return `${state.text.title}: ${keys} move, Esc closes`;
  if (state.bottom !== undefined) {
    return `looking back, ${count(wire.rows - state.bottom, 'newer row')}: ${keys} move, Esc: now`;
  }
  return 'help: the commands, Tab completes, PgUp looks back, Ctrl-C leaves';
}

function replyLines({ reply }: LiveState, width: number, most: number, style: Style): string[] {
  const paint = reply.problem ? style.yellow : (text: string) => text;
  const all = reply.lines.flatMap(line => wrap(printable(line).text, width));
  const shown = all.length > most ? [...all.slice(0, most - 1), '...'] : all;
  return shown.length === 0 ? [''] : shown.map(line => paint(line));
}

/** The prompt; of a line that is too long the part around the cursor. */
function promptLine(prompt: Prompt, width: number, style: Style) {
  const room = width - PROMPT.length - 1;
  const { text, cursor } = prompt;
  let first = 0;
  while (columnsOf(text.slice(first, cursor).join('')) > room) first++;
  let shown = text.slice(first).join('');
  while (columnsOf(shown) > room) shown = shown.slice(0, -1);
  const column = PROMPT.length + columnsOf(text.slice(first, cursor).join(''));
  const paint = textOf(prompt) === '' ? style.bold : (one: string) => one;
  return { line: `${paint(PROMPT)}${shown}`, column };
}

interface Pane {
  readonly lines: readonly string[];
  readonly rows: number;
  readonly page: number;
}

function filled(lines: readonly string[], height: number): string[] {
  const shown = lines.slice(0, height);
  return [...shown, ...new Array<string>(Math.max(0, height - shown.length)).fill('')];
}

function wirePane(state: LiveState, size: Size, style: Style): Pane {
  const { width, height } = size;
  const { text } = state;
  if (text) {
    const all = text.lines.flatMap(line => (line === '' ? [''] : wrapKeeping(line, width)));
    const top = Math.max(0, Math.min(text.top, all.length - height));
    return { lines: filled(all.slice(top, top + height), height), rows: all.length, page: height };
  }
  const inWords = state.view === 'list' || width < NARROWEST_DIAGRAM;
  const drawn = inWords ? list(state, width, style) : diagram(state, width, style);
  const page = Math.max(1, height - drawn.head.length);
  if (drawn.rows === 0) {
    const waiting = state.running ? 'waiting for your program to connect ...' : 'nothing came';
    return {
      lines: filled(
        [...drawn.head, style.dim(fitted(waiting, { width, ascii: style.plain }))],
        height,
      ),
      rows: 0,
      page,
    };
  }
  const end = Math.min(drawn.rows, state.bottom ?? drawn.rows);
  const lines = drawn.lines(Math.max(0, end - page), end).slice(-page);
  return { lines: filled([...drawn.head, ...lines], height), rows: drawn.rows, page };
}

function diagram(state: LiveState, width: number, style: Style): LiveDiagram {
  const drawn = liveDiagram(state.entries, {
    width,
    ascii: style.plain,
    lifelines: state.lifelines,
    from: state.from,
  });
  return {
    head: drawn.head.map(line => style.bold(line)),
    rows: drawn.rows,
    lines: (from, to) => drawn.lines(from, to).map(line => painted(line, style)),
  };
}

function list(state: LiveState, width: number, style: Style): LiveDiagram {
  return {
    head: [],
    rows: state.entries.length - state.from,
    lines: (from, to) =>
      traceLines(
        { entries: state.entries.slice(state.from + from, state.from + to) },
        { width, ascii: style.plain },
      ).map(line => packets(line, style)),
  };
}

function outputPane({ output }: LiveState, size: Size, style: Style): string[] {
  const { width, height } = size;
  if (output.length === 0) {
    return filled(
      [style.dim(fitted('your program has written nothing', { width, ascii: style.plain }))],
      height,
    );
  }
  const lines: string[] = [];
  for (const { stream, text } of output.slice(-height)) {
    const parts = wrapKeeping(cutLine(printable(text).text, style.plain), Math.max(8, width - 6));
    for (const part of parts.slice(0, height)) lines.push(outputLine(stream, part, style));
  }
  return filled(lines.slice(-height), height);
}
