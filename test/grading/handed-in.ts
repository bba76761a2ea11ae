import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll } from 'vitest';
import { packageRoot, type Track } from '../../course/index.js';
import {
  type Submission,
  type UnpackedSubmission,
  type UnpackOptions,
  unpackSubmission,
} from '../../grading/submissions/index.js';

const made: string[] = [];
afterAll(() => {
  for (const folder of made) rmSync(folder, { recursive: true, force: true });
});

/** A folder that is gone after the tests of the file. */
export function temporary(): string {
  const folder = mkdtempSync(join(tmpdir(), 'intake-'));
  made.push(folder);
  return folder;
}

/** Writes files by relative path. */
export async function write(folder: string, files: Readonly<Record<string, string | Uint8Array>>) {
  for (const [path, data] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), data);
  }
  return folder;
}

export const stub = (lesson: string, track: Track, name: string) =>
  readFileSync(join(packageRoot(), 'exercises', lesson, track, name), 'utf8');
export const solution = (lesson: string, track: Track, name: string) =>
  readFileSync(join(packageRoot(), 'solutions', lesson, track, name), 'utf8');

/** A submission of that kind, as the listing would give it. */
export function submission(path: string, kind: Submission['kind']): Submission {
  return { name: 'ada', path, kind, learner: { id: 'ada' }, learnerFrom: 'folder' };
}

/** Stages into a folder of its own. */
export async function unpack(
  path: string,
  kind: Submission['kind'],
  options: Partial<UnpackOptions> = {},
): Promise<UnpackedSubmission> {
  return unpackSubmission(submission(path, kind), {
    lessons: ['05-wildcards'],
    into: temporary(),
    ...options,
  });
}

/** What was unpacked for a lesson, by name. */
export function unpackedText(unpacked: UnpackedSubmission, lesson: string, name: string): string {
  const exercise = unpacked.exercises.get(lesson);
  if (!exercise) throw new Error(`nothing was unpacked for ${lesson}`);
  return readFileSync(join(exercise.folder, name), 'utf8');
}
