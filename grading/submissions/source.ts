import { type IntakeLimits, UnreadableSubmission } from './limits.js';
import { isLitter, nameProblem, sameNameKey, shown, tidyPath } from './paths.js';

/** A regular file of a submission, wherever that lies. */
export interface SourceFile {
  /** From the top of the submission, with forward slashes. */
  readonly path: string;
  /** Bytes, as far as is known before it is read. */
  readonly size: number;
}

/** Something in a submission that is not taken, and why: the end of a sentence. */
export interface Refused {
  readonly path: string;
  readonly because: string;
  /** It may be honest work, but cannot be read here: encrypted, packed in an unknown way. */
  readonly locked?: true;
}

/** A file's bytes, or why there are none. `note` is for a file that was read under suspicion. */
export type Extracted =
  | { readonly bytes: Uint8Array; readonly note?: string }
  | { readonly refused: string };

/** A submission as a list of files. Nothing is written anywhere, and nothing of it is run. */
export interface Source {
  readonly files: readonly SourceFile[];
  readonly refused: readonly Refused[];
  readonly notices: readonly string[];
  /** Reads some files, each up to `maxBytes`. @throws UnreadableSubmission for a broken archive */
  extract(paths: ReadonlySet<string>, maxBytes: number): Promise<ReadonlyMap<string, Extracted>>;
  /** Copies one file to a path of ours: an archive in an archive. */
  save(path: string, to: string, maxBytes: number): Promise<void>;
  close(): Promise<void>;
}

/** What an entry of an archive is, before it is judged. */
export interface RawEntry {
  readonly name: string;
  readonly size: number;
  readonly kind: 'file' | 'folder' | 'link' | 'special';
  /** Another reason not to take it: encrypted, packed in an unknown way. */
  readonly problem?: string;
}

/** Collects the entries of an archive: which are files to read, which are refused. */
export function entryCollector(limits: IntakeLimits) {
  const files = new Map<string, SourceFile>();
  const rawNames = new Map<string, string>();
  const refused: Refused[] = [];
  const keys = new Map<string, string>();
  const clashing = new Set<string>();
  let count = 0;

  return {
    files,
    refused,
    /** Throws when there are too many. */
    countEntry(): void {
      count += 1;
      if (count > limits.entries) {
        throw new UnreadableSubmission(`it holds more than ${limits.entries} files`);
      }
    },
    /** @returns the path under which the entry is kept; undefined when it is not */
    add({ name, size, kind, problem }: RawEntry): string | undefined {
      const path = tidyPath(name);
      if (path.split('/').some(isLitter)) return undefined;
      const because =
        nameProblem(name, limits) ??
        (kind === 'link'
          ? 'is a link; links are never followed'
          : kind === 'special'
            ? 'is a device or another special file'
            : kind === 'file'
              ? problem
              : undefined);
      if (because !== undefined) {
        refused.push({
          path: shown(name),
          because,
          ...(because === problem ? { locked: true as const } : {}),
        });
        return undefined;
      }
      if (kind === 'folder' || path === '') return undefined;
      const key = sameNameKey(path);
      const twin = keys.get(key);
      if (twin !== undefined) {
        clashing.add(twin);
        refused.push({
          path: shown(path),
          because:
            twin === path
              ? 'is there twice; which one counts cannot be told'
              : `cannot be told from ${shown(twin)} on every disk`,
        });
        return undefined;
      }
      keys.set(key, path);
      files.set(path, { path, size });
      rawNames.set(path, name);
      return path;
    },
    /** The files that are left: of those that cannot be told apart none counts. */
    finish(): SourceFile[] {
      for (const path of clashing) files.delete(path);
      return [...files.values()];
    },
    /** Whether a raw name is the one that was kept under its path. */
    isKept(name: string): boolean {
      const path = tidyPath(name);
      return files.has(path) && rawNames.get(path) === name;
    },
  };
}
