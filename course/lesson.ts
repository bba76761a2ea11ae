import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { parseDocument } from 'yaml';
import { z } from 'zod';
import { findLesson, type LessonRef } from './catalogue.js';
import { CourseError } from './errors.js';
import { packageRoot } from './package-root.js';
import type { Track } from './track.js';

/** A question asked before the learner runs anything. `answer` counts options from 1. */
export interface Predict {
  readonly question: string;
  readonly options?: readonly string[] | undefined;
  /** Number of the right option, from 1; without options the expected text or number. */
  readonly answer: string | number;
  readonly explain: string;
  /** Name of the claim that the project's own tests prove on the wire. */
  readonly proof?: string | undefined;
}

export interface QuizItem {
  readonly id: string;
  readonly question: string;
  readonly options: readonly string[];
  /** Number of the right option, from 1. */
  readonly answer: number;
  readonly why: string;
  readonly proof?: string | undefined;
}

/** Question, place, line: each says more than the one before. */
export type Hints = readonly [string, string, string];

export interface Lesson extends LessonRef {
  readonly title: string;
  readonly minutes: number;
  readonly summary: string;
  readonly buildsOn: readonly string[];
  /** A protocol timer (keep-alive, reconnect delay) makes its check longer than a second. */
  readonly timers: boolean;
  readonly predict?: Predict;
  readonly quiz: readonly QuizItem[];
  readonly hints: Readonly<Record<Track, Hints>>;
  /** The Markdown after the front matter. */
  readonly body: string;
}

const text = z.string().trim().min(1, 'is empty');
const options = z.array(z.coerce.string()).min(2, 'needs at least 2 options');
const proof = z.string().optional();
const hints = z.tuple([text, text, text], {
  error: 'needs 3 hints: a question, the place, the line',
});

function schema(strict: boolean) {
  const object = <Shape extends z.core.$ZodLooseShape>(shape: Shape) =>
    strict ? z.strictObject(shape) : z.object(shape);
  return object({
    title: text,
    minutes: z.number().int().positive().max(60),
    summary: text,
    'builds-on': z.array(text).default([]),
    timers: z.boolean().default(false),
    predict: object({
      question: text,
      options: options.optional(),
      answer: z.union([z.number(), z.string()]),
      explain: text,
      proof,
    })
      .refine(one => inRange(one.answer, one.options), {
        path: ['answer'],
        error: 'is not the number of an option (they count from 1)',
      })
      .optional(),
    quiz: z
      .array(
        object({
          id: text,
          question: text,
          options,
          answer: z.number().int(),
          why: text,
          proof,
        }).refine(one => inRange(one.answer, one.options), {
          path: ['answer'],
          error: 'is not the number of an option (they count from 1)',
        }),
      )
      .refine(list => new Set(list.map(one => one.id)).size === list.length, {
        error: 'has the same id twice',
      })
      .default([]),
    hints: z.union([hints, object({ typescript: hints, python: hints })]),
  });
}

function inRange(answer: string | number, choices: readonly string[] | undefined): boolean {
  if (!choices) return true;
  return (
    typeof answer === 'number' &&
    Number.isInteger(answer) &&
    answer >= 1 &&
    answer <= choices.length
  );
}

/**
 * Reads a lesson's front matter and text.
 * @param options.strict also refuses fields that the course does not know (for authors)
 * @throws CourseError naming the file and the field
 */
export function parseLesson(
  source: string,
  ref: LessonRef,
  options: { readonly strict?: boolean; readonly shownAs?: string } = {},
): Lesson {
  const file = options.shownAs ?? ref.file;
  const match = /^---\r?\n([\s\S]*?)\r?\n---[ \t]*(?:\r?\n|$)/.exec(source);
  if (!match) throw new CourseError(`${file}: front matter is missing: it begins with a line ---`);
  const document = parseDocument(match[1] ?? '');
  const [wrong] = document.errors;
  if (wrong) {
    const line = (wrong.linePos?.[0].line ?? 0) + 1;
    throw new CourseError(`${file}:${line}: front matter: ${wrong.message.split('\n')[0]}`);
  }
  const parsed = schema(options.strict ?? false).safeParse(document.toJS());
  if (!parsed.success) throw new CourseError(`${file}: ${firstIssue(parsed.error)}`);
  const { hints, predict, 'builds-on': buildsOn, ...rest } = parsed.data;
  return {
    ...ref,
    ...rest,
    buildsOn,
    ...(predict ? { predict } : {}),
    hints: Array.isArray(hints) ? { typescript: hints, python: hints } : hints,
    body: source.slice(match[0].length).trimStart(),
  };
}

/** Loads one lesson. @throws UsageError for an unknown name, CourseError for a wrong file */
export function loadLesson(name: string, root: string = packageRoot()): Lesson {
  const ref = findLesson(name, root);
  return parseLesson(readFileSync(ref.file, 'utf8'), ref, { shownAs: relative(root, ref.file) });
}

function firstIssue(error: z.ZodError): string {
  let issue = error.issues[0] as z.core.$ZodIssue | undefined;
  let path = issue?.path ?? [];
  // Of a union, the alternative that came furthest says what is meant.
  while (issue?.code === 'invalid_union') {
    const deepest = issue.errors
      .flat()
      .reduce<z.core.$ZodIssue | undefined>(
        (best, one) => (!best || one.path.length > best.path.length ? one : best),
        undefined,
      );
    if (!deepest) break;
    path = [...path, ...deepest.path];
    issue = deepest;
  }
  if (!issue) return 'front matter is wrong';
  const field = path.map(String).join('.') || 'front matter';
  if (issue.code === 'unrecognized_keys') return `${field}: unknown field ${issue.keys.join(', ')}`;
  const missing = issue.code === 'invalid_type' && /received undefined/.test(issue.message);
  return `${field}: ${missing ? 'is missing' : issue.message}`;
}
