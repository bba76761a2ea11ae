import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** More than any of these files needs to be; what is longer is cut. */
const CAP = 64 * 1024;

/** The text of a file beside the learner's program; undefined when there is none. */
export async function fileText(folder: string, name: string): Promise<string | undefined> {
  const text = await readFile(join(folder, name), 'utf8').catch(() => undefined);
  return text?.slice(0, CAP);
}
