import { columnsOf, hang, wrapKeeping } from '../render/layout.js';
import { makeStyle, type Style } from '../render/style.js';

/** The side of a terminal that is written to. */
export interface Output {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
}

/** What is to be seen. */
export interface Scene {
  /** A scene with another name begins at its top. */
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
  /** Lines that a scene can have without being scrolled. */
  readonly room: number;
  show(scene: Scene): void;
  scroll(way: Scroll): void;
  /** The window has another size. */
  resized(): void;
  /** Gives the terminal to somebody else, as it was. */
  leave(): void;
  /** Takes it back. */
  enter(): void;
}

const ENTER = '\u001B[?1049h\u001B[?25l\u001B[?2004h';
const LEAVE = '\u001B[?2004l\u001B[?25h\u001B[?1049l';
/** The terminal shows the new picture at once, where it knows how to. */
const BEGIN = '\u001B[?2026h\u001B[H';
const END = '\u001B[J\u001B[?2026l';

/**
 * The whole window, drawn anew at every change; what was on it before comes back at the end. In
 * `plain` everything is written one below the other.
 */
export function createScreen(output: Output, plain: boolean): Screen {
  const styled = () => makeStyle({ ...(plain ? { plain } : {}), stream: output });
  return styled().plain ? plainScreen(output, styled) : wholeScreen(output, styled);
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

/** Terminals draw the mark of cited packets one column wide; the tables of emoji say two. */
function widthOf(line: string): number {
  return columnsOf(line.replaceAll('▶', '>'));
}

function wholeScreen(output: Output, styled: () => Style): Screen {
  let style = styled();
  let scene: Scene | undefined;
  let top = 0;
  let inside = false;

  const rows = () => Math.max(4, output.rows ?? 24);
  const columns = () => Math.max(10, output.columns ?? 80);
  const fitted = (lines: readonly string[]) =>
    lines.flatMap(line => (widthOf(line) > columns() ? wrapKeeping(line, columns()) : [line]));
  const footer = ({ keys, status }: Scene) => {
    const most = Math.max(1, Math.floor(rows() / 3));
    return [style.dim(clipped(status, columns())), ...keyLines(keys, style)].slice(-most);
  };
  /** One row between the text and the footer. */
  const height = (below: number) => Math.max(1, rows() - below - 1);

  const draw = () => {
    if (!scene || !inside) return;
    const below = footer(scene);
    const lines = fitted(scene.lines);
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
    const picture = [...part, ...Array<string>(room - part.length).fill(''), hint, ...below];
    output.write(`${BEGIN}${picture.map(line => `${line}\u001B[K`).join('\r\n')}${END}`);
  };

  return {
    get style() {
      return style;
    },
    get room() {
      return scene ? height(footer(scene).length) : height(3);
    },
    show: next => {
      if (next.name !== scene?.name) top = 0;
      scene = next;
      draw();
    },
    scroll: way => {
      const page = Math.max(1, (scene ? height(footer(scene).length) : 10) - 1);
      const by = { up: -1, down: 1, 'page-up': -page, 'page-down': page };
      top = way === 'home' ? 0 : way === 'end' ? Number.MAX_SAFE_INTEGER : top + by[way];
      draw();
    },
    resized: () => {
      style = styled();
      draw();
    },
    enter: () => {
      if (inside) return;
      inside = true;
      output.write(ENTER);
      draw();
    },
    leave: () => {
      if (!inside) return;
      inside = false;
      output.write(LEAVE);
    },
  };
}

/** One scene below the other; of a scene that grows only what is new. */
function plainScreen(output: Output, styled: () => Style): Screen {
  let style = styled();
  let last: Scene | undefined;
  let status = '';
  const print = (lines: readonly string[]) =>
    output.write(lines.map(line => `${line}\r\n`).join(''));
  return {
    get style() {
      return style;
    },
    room: Number.MAX_SAFE_INTEGER,
    show: scene => {
      const known = last?.name === scene.name ? last.lines : undefined;
      const grows = known?.every((line, at) => scene.lines[at] === line);
      if (grows) print(scene.lines.slice(known?.length));
      else print(['', ...scene.lines]);
      if (!grows && scene.keys.length > 0) {
        print(['', ...hang('Keys: ', '      ', scene.keys.join(', '), style.width)]);
      } else if (scene.status !== status && scene.status !== '' && known) {
        print(hang('', '  ', scene.status, style.width));
      }
      status = scene.status;
      last = scene;
    },
    scroll: () => undefined,
    resized: () => {
      style = styled();
    },
    enter: () => undefined,
    leave: () => undefined,
  };
}
