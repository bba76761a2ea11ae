import type { Readable } from 'node:stream';
import { type Entry, getFileNameLowLevel, openPromise, type ZipFile } from 'yauzl';
import { crc32 } from './crc32.js';
import { bytesText, type IntakeLimits, RATIO_FROM_BYTES, UnreadableSubmission } from './limits.js';
import { shown } from './paths.js';
import { saveStream } from './save.js';
import { type Extracted, entryCollector, type RawEntry, type Source } from './source.js';

/** Unix file types in the upper half of the external attributes. */
const TYPE_MASK = 0o170000;
const REGULAR = 0o100000;
const FOLDER = 0o040000;
const LINK = 0o120000;

/**
 * Opens a .zip. Only its table of contents is read; a file is unpacked when it is asked for.
 * @throws UnreadableSubmission when it is broken or beyond the limits
 */
export async function openZip(path: string, limits: IntakeLimits): Promise<Source> {
  const zip = await openPromise(path, {
    lazyEntries: true,
    autoClose: false,
    decodeStrings: false,
    validateEntrySizes: true,
  }).catch(broken);
  try {
    return await readDirectory(zip, limits);
  } catch (error) {
    zip.close();
    return broken(error);
  }
}

async function readDirectory(zip: ZipFile, limits: IntakeLimits): Promise<Source> {
  if (zip.entryCount > limits.entries) {
    throw new UnreadableSubmission(`it holds more than ${limits.entries} files`);
  }
  const collector = entryCollector(limits);
  const read: { entry: Entry; name: string }[] = [];
  for await (const entry of zip.eachEntry()) {
    collector.countEntry();
    read.push({ entry, name: nameOf(entry) });
  }
  const { notices, fixed } = windowsNames(read);
  const entries = new Map<string, Entry>();
  let unpacked = 0;
  for (const { entry, name } of fixed) {
    const path = collector.add(rawEntry(entry, name));
    if (path === undefined) continue;
    entries.set(path, entry);
    unpacked += entry.uncompressedSize;
    if (unpacked > limits.unpackedBytes) {
      throw new UnreadableSubmission(
        `it would be more than ${bytesText(limits.unpackedBytes)} when unpacked`,
      );
    }
    if (unpacked > RATIO_FROM_BYTES && unpacked > zip.fileSize * limits.ratio) {
      throw new UnreadableSubmission(
        `it would be more than ${limits.ratio} times larger when unpacked`,
      );
    }
  }
  return {
    files: collector.finish(),
    refused: collector.refused,
    notices,
    async extract(paths, maxBytes) {
      const out = new Map<string, Extracted>();
      for (const path of paths) {
        const entry = entries.get(path);
        if (entry) out.set(path, await unpack(zip, entry, path, maxBytes));
      }
      return out;
    },
    async save(path, to, maxBytes) {
      const entry = entries.get(path);
      if (!entry) throw new UnreadableSubmission('it is broken');
      await zip
        .openReadStreamPromise(entry)
        .then(stream => saveStream(stream, to, maxBytes))
        .catch(broken);
    },
    close: async () => zip.close(),
  };
}

function nameOf(entry: Entry): string {
  return getFileNameLowLevel(
    entry.generalPurposeBitFlag,
    entry.fileNameRaw,
    entry.extraFields,
    true,
  );
}

/**
 * Windows PowerShell 5 writes `a\b` for `a/b`. An archive in which no name has a forward slash is
 * read that way; in any other, a backslash stays a reason to refuse.
 */
function windowsNames(read: readonly { entry: Entry; name: string }[]) {
  const windows =
    read.some(({ name }) => name.includes('\\')) && !read.some(({ name }) => name.includes('/'));
  if (!windows) return { fixed: read, notices: [] };
  return {
    fixed: read.map(({ entry, name }) => ({ entry, name: name.replaceAll('\\', '/') })),
    notices: ['its names are written with backslashes, as old Windows tools do; read as folders'],
  };
}

function rawEntry(entry: Entry, name: string): RawEntry {
  const type = (entry.externalFileAttributes >>> 16) & TYPE_MASK;
  const kind =
    type === LINK
      ? 'link'
      : type !== 0 && type !== REGULAR && type !== FOLDER
        ? 'special'
        : name.endsWith('/') || type === FOLDER
          ? 'folder'
          : 'file';
  const problem = entry.isEncrypted()
    ? 'is encrypted'
    : entry.canDecodeFileData()
      ? undefined
      : `is packed in a way that is not read here (method ${entry.compressionMethod})`;
  return { name, size: entry.uncompressedSize, kind, ...(problem ? { problem } : {}) };
}

async function unpack(
  zip: ZipFile,
  entry: Entry,
  path: string,
  maxBytes: number,
): Promise<Extracted> {
  if (entry.uncompressedSize > maxBytes) {
    return { refused: `is larger than ${bytesText(maxBytes)}` };
  }
  let stream: Readable | undefined;
  try {
    stream = await zip.openReadStreamPromise(entry);
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > maxBytes) break;
      chunks.push(chunk);
    }
    const bytes = Buffer.concat(chunks);
    if (size === entry.uncompressedSize && crc32(bytes) === entry.crc32) return { bytes };
  } catch {
    // Damaged as well: said below, in words that do not depend on how.
  } finally {
    stream?.destroy();
  }
  throw new UnreadableSubmission(
    `the .zip is damaged: ${shown(path)} does not unpack to what it was`,
  );
}

function broken(error: unknown): never {
  if (error instanceof UnreadableSubmission) throw error;
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'EACCES' || code === 'EPERM') {
    throw new UnreadableSubmission('it may not be read: permission is missing');
  }
  throw new UnreadableSubmission(`the .zip is broken (${message})`);
}
