import {
  chmodSync,
  chownSync,
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

const MOST_FILES = 2000;
const MOST_BYTES = 64 << 20;

/** A regular file's bytes, if it is one and not larger than `most`; a link is not followed. */
export function readPlain(path: string, most: number): Buffer | undefined {
  let file: number | undefined;
  try {
    // Not blocking: what looked like a file may be a pipe by now.
    file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    const found = fstatSync(file);
    return found.isFile() && found.size <= most ? readFileSync(file) : undefined;
  } catch {
    return undefined;
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

/**
 * Copies the regular files below a folder. Links, pipes and devices stay behind.
 * @param owner the user that the copies belong to; default ours
 * @throws Error when it is more than a submission can be
 */
export function copyPlain(from: string, to: string, owner?: number): void {
  const left = { files: MOST_FILES, bytes: MOST_BYTES };
  const copy = (source: string, target: string): void => {
    const found = lstatSync(source);
    if (found.isDirectory()) {
      mkdirSync(target, { recursive: true });
      chmodSync(target, 0o755);
      if (owner !== undefined) chownSync(target, owner, owner);
      for (const name of readdirSync(source)) copy(join(source, name), join(target, name));
    } else if (found.isFile()) {
      left.files -= 1;
      const bytes = left.files < 0 ? undefined : readPlain(source, left.bytes);
      if (!bytes) throw new Error('there are more files, or larger ones, than a program can have');
      left.bytes -= bytes.length;
      writeFileSync(target, bytes);
      chmodSync(target, found.mode & 0o100 ? 0o755 : 0o644);
      if (owner !== undefined) chownSync(target, owner, owner);
    }
  };
  copy(from, to);
}
