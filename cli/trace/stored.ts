import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Bundle } from '../../checker/index.js';
import { UsageError } from '../../course/errors.js';
import type { OpenWorkspace } from '../../course/index.js';
import { currentFolder } from '../invocation.js';
import type { Style } from '../render/style.js';
import type { Scenario } from './pick.js';

/** Which exchange is meant: that of the last check, of the last practice run, or a file's. */
export interface WantedExchange {
  readonly run?: boolean;
  readonly from?: string;
}

export interface StoredExchange {
  readonly id: string;
  readonly bundle: Bundle;
  /** Where a picture goes that is given no name, without its extension. */
  readonly beside: string;
  readonly opened: OpenWorkspace | undefined;
}

/** A stored exchange with what of it is shown. */
export interface ShownExchange extends StoredExchange {
  readonly scenarios: readonly Scenario[];
  /** Where only one can be shown. */
  readonly scenario: Scenario;
  readonly style: Style;
}

/**
 * The stored exchange that is meant.
 * @throws UsageError where there is none, or the file holds something else
 */
export async function storedExchange(
  name: string | undefined,
  wanted: WantedExchange,
): Promise<StoredExchange> {
  const [{ chosenLesson, lookHere }, course] = await Promise.all([
    import('../place.js'),
    import('../../course/index.js'),
  ]);
  const opened = lookHere();
  if (wanted.from !== undefined) {
    const file = resolve(currentFolder(), wanted.from);
    const bundle = bundleIn(file);
    if (!bundle) {
      throw new UsageError(
        `${wanted.from} holds no exchange. A check leaves one for each lesson in .mqtt-course/last/`,
      );
    }
    const { lesson } = bundle.result;
    if (name !== undefined && course.findLesson(name).id !== lesson) {
      throw new UsageError(
        `${wanted.from} is of ${lesson}. Without the lesson: npx mqtt-course trace --from ${wanted.from}`,
      );
    }
    return { id: lesson, bundle, beside: file.replace(/\.json$/, ''), opened };
  }
  const workspace = opened?.workspace ?? course.requireWorkspace(currentFolder());
  const { id } = chosenLesson(name, opened);
  const { runFile } = await import('../run/keep.js');
  const file = wanted.run ? runFile(workspace.meta, id) : course.bundlePath(workspace, id);
  const bundle = bundleIn(file);
  if (!bundle) {
    throw new UsageError(
      wanted.run
        ? `there is no practice run of ${id} yet. Make one: npx mqtt-course run ${id}`
        : `there is no trace of ${id} yet. Make one: npx mqtt-course check ${id}`,
    );
  }
  return { id, bundle, beside: file.replace(/\.json$/, ''), opened };
}

function bundleIn(file: string): Bundle | undefined {
  try {
    const found = JSON.parse(readFileSync(file, 'utf8')) as Partial<Bundle> | null;
    const sound =
      typeof found?.recordings === 'object' &&
      found.recordings !== null &&
      typeof found.result?.lesson === 'string';
    return sound ? (found as Bundle) : undefined;
  } catch {
    return undefined;
  }
}
