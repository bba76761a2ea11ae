import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CheckRequest, CheckSession } from '../../checker/index.js';
import { packageRoot } from '../../course/package-root.js';
import { programFile } from '../programs.js';

const entry = join(packageRoot(), 'dist', 'checker', 'check', 'session.js');
const root = packageRoot();

function solution(lesson: string): CheckRequest {
  const path = join(root, 'solutions', lesson, 'typescript', 'main.ts');
  return { lesson, track: 'typescript', program: { kind: 'file', path } };
}

function mutant(lesson: string, name: string): CheckRequest {
  const path = programFile(lesson, `mutant/${name}`);
  return { lesson, track: 'typescript', program: { kind: 'file', path } };
}

/** Processes that run something of the course on behalf of this one. */
function programs(): string[] {
  if (process.platform !== 'linux') return [];
  return readdirSync('/proc').flatMap(pid => {
    try {
      const environ = readFileSync(`/proc/${pid}/environ`, 'latin1');
      const command = readFileSync(`/proc/${pid}/cmdline`, 'latin1');
      const ours =
        environ.includes(`SESSION_TEST=${process.pid}`) && !/warm\.mjs|esbuild/.test(command);
      return ours ? [`${pid} ${command.replaceAll('\0', ' ')}`] : [];
    } catch {
      return [];
    }
  });
}

describe('a check session', () => {
  let session: CheckSession;
  let folder: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'mqtt-course-session-'));
    // One of the variables that programs are given, to know them by.
    process.env['LC_TEST'] = `SESSION_TEST=${process.pid}`;
    const { openCheckSession } = (await import(
      pathToFileURL(entry).href
    )) as typeof import('../../checker/check/session.js');
    session = await openCheckSession();
  });
  afterAll(async () => {
    await session.close();
    rmSync(folder, { recursive: true, force: true });
  });

  test('judges one check after the other, each by itself', async () => {
    const lesson = '02-publish-a-reading';
    const right = await session.check(solution(lesson));
    const wrong = await session.check(mutant(lesson, 'one-batch'));
    const again = await session.check(solution(lesson));
    expect([right, wrong, again].map(one => one.result.status)).toEqual([
      'passed',
      'failed',
      'passed',
    ]);
    expect(wrong.result.checks.find(one => one.status === 'failed')?.mistake).toBe('hoards');
    expect(right.result.checks.map(one => one.id)).toEqual(again.result.checks.map(one => one.id));
    expect(right.result.seed).not.toBe(again.result.seed);
  });

  test('gives the same facts for the same seed', async () => {
    const request = { ...solution('02-publish-a-reading'), seed: '0123abcd' };
    const facts = await Promise.all(
      [1, 2].map(async () =>
        Object.values((await session.check(request)).bundle.recordings).map(one => one.facts),
      ),
    );
    expect(facts[0]).toEqual(facts[1]);
  });

  test('checks of different lessons overlap', async () => {
    const heard: string[][] = [];
    const requests = [
      solution('02-publish-a-reading'),
      solution('05-wildcards'),
      mutant('02-publish-a-reading', 'one-batch'),
      solution('03-subscribe-and-react'),
      solution('02-publish-a-reading'),
      solution('04-topic-names'),
    ];
    const outcomes = await Promise.all(
      requests.map((request, at) => {
        const mine: string[] = [];
        heard[at] = mine;
        return session.check({
          ...request,
          onProgress: event => void (event.type === 'check' && mine.push(event.title)),
        });
      }),
    );
    expect(outcomes.map(one => one.result.status)).toEqual([
      'passed',
      'passed',
      'failed',
      'passed',
      'passed',
      'passed',
    ]);
    for (const [at, { result }] of outcomes.entries()) {
      expect(result.lesson).toBe(requests[at]?.lesson);
      const titles = result.checks.map(one => `${one.id} ${one.title}`);
      expect(heard[at]?.every(title => titles.includes(title))).toBe(true);
      expect(heard[at]).toHaveLength(new Set(heard[at]).size);
    }
  }, 60_000);

  test('stops a check, leaves nothing behind, and does the next one', async () => {
    const path = join(folder, 'main.ts');
    writeFileSync(
      path,
      `import { spawn } from 'node:child_process';\nspawn('sleep', ['61'], { stdio: 'ignore', detached: true });\nsetInterval(() => {}, 1000);\n`,
    );
    const stop = new AbortController();
    const began = performance.now();
    const checking = session.check({
      lesson: '02-publish-a-reading',
      track: 'typescript',
      program: { kind: 'file', path },
      signal: stop.signal,
    });
    if (process.platform === 'linux') {
      await expect.poll(() => programs().length, { timeout: 10_000 }).toBeGreaterThan(3);
    }
    stop.abort();
    const next = session.check(solution('02-publish-a-reading'));
    const { result } = await checking;
    // It would have waited for its readings, and then for a program that does not leave.
    expect(result.status).toBe('unknown');
    expect((await next).result.status).toBe('passed');
    expect(performance.now() - began).toBeLessThan(30_000);
    expect(programs()).toEqual([]);
  });

  test('does not begin a check that is stopped already', async () => {
    const { result } = await session.check({
      ...solution('02-publish-a-reading'),
      signal: AbortSignal.abort(),
    });
    expect(result.status).toBe('unknown');
  });

  test('goes on after a check that cannot be judged', async () => {
    const unheardOf = { ...solution('02-publish-a-reading'), lesson: '99-unheard-of' };
    await expect(session.check(unheardOf)).rejects.toThrow('no hidden tests');
    const path = join(folder, 'broken.ts');
    writeFileSync(path, 'const = 1;\n');
    const broken = { kind: 'file', path } as const;
    const unreadable = await session.check({
      ...solution('02-publish-a-reading'),
      program: broken,
    });
    expect(unreadable.result.checks[0]?.mistake).toBe('syntax-error');
    expect((await session.check(solution('02-publish-a-reading'))).result.status).toBe('passed');
  }, 60_000);

  test('a process that has checked ends by itself', () => {
    const code = `const { checkLesson } = await import(${JSON.stringify(pathToFileURL(entry).href)});
const { result } = await checkLesson(${JSON.stringify(solution('05-wildcards'))});
console.log(result.status);`;
    const run = spawnSync(process.execPath, ['--input-type=module', '-e', code], {
      encoding: 'utf8',
      timeout: 25_000,
    });
    expect(run).toMatchObject({ status: 0, stdout: 'passed\n', stderr: '' });
  });
});

describe('a session that is shared', () => {
  let session: ReturnType<typeof import('../../checker/check/session.js')['openSharedSession']>;
  const loads: { readonly playing: number; readonly judging: number }[] = [];

  /** A program that is busy for ever. */
  const waits = (): CheckRequest => ({
    lesson: '02-publish-a-reading',
    track: 'command',
    program: {
      kind: 'command',
      command: [process.execPath, '-e', 'setInterval(() => undefined, 5)'],
      cwd: root,
    },
  });

  beforeAll(async () => {
    process.env['LC_TEST'] = `SESSION_TEST=${process.pid}`;
    const { openSharedSession } = (await import(
      pathToFileURL(entry).href
    )) as typeof import('../../checker/check/session.js');
    session = openSharedSession({
      scenarios: 6,
      thatWait: 6,
      onLoad: load => loads.push(load),
    });
  });
  afterAll(() => session.close());

  test('judges programs of any lesson at once, each as if it were alone', async () => {
    const [right, wrong, other] = await Promise.all([
      session.check(solution('02-publish-a-reading')),
      session.check(mutant('02-publish-a-reading', 'one-batch')),
      session.check(solution('05-wildcards')),
    ]);
    expect(right.result.status).toBe('passed');
    expect(wrong.result.status).toBe('failed');
    expect(other.result).toMatchObject({ lesson: '05-wildcards', status: 'passed' });
    expect(Object.keys(other.bundle.recordings).length).toBeGreaterThan(0);
    // It says how much there is to do while there is something to do.
    expect(Math.max(...loads.map(one => one.judging))).toBeGreaterThan(1);
    expect(programs()).toEqual([]);
  }, 60_000);

  test('stops one, and lets the others go on', async () => {
    const abort = new AbortController();
    const stopped = session.check({
      ...waits(),
      signal: abort.signal,
    });
    const beside = session.check(solution('05-wildcards'));
    setTimeout(() => abort.abort(), 300);
    expect((await stopped).result.status).toBe('unknown');
    expect((await beside).result.status).toBe('passed');
    expect(programs()).toEqual([]);
  }, 60_000);

  test('goes on after a file that cannot be read and a lesson that is not there', async () => {
    const unheardOf = { ...solution('02-publish-a-reading'), lesson: '99-unheard-of' };
    await expect(session.check(unheardOf)).rejects.toThrow('no hidden tests');
    expect((await session.check(solution('05-wildcards'))).result.status).toBe('passed');
  }, 60_000);

  test('an engine that ends says so, and nothing waits for it for ever', async () => {
    const { openSharedSession } = (await import(
      pathToFileURL(entry).href
    )) as typeof import('../../checker/check/session.js');
    const other = openSharedSession({ scenarios: 1, thatWait: 1, onLoad: () => undefined });
    const waiting = other.check(waits());
    setTimeout(() => void other.close(), 1500);
    expect((await waiting).result.status).toBe('unknown');
    expect(await other.lost).toMatch(/ended/);
  }, 60_000);
});
