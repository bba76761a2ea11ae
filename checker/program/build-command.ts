import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { ProgramUnavailable } from './spec.js';

/** A compiler that goes on longer than this hangs, or waits for an answer. */
const LONGEST_MS = 120_000;
/** Lines of what it said that are shown: the first mistake is the one to mend. */
const LINES = 16;

/**
 * Builds the learner's own program: once for a check, before anything of it is started.
 * @throws ProgramUnavailable with what the compiler said, when the build fails
 */
export async function buildCommand(
  build: string,
  cwd: string,
  env: Readonly<Record<string, string>>,
): Promise<void> {
  const child = spawn(build, {
    cwd,
    env,
    shell: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: LONGEST_MS,
    windowsHide: true,
  });
  const said: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => said.push(text));
  }
  const [code, signal] = (await once(child, 'close').catch((error: unknown) => [
    error instanceof Error ? error.message : String(error),
  ])) as [number | string | null, string | null | undefined];
  if (code === 0) return;
  const how =
    typeof code === 'string'
      ? code
      : code === null
        ? `it was ended by ${signal ?? 'a signal'} (a build may take ${LONGEST_MS / 1000} s)`
        : `it ended with exit code ${code}`;
  const lines = said
    .join('')
    .trimEnd()
    .split('\n')
    .filter(line => line.trim() !== '');
  throw new ProgramUnavailable(
    [`${build}: ${how}`, ...lines.slice(0, LINES)].join('\n'),
    'work',
    undefined,
    {
      mistake: 'build-failed',
      expected: 'a build that ends with exit code 0',
      why: 'without it there is no program, or the one of an earlier build; so nothing was started',
      try: 'mend the first mistake that the compiler names; run the build by itself to see all of them',
    },
  );
}
