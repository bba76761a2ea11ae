import { deflateRawSync } from 'node:zlib';
import { crc32 } from '../../grading/submissions/crc32.js';

/** Archives made byte by byte, so that they can be as wrong as those of an attacker. */
export interface ZipEntry {
  readonly name: string;
  readonly data?: string | Uint8Array;
  /** Unix mode with the type: `0o120777` is a link. */
  readonly mode?: number;
  /** General purpose bits; 1 is encrypted. UTF-8 is set when it is needed. */
  readonly flags?: number;
  readonly method?: number;
  readonly crc?: number;
  /** What the headers say about the size, whatever it is. */
  readonly size?: number;
  /** Stored as it is, when the data is packed already. */
  readonly packed?: Uint8Array;
}

export function zipOf(entries: readonly ZipEntry[]): Buffer {
  const locals: Buffer[] = [];
  const centrals: Buffer[] = [];
  let offset = 0;
  for (const one of entries) {
    const name = Buffer.from(one.name, 'utf8');
    const data = Buffer.from(one.data ?? '');
    const method = one.method ?? 8;
    const packed = Buffer.from(one.packed ?? (method === 8 ? deflateRawSync(data) : data));
    const flags = (one.flags ?? 0) | 0x0800;
    const size = one.size ?? data.length;
    const sum = one.crc ?? crc32(data);
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50, 0);
    local.writeUInt16LE(20, 4);
    local.writeUInt16LE(flags, 6);
    local.writeUInt16LE(method, 8);
    local.writeUInt32LE(sum, 14);
    local.writeUInt32LE(packed.length, 18);
    local.writeUInt32LE(size, 22);
    local.writeUInt16LE(name.length, 26);
    const central = Buffer.alloc(46);
    central.writeUInt32LE(0x02014b50, 0);
    central.writeUInt16LE((3 << 8) | 20, 4);
    central.writeUInt16LE(20, 6);
    central.writeUInt16LE(flags, 8);
    central.writeUInt16LE(method, 10);
    central.writeUInt32LE(sum, 16);
    central.writeUInt32LE(packed.length, 20);
    central.writeUInt32LE(size, 24);
    central.writeUInt16LE(name.length, 28);
    central.writeUInt32LE(
      ((one.mode ?? (one.name.endsWith('/') ? 0o040755 : 0o100644)) << 16) >>> 0,
      38,
    );
    central.writeUInt32LE(offset, 42);
    locals.push(local, name, packed);
    centrals.push(central, name);
    offset += 30 + name.length + packed.length;
  }
  const directory = Buffer.concat(centrals);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...locals, directory, end]);
}

export interface TarEntry {
  readonly name: string;
  readonly data?: string | Uint8Array;
  /** `0` file, `1` hard link, `2` link, `3` and `4` devices, `5` folder, `6` pipe, `x` pax header. */
  readonly type?: string;
  readonly link?: string;
  readonly size?: number;
}

export function tarOf(entries: readonly TarEntry[], options: { end?: boolean } = {}): Buffer {
  const blocks: Buffer[] = [];
  for (const one of entries) {
    const data = Buffer.from(one.data ?? '');
    const head = Buffer.alloc(512);
    head.write(one.name, 0, 100, 'utf8');
    head.write('0000644\0', 100);
    head.write('0001750\0', 108);
    head.write('0001750\0', 116);
    head.write(`${(one.size ?? data.length).toString(8).padStart(11, '0')}\0`, 124);
    head.write('00000000000\0', 136);
    head.write('        ', 148);
    head.write(one.type ?? '0', 156);
    head.write(one.link ?? '', 157, 100, 'utf8');
    head.write('ustar\0' + '00', 257);
    const sum = head.reduce((total, byte) => total + byte, 0);
    head.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
    blocks.push(head, data, Buffer.alloc((512 - (data.length % 512)) % 512));
  }
  if (options.end !== false) blocks.push(Buffer.alloc(1024));
  return Buffer.concat(blocks);
}

/** A pax header that gives the next entry another name. */
export function paxPath(path: string): TarEntry {
  const body = ` path=${path}\n`;
  let length = Buffer.byteLength(body);
  while (`${length}`.length + Buffer.byteLength(body) !== length) {
    length = `${length}`.length + Buffer.byteLength(body);
  }
  return { name: 'pax', type: 'x', data: `${length}${body}` };
}
