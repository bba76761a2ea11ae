/** What the keys of the watching show: each is also a command. */
import type { LessonRef, OpenWorkspace, Track } from '../../course/index.js';
import type { StoredOutcome } from '../check/job.js';
import { hang } from '../render/layout.js';
import type { Style } from '../render/style.js';

export interface PanelInput {
  readonly opened: OpenWorkspace;
  readonly lesson: LessonRef;
  readonly track: Track;
  readonly style: Style;
  /** The last check's result; undefined before the first. */
  readonly told: StoredOutcome | undefined;
}

/** The next hint, or the one of this level again; remembered as shown. */
export async function hintPanel(
  { opened, lesson, track, style }: PanelInput,
  again?: number,
): Promise<{ readonly level: number; readonly lines: string[] }> {
  const [{ showHint }, { loadLesson, progressOf, readState }] = await Promise.all([
    import('../commands/hint.js'),
    import('../../course/index.js'),
  ]);
  const { state } = readState(opened.workspace.meta);
  const shown = progressOf(state, lesson.id).hintsShown[track] ?? 0;
  const level = again ?? Math.min(3, shown + 1);
  const how = { key: 'h', level };
  return { level, lines: await showHint(opened, loadLesson(lesson.id), track, style, how) };
}

/** The difference to the solution. @returns undefined when it has not been earned yet */
export async function solutionPanel(
  { opened, lesson, track, style }: PanelInput,
  insists: boolean,
): Promise<string[] | undefined> {
  const { solutionLines } = await import('../commands/solution.js');
  return solutionLines(opened, lesson.id, track, style, insists);
}

/** Asked before the solution is shown too early. */
export function earlySolution({ lesson, style }: PanelInput): string[] {
  return [
    ...hang('', '', style.bold(`${lesson.id} is not passed yet.`), style.width),
    '',
    ...hang('', '', 'h shows a hint: a question, then the place, then the line.', style.width),
    ...hang(
      '',
      '',
      'y shows the solution all the same; that is remembered in your progress.',
      style.width,
    ),
    ...hang('', '', 'Any other key leaves it shut.', style.width),
  ];
}

/** The exchange that the first failure is about, drawn; else the first one. */
export async function tracePanel({ told, style }: PanelInput): Promise<string[]> {
  const scenarios = told ? Object.entries(told.bundle.recordings) : [];
  if (!told || scenarios.length === 0) {
    return ['No packets were recorded in the last check.'];
  }
  const [{ diagrams }, { failedScenario }] = await Promise.all([
    import('../trace/draw.js'),
    import('../trace/pick.js'),
  ]);
  const wanted = failedScenario(told.bundle);
  const one = scenarios.find(([name]) => name === wanted) ?? scenarios[0];
  const number = Number.parseInt(told.result.lesson, 10);
  return [
    ...(one ? await diagrams([one], told.bundle, style, true) : []),
    '',
    ...hang('', '  ', `All of it, and every byte: npx mqtt-course trace ${number}`, style.width),
  ];
}

/** All lessons with their state. */
export async function listPanel({ opened, style }: PanelInput): Promise<string[]> {
  const [{ lessonRows, renderList }, { readWorkspace }] = await Promise.all([
    import('../commands/list.js'),
    import('../../course/index.js'),
  ]);
  return renderList(await lessonRows(readWorkspace(opened.workspace)), style);
}

/** The lesson's text. */
export async function lessonPanel({ lesson, style }: PanelInput): Promise<string[]> {
  const [{ renderLesson }, { loadLesson }] = await Promise.all([
    import('../commands/read.js'),
    import('../../course/index.js'),
  ]);
  return renderLesson(loadLesson(lesson.id), style, false);
}

/** What stands on the screen when another lesson was chosen, before anything is checked. */
export async function introPanel(
  { opened, lesson, track, style }: PanelInput,
  from: string,
): Promise<string[]> {
  const { exercisePlace, loadLesson } = await import('../../course/index.js');
  const { title, summary, minutes } = loadLesson(lesson.id);
  const { shown } = exercisePlace(opened.workspace, lesson.id, track);
  const width = Math.min(style.width, 92);
  return [
    ...hang('', '  ', style.bold(`Lesson ${lesson.number}: ${title}`), width),
    ...hang('', '', summary, width),
    '',
    ...hang('', '', `o shows the lesson (about ${minutes} minutes).`, width),
    ...hang(
      '',
      '',
      `Then write in ${style.bold(shown)} and save: the check runs by itself.`,
      width,
    ),
    '',
    ...hang('', '', style.dim(`Before: ${from}.`), width),
  ];
}
