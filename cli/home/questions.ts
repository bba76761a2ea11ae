import {
  type Lesson,
  type LessonProgress,
  type Predict,
  type QuizItem,
  recordAnswer,
  type Workspace,
} from '../../course/index.js';
import { print } from '../invocation.js';
import { hang } from '../render/layout.js';
import { renderInline } from '../render/markdown.js';
import { answerText, letter } from '../render/questions.js';
import type { Style } from '../render/style.js';
import type { Ask } from './ask.js';

/** Asks a lesson's prediction; the first answer is kept. */
export async function askPrediction(
  workspace: Workspace,
  lesson: Lesson,
  ask: Ask,
  style: Style,
): Promise<void> {
  const { predict } = lesson;
  if (!predict?.options) return;
  const given = await put(predict, predict.explain, ask, style);
  if (given) recordAnswer(workspace, lesson.id, 'prediction', given);
}

/** Asks the questions that are still open, until the learner leaves. */
export async function askQuiz(
  workspace: Workspace,
  lesson: Lesson,
  progress: LessonProgress,
  ask: Ask,
  style: Style,
): Promise<void> {
  for (const item of lesson.quiz.filter(one => progress.quiz[one.id] === undefined)) {
    const given = await put(item, item.why, ask, style);
    if (!given) return;
    recordAnswer(workspace, lesson.id, { quiz: item.id }, given);
  }
}

async function put(
  item: Predict | QuizItem,
  why: string,
  ask: Ask,
  style: Style,
): Promise<{ answer: number; correct: boolean } | undefined> {
  const width = Math.min(style.width, 92);
  const choices = (item.options ?? []).map((option, index) => ({
    value: String(index + 1),
    label: `${letter(index)}) ${option}`,
  }));
  print(['', ...hang('', '', renderInline(item.question, style), width)]);
  const chosen = await ask.choose('Your answer?', choices);
  if (chosen === undefined) return undefined;
  const answer = Number(chosen);
  const correct = answer === item.answer;
  const mark = style.plain ? '' : correct ? `${style.green('✓')} ` : `${style.yellow('·')} `;
  const said = correct
    ? 'Right.'
    : `It is ${answerText(item)}: ${item.options?.[Number(item.answer) - 1] ?? ''}.`;
  print([...hang(mark, '  ', `${style.bold(said)} ${renderInline(why, style)}`, width), '']);
  return { answer, correct };
}
