import { copyFileSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { explainWrite, timeStamp } from './atomic.js';
import { findLesson } from './catalogue.js';
import { fileHash, textHash } from './files.js';
import { META, type Workspace } from './find.js';
import { type Delivered, deliveredFiles, newerName } from './refresh.js';
import { updateState } from './state.js';
import type { Track } from './track.js';

export interface ResetPlan {
  readonly lesson: string;
  /** Files of the lesson, by path in the workspace. */
  readonly files: readonly string[];
  /** Those that differ from the stub: their text goes into the backup. */
  readonly changed: readonly string[];
  /** Those that are gone. */
  readonly missing: readonly string[];
}

export interface ResetDone extends ResetPlan {
  /** Folder of the backup, relative to the workspace; undefined when nothing had to be saved. */
  readonly backup?: string;
}

function stubs(lesson: string, track: Track, root?: string): Delivered[] {
  const prefix = `exercises/${findLesson(lesson, root).id}/${track}/`;
  return deliveredFiles(root).filter(one => one.path.startsWith(prefix));
}

/** What `reset` would do to a lesson in a track. */
export function planReset(
  workspace: Workspace,
  lesson: string,
  track: Track,
  root?: string,
): ResetPlan {
  const files = stubs(lesson, track, root);
  const missing = files.filter(one => !existsSync(join(workspace.folder, one.path)));
  const changed = files.filter(
    one =>
      !missing.includes(one) && fileHash(join(workspace.folder, one.path)) !== textHash(one.text),
  );
  const paths = (list: readonly Delivered[]) => list.map(one => one.path);
  const { id } = findLesson(lesson, root);
  return { lesson: id, files: paths(files), changed: paths(changed), missing: paths(missing) };
}

/** Gives a lesson's stubs back as the course delivers them; the learner's text is saved first. */
export function resetLesson(
  workspace: Workspace,
  lesson: string,
  track: Track,
  root?: string,
  now: Date = new Date(),
): ResetDone {
  const plan = planReset(workspace, lesson, track, root);
  const { folder } = workspace;
  const beside = plan.files.map(newerName).filter(path => existsSync(join(folder, path)));
  const save = [...plan.changed, ...beside];
  try {
    const backup = save.length > 0 ? freshFolder(workspace, now) : undefined;
    for (const path of backup ? save : []) {
      const copy = join(folder, backup ?? '', path);
      mkdirSync(dirname(copy), { recursive: true });
      copyFileSync(join(folder, path), copy);
    }
    for (const path of beside) rmSync(join(folder, path));
    const delivered = stubs(lesson, track, root);
    for (const { path, text } of delivered) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text);
    }
    updateState(workspace.meta, state => {
      for (const { path, text } of delivered) state.stubs[path] = textHash(text);
    });
    return { ...plan, ...(backup ? { backup } : {}) };
  } catch (error) {
    throw explainWrite(error, folder);
  }
}

/** A new folder for a backup, relative to the workspace; two in one second do not meet. */
function freshFolder(workspace: Workspace, now: Date): string {
  for (let n = 1; ; n++) {
    const name = `${META}/backups/${timeStamp(now)}${n === 1 ? '' : `-${n}`}`;
    const path = join(workspace.folder, name);
    if (existsSync(path)) continue;
    mkdirSync(path, { recursive: true });
    return name;
  }
}
