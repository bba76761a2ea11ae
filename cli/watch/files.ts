import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { watch } from 'chokidar';

export interface FilesOptions {
  /** The folder of the exercise, with everything below it. */
  readonly folder: string;
  /** Names, relative to the folder, that the course delivered: they always count. */
  readonly delivered: ReadonlySet<string>;
  /** Looks again and again instead of waiting to be told. */
  readonly poll: boolean;
  /** Files that changed, were added or went away since the last time. */
  readonly onChange: (names: readonly string[]) => void;
  /** Changes are not told here any more: from now on it is looked at again and again. */
  readonly onSilent: (reason: string) => void;
}

export interface WatchedFiles {
  /** A check reads the files now: what was saved up to here is in it. */
  checkBegins(): void;
  checkEnds(): void;
  close(): Promise<void>;
}

/** An editor saves in several steps: so long nothing more must come. */
const QUIET_MS = 20;
/** A file that is taken away is back within this time, when an editor did it. */
const GONE_MS = 250;
const POLL_MS = 120;
/** Even where changes are told: watchers die, and nobody should have to know. */
const GLANCE_MS = 1500;
const MOST_FILES = 500;

/** What people write: a change of these counts also while a program runs. */
const source =
  /\.(?:[cm]?[jt]sx?|py|conf|go|rs|java|kt|cs|c|cc|cpp|h|hpp|rb|sh|php|pl|lua|ex|exs|swift|zig)$/;
const ignored =
  /^(?:\.|#|4913$|__pycache__$|node_modules$|target$|build$|dist$)|(?:~|\.(?:swp|swx|tmp|bak|orig|pyc)|___jb_\w+___|\.new\.\w+)$/;

/** Watches the files of an exercise. Tells of a save once, however the editor does it. */
export function watchFiles(options: FilesOptions): WatchedFiles {
  const { folder, delivered, onChange, onSilent } = options;
  let seen = scan(folder);
  let checking = false;
  let endedAt = Date.now();
  let quiet: NodeJS.Timeout | undefined;
  let awaited = 0;
  let closed = false;
  let watcher: ReturnType<typeof watch> | undefined;

  /** A program may write beside itself while it is checked: that is no save. */
  const counts = (name: string, now: Stamp | undefined) =>
    delivered.has(name) ||
    source.test(name) ||
    (!checking && now !== undefined && now.mtime > endedAt);

  const settle = () => {
    if (closed) return;
    quiet = undefined;
    const now = scan(folder);
    const names = [...new Set([...seen.keys(), ...now.keys()])].filter(
      name => seen.get(name)?.key !== now.get(name)?.key,
    );
    const gone = names.some(name => delivered.has(name) && !now.has(name));
    if (gone && awaited < GONE_MS) {
      awaited += QUIET_MS;
      schedule();
      return;
    }
    awaited = 0;
    seen = now;
    const changed = names.filter(name => counts(name, now.get(name)));
    if (changed.length > 0) onChange(changed.sort());
  };
  const schedule = () => {
    clearTimeout(quiet);
    quiet = setTimeout(settle, QUIET_MS);
  };

  const open = (poll: boolean) => {
    const own = watch(folder, {
      ignoreInitial: true,
      // A rename over the file is told at once; what belongs together is put together here.
      atomic: false,
      usePolling: poll,
      interval: POLL_MS,
      binaryInterval: POLL_MS,
      depth: 4,
      ignored: path => path !== folder && ignored.test(path.split(/[\\/]/).at(-1) ?? ''),
    });
    own.on('all', schedule);
    // What was saved while the watching began is told of by nobody.
    own.on('ready', schedule);
    own.on('error', error => {
      if (poll || closed) return;
      // The machine has no watches left, or this place has none to give.
      void own.close();
      onSilent((error as NodeJS.ErrnoException).code ?? 'no events');
      watcher = open(true);
    });
    return own;
  };
  watcher = open(options.poll);

  let place = inode(folder);
  const glance = setInterval(() => {
    const now = inode(folder);
    if (now !== place && now !== undefined) {
      // The folder itself was replaced: its watcher looks at what is no more.
      void watcher?.close();
      watcher = open(options.poll);
    }
    place = now ?? place;
    if (quiet === undefined) settle();
  }, GLANCE_MS);

  return {
    checkBegins: () => {
      checking = true;
      seen = scan(folder);
    },
    checkEnds: () => {
      checking = false;
      endedAt = Date.now();
    },
    close: async () => {
      closed = true;
      clearTimeout(quiet);
      clearInterval(glance);
      await watcher?.close();
    },
  };
}

interface Stamp {
  readonly key: string;
  readonly mtime: number;
}

/** Every file below the folder with what tells one save from the next. */
export function scan(folder: string, depth = 4, prefix = ''): Map<string, Stamp> {
  const found = new Map<string, Stamp>();
  let entries: import('node:fs').Dirent[];
  try {
    entries = readdirSync(folder, { withFileTypes: true });
  } catch {
    return found;
  }
  for (const entry of entries) {
    if (ignored.test(entry.name) || found.size > MOST_FILES) continue;
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      if (depth === 0) continue;
      for (const [name, stamp] of scan(path, depth - 1, `${prefix}${entry.name}/`)) {
        found.set(name, stamp);
      }
      continue;
    }
    try {
      const { mtimeMs, size, ino } = statSync(path);
      found.set(`${prefix}${entry.name}`, { key: `${mtimeMs} ${size} ${ino}`, mtime: mtimeMs });
    } catch {
      // Gone between the two looks.
    }
  }
  return found;
}

function inode(folder: string): number | undefined {
  return statSync(folder, { throwIfNoEntry: false })?.ino;
}
