import { closeSync, openSync, readdirSync, readSync } from 'node:fs';

/*
 * What the kernel tells under /proc is read some thousand times in a check. Node's own `readFileSync`
 * makes a new buffer of 64 KiB for each of these files, because their size is not known before; here
 * one buffer serves all.
 */

const shared = Buffer.allocUnsafe(64 * 1024);

/** A file of the kernel as text. @throws Error as `readFileSync` does, when it is gone or not ours */
export function readProc(path: string): string {
  const file = openSync(path, 'r');
  try {
    let length = readSync(file, shared, 0, shared.length, null);
    // A file of many lines comes in pieces of about a page; what is far smaller is all of it.
    if (length < 2048) return shared.toString('latin1', 0, length);
    const parts: string[] = [];
    for (; length > 0; length = readSync(file, shared, 0, shared.length, null))
      parts.push(shared.toString('latin1', 0, length));
    return parts.join('');
  } finally {
    closeSync(file);
  }
}

/** The processes of this machine. */
export function processIds(): number[] {
  return readdirSync('/proc').flatMap(entry => {
    const code = entry.charCodeAt(0);
    return code >= 48 && code <= 57 ? [Number(entry)] : [];
  });
}
