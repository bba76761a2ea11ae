import { lstat, mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import { openFiles, openFolder } from './folder.js';
import { bytesText, type IntakeLimits, UnreadableSubmission } from './limits.js';
import { shown } from './paths.js';
import type { Source } from './source.js';
import type { Submission } from './submission.js';
import { openTar } from './tar.js';
import { openZip } from './zip.js';

const archive = /\.(zip|tar|tar\.gz|tgz)$/i;
const foreign = /\.(rar|7z|xz|txz|bz2|tbz2?|zst|gz)$/i;

/** Archives that other programs make and this one does not read. */
export function isForeignArchive(name: string): boolean {
  return foreign.test(name) && !archive.test(name);
}

/** What is said of one. */
export function foreignArchive(name: string): string {
  const kind = /\.\w+$/.exec(name)?.[0] ?? '';
  return `it is an archive of a kind that is not read here (${kind}); ask for a .zip`;
}

/** Whether a name is that of an archive that can be read here. */
export function archiveKind(name: string): 'zip' | 'tar' | undefined {
  const [, extension] = archive.exec(name) ?? [];
  if (extension === undefined) return undefined;
  return extension.toLowerCase() === 'zip' ? 'zip' : 'tar';
}

/** A name without the ending of an archive. */
export function withoutArchiveEnding(name: string): string {
  return name.replace(archive, '').replace(foreign, '');
}

/** A file of which a program or its settings could be made. */
const couldCount = /\.([cm]?[jt]sx?|py|conf|env)(\.txt)?$|(^|\/)(acl|passwd)(\.txt)?$/i;

/**
 * Opens what was handed in as a list of files. Where an archive is all that could be the work, the
 * archive is opened instead: learners pack what their system packs again.
 * @param inner a folder of ours, not yet there, for an archive in an archive
 * @throws UnreadableSubmission
 */
export async function openSubmission(
  submission: Submission,
  inner: string,
  limits: IntakeLimits,
): Promise<Source> {
  if (submission.kind === 'files') return openFiles(submission.path, submission.files ?? []);
  let source =
    submission.kind === 'folder'
      ? await openFolder(submission.path, limits)
      : await openArchive(submission.path, limits);
  // In a folder, an archive is the first; only an archive in an archive is nested.
  let left = submission.kind === 'folder' ? 2 : 1;
  for (let number = 1; ; number++) {
    const problem = problemOf(source, submission.kind !== 'folder' || number > 1);
    const only = problem === undefined ? onlyArchive(source) : undefined;
    if (problem === undefined && only === undefined) return source;
    if (problem !== undefined || only === undefined || left-- === 0) {
      await source.close();
      throw new UnreadableSubmission(problem ?? 'it is an archive in an archive in an archive');
    }
    const path = join(inner, `${number}`);
    try {
      await mkdir(inner, { recursive: true, mode: 0o700 });
      await source.save(only, path, limits.archiveBytes);
    } finally {
      await source.close();
    }
    const { notices, files } = source;
    source = await openArchive(path, limits);
    source = {
      ...source,
      notices: [
        ...notices,
        ...source.notices,
        `read from ${shown(only)}, which is ${files.length === 1 ? 'all it holds' : 'the only archive in it'}`,
      ],
    };
  }
}

/** Why nothing of it can be taken, as far as the names in it tell. */
function problemOf({ files, refused }: Source, packed: boolean): string | undefined {
  if (files.length === 0 && refused.length === 0) {
    return packed ? 'it holds no files' : undefined;
  }
  if (files.some(one => couldCount.test(one.path))) return undefined;
  const archives = files.filter(({ path }) => archiveKind(path) || isForeignArchive(path));
  const [first, ...more] = archives;
  if (!first) return undefined;
  if (more.length > 0) {
    const names = archives.slice(0, 3).map(one => shown(one.path));
    const rest = archives.length > 3 ? ` and ${archives.length - 3} more` : '';
    return `it holds ${archives.length} archives (${names.join(', ')}${rest}), and which one counts cannot be told; ask for one .zip`;
  }
  return archiveKind(first.path)
    ? undefined
    : `${shown(first.path)} in it is of a kind that is not read here; ask for a .zip`;
}

/** The archive that is all a submission has that could be work. */
function onlyArchive({ files }: Source): string | undefined {
  if (files.some(one => couldCount.test(one.path))) return undefined;
  return files.find(one => archiveKind(one.path))?.path;
}

/** Opens an archive by what it is, whatever its name says. */
async function openArchive(path: string, limits: IntakeLimits): Promise<Source> {
  const stats = await lstat(path).catch(() => undefined);
  if (!stats) throw new UnreadableSubmission('it was gone when it was opened');
  if (stats.isSymbolicLink())
    throw new UnreadableSubmission('it is a link; links are never followed');
  if (!stats.isFile()) throw new UnreadableSubmission('it is not a regular file');
  if (stats.size === 0) throw new UnreadableSubmission('it is empty (0 bytes)');
  if (stats.size > limits.archiveBytes) {
    throw new UnreadableSubmission(`it is larger than ${bytesText(limits.archiveBytes)}`);
  }
  const format = await formatOf(path);
  if (format === 'zip') return openZip(path, limits);
  if (format === 'tar') return openTar(path, limits);
  throw new UnreadableSubmission(
    format
      ? `it is a ${format} archive, which is not read here; ask for a .zip`
      : 'it is not a .zip or .tar archive, whatever its name says; it may be damaged',
  );
}

async function formatOf(path: string): Promise<string | undefined> {
  const file = await open(path, 'r').catch(() => {
    throw new UnreadableSubmission('it may not be read: permission is missing');
  });
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(512), 0, 512, 0);
    const head = buffer.subarray(0, bytesRead);
    const begins = (...bytes: number[]) =>
      head.subarray(0, bytes.length).equals(Buffer.from(bytes));
    if (begins(0x50, 0x4b)) return 'zip';
    if (begins(0x1f, 0x8b)) return 'tar';
    if (begins(0x52, 0x61, 0x72, 0x21)) return 'RAR';
    if (begins(0x37, 0x7a, 0xbc, 0xaf)) return '7-Zip';
    if (begins(0xfd, 0x37, 0x7a, 0x58)) return 'xz';
    if (begins(0x42, 0x5a, 0x68)) return 'bzip2';
    if (begins(0x28, 0xb5, 0x2f, 0xfd)) return 'Zstandard';
    return isTarHeader(head) ? 'tar' : undefined;
  } finally {
    await file.close();
  }
}

/** The first block of a .tar carries a sum of its bytes; a .tar without entries is all zero. */
function isTarHeader(head: Buffer): boolean {
  if (head.length < 512) return false;
  if (head.every(byte => byte === 0)) return true;
  const written = Number.parseInt(head.toString('latin1', 148, 156), 8);
  const sum = head.reduce((total, byte, at) => total + (at >= 148 && at < 156 ? 0x20 : byte), 0);
  return written === sum;
}
