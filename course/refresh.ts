import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, extname, join } from 'node:path';
import { lessonIds } from './catalogue.js';
import { exerciseFiles, fileHash, kitFiles, textHash } from './files.js';
import { packageRoot } from './package-root.js';
import { scaffoldFiles, type WorkspacePackage, workspacePackage } from './scaffold.js';
import { tracks } from './track.js';

/** A file that the course delivers into a workspace. */
export interface Delivered {
  /** Path in the workspace, with forward slashes. */
  readonly path: string;
  readonly text: string;
  /** Exercises are the learner's; the rest is support. */
  readonly role: 'exercise' | 'support';
}

/** What a refresh did, by path in the workspace. */
export interface Refreshed {
  readonly added: readonly string[];
  /** Never touched by the learner, and now as the course has them. */
  readonly updated: readonly string[];
  /** Touched by the learner, so kept; the newer file is put beside them. */
  readonly kept: readonly { readonly path: string; readonly newer: string }[];
  /** Delivered once, and gone since. Exercises stay so until `reset`. */
  readonly missing: readonly string[];
  readonly restored: readonly string[];
}

/** Everything that the course delivers, from what is on disk. */
export function deliveredFiles(root: string = packageRoot()): Delivered[] {
  const exercises = lessonIds(root).flatMap(lesson =>
    tracks.flatMap(track =>
      exerciseFiles(lesson, track, root).map(file => ({
        path: `exercises/${lesson}/${track}/${file.name}`,
        text: readFileSync(file.path, 'utf8'),
        role: 'exercise' as const,
      })),
    ),
  );
  const kit = kitFiles(root).map(file => ({
    path: `exercises/kit/${file.name}`,
    text: readFileSync(file.path, 'utf8'),
    role: 'support' as const,
  }));
  const scaffold = Object.entries(scaffoldFiles()).map(([path, text]) => ({
    path,
    text,
    role: 'support' as const,
  }));
  return [...scaffold, ...kit, ...exercises];
}

/** The name of the newer stub beside a touched one: `main.ts` gives `main.new.ts`. */
export function newerName(path: string): string {
  const extension = extname(path);
  return `${path.slice(0, path.length - extension.length)}.new${extension}`;
}

/**
 * Brings a workspace up to the course. Work is never overwritten: a file is replaced only while it
 * is exactly as the course delivered it.
 * @param stubs hashes of what was delivered so far, by path; brought up to date in place
 */
export function refresh(
  folder: string,
  stubs: Record<string, string>,
  delivered: readonly Delivered[] = deliveredFiles(),
): Refreshed {
  const added: string[] = [];
  const updated: string[] = [];
  const kept: { path: string; newer: string }[] = [];
  const missing: string[] = [];
  const restored: string[] = [];
  for (const { path, text, role } of delivered) {
    const file = join(folder, path);
    const now = textHash(text);
    const before = stubs[path];
    const here = existsSync(file) ? fileHash(file) : undefined;
    if (here === undefined) {
      if (before !== undefined && role === 'exercise') {
        missing.push(path);
        continue;
      }
      write(file, text);
      (before === undefined ? added : restored).push(path);
    } else if (here !== now) {
      // Unknown origin (the progress was lost) counts as touched.
      if (path === 'package.json' && here !== before) {
        mergePackage(file);
        continue;
      }
      if (before === now) continue;
      if (here === before) {
        write(file, text);
        updated.push(path);
      } else if (before !== undefined) {
        const newer = newerName(path);
        write(join(folder, newer), text);
        kept.push({ path, newer });
      }
    }
    stubs[path] = now;
  }
  return { added, updated, kept, missing, restored };
}

function write(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

/** Adds the scripts and imports that a learner's own package.json lacks; changes nothing else. */
function mergePackage(file: string): void {
  let theirs: Partial<WorkspacePackage>;
  try {
    theirs = JSON.parse(readFileSync(file, 'utf8')) as Partial<WorkspacePackage>;
  } catch {
    return;
  }
  const ours = workspacePackage();
  const merged = {
    ...theirs,
    imports: { ...ours.imports, ...theirs.imports },
    scripts: { ...ours.scripts, ...theirs.scripts },
  };
  if (JSON.stringify(merged) !== JSON.stringify(theirs)) {
    writeFileSync(file, `${JSON.stringify(merged, null, 2)}\n`);
  }
}
