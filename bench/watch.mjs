/** How long it takes from a save to the verdict, in a session that stays: what `watch` does. */
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { line, median } from './measure.mjs';

/**
 * A person reads the verdict and types before the next save; meanwhile the session makes ready what
 * it used. One second is too short for that on a slow machine.
 */
const BETWEEN_SAVES_MS = 3000;

/**
 * @param {string} root of the course
 * @param {readonly { lesson: string, mutant: string }[]} lessons
 * @param {number} runs
 */
export async function watch(root, lessons, runs) {
  const { openCheckSession } = await import(
    pathToFileURL(join(root, 'dist', 'checker', 'index.js')).href
  );
  const { corpusText } = await import(
    pathToFileURL(join(root, 'dist', 'checker', 'prove', 'corpus.js')).href
  );
  const folder = mkdtempSync(join(tmpdir(), 'mqtt-course-watch-'));
  const session = await openCheckSession();
  const save = async (lesson, program) => {
    const path = join(folder, 'main.ts');
    const text = corpusText(lesson, 'typescript', program);
    const began = performance.now();
    writeFileSync(path, text);
    let failed;
    const { result } = await session.check({
      lesson,
      track: 'typescript',
      program: { kind: 'file', path },
      onProgress: event => {
        if (event.type === 'check' && event.state === 'failed')
          failed ??= performance.now() - began;
      },
    });
    return { status: result.status, wall: performance.now() - began, failed };
  };
  const several = async (name, wanted, play) => {
    await play();
    const seen = [];
    for (let run = 0; run < runs; run++) {
      await pause(BETWEEN_SAVES_MS);
      seen.push(await play());
    }
    const bad = seen.find(one => one.status !== wanted);
    if (bad) throw new Error(`${name}: ${bad.status}, not ${wanted}`);
    const walls = seen.map(one => one.wall);
    line(
      { name, wall: median(walls), walls },
      wanted === 'failed'
        ? `first failing check ${Math.round(median(seen.map(one => one.failed)))}`
        : '',
    );
  };
  try {
    for (const { lesson, mutant } of lessons) {
      const number = Number(lesson.slice(0, 2));
      cpSync(join(root, 'solutions', lesson, 'typescript'), folder, { recursive: true });
      await several(`watch ${number}, solution saved`, 'passed', () => save(lesson, 'solution'));
      await several(`watch ${number}, mutant ${mutant}`, 'failed', () =>
        save(lesson, `mutant/${mutant}`),
      );
    }
  } finally {
    await session.close();
    rmSync(folder, { recursive: true, force: true });
  }
}
