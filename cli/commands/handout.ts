import type { Command } from 'commander';
import { at, openCourseFile, parseLessons } from '../grade/options.js';
import { shownFolder } from '../grade/tell.js';
import { print, printJson, styleFor } from '../invocation.js';
import { count, hang } from '../render/layout.js';
import type { Style } from '../render/style.js';

interface HandoutFlags {
  readonly lessons?: string;
  readonly courseFile?: string;
  readonly json?: boolean;
}

/** `handout`: for instructors. What students get. */
export function registerHandout(program: Command): void {
  program
    .command('handout')
    .description('make what students get: exercises and lessons, without solutions')
    .argument('<dir>', 'a folder that is new or empty')
    .option('--lessons <list>', 'which lessons: 1-5,9; default all')
    .option(
      '--course-file <yaml>',
      'points and deadlines that students see, and which checks they get',
    )
    .option('--json', 'one JSON object')
    .addHelpText(
      'after',
      `
The folder holds a workspace and the course as a tarball: no solutions, no wrong
programs, no grader. Students get every check of a lesson, unless the course file
names the public ones; grade always has all.

Example:
  npx mqtt-course handout for-students --lessons 1-5`,
    )
    .action(async (folder: string, options: HandoutFlags, command: Command) => {
      await makeIt(folder, options, styleFor(command));
    });
}

async function makeIt(folder: string, options: HandoutFlags, style: Style): Promise<void> {
  const lessons = parseLessons(options.lessons);
  const courseFile = await openCourseFile(options);
  const { makeHandout } = await import('../../grading/handout/index.js');
  const made = await makeHandout({
    folder: at(folder),
    lessons,
    courseFile,
    dated: options.courseFile !== undefined,
  });
  if (options.json) return printJson({ schema: 'mqtt-course/handout-made/2', ...made });
  const names = made.keptBack.map(one => `${Number.parseInt(one.lesson, 10)}/${one.id}`).join(', ');
  const say = (text: string) => hang('', '  ', text, style.width);
  print([
    ...say(
      `Made ${shownFolder(at(folder))}: ${count(lessons.length, 'lesson')}, ${count(made.files.length, 'file')}. Nothing of the solutions is in it.`,
    ),
    ...(made.keptBack.length > 0
      ? say(`Kept back, with their code (lesson/check): ${names}.`)
      : say('Students get every check. To keep some back: public, in the course file.')),
    '',
    ...say(`Students begin with: npm install && npx mqtt-course start`),
  ]);
}
