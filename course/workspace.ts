import { accessSync, constants, existsSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { join, relative, resolve, sep } from 'node:path';
import { explainWrite } from './atomic.js';
import { lessonRefs } from './catalogue.js';
import { UsageError } from './errors.js';
import { exerciseEntry } from './files.js';
import { isWorkspace, META, type Workspace, workspaceAt } from './find.js';
import { makeLinks, writeShim } from './links.js';
import { packageRoot, packageVersion } from './package-root.js';
import { deliveredFiles, type Refreshed, refresh } from './refresh.js';
import { readState, type State, updateState } from './state.js';
import { nativePath } from './system/paths.js';
import { isTrack, type Track } from './track.js';

export interface OpenWorkspace {
  readonly workspace: Workspace;
  readonly state: State;
  /** What the learner should be told, a sentence each. */
  readonly notices: readonly string[];
}

/** Opens the workspace in a folder, or makes it there. @throws UsageError */
export function openOrCreate(
  folder: string,
  root?: string,
): OpenWorkspace & { readonly created: boolean } {
  const place = resolve(folder);
  if (isWorkspace(place)) return { ...openWorkspace(workspaceAt(place), root), created: false };
  return { ...createWorkspace(place, root), created: true };
}

const unimportant = new Set(['.git', '.DS_Store', 'Thumbs.db', 'desktop.ini']);

/** Makes a workspace in a folder that is new or empty. @throws UsageError */
export function createWorkspace(folder: string, root: string = packageRoot()): OpenWorkspace {
  const place = resolve(folder);
  try {
    const there = statSync(place, { throwIfNoEntry: false });
    if (there && !there.isDirectory()) {
      throw new UsageError(
        `${place} is a file. Choose another folder: npx mqtt-course start --dir DIR`,
      );
    }
    if (there && readdirSync(place).some(name => !unimportant.has(name))) {
      throw new UsageError(
        `${place} holds other files already. Choose another folder: npx mqtt-course start --dir DIR`,
      );
    }
    mkdirSync(join(place, META), { recursive: true });
  } catch (error) {
    throw explainWrite(error, place);
  }
  return openWorkspace(workspaceAt(place), root, { quiet: true });
}

/**
 * Opens a workspace and brings it up to the course: new lessons, newer stubs, broken links.
 * @throws UsageError when the folder cannot be written
 */
export function openWorkspace(
  workspace: Workspace,
  root: string = packageRoot(),
  options: { readonly quiet?: boolean } = {},
): OpenWorkspace {
  const { folder, meta } = workspace;
  try {
    accessSync(folder, constants.W_OK);
    accessSync(meta, constants.W_OK);
    const { state: before, notices } = readState(meta);
    const stubs = { ...before.stubs };
    const changes = refresh(folder, stubs, deliveredFiles(root));
    writeShim(meta, root);
    makeLinks(folder, root);
    const stale =
      !existsSync(join(meta, 'state.json')) ||
      before.course !== packageVersion() ||
      JSON.stringify(stubs) !== JSON.stringify(before.stubs);
    const state = stale
      ? updateState(meta, now => {
          now.course = packageVersion();
          now.stubs = { ...now.stubs, ...stubs };
        })
      : before;
    return { workspace, state, notices: [...notices, ...(options.quiet ? [] : tell(changes))] };
  } catch (error) {
    throw explainWrite(error, folder);
  }
}

/** Reads a workspace without changing it. */
export function readWorkspace(workspace: Workspace): OpenWorkspace {
  return { workspace, ...readState(workspace.meta) };
}

function tell({ added, updated, kept, restored }: Refreshed): string[] {
  const exercises = (paths: readonly string[]) => paths.filter(path => /^exercises\/\d/.test(path));
  const lessons = [...new Set(exercises(added).map(path => path.split('/')[1]))];
  const newer = exercises(updated);
  return [
    ...(lessons.length > 0 ? [`New in the course: ${lessons.join(', ')}.`] : []),
    ...(newer.length > 0
      ? [
          `The course has newer stubs; you had not touched these, so they are replaced: ${newer.map(path => nativePath(path)).join(', ')}.`,
        ]
      : []),
    ...kept.map(
      one =>
        `The course has a newer ${nativePath(one.path)}. Yours is kept; the newer one is ${nativePath(one.newer)}.`,
    ),
    ...restored.map(path => `${nativePath(path)} was missing, and is there again.`),
  ];
}

/** Where a learner's exercise is. */
export interface ExercisePlace {
  /** Absolute path of the lesson and track's folder. */
  readonly folder: string;
  /** Absolute path of the file that is run. */
  readonly entry: string;
  /** The same, relative to the workspace, as this system writes it: for people. */
  readonly shown: string;
}

/** @throws UsageError when the lesson has no exercise in this track */
export function exercisePlace(
  workspace: Workspace,
  lesson: string,
  track: Track,
  root?: string,
): ExercisePlace {
  const entry = exerciseEntry(lesson, track, root);
  if (entry === undefined) {
    const other = track === 'python' ? 'typescript' : 'python';
    throw new UsageError(
      exerciseEntry(lesson, other, root) === undefined
        ? `${lesson} has no exercise. Read it: npx mqtt-course read ${lesson}`
        : `${lesson} has no exercise in ${track}. Take the other track: npx mqtt-course check ${lesson} --track ${other}`,
    );
  }
  const path = `exercises/${lesson}/${track}/${entry}`;
  const folder = join(workspace.folder, 'exercises', lesson, track);
  return { folder, entry: join(workspace.folder, path), shown: nativePath(path) };
}

/** The lesson and track that a folder inside a workspace belongs to. */
export function lessonAt(
  workspace: Workspace,
  folder: string,
  root?: string,
): { readonly lesson?: string; readonly track?: Track } {
  // Windows and macOS find a folder by its name in any case, and keep it as it was typed.
  const [exercises, lesson, track] = relative(workspace.folder, resolve(folder))
    .toLowerCase()
    .split(sep);
  if (exercises !== 'exercises' || !lessonRefs(root).some(one => one.id === lesson)) return {};
  return { ...(lesson ? { lesson } : {}), ...(isTrack(track) ? { track } : {}) };
}
