import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import type { OpenWorkspace, Track } from '../../course/index.js';
import { nativePath } from '../../course/system/index.js';
import { printJson, styleFor, tell } from '../invocation.js';
import { printable } from '../render/layout.js';
import type { Style } from '../render/style.js';

interface SolutionFlags {
  readonly track?: string;
  readonly show?: boolean;
  readonly json?: boolean;
  readonly whole?: boolean;
}

/** `solution`: how the reference solution differs from the learner's file. */
export function registerSolution(program: Command): void {
  program
    .command('solution')
    .description('compare your file with the solution, once you have passed')
    .argument('[lesson]', 'default the one you are at')
    .option('--show', 'before a pass too; that is remembered')
    .option('--whole', 'the whole solution instead of the difference')
    .option('--track <track>', 'typescript or python')
    .option('--json', 'as JSON')
    .addHelpText('after', '\nExample:\n  npx mqtt-course solution lesson-5')
    .action(async (name: string | undefined, options: SolutionFlags, command: Command) => {
      const [{ chosenLesson, chosenTrack, openHere, parseTrack }, course] = await Promise.all([
        import('../place.js'),
        import('../../course/index.js'),
      ]);
      const asked = parseTrack(options.track);
      const opened = openHere();
      const { id } = chosenLesson(name, opened);
      const track = chosenTrack(asked, opened);
      if (course.solutionFiles(id, track).length === 0) {
        throw new course.UsageError(noSolution(id, track, course.handout() !== undefined));
      }
      const passed = course.bestStatus(opened.state, id) === 'passed';
      if (!passed && !options.show) {
        throw new course.UsageError(
          `${id} is not passed yet. A hint: npx mqtt-course hint ${id}\nThe solution all the same (that is remembered): npx mqtt-course solution ${id} --show`,
        );
      }
      if (!passed) {
        course.recordSolution(opened.workspace, id, track);
        tell(['Shown before a pass; that is remembered in your progress.']);
      }
      const compared = await compare(opened, id, track);
      if (options.json) return printJson({ lesson: id, track, passed, files: compared });
      const style = styleFor(command);
      const { page } = await import('../terminal/pager.js');
      return page(async () =>
        options.whole
          ? wholeFiles(compared, track, style)
          : compared.flatMap(one => renderDiff(one, style)),
      );
    });
}

function noSolution(lesson: string, track: Track, kept: boolean): string {
  return kept
    ? `Your instructor keeps the solutions. A hint: npx mqtt-course hint ${lesson}`
    : `${lesson} has no solution in ${track}.`;
}

/** The learner's files and those of the solution, each pair with its difference. */
async function compare(opened: OpenWorkspace, lesson: string, track: Track): Promise<Compared[]> {
  const [{ createTwoFilesPatch }, { solutionFiles }] = await Promise.all([
    import('diff'),
    import('../../course/index.js'),
  ]);
  return solutionFiles(lesson, track).map(file => {
    const path = `exercises/${lesson}/${track}/${file.name}`;
    const theirs = read(file.path) ?? '';
    const yours = read(join(opened.workspace.folder, path)) ?? '';
    const names = [`yours: ${nativePath(path)}`, `solution: ${file.name}`] as const;
    const diff =
      yours === theirs ? '' : createTwoFilesPatch(...names, yours, theirs, '', '', { context: 3 });
    return { path, solution: theirs, diff };
  });
}

/**
 * The difference to the solution as lines. Before a pass only for whoever insists, and that is
 * remembered.
 * @returns undefined when it is neither earned nor insisted on
 */
export async function solutionLines(
  opened: OpenWorkspace,
  lesson: string,
  track: Track,
  style: Style,
  insists: boolean,
): Promise<string[] | undefined> {
  const course = await import('../../course/index.js');
  const { state } = course.readState(opened.workspace.meta);
  if (course.bestStatus(state, lesson) !== 'passed') {
    if (!insists) return undefined;
    course.recordSolution(opened.workspace, lesson, track);
  }
  const compared = await compare(opened, lesson, track);
  if (compared.length === 0) return [noSolution(lesson, track, course.handout() !== undefined)];
  return compared.flatMap(one => renderDiff(one, style));
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').replaceAll('\r\n', '\n');
  } catch {
    return undefined;
  }
}

interface Compared {
  readonly path: string;
  readonly solution: string;
  readonly diff: string;
}

async function wholeFiles(
  files: readonly Compared[],
  track: string,
  style: Style,
): Promise<string[]> {
  const { highlight } = await import('../render/code.js');
  return files.flatMap(file => [
    style.bold(`Solution for ${nativePath(file.path)}`),
    '',
    ...highlight(file.solution.trimEnd(), track, style),
  ]);
}

/** A unified diff: what the solution takes away from yours in red, what it adds in green. */
export function renderDiff({ path, diff }: Compared, style: Style): string[] {
  if (diff === '') return [`${nativePath(path)}: yours is the same as the solution.`];
  const lines = printable(diff).text.trimEnd().split('\n').slice(1);
  return [
    ...lines.map(line => {
      if (line.startsWith('---') || line.startsWith('+++')) return style.bold(line.trimEnd());
      if (line.startsWith('@@')) return style.cyan(line);
      if (line.startsWith('+')) return style.green(line);
      return line.startsWith('-') ? style.red(line) : line;
    }),
    '',
    'The solution is one way. If yours passes and differs, yours is right too.',
  ];
}
