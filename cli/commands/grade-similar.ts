import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { UsageError } from '../../course/index.js';
import type { SimilarPair } from '../../grading/similar/index.js';
import { at, openCourseFile, openRoster, parseLessons } from '../grade/options.js';
import { shownFolder } from '../grade/tell.js';
import { print, printJson, styleFor, tell } from '../invocation.js';
import { count, hang, printable } from '../render/layout.js';
import type { Style } from '../render/style.js';

interface SimilarFlags {
  readonly lessons?: string;
  readonly out?: string;
  readonly roster?: string;
  readonly courseFile?: string;
  readonly pseudonyms?: string;
  readonly threshold?: string;
  readonly json?: boolean;
}

/** Pairs that are listed on the screen; the page has them all. */
const SHOWN = 20;

/** `grade similar`: programs that are alike. Nothing is run, and no points depend on it. */
export function registerSimilar(grade: Command): void {
  grade
    .command('similar')
    .description('programs that are alike: something to look at, no proof; runs nothing')
    .argument('<submissions>', 'folder with a folder or archive for each learner')
    .option('--lessons <list>', 'which lessons: 1-5,9; default all')
    .option('--out <dir>', 'where the page goes; default similar')
    .option('--threshold <percent>', 'how alike two must be to be listed; default 60')
    .option('--roster <csv>', 'who is in the class')
    .option('--course-file <yaml>', 'its time zone is used for the roster')
    .option('--pseudonyms <keyfile>', 'hide names in what is written; the file tells them apart')
    .option('--json', 'one JSON object')
    .addHelpText('after', '\nExample:\n  npx mqtt-course grade similar submissions --lessons 1-5')
    .action(async (folder: string, _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<SimilarFlags>();
      process.exitCode = await similar(folder, options, styleFor(command));
    });
}

async function similar(folder: string, options: SimilarFlags, style: Style): Promise<number> {
  const lessons = parseLessons(options.lessons);
  const threshold = parsePercent(options.threshold);
  const courseFile = await openCourseFile(options);
  const roster = await openRoster(options, courseFile);
  const [{ listSubmissions }, similarity, course, atomic] = await Promise.all([
    import('../../grading/index.js'),
    import('../../grading/similar/index.js'),
    import('../../course/index.js'),
    import('../../course/atomic.js'),
  ]);
  const list = await listSubmissions(at(folder), roster ? { roster } : {});
  const { handed, unreadable } = await similarity.collectPrograms(list, lessons);
  const stub = (lesson: string, track: 'typescript' | 'python') => {
    const entry = course.exerciseEntry(lesson, track);
    const file = course.exerciseFiles(lesson, track).find(one => one.name === entry);
    return file && readFileSync(file.path, 'utf8');
  };
  const found = similarity.similarPairs(handed, {
    stub,
    ...(threshold === undefined ? {} : { threshold }),
  });
  const pairs = await masked(found, options);
  const out = at(options.out ?? 'similar');
  const json = pairs.map(({ left, right, ...rest }) => ({
    ...rest,
    left: left.learner,
    right: right.learner,
  }));
  similarity.makeOutFolder(out);
  const files = {
    'similar.html': similarity.similarHtml(pairs, handed.length),
    'similar.csv': similarity.similarCsv(pairs),
    'similar.json': `${JSON.stringify({ schema: 'mqtt-course/similar/1', compared: handed.length, pairs: json }, null, 2)}\n`,
  };
  for (const [name, text] of Object.entries(files)) atomic.writeAtomic(`${out}/${name}`, text);
  tell(unreadable.map(({ submission, reason }) => `${submission}: ${reason}`));
  if (options.json) {
    printJson({ schema: 'mqtt-course/similar/1', compared: handed.length, pairs: json });
  } else {
    print(lines(pairs, handed.length, out, style));
  }
  return 0;
}

async function masked(
  pairs: readonly SimilarPair[],
  options: SimilarFlags,
): Promise<readonly SimilarPair[]> {
  if (options.pseudonyms === undefined) return pairs;
  const { openPseudonyms } = await import('../../grading/index.js');
  const pseudonyms = openPseudonyms(at(options.pseudonyms));
  const hide = <One extends { learner: string }>(one: One): One => ({
    ...one,
    learner: pseudonyms.of(one.learner),
  });
  const hidden = pairs.map(one => ({ ...one, left: hide(one.left), right: hide(one.right) }));
  pseudonyms.save();
  return hidden;
}

/** @throws UsageError when it is no share of a hundred */
function parsePercent(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text.replace(/\s*%$/, ''));
  if (value >= 0 && value <= 100) return value / 100;
  throw new UsageError(`--threshold ${text} is not a number from 0 to 100. For example: 60`);
}

function lines(
  pairs: readonly SimilarPair[],
  compared: number,
  out: string,
  style: Style,
): string[] {
  const rows = pairs.slice(0, SHOWN).flatMap(({ left, right, lesson, similarity, longest }) => {
    const share = `${Math.round(similarity * 100)} %`.padStart(5);
    const who = `${printable(left.learner).text} and ${printable(right.learner).text}`;
    return hang(`${share}  `, '         ', `${lesson}  ${who} (longest ${longest})`, style.width);
  });
  return [
    `${count(compared, 'program')} compared, ${count(pairs.length, 'pair')} alike.`,
    ...(rows.length > 0 ? ['', ...rows] : []),
    ...(pairs.length > SHOWN ? [`  and ${pairs.length - SHOWN} more`] : []),
    '',
    ...hang(
      '',
      '',
      'Something to look at, no proof: who sat together has the same picture as who copied.',
      style.width,
    ),
    `Side by side: ${shownFolder(out)}/similar.html`,
  ];
}
