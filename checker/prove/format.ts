import { entryFile } from '../../course/track.js';
import { type Change, type Entry, type HunkLine, NO_LINE_END } from './edits.js';

/** An entry as `parseEdits` reads it, ending in a line end. What is not known yet is a question mark. */
export function formatEntry(
  entry: Omit<Entry, 'line' | 'end' | 'expects' | 'does'> & Partial<Entry>,
  role: 'mutant' | 'variant',
): string {
  const { name, of, expects, does = '?', cause = '?', changes } = entry;
  const wrong = [
    `fails: ${expects ? `${expects.fails.join(', ')} as ${expects.mistake}` : '?'}`,
    ...(expects?.breaks ? [`breaks: ${expects.breaks.join(', ')}`] : []),
    `does: ${does}`,
    `cause: ${cause}`,
  ];
  const lines = [
    `## ${name}`,
    ...(of === 'solution' ? [] : [`of: ${of}`]),
    ...(role === 'mutant' ? wrong : [`does: ${does}`]),
    ...changes.flatMap(formatChange),
  ];
  return `${lines.join('\n')}\n`;
}

function formatChange({ part, file, kind, hunks }: Change): string[] {
  const shown = part !== 'config' && file === entryFile(part) ? '' : ` ${file}`;
  const start = `@@ ${part}${shown}${kind === 'edit' ? '' : ` ${kind}`}`;
  if (hunks.length === 0) return [start];
  return hunks.flatMap((hunk, at) => [at === 0 ? start : '@@', ...formatLines(hunk.lines)]);
}

function formatLines(lines: readonly HunkLine[]): string[] {
  return lines.flatMap(({ sign, text }, at) => {
    const line = `${sign}${text.replace(/\n$/, '')}`;
    if (!text.endsWith('\n')) return [line, NO_LINE_END];
    // No space at the end of a line, but where the end of the change would not be seen without it.
    return [line === ' ' && at < lines.length - 1 ? '' : line];
  });
}
