import type { Lesson, Predict, QuizItem } from '../../course/index.js';
import { hang, wrap } from './layout.js';
import { type MarkdownOptions, renderInline } from './markdown.js';
import type { Style } from './style.js';

/** `a` for the first option. */
export function letter(index: number): string {
  return 'abcdefghijkl'[index] ?? String(index + 1);
}

/** The prediction and the questions of a lesson; with their answers when asked for. */
export function questions(lesson: Lesson, style: Style, options: MarkdownOptions): string[] {
  const width = Math.min(style.width, 92);
  const { predict, quiz } = lesson;
  if (!predict && quiz.length === 0) return [];
  return [
    ...title('Predict, before you run anything', style, predict !== undefined),
    ...(predict ? question(predict, predict.explain, style, width, options) : []),
    ...title('Questions', style, quiz.length > 0),
    ...quiz.flatMap((item, index) => [
      ...(index > 0 ? [''] : []),
      ...question(item, item.why, style, width, options),
    ]),
    ...(options.answers || !options.answersCommand
      ? []
      : ['', ...wrap(style.dim(`(answers: ${options.answersCommand})`), width)]),
  ];
}

function title(text: string, style: Style, shown: boolean): string[] {
  if (!shown) return [];
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
