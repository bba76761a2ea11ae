/** The learner's file as text: what its bytes are, and why it cannot be read, in words. */
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { ProgramUnavailable } from './spec.js';

/** A lock of an antivirus or of a synchronised folder passes: so many looks, and the time between. */
const LOOKS = 10;
const BETWEEN_LOOKS_MS = 100;

/** @throws ProgramUnavailable when it is not there, cannot be read, or is no text in UTF-8 or a kin */
export async function readSource(path: string): Promise<string> {
  const bytes = await readPatiently(path);
  const wide = wideEncoding(bytes);
  if (wide) throw notUtf8(path, wide);
  return bytes.toString('utf8');
}

async function readPatiently(path: string): Promise<Buffer> {
  for (let left = LOOKS; ; left--) {
    try {
      return await readFile(path);
    } catch (error) {
      const { code = '' } = error as NodeJS.ErrnoException;
      const passes = code === 'EBUSY' || (process.platform === 'win32' && code === 'EPERM');
      if (!passes || left <= 1) throw unreadable(path, code);
      await new Promise(resolve => setTimeout(resolve, BETWEEN_LOOKS_MS));
    }
  }
}

function unreadable(path: string, code: string): ProgramUnavailable {
  const name = basename(path);
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    return new ProgramUnavailable(`there is no file ${path}`, 'work', undefined, {
      mistake: 'no-file',
      expected: `your program in the file ${name}`,
      why: 'it was deleted, moved or renamed; a file with another name is not looked for',
      try: 'give it its name back, or get the stub again with the command reset',
    });
  }
  if (code === 'EISDIR') {
    return new ProgramUnavailable(`${path} is a folder`, 'work', undefined, {
      mistake: 'no-file',
      expected: `your program in the file ${name}`,
      why: 'a folder of this name is where the file should be',
      try: 'move the file to this place, or get the stub again with the command reset',
    });
  }
  const todo =
    code === 'EACCES' || code === 'EPERM'
      ? process.platform === 'win32'
        ? 'close the programs that have it open; look at its properties, Security'
        : `give yourself the right to read it: chmod u+r ${name}; if it belongs to somebody else (sudo), take it: sudo chown "$USER" ${name}`
      : code === 'EMFILE' || code === 'ENFILE'
        ? 'allow more open files in this shell: ulimit -n 1024'
        : 'close the programs that have it open (an antivirus, a synchronised folder), and try again';
  return new ProgramUnavailable(
    `${path} is there, but this machine does not let it be read (${code}). What to do: ${todo}.`,
    'machine',
  );
}

/** The name of an encoding with two bytes for each character; undefined for any other. */
export function wideEncoding(bytes: Buffer): string | undefined {
  const [first, second] = bytes;
  if (first === 0xff && second === 0xfe) return 'UTF-16 (little-endian, its first bytes are ff fe)';
  if (first === 0xfe && second === 0xff) return 'UTF-16 (big-endian, its first bytes are fe ff)';
  const head = bytes.subarray(0, 2000);
  const zeros = (odd: number) => head.filter((byte, at) => at % 2 === odd && byte === 0).length;
  // Of a text in Latin letters every other byte is zero; a text in UTF-8 has none at all.
  const most = head.length / 4;
  if (head.length >= 8 && zeros(1) > most) return 'UTF-16 (little-endian, without a mark)';
  if (head.length >= 8 && zeros(0) > most) return 'UTF-16 (big-endian, without a mark)';
  return undefined;
}

function notUtf8(path: string, encoding: string): ProgramUnavailable {
  return new ProgramUnavailable(`${basename(path)} is saved as ${encoding}`, 'work', undefined, {
    mistake: 'encoding',
    expected: 'a file in UTF-8',
    why: 'programs read source text as UTF-8; of this file they see a zero between every two letters',
    try: 'save it again as UTF-8. In VS Code: click "UTF-16" below, then Save with Encoding, UTF-8; in PowerShell: Set-Content -Encoding utf8',
  });
}

/**
 * What to say about a file that is nearly UTF-8, beside a failure: bytes of an older encoding, and
 * where they stand. Undefined when every byte is right, or the file itself says what it is.
 */
export function encodingNotice(bytes: Buffer, name: string): string | undefined {
  const wide = wideEncoding(bytes);
  if (wide) return `${name} is saved as ${wide}. Save it again as UTF-8.`;
  // A language knows the mark and skips it; Mosquitto takes it for a part of the first word.
  const program = /\.(?:[cm]?[jt]s|py|md)$/.test(name);
  if (!program && bytes.subarray(0, 3).equals(MARK)) {
    return `${name} begins with a byte order mark (BOM, the bytes ef bb bf), which Mosquitto takes for a part of its first word. Save it as UTF-8 without BOM.`;
  }
  const text = bytes.toString('utf8');
  if (Buffer.from(text).equals(bytes)) return undefined;
  const lines = splitLines(bytes);
  // PEP 263: a Python file may name its encoding in its first two lines.
  if (lines.slice(0, 2).some(line => /^\s*#.*?coding[:=]/.test(line.toString('latin1')))) {
    return undefined;
  }
  const at = lines.findIndex(line => !Buffer.from(line.toString('utf8')).equals(line));
  const wrong = wrongByte(lines[at] ?? Buffer.alloc(0));
  const shown =
    wrong === undefined
      ? ''
      : ` (byte ${wrong.toString(16)}, in Windows-1252 "${older.decode(Uint8Array.of(wrong))}")`;
  return `${name}:${at + 1} is not UTF-8${shown}: it was saved in an older encoding such as Latin-1 or Windows-1252, and your program reads another character there. Save the file again as UTF-8.`;
}

/** U+FEFF in UTF-8. */
const MARK = Buffer.from([0xef, 0xbb, 0xbf]);
const older = new TextDecoder('windows-1252');
const wellFormed = /[\xC2-\xDF][\x80-\xBF]|[\xE0-\xEF][\x80-\xBF]{2}|[\xF0-\xF4][\x80-\xBF]{3}/g;

/** The first byte of a line that belongs to no character of UTF-8. */
function wrongByte(line: Buffer): number | undefined {
  const rest = line.toString('latin1').replace(wellFormed, '');
  return /[\x80-\xFF]/.exec(rest)?.[0].charCodeAt(0);
}

function splitLines(bytes: Buffer): Buffer[] {
  const lines: Buffer[] = [];
  let from = 0;
  for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, from)) {
    lines.push(bytes.subarray(from, end));
    from = end + 1;
  }
  return [...lines, bytes.subarray(from)];
}

export interface UnreadableFile {
  readonly name: string;
  /** After its name: `is saved as UTF-16`. */
  readonly problem: string;
  readonly todo: string;
}

/** Of some files those that no check can read as they are, and what to do: for `doctor`. */
export async function unreadableFiles(
  files: readonly { readonly name: string; readonly path: string }[],
): Promise<readonly UnreadableFile[]> {
  const found: UnreadableFile[] = [];
  for (const { name, path } of files) {
    try {
      const bytes = await readFile(path);
      const wide = wideEncoding(bytes);
      const mixed = encodingNotice(bytes, name);
      const problem = wide
        ? `is saved as ${wide}`
        : mixed && 'is not UTF-8, or has a mark before it';
      if (problem) found.push({ name, problem, todo: 'save it again as UTF-8 without BOM' });
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      const todo = 'give yourself the right to read it, or close the programs that have it open';
      found.push({ name, problem: `cannot be read (${code})`, todo });
    }
  }
  return found;
}
