import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { isAbsolute, join, resolve } from 'node:path';
import type { StoredBundle } from '../../checker/index.js';
import type { Replayed } from '../../checker/replay/index.js';
import { UsageError } from '../../course/errors.js';
import { currentFolder, print, tell } from '../invocation.js';
import { hang } from '../render/layout.js';
import type { Style } from '../render/style.js';
import { exitCode } from './exit-code.js';

interface ReplayOptions {
  readonly all?: boolean;
  readonly seed?: string;
  readonly broker?: string;
  readonly track?: string;
  readonly json?: boolean;
}

/**
 * `check --replay`: today's verdicts on a stored exchange. Runs nothing and stores nothing.
 * @returns the exit code
 * @throws UsageError for a file that is no bundle
 */
export async function replay(
  path: string,
  names: readonly string[],
  options: ReplayOptions,
  style: Style,
): Promise<number> {
  const other = (['all', 'seed', 'broker', 'track'] as const).find(one => options[one]);
  if (names.length > 0 || other) {
    const what = names.length > 0 ? 'a lesson' : `--${other}`;
    throw new UsageError(
      `--replay and ${what} do not go together: the bundle says what was run. Alone: npx mqtt-course check --replay ${path}`,
    );
  }
  const { NotABundle, parseBundle, replayBundle } = await import('../../checker/replay/index.js');
  try {
    const bundle = parseBundle(read(path));
    const file = sourceOf(bundle);
    const replayed = await replayBundle(bundle, file?.source);
    if (options.json) {
      const { result, differences, judged, otherCourse } = replayed;
      const facts = { course: otherCourse ?? result.course, judged, differences };
      process.stdout.write(`${JSON.stringify({ ...result, replay: facts })}\n`);
    } else {
      await show(path, bundle, replayed, file, style);
    }
    return exitCode([replayed.result]);
  } catch (error) {
    if (!(error instanceof NotABundle)) throw error;
    throw new UsageError(
      `${path} ${error.message}. A check leaves a bundle in .mqtt-course/last/; make one: npx mqtt-course check`,
    );
  }
}

function read(path: string): string {
  const file = resolve(currentFolder(), path);
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why =
      code === 'ENOENT'
        ? 'is not there'
        : code === 'EISDIR'
          ? 'is a folder'
          : `cannot be read (${code})`;
    throw new UsageError(
      `${path} ${why}. Bundles are in .mqtt-course/last/ of a workspace. For example: npx mqtt-course check --replay .mqtt-course/last/05-wildcards.json`,
    );
  }
}

/** The learner's file, when the workspace is here and the file is still the one that was judged. */
function sourceOf(bundle: StoredBundle) {
  const [first] = bundle.files;
  // A bundle may come from anywhere: it does not say which files of this machine are read.
  if (!first || isAbsolute(first.path) || /(^|[\\/])\.\.([\\/]|$)/.test(first.path))
    return undefined;
  for (const folder of [currentFolder(), join(currentFolder(), 'mqtt-course')]) {
    try {
      const path = resolve(folder, first.path);
      const source = readFileSync(path, 'utf8');
      const hash = createHash('sha256').update(source).digest('hex');
      if (hash === first.sha256) return { path, shown: first.path, source };
    } catch {
      // Somewhere else, or no more.
    }
  }
  return undefined;
}

async function show(
  path: string,
  bundle: StoredBundle,
  replayed: Replayed,
  file: ReturnType<typeof sourceOf>,
  style: Style,
): Promise<void> {
  const [{ renderResult }, { evidenceOf }, { loadLesson }] = await Promise.all([
    import('../render/verdict.js'),
    import('./evidence.js'),
    import('../../course/index.js'),
  ]);
  const { result } = replayed;
  tell(about(path, bundle, replayed).flatMap(line => hang('', '  ', line, style.width)));
  const judged = { ...bundle, result };
  print([
    ...renderResult(result, style, {
      title: loadLesson(result.lesson).title,
      evidence: evidenceOf(judged, file?.path, file?.shown),
      replayed: true,
    }),
  ]);
}

/** What was replayed, and how today's verdicts differ. */
function about(path: string, bundle: StoredBundle, replayed: Replayed): string[] {
  const { differences, judged, otherCourse } = replayed;
  const { versions } = bundle;
  const made = versions
    ? `made with mqtt-course ${bundle.result.course}, Node ${versions.node}${versions.client ? `, ${versions.client}` : ''}, ${versions.platform}`
    : `made with mqtt-course ${bundle.result.course}`;
  return [
    `Replay of ${path}: ${made}. Nothing is run, nothing is stored.`,
    ...(otherCourse
      ? [
          `The bundle is of another version of the course (${otherCourse}); it is judged with today's checks.`,
        ]
      : []),
    ...(judged
      ? differences.length === 0
        ? ['Every verdict is as it was stored.']
        : [
            'Verdicts that are not as they were stored:',
            ...differences.map(
              ({ id, title, before, now }) =>
                `  ${id} ${title}: was ${before ?? 'not there'}, is ${now ?? 'not there'}`,
            ),
          ]
      : ['No packets were recorded in it; the verdict is the stored one.']),
    '',
  ];
}
