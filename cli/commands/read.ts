import type { Command } from 'commander';
import type { Lesson } from '../../course/index.js';
import { print, printJson, styleFor } from '../invocation.js';
import type { Style } from '../render/style.js';

interface ReadFlags {
  readonly answers?: boolean;
  readonly contract?: boolean;
  readonly json?: boolean;
  readonly pager?: boolean;
}

/** `read`: a lesson's text on the screen. */
export function registerRead(program: Command): void {
  program
    .command('read')
    .description('read a lesson; default the one you are at')
    .argument('[lesson]', '5, lesson-5, wildcards or 05-wildcards')
    .option('--answers', 'show the answers to the questions too')
    .option('--contract', 'only what a program must do, for any language, without the kit')
    .option('--no-pager', 'print it all at once')
    .option('--json', 'the lesson as JSON, with its Markdown')
    .addHelpText(
      'after',
      '\nExamples:\n  npx mqtt-course read lesson-5\n  npx mqtt-course read 7 --contract',
    )
    .action(async (name: string | undefined, options: ReadFlags, command: Command) => {
      const [{ chosenLesson, lookHere }, { loadLesson }] = await Promise.all([
        import('../place.js'),
        import('../../course/index.js'),
      ]);
      const lesson = loadLesson(
        (name === undefined ? chosenLesson(name, lookHere()) : { id: name }).id,
      );
      if (options.contract) return readContract(lesson, options, styleFor(command));
      if (options.json) return printJson(lesson);
      const style = styleFor(command);
      const draw = () => renderLesson(lesson, style, options.answers ?? false);
      if (options.pager === false) return print(await draw());
      const { page } = await import('../terminal/pager.js');
      return page(draw);
    });
}

/** What a program must do, and all of it: for whoever brings a language of their own. */
async function readContract(lesson: Lesson, options: ReadFlags, style: Style): Promise<void> {
  const [{ loadCommonContract, loadContract }, { renderContract }] = await Promise.all([
    import('../../course/index.js'),
    import('../render/contract.js'),
  ]);
  const [common, contract] = [loadCommonContract(), loadContract(lesson.id)];
  if (!contract) {
    const { UsageError } = await import('../../course/errors.js');
    throw new UsageError(
      `The contract of ${lesson.id} stands in its text: npx mqtt-course read ${lesson.number}`,
    );
  }
  if (options.json) return printJson({ lesson: contract, common });
  const draw = async () => [
    ...renderContract(lesson.title, common, contract, style),
    '',
    `Check a program in any language: ${style.cyan(`npx mqtt-course check ${lesson.number} -- ./your-program`)}`,
  ];
  if (options.pager === false) return print(await draw());
  const { page } = await import('../terminal/pager.js');
  return page(draw);
}

/** A lesson: the packets, the prediction before anything is run, the exercise, the questions. */
export async function renderLesson(
  lesson: Lesson,
  style: Style,
  answers: boolean,
): Promise<string[]> {
  const { renderMarkdown } = await import('../render/markdown.js');
  const { prediction, questions } = await import('../render/questions.js');
  const answersCommand = `npx mqtt-course read ${lesson.number} --answers`;
  const facts = [
    lesson.id,
    `${lesson.minutes} minutes`,
    ...(lesson.timers ? ['its check takes some seconds'] : []),
  ];
  const options = { answers, answersCommand };
  const { before, after } = splitAtObserve(lesson.body);
  return [
    style.dim(facts.join(style.plain ? ', ' : ' · ')),
    '',
    ...renderMarkdown(before, style, options),
    ...prediction(lesson, style, options),
    ...(after === '' ? [] : ['', ...renderMarkdown(after, style, options)]),
    ...questions(lesson, style, options),
    '',
    `Then write, and check your work: ${style.cyan(`npx mqtt-course check ${lesson.number}`)}`,
  ];
}

/** What is seen in `Observe` answers the prediction, so the prediction stands before it. */
function splitAtObserve(body: string): { before: string; after: string } {
  const at = body.search(/^## Observe$/m);
  return at === -1
    ? { before: body, after: '' }
    : { before: body.slice(0, at), after: body.slice(at) };
}
