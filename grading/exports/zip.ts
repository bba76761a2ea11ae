/** A zip that has the same bytes whenever and wherever it is made from the same files. */
import { zipSync } from 'fflate';

export interface ZipFile {
  readonly path: string;
  readonly content: string | Uint8Array;
  readonly executable?: true;
}

export function zipOf(files: readonly ZipFile[]): Uint8Array {
  const encoder = new TextEncoder();
  // The time in a zip is local, and so is what this constructor takes: the bytes are the same everywhere.
  const mtime = new Date(1980, 0, 1);
  const entries = files.map(({ path, content, executable }) => {
    const bytes = typeof content === 'string' ? encoder.encode(content) : content;
    const attrs = (executable ? 0o100755 : 0o100644) * 0x10000;
    const level = path.endsWith('.tgz') ? 0 : 9;
    return [path, [bytes, { mtime, os: 3, attrs, level }]] as const;
  });
  return zipSync(Object.fromEntries(entries) as Parameters<typeof zipSync>[0]);
}
