import type { CheckResult } from '../../checker/index.js';

/** 1 when a lesson failed, else 3 when one could not be judged, else 0. */
export function exitCode(results: readonly Pick<CheckResult, 'status'>[]): number {
  if (results.some(result => result.status === 'failed')) return 1;
  return results.length === 0 || results.some(result => result.status === 'unknown') ? 3 : 0;
}
