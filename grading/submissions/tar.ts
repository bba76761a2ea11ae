import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { PassThrough } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { Parser, type ReadEntry } from 'tar';
import { bytesText, type IntakeLimits, RATIO_FROM_BYTES, UnreadableSubmission } from './limits.js';
import { saveStream } from './save.js';
import { type Extracted, entryCollector, type RawEntry, type Source } from './source.js';

const kinds: Readonly<Record<string, RawEntry['kind']>> = {
  File: 'file',
  OldFile: 'file',
  ContiguousFile: 'file',
  Directory: 'folder',
  GNUDumpDir: 'folder',
  Link: 'link',
  SymbolicLink: 'link',
};

/**
 * Opens a .tar or .tar.gz. It is streamed once for its names, and once more for the files that are
 * asked for; nothing is kept in memory but those.
 * @throws UnreadableSubmission when it is broken or beyond the limits
 */
export async function openTar(path: string, limits: IntakeLimits): Promise<Source> {
  const collector = entryCollector(limits);
  /** Which entry of the archive holds a file: names may repeat. */
  const indexes = new Map<string, number>();
  await eachEntry(path, limits, (entry, index) => {
    collector.countEntry();
    const kind = kinds[entry.type] ?? 'special';
    const kept = collector.add({ name: entry.path, size: entry.size, kind });
    if (kept !== undefined) indexes.set(kept, index);
    entry.resume();
  });
  const wantedIndex = (paths: Iterable<string>) =>
    new Map(
      [...paths].flatMap(one => (indexes.has(one) ? [[indexes.get(one), one] as const] : [])),
    );
  return {
    files: collector.finish(),
    refused: collector.refused,
    notices: [],
    async extract(paths, maxBytes) {
      const wanted = wantedIndex(paths);
      const out = new Map<string, Extracted>();
      await eachEntry(path, limits, (entry, index) => {
        const name = wanted.get(index);
        if (name === undefined) return void entry.resume();
        if (entry.size > maxBytes) {
          out.set(name, { refused: `is larger than ${bytesText(maxBytes)}` });
          return void entry.resume();
        }
        const chunks: Buffer[] = [];
        entry.on('data', chunk => chunks.push(Buffer.from(chunk)));
        entry.on('end', () => out.set(name, { bytes: Buffer.concat(chunks) }));
      });
      return out;
    },
    async save(name, to, maxBytes) {
      const wanted = wantedIndex([name]);
      let saved: Promise<void> | undefined;
      await eachEntry(path, limits, (entry, index) => {
        if (!wanted.has(index) || entry.size > maxBytes) return void entry.resume();
        const through = new PassThrough();
        entry.pipe(through);
        saved = saveStream(through, to, maxBytes);
        // Awaited below; an early failure must not count as unhandled meanwhile.
        saved.catch(() => undefined);
      });
      if (!saved) {
        throw new UnreadableSubmission(`the archive inside is larger than ${bytesText(maxBytes)}`);
      }
      await saved;
    },
    close: async () => undefined,
  };
}

/** Streams the archive through the parser, counting what comes out. */
async function eachEntry(
  path: string,
  limits: IntakeLimits,
  visit: (entry: ReadEntry, index: number) => void,
): Promise<void> {
  let failure: unknown;
  let index = 0;
  const parser = new Parser({
    strict: true,
    brotli: false,
    zstd: false,
    onReadEntry: entry => {
      try {
        if (failure === undefined) visit(entry, index++);
        else entry.resume();
      } catch (error) {
        failure ??= error;
        entry.resume();
      }
    },
  });
  parser.on('error', error => {
    failure ??= error;
  });
  // Two empty blocks are the end of the archive. What follows would be kept, and copied again with
  // each chunk.
  let over = false;
  parser.on('eof', () => {
    over = true;
  });
  const ended = new Promise<void>(resolve => {
    parser.on('end', resolve);
    parser.on('error', () => resolve());
  });
  const packed = (await stat(path)).size;
  const file = createReadStream(path);
  const zipped = await startsWith(path, GZIP);
  const stream = zipped ? file.pipe(createGunzip()) : file;
  // A pipe does not hand on the errors of its source.
  if (zipped) file.on('error', error => stream.destroy(error));
  let size = 0;
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      // The parser would unpack once more, past our counting.
      if (size === 0 && chunk.subarray(0, 2).equals(GZIP)) {
        throw new UnreadableSubmission('it is packed twice');
      }
      size += chunk.length;
      if (size > limits.unpackedBytes) {
        throw new UnreadableSubmission(
          `it is more than ${bytesText(limits.unpackedBytes)} when unpacked`,
        );
      }
      if (size > RATIO_FROM_BYTES && size > packed * limits.ratio) {
        throw new UnreadableSubmission(
          `it is more than ${limits.ratio} times larger when unpacked`,
        );
      }
      parser.write(chunk);
      if (failure !== undefined) throw failure;
      if (over) break;
    }
    if (size === 0) throw new Error('it is empty');
    parser.end();
    await ended;
    if (failure !== undefined) throw failure;
  } catch (error) {
    broken(error);
  } finally {
    stream.destroy();
    file.destroy();
  }
}

const GZIP = Buffer.from([0x1f, 0x8b]);

async function startsWith(path: string, magic: Buffer): Promise<boolean> {
  const file = await open(path, 'r');
  try {
    const { buffer } = await file.read(Buffer.alloc(magic.length), 0, magic.length, 0);
    return buffer.equals(magic);
  } finally {
    await file.close();
  }
}

function broken(error: unknown): never {
  if (error instanceof UnreadableSubmission) throw error;
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'EACCES' || code === 'EPERM') {
    throw new UnreadableSubmission('it may not be read: permission is missing');
  }
  throw new UnreadableSubmission(`the .tar is broken (${message})`);
}
