import {
  bestStatus,
  chooseTrack,
  currentLesson,
  exerciseEntry,
  exercisePlace,
  findLesson,
  type Lesson,
  lessonRefs,
  loadLesson,
  nextOpenLesson,
  type OpenWorkspace,
  progressOf,
  readState,
  rememberLesson,
  rememberTrack,
  type State,
  type Track,
  tracks,
  trackTitle,
} from '../../course/index.js';
import { print } from '../invocation.js';
import { hang } from '../render/layout.js';
import { type Style, separator } from '../render/style.js';
import { takeKeyboard } from '../terminal/keyboard.js';
import { type Ask, type Choice, makeAsk } from './ask.js';
import { clickable, findEditor, openInEditor } from './editor.js';

type Step =
  | 'read'
  | 'predict'
  | 'edit'
  | 'check'
  | 'watch'
  | 'hint'
  | 'quiz'
  | 'next'
  | 'lesson'
  | 'track'
  | 'quit';

/** Where the learner is in one lesson. */
interface Here {
  readonly opened: OpenWorkspace;
  readonly state: State;
  readonly lesson: Lesson;
  readonly track: Track;
  readonly style: Style;
  readonly ask: Ask;
}

/** The interactive home: one menu, as long as the learner likes. Everything in it is also a command. */
export async function home(opened: OpenWorkspace, style: Style, resume: string): Promise<void> {
  const ask = await makeAsk(style);
  let shown = '';
  let suggested: Step | undefined;
  for (;;) {
    const { state } = readState(opened.workspace.meta);
    const ref = currentLesson(state);
    if (!ref) return print(['The course has no lessons yet.']);
    const lesson = loadLesson(ref.id);
    const here: Here = { opened, state, lesson, track: chooseTrack(state), style, ask };
    const place = `${lesson.id} ${here.track}`;
    if (shown !== place) print(['', ...situation(here), '']);
    shown = place;
    const step = await ask.choose('What now?', choices(here), suggested ?? obvious(here));
    if (step === undefined || step === 'quit') break;
    suggested = await take(step, here);
  }
  print(['', `Your work is saved. To come back: ${style.cyan(resume)}`]);
}

function situation({ state, lesson, track, style }: Here): string[] {
  const refs = lessonRefs();
  const passed = refs.filter(one => bestStatus(state, one.id) === 'passed').length;
  const width = Math.min(style.width, 92);
  const facts = [
    `${passed} of ${refs.length} lessons passed`,
    trackTitle(track),
    `about ${lesson.minutes} minutes`,
  ];
  return [
    ...hang('', '  ', `${style.bold(`Lesson ${lesson.number}: ${lesson.title}`)}`, width),
    ...hang('', '', lesson.summary, width),
    ...hang('', '', style.dim(facts.join(separator(style))), width),
  ];
}

/** What most people do next. */
function obvious({ state, lesson, track }: Here): Step {
  const status = bestStatus(state, lesson.id, track);
  if (status === 'passed') return nextOpenLesson(state, lesson.id) ? 'next' : 'quit';
  return status === undefined ? 'read' : 'check';
}

function choices({ opened, state, lesson, track }: Here): Choice<Step>[] {
  const progress = progressOf(state, lesson.id);
  const hints = progress.hintsShown[track] ?? 0;
  const next = nextOpenLesson(state, lesson.id);
  const open = lesson.quiz.filter(item => progress.quiz[item.id] === undefined).length;
  const passed = bestStatus(state, lesson.id) === 'passed';
  const hasExercise = exerciseEntry(lesson.id, track) !== undefined;
  const list: (Choice<Step> | false)[] = [
    { value: 'read', label: 'Read the lesson' },
    lesson.predict !== undefined &&
      !progress.prediction && {
        value: 'predict',
        label: 'Predict what will happen',
        hint: 'one question',
      },
    hasExercise && {
      value: 'edit',
      label: 'Open the exercise',
      hint: exercisePlace(opened.workspace, lesson.id, track).shown,
    },
    hasExercise && { value: 'check', label: 'Check my work' },
    hasExercise && { value: 'watch', label: 'Watch: a check at every save' },
    !passed && {
      value: 'hint',
      label: 'A hint',
      hint: hints < 3 ? `${hints + 1} of 3` : 'all 3 shown',
    },
    passed && open > 0 && { value: 'quiz', label: 'Questions', hint: `${open} to answer` },
    next !== undefined && { value: 'next', label: 'Next lesson', hint: next.id },
    { value: 'lesson', label: 'Another lesson' },
    { value: 'track', label: 'Switch the language', hint: `now ${trackTitle(track)}` },
    { value: 'quit', label: 'Leave' },
  ];
  return list.filter(one => one !== false);
}

/** Does one step. @returns what to suggest next */
async function take(step: Step, here: Here): Promise<Step | undefined> {
  const { opened, state, lesson, track, style, ask } = here;
  switch (step) {
    case 'read': {
      const [{ renderLesson }, { page }] = await Promise.all([
        import('../commands/read.js'),
        import('../terminal/pager.js'),
      ]);
      await page(() => renderLesson(lesson, style, false));
      return lesson.predict && !progressOf(state, lesson.id).prediction ? 'predict' : 'edit';
    }
    case 'predict':
    case 'quiz': {
      const { askPrediction, askQuiz } = await import('./questions.js');
      if (step === 'predict') await askPrediction(opened.workspace, lesson, ask, style);
      else await askQuiz(opened.workspace, lesson, progressOf(state, lesson.id), ask, style);
      return step === 'predict' ? 'edit' : undefined;
    }
    case 'edit':
      await edit(here);
      return 'watch';
    case 'check': {
      const { check } = await import('../commands/check.js');
      print(['']);
      const code = await deaf(() => check([lesson.id], { track }, style));
      print(['']);
      return code === 0 ? (lesson.quiz.length > 0 ? 'quiz' : 'next') : 'edit';
    }
    case 'watch': {
      const { watchInTerminal } = await import('../watch/on-terminal.js');
      const { ended, passed } = await watchInTerminal({
        opened,
        lesson: findLesson(lesson.id),
        track,
        style,
        inHome: true,
      });
      if (ended === 'interrupted') return 'quit';
      print(['']);
      return passed ? (lesson.quiz.length > 0 ? 'quiz' : 'next') : 'watch';
    }
    case 'hint': {
      const { showHint } = await import('../commands/hint.js');
      print(['', ...(await showHint(opened, lesson, track, style)), '']);
      return 'edit';
    }
    case 'next': {
      const next = nextOpenLesson(state, lesson.id);
      if (next) rememberLesson(opened.workspace, next.id);
      return undefined;
    }
    case 'lesson': {
      const chosen = await ask.choose('Which lesson?', lessonChoices(state), lesson.id);
      if (chosen) rememberLesson(opened.workspace, chosen);
      return undefined;
    }
    case 'track': {
      const names = tracks.map(value => ({ value, label: trackTitle(value) }));
      const chosen = await ask.choose<Track>('Which language?', names, track);
      if (chosen) rememberTrack(opened.workspace, chosen);
      return undefined;
    }
    default:
      return undefined;
  }
}

function lessonChoices(state: State): Choice<string>[] {
  return lessonRefs().map(({ id }) => {
    const status = bestStatus(state, id);
    const hint = status === 'passed' ? 'passed' : status ? 'begun' : undefined;
    return { value: id, label: `${id}  ${loadLesson(id).title}`, ...(hint ? { hint } : {}) };
  });
}

async function edit({ opened, lesson, track, style }: Here): Promise<void> {
  const { entry, shown } = exercisePlace(opened.workspace, lesson.id, track);
  const editor = findEditor();
  const problem = editor ? await openInEditor(editor, entry) : undefined;
  const link = clickable(entry, entry, style);
  if (problem) print(['', problem]);
  if (!editor || problem) {
    print([
      '',
      `Open it in your editor: ${link}`,
      style.dim('(set VISUAL to have it opened for you)'),
      '',
    ]);
  } else if (editor.window) {
    print(['', `Opened ${shown} in ${editor.command}. Do the TODOs, save, then check.`, '']);
  }
}

/**
 * Does something while keys are not heard: what is pressed during a check must not answer the next
 * question. Ctrl-C still interrupts.
 */
async function deaf<Result>(work: () => Promise<Result>): Promise<Result> {
  const release = takeKeyboard(({ name }) => {
    if (name === 'ctrl-c') process.kill(process.pid, 'SIGINT');
  });
  try {
    return await work();
  } finally {
    release();
  }
}
