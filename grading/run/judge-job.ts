import { tmpdir } from 'node:os';
import { sep } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { CheckOutcome, CheckSession } from '../../checker/index.js';
import { errorText } from '../../wire/error-text.js';
import type { LaunchedJob, WorkerReply } from './job.js';

const zip = promisify(gzip);

/** Judges one submission and lesson, in the process that this is called in. Never throws. */
export async function judgeJob(
  session: CheckSession | Promise<CheckSession>,
  job: LaunchedJob,
  own: AbortController,
): Promise<WorkerReply> {
  const timer = setTimeout(() => own.abort(), job.wallSeconds * 1000);
  try {
    const outcome = await (await session).check({
      lesson: job.lesson,
      track: job.track,
      program: { kind: 'file', path: job.entry },
      workspace: job.folder,
      seed: job.seed,
      launcher: job.launcher,
      signal: own.signal,
    });
    if (own.signal.aborted) return { type: 'stopped', rssMiB: rssMiB() };
    const { result, bundle } = impersonal(outcome, job.folder);
    const { status, checks, program, notice } = result;
    return {
      type: 'judged',
      result: {
        status,
        checks,
        ...(program ? { program } : {}),
        ...(notice === undefined ? {} : { notice }),
      },
      bundle: await zip(JSON.stringify(bundle)),
      rssMiB: rssMiB(),
    };
  } catch (error) {
    const reason = errorText(error);
    return { type: 'broken', reason, rssMiB: rssMiB() };
  } finally {
    clearTimeout(timer);
  }
}

/**
 * The outcome without the places of this machine: files are named from the exercise's folder, so that
 * nothing tells who ran it where, and two runs say the same.
 */
function impersonal({ bundle }: CheckOutcome, folder: string): CheckOutcome {
  const quoted = (text: string) => JSON.stringify(text).slice(1, -1);
  const literal = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const slash = literal(quoted(sep));
  const ours = `${literal(quoted(tmpdir()))}(?:${slash}(?:mqtt-course-[a-z]+|scene)-[A-Za-z0-9]{6}|${slash}\\d+)+${slash}`;
  const text = JSON.stringify(bundle)
    .replaceAll(quoted(`${folder}${sep}`), '')
    .replaceAll(quoted(folder), '.')
    .replace(new RegExp(ours, 'g'), '');
  const cleaned = JSON.parse(text) as CheckOutcome['bundle'];
  return { result: cleaned.result, bundle: cleaned };
}

function rssMiB(): number {
  return Math.round(process.memoryUsage.rss() / (1 << 20));
}
