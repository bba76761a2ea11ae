import { spawn } from 'node:child_process';
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { Lesson } from '../../checker/harness/lesson.js';
import { overall } from '../../checker/harness/result.js';
import { runLesson } from '../../checker/harness/run.js';
import { lesson as second } from '../../checker/lessons/02-publish-a-reading.test.js';
import { forkPython } from '../../checker/program/fork-server.js';
import { prepareProgram } from '../../checker/program/prepare.js';
import { killMarked, runDelayMs } from '../../checker/program/processes.js';
import { children } from '../../cli/children.js';
import { packageRoot } from '../../course/package-root.js';
import { probeIsolation } from '../../grading/sandbox/probe.js';
import { temporaryFolder } from '../course/fixture.js';

/*
 * What macOS does not have, set aside on this system: /proc, forks of a Python, bubblewrap. What is
 * only read, and what is not promised, is in docs/platforms.md.
 */

const onMacOs = () => vi.spyOn(process, 'platform', 'get').mockReturnValue('darwin');
afterEach(() => vi.restoreAllMocks());

/** Verdicts of a lesson's program, with the system's name set aside once it is built. */
async function judge(lesson: Lesson, folder: string, file = 'main.ts') {
  const place = join(temporaryFolder(), 'exercise');
  cpSync(join(packageRoot(), folder, lesson.id, 'typescript'), place, { recursive: true });
  const program = { kind: 'file', path: join(place, file) } as const;
  const base = { id: 'learner', lesson: lesson.id, track: 'typescript', seed: 'macos' } as const;
  const prepared = await prepareProgram({ ...base, program });
  onMacOs();
  try {
    const { signal } = new AbortController();
    return await runLesson(lesson, prepared.spec, { brokerKind: 'embedded', signal }).verdicts();
  } finally {
    vi.restoreAllMocks();
    await prepared.dispose();
  }
}

describe('without /proc', () => {
  test('nothing is known of a process, and nothing is guessed', () => {
    onMacOs();
    expect(runDelayMs(process.pid)).toBe(0);
    expect(() => killMarked('HOME', process.env['HOME'] ?? '')).not.toThrow();
  });

  test('our children are found with ps', () => {
    const child = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 30_000)']);
    onMacOs();
    const found = children(process.pid);
    child.kill('SIGKILL');
    expect(found).toContain(child.pid);
  });

  test('a Python is started, not forked', () => {
    onMacOs();
    const request = { command: 'python3', args: ['main.py'], cwd: '.', env: {} };
    expect(forkPython(request)).toBeUndefined();
  });

  test('verdicts are the same: the solution is green', { timeout: 120_000 }, async () => {
    const verdicts = await judge(second, 'solutions');
    expect(overall(verdicts), JSON.stringify(verdicts)).toBe('passed');
  });

  test('and the stub is red, with its own message', { timeout: 120_000 }, async () => {
    const verdicts = await judge(second, 'exercises');
    expect(verdicts.find(one => one.status === 'failed')).toMatchObject({ mistake: 'no-publish' });
  });
});

test('grading says that there is no sandbox', async () => {
  onMacOs();
  expect(await probeIsolation()).toMatchObject({
    tier: 'process',
    reason: expect.stringContaining('bubblewrap needs Linux'),
  });
});
