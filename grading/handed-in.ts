/** The files as they were judged, beside the results: `handed-in/<learner>/<lesson>/main.ts`. */
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { patientRemoval } from '../course/system/index.js';
import { safeName } from './safe-name.js';

/** A file of a learner, from the folder of the exercise. */
export interface JudgedFile {
  readonly name: string;
  readonly text: string;
}

/** Relative to the folder of the class. */
export function handedInPath(learner: string, lesson: string): string {
  return `handed-in/${safeName(learner)}/${lesson}`;
}

/** Keeps what is judged now; what an earlier attempt left goes. */
export function keepHandedIn(out: string, learner: string, lesson: string, from: string): void {
  removeHandedIn(out, learner, lesson);
  if (existsSync(from)) cpSync(from, join(out, handedInPath(learner, lesson)), { recursive: true });
}

export function removeHandedIn(out: string, learner: string, lesson: string): void {
  rmSync(join(out, handedInPath(learner, lesson)), patientRemoval);
}

/** The most that is shown of one file, bytes: that of the largest file that is taken. */
const MOST = 256 * 1024;

/** The files of a lesson, the program first; none when they were not kept. */
export function readHandedIn(out: string, learner: string, lesson: string): JudgedFile[] {
  const top = join(out, handedInPath(learner, lesson));
  const files: JudgedFile[] = [];
  const walk = (prefix: string) => {
    for (const entry of readdirSync(join(top, prefix), { withFileTypes: true })) {
      const name = `${prefix}${entry.name}`;
      if (entry.isDirectory()) walk(`${name}/`);
      else if (entry.isFile() && statSync(join(top, name)).size <= MOST) {
        files.push({ name, text: readFileSync(join(top, name), 'utf8') });
      }
    }
  };
  if (existsSync(top)) walk('');
  const rank = ({ name }: JudgedFile) => (/^main\./.test(name) ? 0 : 1);
  return files.sort((a, b) => rank(a) - rank(b) || (a.name < b.name ? -1 : 1));
}
