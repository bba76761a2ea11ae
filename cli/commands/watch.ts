import type { Command } from 'commander';
import { canAsk, currentFolder, styleFor } from '../invocation.js';

interface WatchFlags {
  readonly track?: string;
  readonly poll?: boolean;
  readonly seed?: string;
  readonly broker?: string;
  readonly json?: boolean;
}

/** `watch`: checks at every save. */
export function registerWatch(program: Command, own: readonly string[]): void {
  program
    .command('watch')
    .description('check your work at every save; default the lesson you are at')
    .argument('[lesson]', '5, lesson-5, wildcards or 05-wildcards')
    .option('--track <track>', 'typescript or python')
    .option('--poll', 'look at the files again and again: where saves are not noticed')
    .option('--seed <seed>', 'the same random values in every check')
    .option('--broker <broker>', 'embedded, mosquitto, or the address of a broker')
    .option('--json', 'one result object a line, at every save')
    .usage('[lesson] [options] [-- command...]')
    .addHelpText(
      'after',
      '\nExamples:\n  npx mqtt-course watch lesson-5\n  npx mqtt-course watch 5 -- ./my-program --flag   (any language; its folder is watched)\n\nKeys are on the screen. Without a terminal each result is printed below the last.',
    )
    .action(async (name: string | undefined, flags: WatchFlags, command: Command) => {
      process.exitCode = await watch(name, flags, command, own);
    });
}

async function watch(
  name: string | undefined,
  flags: WatchFlags,
  command: Command,
  own: readonly string[],
): Promise<number> {
  const style = styleFor(command);
  const interactive = canAsk() && !flags.json;
  // Said before anything heavy is loaded.
  if (interactive && !style.plain) process.stdout.write(style.dim('watch: one moment …\r'));
  const [place, course] = await Promise.all([
    import('../place.js'),
    import('../../course/index.js'),
  ]);
  if (flags.broker) {
    const { brokerProblem } = await import('../../checker/index.js');
    const problem = await brokerProblem(flags.broker);
    if (problem?.reason === 'use') throw new course.UsageError(problem.text);
  }
  const asked = place.parseTrack(flags.track);
  const opened = place.openHere();
  const lesson = place.chosenLesson(name, opened);
  const track = place.chosenTrack(asked, opened);
  const given =
    own.length > 0
      ? { words: own, cwd: currentFolder() }
      : asked
        ? undefined
        : course.commandOf(opened.state, lesson.id);
  if (own.length > 0 || asked) course.rememberCommand(opened.workspace, lesson.id, given);
  // Says what is wrong before anything is watched: a lesson without an exercise in this track.
  if (!given) course.exercisePlace(opened.workspace, lesson.id, track);
  if (opened.state.current !== lesson.id) course.rememberLesson(opened.workspace, lesson.id);
  if (asked && opened.state.track !== asked) course.rememberTrack(opened.workspace, asked);
  const options = {
    opened,
    lesson,
    track,
    style,
    ...(given ? { command: given } : {}),
    ...(flags.poll ? { poll: true } : {}),
    ...(flags.seed ? { seed: flags.seed } : {}),
    ...(flags.broker ? { broker: flags.broker } : {}),
  };
  if (interactive) {
    if (!style.plain) process.stdout.write('\r\u001B[K');
    const { watchInTerminal } = await import('../watch/on-terminal.js');
    const { ended } = await watchInTerminal(options);
    return ended === 'quit' ? 0 : 130;
  }
  const [{ watchAsLog }, { exitCode }] = await Promise.all([
    import('../watch/without-terminal.js'),
    import('../check/exit-code.js'),
  ]);
  const last = await watchAsLog({ ...options, json: flags.json ?? false });
  return exitCode(last ? [last.result] : []);
}
