import { gzipSync } from 'node:zlib';
import { Header } from 'tar';

export interface TarFile {
  readonly path: string;
  readonly content: string | Uint8Array;
  readonly executable?: boolean;
}

const BLOCK = 512;
/** npm's own: the day on which everything in a package was made. */
const MTIME = new Date('1985-10-26T08:15:00Z');

/** A .tgz as npm makes them: the same files give the same bytes, whenever and wherever. */
export async function tarball(files: readonly TarFile[]): Promise<Uint8Array> {
  const blocks: Uint8Array[] = [];
  for (const { path, content, executable } of files) {
    const bytes = typeof content === 'string' ? Buffer.from(content) : Buffer.from(content);
    const header = Buffer.alloc(BLOCK);
    const needsMore = new Header({
      path,
      mode: executable ? 0o755 : 0o644,
      uid: 0,
      gid: 0,
      size: bytes.length,
      mtime: MTIME,
      type: 'File',
    }).encode(header, 0);
    if (needsMore) throw new Error(`${path} has too long a name for a tarball`);
    blocks.push(header, bytes, Buffer.alloc((BLOCK - (bytes.length % BLOCK)) % BLOCK));
  }
  blocks.push(Buffer.alloc(2 * BLOCK));
  const packed = gzipSync(Buffer.concat(blocks), { level: 9 });
  // The system that zlib was built for is written there; it is nobody's business.
  packed[9] = 3;
  return packed;
}
