import type { Command } from 'commander';
import { nativePath } from '../../course/system/index.js';
import { canAsk, print, printJson, styleFor } from '../invocation.js';

interface ResetFlags {
  readonly track?: string;
  readonly yes?: boolean;
  readonly json?: boolean;
}

/** `reset`: fresh stubs for a lesson; the learner's files are saved first. */
export function registerReset(program: Command): void {
  program
    .command('reset')
    .description('start a lesson afresh; your files are saved first')
    .argument('[lesson]', 'default the one you are at')
    .option('--track <track>', 'typescript or python')
    .option('-y, --yes', 'do not ask')
    .option('--json', 'as JSON')
    .addHelpText('after', '\nExample:\n  npx mqtt-course reset lesson-5 --yes')
    .action(async (name: string | undefined, options: ResetFlags, command: Command) => {
      const [{ chosenLesson, chosenTrack, openHere, parseTrack }, course] = await Promise.all([
        import('../place.js'),
        import('../../course/index.js'),
      ]);
      const asked = parseTrack(options.track);
      const opened = openHere();
      const { id } = chosenLesson(name, opened);
      const track = chosenTrack(asked, opened);
      course.exercisePlace(opened.workspace, id, track);
      const plan = course.planReset(opened.workspace, id, track);
      const work = [...plan.changed, ...plan.missing];
      const style = styleFor(command);
      if (work.length === 0) {
        if (options.json) return printJson(plan);
        return print([`${id} (${track}) is as the course delivers it; there is nothing to reset.`]);
      }
      if (!options.yes) {
        const files = work.map(path => nativePath(path)).join(', ');
        if (!canAsk()) {
          throw new course.UsageError(
            `This would reset ${files} (a copy is saved first). To do it: npx mqtt-course reset ${id} --track ${track} --yes`,
          );
        }
        const { confirm, isCancel } = await import('@clack/prompts');
        const answer = await confirm({
          message: `Reset ${files}? A copy of yours is saved first.`,
          initialValue: false,
        });
        if (isCancel(answer) || !answer) return print(['Nothing was changed.']);
      }
      const done = course.resetLesson(opened.workspace, id, track);
      if (options.json) return printJson(done);
      return print([
        ...work.map(
          path => `${style.plain ? '' : '✓ '}${nativePath(path)} is as the course delivers it.`,
        ),
        ...(done.backup ? [`Yours is saved in ${nativePath(done.backup)}`] : []),
      ]);
    });
}
