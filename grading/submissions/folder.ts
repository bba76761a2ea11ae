import { constants, type Stats } from 'node:fs';
import { type FileHandle, lstat, open, readdir, realpath } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { bytesText, type IntakeLimits, UnreadableSubmission } from './limits.js';
import { isLitter, nameProblem, shown } from './paths.js';
import { saveStream } from './save.js';
import type { Extracted, Refused, Source, SourceFile } from './source.js';

/**
 * Lists a submission that lies on disk. Links are never followed and nothing is written; `.git` is
 * not looked into, and no git command is run.
 * @throws UnreadableSubmission when it cannot be read or is beyond the limits
 */
export async function openFolder(folder: string, limits: IntakeLimits): Promise<Source> {
  const files: SourceFile[] = [];
  const refused: Refused[] = [];
  const top = await realpath(folder).catch(unreadable);
  let count = 0;
  const walk = async (prefix: string): Promise<void> => {
    const names = await readdir(join(top, prefix)).catch(error => {
      if (prefix === '') return unreadable(error);
      refused.push({ path: shown(prefix), because: 'cannot be opened' });
      return [];
    });
    for (const name of names.sort()) {
      count += 1;
      if (count > limits.entries) {
        throw new UnreadableSubmission(`it holds more than ${limits.entries} files`);
      }
      if (isLitter(name)) continue;
      const path = `${prefix}${name}`;
      // On Windows a name cannot hold a backslash; elsewhere it is just a letter, and refused.
      const because = nameProblem(path, limits);
      if (because !== undefined) {
        refused.push({ path: shown(path), because });
        continue;
      }
      const stats = await lstat(join(top, path)).catch(() => undefined);
      if (!stats) refused.push({ path, because: 'was gone when it was looked at' });
      else if (stats.isDirectory()) await walk(`${path}/`);
      else if (stats.isFile()) files.push({ path, size: stats.size });
      else if (stats.isSymbolicLink())
        refused.push({ path, because: 'is a link; links are never followed' });
      else refused.push({ path, because: 'is a device or another special file' });
    }
  };
  await walk('');
  return {
    files,
    refused,
    notices: [],
    async extract(paths, maxBytes) {
      const out = new Map<string, Extracted>();
      const todo = [...paths];
      const worker = async () => {
        for (let path = todo.pop(); path !== undefined; path = todo.pop()) {
          out.set(path, await readSafely(top, path, maxBytes));
        }
      };
      await Promise.all(Array.from({ length: AT_ONCE }, worker));
      return out;
    },
    async save(path, to, maxBytes) {
      const { file } = await openSafely(top, path).catch(unreadable);
      try {
        await saveStream(file.createReadStream({ autoClose: false }), to, maxBytes);
      } finally {
        await file.close();
      }
    },
    close: async () => undefined,
  };
}

/** Opens some files of a folder, under other names: those of one learner among those of others. */
export async function openFiles(
  folder: string,
  picked: readonly { readonly name: string; readonly path: string }[],
): Promise<Source> {
  const top = await realpath(folder).catch(unreadable);
  const places = new Map(picked.map(one => [one.name, relative(folder, one.path)]));
  const files: SourceFile[] = [];
  const refused: Refused[] = [];
  for (const [name, place] of places) {
    const stats = await lstat(join(top, place)).catch(() => undefined);
    if (stats?.isFile()) files.push({ path: name, size: stats.size });
    else refused.push({ path: shown(place), because: 'is no regular file' });
  }
  return {
    files,
    refused,
    notices: [],
    async extract(paths, maxBytes) {
      const out = new Map<string, Extracted>();
      for (const name of paths) {
        const place = places.get(name);
        if (place !== undefined) out.set(name, await readSafely(top, place, maxBytes));
      }
      return out;
    },
    async save() {
      throw new UnreadableSubmission('an archive among loose files is not read');
    },
    close: async () => undefined,
  };
}

/** Files that are read at the same time. */
const AT_ONCE = 4;
/** How often a file that changes under our hands is read again before it is taken as it is. */
const READS = 3;

async function readSafely(top: string, path: string, maxBytes: number): Promise<Extracted> {
  for (let left = READS; ; left--) {
    let file: FileHandle | undefined;
    try {
      const opened = await openSafely(top, path);
      file = opened.file;
      if (opened.stats.size > maxBytes) return { refused: `is larger than ${bytesText(maxBytes)}` };
      // One byte more than allowed: it may have grown since it was measured.
      const buffer = Buffer.alloc(maxBytes + 1);
      let size = 0;
      for (;;) {
        const { bytesRead } = await file.read(buffer, size, buffer.length - size, size);
        size += bytesRead;
        if (bytesRead === 0 || size === buffer.length) break;
      }
      if (size > maxBytes) return { refused: `is larger than ${bytesText(maxBytes)}` };
      const after = await file.stat();
      const bytes = Buffer.from(buffer.subarray(0, size));
      if (same(opened.stats, after) && size === after.size) return { bytes };
      if (left <= 1) return { bytes, note: 'changed while it was read' };
    } catch (error) {
      return { refused: error instanceof NotOurs ? error.message : 'cannot be opened' };
    } finally {
      await file?.close();
    }
  }
}

class NotOurs extends Error {}

/** Opens a regular file inside `top` that is reached without any link, at the time of opening. */
async function openSafely(
  top: string,
  path: string,
): Promise<{ readonly file: FileHandle; readonly stats: Stats }> {
  const full = join(top, path);
  const file = await open(
    full,
    constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0),
  ).catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'ELOOP' ? new NotOurs('is a link; links are never followed') : error;
  });
  try {
    const stats = await file.stat();
    if (!stats.isFile()) throw new NotOurs('is a device or another special file');
    // A folder above may have become a link since the listing: what was opened must be what
    // lies there without one.
    const here = await lstat(full);
    if ((await realpath(dirname(full))) !== dirname(full) || !sameFile(here, stats)) {
      throw new NotOurs('lies behind a link; links are never followed');
    }
    return { file, stats };
  } catch (error) {
    await file.close();
    throw error;
  }
}

const sameFile = (a: Stats, b: Stats) => a.ino === b.ino && a.dev === b.dev;
const same = (a: Stats, b: Stats) =>
  sameFile(a, b) && a.size === b.size && a.mtimeMs === b.mtimeMs && a.ctimeMs === b.ctimeMs;

function unreadable(error: unknown): never {
  const { code } = error as NodeJS.ErrnoException;
  throw new UnreadableSubmission(
    code === 'EACCES' || code === 'EPERM'
      ? 'it may not be read: permission is missing'
      : `it cannot be opened (${code ?? 'no reason given'})`,
  );
}
