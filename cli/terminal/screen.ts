import { columnsOf, hang, wrapKeeping } from '../render/layout.js';
import { makeStyle, type Style } from '../render/style.js';
import { createDisplay, type Display, type TerminalOutput } from './display.js';

/** A text that fills the window, and scrolls where it does not fit. */
export interface ScreenPage {
  /** A page with another name begins at its top. */
  readonly name: string;
  readonly lines: readonly string[];
  /** One line of facts below. */
  readonly status: string;
  /** `h hint`, `q quit`: what can be pressed. */
  readonly keys: readonly string[];
}

export type Scroll = 'up' | 'down' | 'page-up' | 'page-down' | 'home' | 'end';

export interface Screen {
  readonly style: Style;
  /** Lines that a page can have without being scrolled. */
  readonly room: number;
  show(page: ScreenPage): void;
  scroll(way: Scroll): void;
  /** The window has another size. */
  resized(): void;
  /** Gives the terminal to somebody else, as it was. */
  leave(): void;
  /** Takes it back. */
  enter(): void;
}

/**
 * The whole window; what was on it before comes back at the end. In `plain` everything is written
 * one below the other.
 */
export function createScreen(output: TerminalOutput, plain: boolean): Screen {
  const styled = () => makeStyle({ ...(plain ? { plain } : {}), stream: output });
  return styled().plain ? plainScreen(output, styled) : wholeScreen(createDisplay(output), styled);
}

/** Keys in as few lines as they fit into. */
function keyLines(keys: readonly string[], style: Style): string[] {
  const between = style.plain ? ', ' : ' · ';
  const firm = keys.map(key => key.replaceAll(' ', '\u00A0'));
  const columns = style.width;
  const lines: string[] = [];
  for (const key of firm) {
    const last = lines.at(-1);
    if (last !== undefined && columnsOf(`${last}${between}${key}`) <= columns) {
      lines[lines.length - 1] = `${last}${between}${key}`;
    } else lines.push(key);
  }
  return lines.map(line =>
    line
      .replaceAll('\u00A0', ' ')
      .split(between)
      .map(key => key.replace(/^\S+/, name => style.bold(name)))
      .join(style.dim(between)),
  );
}

function clipped(text: string, columns: number): string {
  return columnsOf(text) <= columns ? text : `${[...text].slice(0, columns - 1).join('')}…`;
}

function wholeScreen(display: Display, styled: () => Style): Screen {
  let style = styled();
  let page: ScreenPage | undefined;
  let top = 0;

  const rows = () => Math.max(4, display.height);
  const columns = () => Math.max(10, display.width);
  const fitted = (lines: readonly string[]) =>
    lines.flatMap(line => (columnsOf(line) > columns() ? wrapKeeping(line, columns()) : [line]));
  const footer = ({ keys, status }: ScreenPage) => {
    const most = Math.max(1, Math.floor(rows() / 3));
    return [style.dim(clipped(status, columns())), ...keyLines(keys, style)].slice(-most);
  };
  /** One row between the text and the footer. */
  const height = (below: number) => Math.max(1, rows() - below - 1);

  const draw = () => {
    if (!page) return;
    const below = footer(page);
    const lines = fitted(page.lines);
    const room = height(below.length);
    top = Math.max(0, Math.min(top, lines.length - room));
    const part = lines.slice(top, top + room);
    const left = lines.length - top - part.length;
    const hint =
      left > 0
        ? style.dim(`↓ ${left} more ${left === 1 ? 'line' : 'lines'}: space or arrows`)
        : top > 0
          ? style.dim(`↑ ${top} ${top === 1 ? 'line' : 'lines'} above: arrows`)
          : '';
    const empty = Array<string>(room - part.length).fill('');
    display.draw({ lines: [...part, ...empty, hint, ...below] });
  };

  return {
    get style() {
      return style;
    },
    get room() {
      return page ? height(footer(page).length) : height(3);
    },
    show: next => {
      if (next.name !== page?.name) top = 0;
      page = next;
      draw();
    },
    scroll: way => {
      const far = Math.max(1, (page ? height(footer(page).length) : 10) - 1);
      const by = { up: -1, down: 1, 'page-up': -far, 'page-down': far };
      top = way === 'home' ? 0 : way === 'end' ? Number.MAX_SAFE_INTEGER : top + by[way];
      draw();
    },
    resized: () => {
      style = styled();
      draw();
    },
    enter: () => {
      display.enter();
      draw();
    },
    leave: display.leave,
  };
}

/** One page below the other; of a page that grows only what is new. */
function plainScreen(output: TerminalOutput, styled: () => Style): Screen {
  let style = styled();
  let last: ScreenPage | undefined;
  let status = '';
  const print = (lines: readonly string[]) =>
    output.write(lines.map(line => `${line}\r\n`).join(''));
  return {
    get style() {
      return style;
    },
    room: Number.MAX_SAFE_INTEGER,
    show: page => {
      const known = last?.name === page.name ? last.lines : undefined;
      const grows = known?.every((line, at) => page.lines[at] === line);
      if (grows) print(page.lines.slice(known?.length));
      else print(['', ...page.lines]);
      if (!grows && page.keys.length > 0) {
        print(['', ...hang('Keys: ', '      ', page.keys.join(', '), style.width)]);
      } else if (page.status !== status && page.status !== '' && known) {
        print(hang('', '  ', page.status, style.width));
      }
      status = page.status;
      last = page;
    },
    scroll: () => undefined,
    resized: () => {
      style = styled();
    },
    enter: () => undefined,
    leave: () => undefined,
  };
}
