import { type ChildProcess, fork } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { packageRoot } from '../../course/index.js';
import { processorSeconds } from '../sandbox/processes.js';
import type { Reply } from './serve.js';

/** What one question may cost. */
export interface ProcessLimits {
  /** Processor time, seconds. */
  readonly seconds: number;
  /** Memory of the whole process, MiB. */
  readonly memoryMiB: number;
}

/** A process of ours that reads what strangers wrote: one question at a time, each within limits. */
export interface LimitedProcess<Question, Answer> {
  /** @throws TooMuch when it took more than it may; what the process threw otherwise, as a `Refusal` */
  ask(question: Question): Promise<Answer>;
  close(): void;
}

/** A question that took more time or memory than it may. The message is for a person. */
export class TooMuch extends Error {
  override readonly name = 'TooMuch';
}

/** What the process itself threw. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  constructor(
    /** The name of the error there. */
    readonly kind: string,
    message: string,
  ) {
    super(message);
  }
}

const LOOK_MS = 100;
/** On a busy machine a second of work takes longer; without an end it is not waited. */
const WALL_FACTOR = 10;

/**
 * A process that runs one of our scripts, made when it is first asked, and made anew when it had to
 * be ended.
 * @param script its path in `grading/`, without extension
 */
export function limitedProcess<Question, Answer>(
  script: string,
  limits: ProcessLimits,
): LimitedProcess<Question, Answer> {
  let child: ChildProcess | undefined;
  let last: Promise<unknown> = Promise.resolve();

  function start(): ChildProcess {
    const made = fork(scriptPath(script), [], {
      execArgv: [`--max-old-space-size=${limits.memoryMiB}`],
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      detached: process.platform !== 'win32',
    });
    made.unref();
    made.channel?.unref();
    made.on('exit', () => {
      if (child === made) child = undefined;
    });
    return made;
  }

  function once(question: Question): Promise<Answer> {
    child ??= start();
    const asked = child;
    asked.channel?.ref();
    const { pid } = asked;
    const began = performance.now();
    const before = pid === undefined ? 0 : processorSeconds(pid);
    return new Promise<Answer>((resolve, reject) => {
      const looking = setInterval(() => {
        const late = performance.now() - began > limits.seconds * WALL_FACTOR * 1000;
        if (late || (pid !== undefined && processorSeconds(pid) - before > limits.seconds)) {
          give(() => reject(new TooMuch(`it takes more than ${limits.seconds} s`)), true);
        } else if (residentMiB(pid) > limits.memoryMiB) tooLarge();
      }, LOOK_MS);
      function tooLarge(): void {
        give(() => reject(new TooMuch(`it takes more than ${limits.memoryMiB} MiB`)), true);
      }
      function give(settle: () => void, end: boolean): void {
        clearInterval(looking);
        asked.off('message', onReply);
        asked.off('exit', tooLarge);
        asked.off('error', onError);
        if (end) {
          asked.kill('SIGKILL');
          if (child === asked) child = undefined;
        } else asked.channel?.unref();
        settle();
      }
      function onReply(reply: Reply<Answer>): void {
        give(() => {
          if ('answer' in reply) resolve(reply.answer);
          else reject(new Refusal(reply.error.name, reply.error.message));
        }, false);
      }
      function onError(error: Error): void {
        give(() => reject(error), true);
      }
      asked.on('message', onReply);
      // V8 ends a process whose heap is full.
      asked.on('exit', tooLarge);
      asked.on('error', onError);
      asked.send({ question }, error => {
        if (error) onError(error);
      });
    });
  }

  return {
    ask(question) {
      const turn = last.then(() => once(question));
      last = turn.catch(() => undefined);
      return turn;
    },
    close() {
      child?.kill('SIGKILL');
      child = undefined;
    },
  };
}

/** Beside this room when built; Node does not run the sources as they are. */
function scriptPath(script: string): string {
  const beside = fileURLToPath(new URL(`../${script}.js`, import.meta.url));
  return existsSync(beside) ? beside : join(packageRoot(), 'dist', 'grading', `${script}.js`);
}

/** 0 where that cannot be known. */
function residentMiB(pid: number | undefined): number {
  if (pid === undefined) return 0;
  try {
    const pages = Number(readFileSync(`/proc/${pid}/statm`, 'latin1').split(' ')[1]);
    return (pages * 4096) / (1 << 20);
  } catch {
    return 0;
  }
}
