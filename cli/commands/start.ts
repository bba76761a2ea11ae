import { existsSync } from 'node:fs';
import { isAbsolute, join, relative, resolve } from 'node:path';
import type { Command } from 'commander';
import type { OpenWorkspace, Track } from '../../course/index.js';
import { belowHere, quoteFor, shellInUse } from '../../course/system/index.js';
import { canAsk, currentFolder, print, styleFor, tell } from '../invocation.js';
import type { Style } from '../render/style.js';

interface StartFlags {
  readonly dir?: string;
  readonly yes?: boolean;
  readonly track?: string;
}

/** `start`: makes or opens the workspace, and is the place to come back to. */
export function registerStart(program: Command): void {
  program
    .command('start')
    .description('begin, or go on where you left off')
    .option('--dir <folder>', 'the folder of your workspace; default ./mqtt-course')
    .option('-y, --yes', 'make the workspace without asking')
    .option('--track <track>', 'typescript or python')
    .addHelpText(
      'after',
      '\nExample:\n  npx mqtt-course start --dir my-course --yes --track python',
    )
    .action(async (options: StartFlags, command: Command) => {
      process.exitCode = await start(options, styleFor(command));
    });
}

async function start(options: StartFlags, style: Style): Promise<number> {
  const [course, place] = await Promise.all([
    import('../../course/index.js'),
    import('../place.js'),
  ]);
  const asked = place.parseTrack(options.track);
  const here = currentFolder();
  const found = options.dir === undefined ? course.findWorkspace(here) : undefined;
  const folder = found?.folder ?? resolve(here, options.dir ?? course.DEFAULT_FOLDER);
  const isNew = !existsSync(join(folder, course.META));
  if (isNew && !options.yes) {
    const dir = options.dir === undefined ? '' : ` --dir ${options.dir}`;
    if (!canAsk()) {
      throw new course.UsageError(
        `There is no workspace here yet. To make ${folder}: npx mqtt-course start${dir} --yes`,
      );
    }
    const { makeAsk } = await import('../home/ask.js');
    const ask = await makeAsk(style);
    if (!(await ask.confirm(`Make a folder for your exercises: ${shown(folder, here)}?`))) {
      print([`Nothing was made. Another folder: npx mqtt-course start --dir DIR`]);
      return 0;
    }
  }
  const opened = course.openOrCreate(folder);
  tell(opened.notices);
  if (opened.created) await welcome(folder, here, style);
  let track = asked;
  if (opened.created && !track && canAsk()) {
    const { makeAsk } = await import('../home/ask.js');
    track = await (await makeAsk(style)).choose<Track>('Which language do you write in?', [
      { value: 'typescript', label: 'TypeScript', hint: 'mqtt.js' },
      { value: 'python', label: 'Python', hint: 'paho-mqtt' },
    ]);
  }
  const state = track ? course.rememberTrack(opened.workspace, track) : opened.state;
  const now: OpenWorkspace = { ...opened, state };
  if (canAsk()) {
    const { home } = await import('../home/menu.js');
    await home(now, style, resumeCommand(folder, here, course.findWorkspace(here)?.folder));
  } else {
    print(await whereYouAre(now, style));
  }
  return 0;
}

function shown(folder: string, from: string): string {
  const path = relative(from, folder);
  return path === '' ? '.' : path.startsWith('..') || isAbsolute(path) ? folder : belowHere(path);
}

/** The command that comes back here, from the folder the person is in. */
function resumeCommand(folder: string, here: string, found: string | undefined): string {
  const start = 'npx mqtt-course start';
  if (found === folder) return start;
  const shell = shellInUse();
  // The PowerShell that Windows brings knows no &&.
  const then = shell === 'powershell' ? ';' : ' &&';
  return `cd ${quoteFor(shell, shown(folder, here))}${then} ${start}`;
}

async function welcome(folder: string, here: string, style: Style): Promise<void> {
  const [{ lessonRefs }, { hang }] = await Promise.all([
    import('../../course/catalogue.js'),
    import('../render/layout.js'),
  ]);
  const mark = style.plain ? '' : `${style.green('✓')} `;
  const lines = [
    `${mark}Made ${style.bold(shown(folder, here))} with the exercises of ${lessonRefs().length} lessons.`,
    'You read a lesson, fill in the TODOs of its exercise in your own editor, and have it checked on the wire. The first check of an exercise is red: red is where everyone starts.',
  ];
  print(['', ...lines.flatMap(line => [...hang('', '', line, Math.min(style.width, 92)), ''])]);
}

/** Where the learner is, and the commands that come next; for when nothing can be asked. */
async function whereYouAre({ workspace, state }: OpenWorkspace, style: Style): Promise<string[]> {
  const [course, { hang }, { clickable }] = await Promise.all([
    import('../../course/index.js'),
    import('../render/layout.js'),
    import('../home/editor.js'),
  ]);
  const refs = course.lessonRefs();
  const passed = refs.filter(lesson => course.bestStatus(state, lesson.id) === 'passed').length;
  const lesson = course.currentLesson(state);
  if (!lesson) return ['The course has no lessons yet.'];
  const { title, minutes } = course.loadLesson(lesson.id);
  const track = course.chooseTrack(state);
  const status = course.bestStatus(state, lesson.id, track);
  const next = course.nextOpenLesson(state, lesson.id);
  const lines = [
    `Workspace: ${workspace.folder}`,
    `${passed} of ${refs.length} lessons passed. Track: ${course.trackTitle(track)}.`,
    `You are at ${style.bold(lesson.id)}: ${title} (${minutes} minutes${status === 'passed' ? ', passed' : ''}).`,
  ];
  const entry = course.exerciseEntry(lesson.id, track);
  const file = entry && course.exercisePlace(workspace, lesson.id, track);
  const steps =
    status === 'passed' && next
      ? [`Next:   npx mqtt-course read ${next.number}`]
      : [
          `Read:   npx mqtt-course read ${lesson.number}`,
          ...(file ? [`Write:  ${clickable(file.entry, file.entry, style)}`] : []),
          `Check:  npx mqtt-course check ${lesson.number}`,
        ];
  return [
    ...lines.flatMap(line => hang('', '  ', line, style.width)),
    '',
    // Commands and paths are not broken: they are there to be copied.
    ...steps,
    ...(status === undefined
      ? hang('', '', '\nThe first result is red: that is where everyone starts.', style.width)
      : []),
  ];
}
