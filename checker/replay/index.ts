/** Stored exchanges: sealed for others to see, judged again, set beside the solution's. */
import type { SolutionExchange, SolutionRequest } from './compare.js';

export { type StoredBundle, sealBundle, type Versions, versionsOf } from './bundle.js';
export {
  type Difference,
  NotABundle,
  parseBundle,
  type Replayed,
  replayBundle,
} from './replay.js';
export type { SolutionExchange, SolutionRequest };

/** See `compare.ts`; it brings the broker and the tap. */
export async function solutionExchange(request: SolutionRequest): Promise<SolutionExchange> {
  return (await import('./compare.js')).solutionExchange(request);
}
