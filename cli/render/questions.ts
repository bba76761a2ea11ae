import type { Lesson, Predict, QuizItem } from '../../course/index.js';
import { hang, wrap } from './layout.js';
import { type MarkdownOptions, renderInline } from './markdown.js';
import type { Style } from './style.js';

/** `a` for the first option. */
export function letter(index: number): string {
  return 'abcdefghijkl'[index] ?? String(index + 1);
}

/** The question that stands before anything is run; with its answer when asked for. */
export function prediction(lesson: Lesson, style: Style, options: MarkdownOptions): string[] {
  const { predict } = lesson;
  if (!predict) return [];
  return [
    ...title('Predict, before you run anything', style),
    ...question(predict, predict.explain, style, pageWidth(style), options),
    ...whereAnswersAre(style, options),
  ];
}

/** The questions after the exercise; with their answers when asked for. */
export function questions(lesson: Lesson, style: Style, options: MarkdownOptions): string[] {
  if (lesson.quiz.length === 0) return [];
  return [
    ...title('Questions', style),
    ...lesson.quiz.flatMap((item, index) => [
      ...(index > 0 ? [''] : []),
      ...question(item, item.why, style, pageWidth(style), options),
    ]),
    ...whereAnswersAre(style, options),
  ];
}

const pageWidth = (style: Style) => Math.min(style.width, 92);

function whereAnswersAre(style: Style, options: MarkdownOptions): string[] {
  if (options.answers || !options.answersCommand) return [];
  return ['', ...wrap(style.dim(`(answers: ${options.answersCommand})`), pageWidth(style))];
}

function title(text: string, style: Style): string[] {
  return style.color ? ['', style.bold(text), ''] : ['', text, '-'.repeat(text.length), ''];
}

function question(
  item: Predict | QuizItem,
  why: string,
  style: Style,
  width: number,
  options: MarkdownOptions,
): string[] {
  return [
    ...wrap(renderInline(item.question, style), width),
    ...(item.options ?? []).flatMap((option, index) =>
      hang(`  ${letter(index)}) `, '     ', renderInline(option, style), width),
    ),
    ...(options.answers
      ? hang(
          '  ',
          '  ',
          `${style.bold(`Answer: ${answerText(item)}.`)} ${renderInline(why, style)}`,
          width,
        )
      : []),
  ];
}

/** The right answer as it is shown: the letter of an option, else the text. */
export function answerText(item: Predict | QuizItem): string {
  if (!item.options || typeof item.answer !== 'number') return String(item.answer);
  return letter(item.answer - 1);
}
