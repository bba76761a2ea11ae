import { handout } from '../../course/handout.js';
import { solutionFiles } from '../../course/index.js';
import { entryFile } from '../../course/track.js';
import type { Trace } from '../../wire/index.js';
import { loadLesson } from '../check/test-host.js';
import { lessonScenarios } from '../harness/lesson.js';
import { perform } from '../harness/perform.js';
import type { Track } from '../harness/result.js';
import { prepareProgram } from '../program/prepare.js';
import { ProgramUnavailable } from '../program/spec.js';

export interface SolutionRequest {
  readonly lesson: string;
  /** Name of the scenario. */
  readonly scenario: string;
  /** The seed of the learner's run: the scenario then tells both programs the same. */
  readonly seed: string;
  readonly track: Track | 'command';
  readonly broker?: string;
  readonly workspace?: string;
}

/** The exchange of a reference solution, or in one sentence why there is none. */
export type SolutionExchange =
  | { readonly trace: Trace; readonly track: Track }
  | { readonly unknown: string };

/**
 * Performs one scenario with the reference solution of a lesson: in the learner's track, for other
 * languages in TypeScript. Takes as long as the scenario does.
 */
export async function solutionExchange(request: SolutionRequest): Promise<SolutionExchange> {
  const { lesson, scenario, seed } = request;
  const track = request.track === 'command' ? 'typescript' : request.track;
  const definition = lessonScenarios(await loadLesson(lesson)).find(one => one.name === scenario);
  if (!definition) return { unknown: `${lesson} has no scenario "${scenario}" any more` };
  const solution = solutionFiles(lesson, track).find(one => one.name === entryFile(track));
  if (!solution) {
    return {
      unknown: handout()
        ? 'your instructor keeps the solutions, so there is nothing to compare with'
        : `${lesson} has no reference solution in ${track}`,
    };
  }
  try {
    const prepared = await prepareProgram({
      id: 'solution',
      lesson,
      track,
      seed,
      program: { kind: 'file', path: solution.path },
      ...(request.workspace === undefined ? {} : { workspace: request.workspace }),
    });
    try {
      const settings = request.broker === undefined ? {} : { brokerKind: request.broker };
      const { trace, fault, gaveUp } = await perform(definition, prepared.spec, settings);
      if (fault !== undefined) return { unknown: fault.split('\n')[0] ?? fault };
      // The solution passes this scenario; when it does not, the machine was too busy.
      if (gaveUp) return { unknown: `its run ended early, waiting for ${gaveUp.waitedFor}` };
      return { trace, track };
    } finally {
      await prepared.dispose();
    }
  } catch (error) {
    if (error instanceof ProgramUnavailable) return { unknown: error.message };
    throw error;
  }
}
