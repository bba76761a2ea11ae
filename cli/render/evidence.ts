import { FIRM, printable, wrap } from './layout.js';
import type { Style } from './style.js';

/** A line of the learner's file. */
export interface SourceLine {
  /** As it can be opened from the workspace. */
  readonly file: string;
  /** Absolute. */
  readonly path: string;
  readonly line: number;
  readonly text: string;
}

/** What stands behind a failed verdict. */
export interface Evidence {
  readonly packets: readonly {
    readonly n: number;
    /** Milliseconds since the scenario began. */
    readonly t: number;
    readonly direction: 'to-broker' | 'to-client';
    /** Name of the program or peer whose connection it is. */
    readonly who: string;
  }[];
  /** The field that the verdict is about. */
  readonly bytes?: {
    readonly n: number;
    readonly type: string;
    readonly field: string;
    /** The first byte of the field, from 0, and the byte after its last. */
    readonly from: number;
    readonly to: number;
    readonly value: string;
    readonly hex: string;
    readonly bit?: { readonly at: string; readonly bits: string; readonly meaning: string };
  };
  readonly place?: SourceLine;
}

/** When the cited packets came and which way they went, in one or two lines. */
export function packetTimes({ packets }: Evidence, style: Style): string[] {
  const arrow = style.plain ? '->' : '→';
  return packets.map(({ n, t, direction, who }) => {
    const way = direction === 'to-broker' ? `${who} ${arrow} broker` : `broker ${arrow} ${who}`;
    return `${style.yellow(`#${n}`)} at +${(t / 1000).toFixed(3)} s, ${way}`.replaceAll(' ', FIRM);
  });
}

/** Bytes of a packet that are shown in all, before the field, and of the field. */
const MOST_BYTES = 18;
const BEFORE = 6;
const FIELD = 12;

/** The field in words, and the bytes with the field in brackets. */
export function byteLines({ bytes, packets }: Evidence, room: number, style: Style): string[] {
  if (!bytes) return [];
  const { n, field, to, value, bit } = bytes;
  // Of an empty text only its length is there, in the two bytes before it.
  const from = bytes.from === to ? Math.max(0, to - 2) : bytes.from;
  const which = packets.length === 1 ? '' : `#${n}, `;
  const where = to - from > 1 ? `bytes ${from} to ${to - 1}` : `byte ${from}`;
  const head = `${which}${where} of ${bytes.hex.length / 2}`.replaceAll(' ', FIRM);
  const bits = bit
    ? `, ${/-/.test(bit.at) ? 'bits' : 'bit'}${FIRM}${bit.at}${FIRM}=${FIRM}${bit.bits}`
    : '';
  const words = printable(`${field}${bits}: ${bit ? bit.meaning : value}`).text;
  return [...wrap(`${head}, ${words}`, room), hexLine({ ...bytes, from }, room, style)];
}

function hexLine(bytes: NonNullable<Evidence['bytes']>, room: number, style: Style): string {
  const all = bytes.hex.match(/../g) ?? [];
  const dots = style.plain ? '...' : '…';
  // A pair takes three columns; brackets and dots need the rest.
  const most = Math.max(2, Math.min(MOST_BYTES, Math.floor((room - 10) / 3)));
  const size = Math.min(FIELD, bytes.to - bytes.from, most);
  const before = Math.min(BEFORE, bytes.from, most - size);
  const cut = size < bytes.to - bytes.from;
  const behind = cut ? 0 : Math.min(all.length - bytes.to, most - size - before);
  const part = (from: number, to: number) => all.slice(from, to).join(' ');
  const field = `${part(bytes.from, bytes.from + size)}${cut ? ` ${dots}` : ''}`;
  return [
    style.dim(bytes.from > before ? dots : ''),
    style.dim(part(bytes.from - before, bytes.from)),
    style.bold(style.red(`[${field}]`)),
    style.dim(part(bytes.to, bytes.to + behind)),
    style.dim(
      bytes.from + size + behind < all.length && !(cut && bytes.to === all.length) ? dots : '',
    ),
  ]
    .filter(text => text !== '')
    .join(' ');
}
