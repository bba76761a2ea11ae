import type { Command } from 'commander';
import type { Lesson, OpenWorkspace, Track } from '../../course/index.js';
import { print, printJson, styleFor } from '../invocation.js';
import type { Style } from '../render/style.js';

interface HintFlags {
  readonly level?: string;
  readonly track?: string;
  readonly json?: boolean;
}

const names = ['a question', 'the place', 'the line'] as const;

/** `hint`: the next of a lesson's three hints. */
export function registerHint(program: Command): void {
  program
    .command('hint')
    .description('the next hint for a lesson: a question, then the place, then the line')
    .argument('[lesson]', 'default the one you are at')
    .option('--level <n>', 'this hint: 1, 2 or 3')
    .option('--track <track>', 'typescript or python')
    .option('--json', 'as JSON')
    .addHelpText('after', '\nExample:\n  npx mqtt-course hint lesson-5 --level 1')
    .action(async (name: string | undefined, options: HintFlags, command: Command) => {
      const [{ chosenLesson, chosenTrack, openHere, parseTrack }, course] = await Promise.all([
        import('../place.js'),
        import('../../course/index.js'),
      ]);
      const asked = parseTrack(options.track);
      if (options.level !== undefined && !/^[123]$/.test(options.level)) {
        throw new course.UsageError(
          `there is no hint ${options.level}; the levels are 1, 2 and 3. For example: npx mqtt-course hint --level 1`,
        );
      }
      const opened = openHere();
      const lesson = course.loadLesson(chosenLesson(name, opened).id);
      const track = chosenTrack(asked, opened);
      const shown = course.progressOf(opened.state, lesson.id).hintsShown[track] ?? 0;
      const level = options.level ? Number(options.level) : Math.min(3, shown + 1);
      if (options.json) {
        course.recordHint(opened.workspace, lesson.id, track, level);
        const hint = lesson.hints[track][level - 1] ?? '';
        return printJson({ lesson: lesson.id, track, level, of: 3, hint });
      }
      return print(await showHint(opened, lesson, track, styleFor(command), { level }));
    });
}

/**
 * A hint as lines, remembered as shown. Without a level the next one; with a key, the key is named
 * for the next.
 */
export async function showHint(
  opened: OpenWorkspace,
  lesson: Lesson,
  track: Track,
  style: Style,
  how: { readonly level?: number; readonly key?: string } = {},
): Promise<string[]> {
  const [course, { renderInline }, { hang }] = await Promise.all([
    import('../../course/index.js'),
    import('../render/markdown.js'),
    import('../render/layout.js'),
  ]);
  const { state } = course.readState(opened.workspace.meta);
  const shown = course.progressOf(state, lesson.id).hintsShown[track] ?? 0;
  const level = how.level ?? Math.min(3, shown + 1);
  course.recordHint(opened.workspace, lesson.id, track, level);
  const text = lesson.hints[track][level - 1] ?? '';
  const dot = style.plain ? ', ' : ' · ';
  const more = how.key
    ? `The next one says more: ${how.key} again.`
    : `The next one says more: npx mqtt-course hint ${lesson.number}`;
  const kept = course.handout() !== undefined;
  const all = kept
    ? 'That was the last. Your instructor keeps the solution, and can help from here.'
    : how.key
      ? 'That was the last. The solution all the same: s.'
      : `That was the last. The solution all the same: npx mqtt-course solution ${lesson.number} --show`;
  const facts = [lesson.id, track, `hint ${level} of 3: ${names[level - 1]}`];
  return [
    ...hang('', '  ', style.dim(facts.join(dot)), style.width),
    '',
    ...hang('  ', '  ', renderInline(text, style), Math.min(style.width, 92)),
    '',
    ...hang('', '  ', level < 3 ? more : all, style.width),
  ];
}
