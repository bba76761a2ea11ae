import { pathToFileURL } from 'node:url';
import { inject, TestRunner } from 'vitest';
import { refillSoon } from '../program/warm.js';
import type { Lesson } from './lesson.js';
import { describeStream } from './stream.js';
import { describeLesson } from './vitest.js';

/**
 * Vitest's runner, for hidden tests: a file is loaded once, and its lesson makes its tests anew for
 * each run. Vitest would evaluate the file again to collect the tests.
 */
// biome-ignore lint/style/noDefaultExport: Vitest takes the runner from there.
export default class LessonRunner extends TestRunner {
  override async importFile(filepath: string, source: 'collect' | 'setup'): Promise<unknown> {
    if (source === 'setup') return super.importFile(filepath, source);
    if (inject('stream')) {
      describeStream();
      return undefined;
    }
    const { lesson } = (await import(pathToFileURL(filepath).href)) as { lesson: Lesson };
    describeLesson(lesson);
    return undefined;
  }

  override onAfterRunFiles(): void {
    super.onAfterRunFiles();
    refillSoon();
  }
}
