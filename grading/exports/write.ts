/** Writes the grades of a class in the formats that are asked for. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Bundle } from '../../checker/index.js';
import { writeAtomic } from '../../course/atomic.js';
import { UsageError } from '../../course/errors.js';
import { traceOf } from '../feedback/exchange.js';
import { feedbackHtml } from '../feedback/html.js';
import { feedbackMarkdown } from '../feedback/markdown.js';
import type { FeedbackOptions } from '../feedback/phrases.js';
import type { JudgedFile } from '../handed-in.js';
import { maskDeep, maskGrades, openPseudonyms, type Pseudonyms } from '../pseudonyms.js';
import { misconceptions, toldMisconceptions } from '../report/facts.js';
import { classReport } from '../report/html.js';
import type { ClassGrades, Learner, LearnerGrade, ProgramLimits } from '../types.js';
import { fillCanvas } from './canvas.js';
import { ctrf } from './ctrf.js';
import { type FillOptions, filledWords, type Target } from './fill.js';
import { DEFAULT_FORMATS, FORMATS, type Format } from './formats.js';
import { gradescopeResults, type Visibility } from './gradescope.js';
import { junitXml } from './junit.js';
import { fillMoodle, moodleGradebook } from './moodle.js';
import { prairieLearnResults } from './prairielearn.js';
import { checksCsv, gradesCsv } from './tables.js';
import { fileName, jsonText } from './text.js';
import { type CaseTimes, checkTimes } from './times.js';
import { type ZipFile, zipOf } from './zip.js';

export interface ExportOptions extends FeedbackOptions, FillOptions {
  /** The folder for everything that is written. */
  readonly out: string;
  readonly formats?: readonly Format[];
  /** The instructor's exported Canvas gradebook, to be filled in. */
  readonly canvas?: string;
  /** Canvas: which column takes which lesson (or `total`): number of the assignment, or title. */
  readonly columns?: Readonly<Record<Target, string>>;
  /** The downloaded Moodle grading worksheet, to be filled in. */
  readonly moodle?: string;
  /** Moodle: the lesson that the worksheet is for, or `total`. */
  readonly moodleTarget?: Target;
  /** A key file: names become pseudonyms in everything but the platforms' own files. */
  readonly pseudonyms?: string;
  /** Gradescope: who may see the tests. */
  readonly visibility?: Visibility;
  /** Shown in the report. */
  readonly limits?: ProgramLimits;
  /** The stored replay bundle of a lesson grade (for diagrams); undefined when absent. */
  readonly bundle?: (learner: string, lesson: string) => Promise<Bundle | undefined>;
  /** The stored files of a lesson grade as they were judged. */
  readonly judged?: (learner: string, lesson: string) => readonly JudgedFile[];
}

/**
 * Writes the grades in every format asked for. The same grades give the same bytes.
 * @returns the files written, relative to `out`, sorted
 * @throws UsageError when a file of the instructor's cannot be read or is something else
 */
export async function writeExports(
  grades: ClassGrades,
  options: ExportOptions,
): Promise<readonly string[]> {
  const formats = new Set<Format>([
    ...(options.formats ?? DEFAULT_FORMATS),
    ...(options.canvas === undefined ? [] : (['canvas'] as const)),
    ...(options.moodle === undefined ? [] : (['moodle'] as const)),
  ]);
  if (formats.has('pcap') && options.pseudonyms !== undefined)
    throw new UsageError(
      'a capture holds the bytes as they were, names and all; leave out pcap or --pseudonyms',
    );
  const pseudonyms =
    options.pseudonyms === undefined ? undefined : openPseudonyms(options.pseudonyms);
  const shown = pseudonyms ? maskGrades(grades, pseudonyms) : grades;
  pseudonyms?.save();
  const bundles = bundleReader(grades, options, pseudonyms);
  const realBundles = bundleReader(grades, options, undefined);
  const code = codeReader(grades, options, pseudonyms);
  const realCode = codeReader(grades, options, undefined);
  const written: string[] = [];
  const write = (path: string, content: string | Uint8Array) => {
    const whole = join(options.out, path);
    mkdirSync(dirname(whole), { recursive: true });
    if (typeof content === 'string') writeAtomic(whole, content);
    else writeFileSync(whole, content);
    written.push(path);
  };
  const names = fileNames(shown.learners);
  const writers: Record<Format, () => void | Promise<void>> = {
    csv: () => {
      write('grades.csv', gradesCsv(shown));
      write('checks.csv', checksCsv(shown));
    },
    json: () => write('class.json', jsonText(shown)),
    feedback: async () => {
      for (const one of shown.learners) {
        const of = await bundles(one, options.traces === 'none' || options.detail === 'points');
        const text = feedbackHtml(shown, one, lesson => of.get(lesson), { ...options, code });
        write(`feedback/${names.get(one.learner.id)}.html`, text);
      }
    },
    markdown: () => {
      for (const one of shown.learners)
        write(`feedback/${names.get(one.learner.id)}.md`, feedbackMarkdown(shown, one, options));
    },
    report: async () => {
      const examples = new Map<string, Bundle>();
      for (const { lesson, example } of toldMisconceptions(misconceptions(shown))) {
        const found = (await bundles(example.learner, false, lesson)).get(lesson);
        if (found) examples.set(`${example.learner.learner.id}\n${lesson}`, found);
      }
      const text = classReport(shown, {
        bundles: (learner, lesson) => examples.get(`${learner}\n${lesson}`),
        code,
        ...(formats.has('feedback')
          ? { feedback: (id: string) => `feedback/${names.get(id)}.html` }
          : {}),
        ...(options.limits ? { limits: options.limits } : {}),
      });
      write('report.html', text);
    },
    pcap: async () => {
      const { drawPcap } = await import('../../wire/draw/pcap.js');
      for (const one of shown.learners) {
        for (const [lesson, found] of await bundles(one, false)) {
          const failed = one.lessons
            .find(it => it.lesson === lesson)
            ?.checks.find(check => check.status === 'failed');
          const trace = failed && traceOf(found, failed, options);
          const name = `traces/${names.get(one.learner.id)}_${fileName(lesson)}.pcapng`;
          if (trace) write(name, drawPcap(trace));
        }
      }
    },
    // These are matched by real ids, and only points go into them: they stay the instructor's.
    canvas: () => {
      const filled = fillCanvas(grades, readGiven(options.canvas, 'canvas'), options);
      write('canvas.csv', filled.text);
      write('canvas.txt', `${filledWords('canvas.csv', filled).join('\n')}\n`);
    },
    moodle: () => {
      const target = options.moodleTarget === undefined ? {} : { target: options.moodleTarget };
      const given = readGiven(options.moodle, 'moodle');
      const filled = fillMoodle(grades, given, { ...options, ...target });
      write('moodle.csv', filled.text);
      write('moodle.txt', `${filledWords('moodle.csv', filled).join('\n')}\n`);
    },
    'moodle-gradebook': () => write('moodle-gradebook.csv', moodleGradebook(grades, options)),
    'moodle-feedback': async () => {
      const files: ZipFile[] = [];
      for (const one of grades.learners) {
        // The folder of the download says whose it is; the upload goes by the same name.
        if (!/^[^/\\]+_\d+_assignsubmission_file_?$/.test(one.submission ?? '')) continue;
        const of = await realBundles(one, options.traces === 'none' || options.detail === 'points');
        const content = feedbackHtml(grades, one, lesson => of.get(lesson), {
          ...options,
          code: realCode,
        });
        files.push({ path: `${one.submission}/feedback.html`, content });
      }
      if (files.length === 0)
        throw new UsageError(
          'no submission is named as Moodle names them (“Name_123_assignsubmission_file”): grade the folder that Download all submissions gives',
        );
      write('moodle-feedback.zip', zipOf(files));
    },
    gradescope: () => {
      for (const one of shown.learners)
        write(
          `gradescope/${names.get(one.learner.id)}.json`,
          jsonText(gradescopeResults(one, options)),
        );
    },
    prairielearn: () => {
      for (const one of shown.learners)
        write(
          `prairielearn/${names.get(one.learner.id)}.json`,
          jsonText(prairieLearnResults(one, options)),
        );
    },
    junit: async () => write('junit.xml', junitXml(shown, options, await timesOf(shown, bundles))),
    ctrf: async () => write('ctrf.json', ctrf(shown, options, await timesOf(shown, bundles))),
  };
  for (const format of Object.keys(FORMATS) as Format[]) {
    if (formats.has(format)) await writers[format]();
  }
  written.sort();
  removeStale(options.out, written);
  return written;
}

const MANIFEST = '.exports.json';

/**
 * Removes what an earlier export wrote and this one did not: a page under a real name must not stay
 * beside those under pseudonyms. What we did not write is never touched.
 */
function removeStale(out: string, written: readonly string[]): void {
  const path = join(out, MANIFEST);
  let before: unknown = [];
  try {
    before = JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    // No earlier export, or a list that nobody can read: nothing is removed.
  }
  for (const file of Array.isArray(before) ? before : []) {
    const ours = typeof file === 'string' && /^[\w-]+(\/[^/\\]+)?\.\w+$/u.test(file);
    if (ours && !written.includes(file)) rmSync(join(out, file), { force: true });
  }
  writeAtomic(path, `${JSON.stringify(written, null, 2)}\n`);
}

function readGiven(path: string | undefined, option: 'canvas' | 'moodle'): string {
  const what = { canvas: 'exported gradebook', moodle: 'downloaded grading worksheet' }[option];
  if (path === undefined)
    throw new UsageError(
      `the format ${option} fills your ${what} in; name it: --${option} FILE.csv`,
    );
  try {
    // Bytes that are no UTF-8 would come back changed: such a file is refused, not damaged.
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(readFileSync(path));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const why =
      code === 'ERR_ENCODING_INVALID_ENCODED_DATA' ? 'it is not UTF-8; export it again' : message;
    throw new UsageError(`${path} cannot be read: ${why}`);
  }
}

/** A file name for each learner; two that would meet on a disk without capitals get a number. */
function fileNames(learners: readonly LearnerGrade[]): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  const taken = new Set<string>();
  for (const { learner } of learners) {
    const base = fileName(learner.id);
    let name = base;
    for (let at = 2; taken.has(name.toLowerCase()); at++) name = `${base}-${at}`;
    taken.add(name.toLowerCase());
    names.set(learner.id, name);
  }
  return names;
}

/** Reads the files of a learner; where names are hidden, in those too. */
function codeReader(
  grades: ClassGrades,
  { judged }: ExportOptions,
  pseudonyms: Pseudonyms | undefined,
) {
  const real = new Map<string, Learner>(
    grades.learners.map(({ learner }) => [pseudonyms?.of(learner.id) ?? learner.id, learner]),
  );
  return (id: string, lesson: string): readonly JudgedFile[] => {
    const learner = real.get(id);
    const files = learner ? (judged?.(learner.id, lesson) ?? []) : [];
    return pseudonyms && learner ? maskDeep(files, learner, pseudonyms) : files;
  };
}

/** How long the checks of each lesson took, from the stored runs. */
async function timesOf(
  grades: ClassGrades,
  bundles: ReturnType<typeof bundleReader>,
): Promise<CaseTimes> {
  const times = new Map<string, ReadonlyMap<string, number>>();
  for (const one of grades.learners) {
    for (const [lesson, bundle] of await bundles(one, false, undefined, true)) {
      times.set(`${one.learner.id}\n${lesson}`, checkTimes(bundle));
    }
  }
  return (learner, lesson, check) => times.get(`${learner}\n${lesson}`)?.get(check) ?? 0;
}

/** Reads the bundles of a learner; where names are hidden, in those too. */
function bundleReader(
  grades: ClassGrades,
  { bundle }: ExportOptions,
  pseudonyms: Pseudonyms | undefined,
) {
  const real = new Map<string, Learner>(
    grades.learners.map(({ learner }) => [pseudonyms?.of(learner.id) ?? learner.id, learner]),
  );
  return async (
    one: LearnerGrade,
    none: boolean,
    only?: string,
    passed = false,
  ): Promise<Map<string, Bundle>> => {
    const found = new Map<string, Bundle>();
    const learner = real.get(one.learner.id);
    if (!bundle || !learner || none) return found;
    for (const lesson of one.lessons) {
      const wanted = only === undefined || only === lesson.lesson;
      const failed = lesson.checks.some(check => check.status === 'failed');
      if (!wanted || !(passed || failed)) continue;
      const stored = await bundle(learner.id, lesson.lesson);
      if (stored)
        found.set(lesson.lesson, pseudonyms ? maskDeep(stored, learner, pseudonyms) : stored);
    }
    return found;
  };
}
