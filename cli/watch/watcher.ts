import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import type { CheckOutcome, CheckProgress, CheckSession } from '../../checker/index.js';
import {
  exerciseFiles,
  exercisePlace,
  type LessonRef,
  type OpenWorkspace,
  type Track,
} from '../../course/index.js';
import { type CheckJob, commandJob, fileJob, type StoredOutcome } from '../check/job.js';
import { type WatchedFiles, watchFiles } from './files.js';
import { silentFileSystem } from './mounts.js';
import { createCheckRunner } from './runner.js';

/** What whoever shows the watching is told. */
export interface WatchView {
  /** A check begins; `why` is what made it: `main.ts was saved`. */
  checking(why: string): void;
  progress(event: CheckProgress): void;
  /** A failure is certain, and the rest is not known yet. */
  firstFailure(outcome: CheckOutcome, job: CheckJob): void;
  result(told: StoredOutcome, job: CheckJob): void;
  /** There is nothing to check now; a sentence or two. Watching goes on. */
  stuck(text: string): void;
  /** Said once, beside everything else. */
  notice(text: string): void;
}

export interface WatchOptions {
  readonly opened: OpenWorkspace;
  readonly lesson: LessonRef;
  readonly track: Track;
  readonly poll?: boolean;
  readonly seed?: string;
  readonly broker?: string;
  /** A program in any language instead of the exercise: the files of its folder are watched. */
  readonly command?: { readonly words: readonly string[]; readonly cwd: string };
}

export interface Watcher {
  /** The exercise that is watched. */
  readonly lesson: LessonRef;
  /** Folder of the exercise, as it is shown. */
  readonly shown: string;
  /** Why files are looked at again and again; undefined where changes are told. */
  readonly polling: string | undefined;
  check(why: string): void;
  /** Watches another lesson; checks nothing yet. */
  turnTo(lesson: LessonRef): Promise<void>;
  close(): Promise<void>;
}

/** Watches an exercise: every save makes a check, and a newer save stops an older check. */
export function createWatcher(
  options: WatchOptions,
  session: CheckSession,
  view: WatchView,
): Watcher {
  const { opened, track } = options;
  let { lesson } = options;
  let files: WatchedFiles;
  let polling: string | undefined;
  const runner = createCheckRunner(session, opened, {
    progress: event => view.progress(event),
    firstFailure: (outcome, job) => view.firstFailure(outcome, job),
    done: (told, job) => {
      files.checkEnds();
      view.result(told, job);
    },
    problem: text => {
      files.checkEnds();
      view.stuck(`The check could not be done: ${text}`);
    },
  });

  const { command, seed, broker } = options;
  const wishes = { ...(seed ? { seed } : {}), ...(broker ? { broker } : {}) };
  const place = () => exercisePlace(opened.workspace, lesson.id, track);
  const jobOf = async (): Promise<CheckJob> =>
    command ? commandJob(lesson, command, opened, wishes) : fileJob(lesson, track, opened, wishes);

  const check = (why: string) => {
    const { entry, shown } = place();
    if (!command && !existsSync(entry)) {
      void runner.stop();
      files.checkEnds();
      view.stuck(
        `${shown} is not there: it was deleted or renamed. Watching goes on: save it again under this name, or get a fresh one: npx mqtt-course reset ${lesson.number} --track ${track}`,
      );
      return;
    }
    files.checkBegins();
    view.checking(why);
    const mine = lesson;
    void jobOf()
      .then(job => {
        if (mine === lesson) runner.start(job);
      })
      // Gone between the two looks: the next look tells of it.
      .catch(() => undefined);
  };

  const open = () => {
    const folder = command ? command.cwd : place().folder;
    const type = silentFileSystem(folder);
    polling = options.poll ? 'as you asked' : type && `the ${type} file system tells of no changes`;
    files = watchFiles({
      folder,
      delivered: new Set(command ? [] : exerciseFiles(lesson.id, track).map(file => file.name)),
      poll: polling !== undefined,
      onChange: names => check(saved(names)),
      onSilent: reason => {
        polling = `this machine tells of no changes: ${reason}`;
        view.notice(`Files are looked at again and again from now on (${reason}).`);
      },
    });
  };
  open();

  return {
    get lesson() {
      return lesson;
    },
    get shown() {
      if (command) return command.cwd;
      const { shown } = place();
      return dirname(shown);
    },
    get polling() {
      return polling;
    },
    check,
    turnTo: async next => {
      // A lesson without an exercise in this track is refused before this one is let go.
      exercisePlace(opened.workspace, next.id, track);
      await Promise.all([runner.stop(), files.close()]);
      lesson = next;
      open();
    },
    close: async () => {
      await Promise.all([files.close(), runner.close()]);
    },
  };
}

function saved(names: readonly string[]): string {
  const [one = '', ...more] = names;
  if (more.length === 0) return `${one} changed`;
  return `${one} and ${more.length === 1 ? more[0] : `${more.length} more files`} changed`;
}
