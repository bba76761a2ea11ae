import { existsSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { parseDocument } from 'yaml';
import { z } from 'zod';
import { findLesson, type LessonRef } from './catalogue.js';
import { CourseError } from './errors.js';
import { packageRoot } from './package-root.js';

/** `C3`: a sentence of a lesson's contract. `G2`: one that all lessons share. */
export type SentenceId = `C${number}` | `G${number}`;

/** A demand that a program could break. */
export interface Sentence {
  readonly id: SentenceId;
  /** One line of Markdown. */
  readonly text: string;
}

/** What a program is given: a variable of its environment, or a line of its input. */
export interface Given {
  readonly name: string;
  readonly example: string;
  readonly meaning: string;
}

/** Sentences that belong together, and what is to be known before them. */
export interface ContractPart {
  /** Markdown; shapes of messages as code. */
  readonly text?: string | undefined;
  readonly sentences: readonly Sentence[];
}

/**
 * What a program must do, and all of it: the text of the lesson is rendered from it, each check
 * names the sentences that it judges, and `verify` proves that each sentence has a check.
 */
export interface Contract {
  /** The lesson; undefined of what all lessons share. */
  readonly lesson?: string | undefined;
  /** Markdown before the table. */
  readonly intro?: string | undefined;
  readonly given: readonly Given[];
  readonly parts: readonly ContractPart[];
  /** Markdown behind the last sentence: what the checks do, what people ran into. No demand. */
  readonly notes?: string | undefined;
}

const text = z.string().trim().min(1, 'is empty');
const line = text.refine(one => !one.includes('\n'), 'is more than one line: write it with >-');

function schema(letter: 'C' | 'G') {
  const id = z.string().regex(new RegExp(`^${letter}[1-9]\\d*$`), `is no id as ${letter}1`);
  return z.strictObject({
    intro: text.optional(),
    given: z.array(z.strictObject({ name: line, example: line, meaning: line })).default([]),
    parts: z
      .array(
        z.strictObject({
          text: text.optional(),
          sentences: z.record(id, line).default({}),
        }),
      )
      .min(1),
    notes: text.optional(),
  });
}

/** The file with what all lessons share. */
const COMMON = 'common.contract.yaml';

/** Beside the lesson: `lessons/05-wildcards.contract.yaml`. */
export function contractFile(lesson: Pick<LessonRef, 'id'>, root: string = packageRoot()): string {
  return join(root, 'lessons', `${lesson.id}.contract.yaml`);
}

/** Reads a contract. @throws CourseError naming the file and the field */
export function parseContract(source: string, shownAs: string, lesson?: string): Contract {
  const document = parseDocument(source);
  const [wrong] = document.errors;
  if (wrong) {
    const at = wrong.linePos?.[0].line ?? 1;
    throw new CourseError(`${shownAs}:${at}: ${wrong.message.split('\n')[0]}`);
  }
  const letter = lesson === undefined ? 'G' : 'C';
  const parsed = schema(letter).safeParse(document.toJS());
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new CourseError(`${shownAs}: ${issue?.path.map(String).join('.')}: ${issue?.message}`);
  }
  const { parts, ...rest } = parsed.data;
  const contract: Contract = {
    lesson,
    ...rest,
    parts: parts.map(one => ({
      text: one.text,
      sentences: Object.entries(one.sentences).map(([id, text]) => ({
        id: id as SentenceId,
        text,
      })),
    })),
  };
  for (const [at, { id }] of sentencesOf(contract).entries()) {
    if (id === `${letter}${at + 1}`) continue;
    throw new CourseError(
      `${shownAs}: ${id} stands where ${letter}${at + 1} is due: count without a gap`,
    );
  }
  return contract;
}

/** The contract of a lesson; undefined when it is not written as data. @throws CourseError */
export function loadContract(name: string, root: string = packageRoot()): Contract | undefined {
  const ref = findLesson(name, root);
  const file = contractFile(ref, root);
  if (!existsSync(file)) return undefined;
  return parseContract(readFileSync(file, 'utf8'), relative(root, file), ref.id);
}

/** What holds in every lesson: the environment, the stop, the exit codes. @throws CourseError */
export function loadCommonContract(root: string = packageRoot()): Contract {
  const file = join(root, 'lessons', COMMON);
  return parseContract(readFileSync(file, 'utf8'), relative(root, file));
}

export function sentencesOf(contract: Contract): Sentence[] {
  return contract.parts.flatMap(one => one.sentences);
}

/** A contract as Markdown, as it stands in the text of the lesson. */
export function contractMarkdown({ intro, given, parts, notes }: Contract): string {
  const blocks = [
    intro,
    given.length > 0 ? table(given) : undefined,
    ...parts.flatMap(part => [
      part.text,
      part.sentences.length > 0 ? part.sentences.map(listItem).join('\n') : undefined,
    ]),
    notes,
  ];
  return blocks.filter(one => one !== undefined).join('\n\n');
}

function table(given: readonly Given[]): string {
  const rows = given.map(({ name, example, meaning }) => {
    const shown = /^[A-Z][A-Z0-9_]*$/.test(name) ? `\`${name}\`` : name;
    return `| ${shown} | \`${example}\` | ${meaning} |`;
  });
  return ['| name | example | meaning |', '|---|---|---|', ...rows].join('\n');
}

/** Columns of a line of text in a lesson. */
const WIDTH = 100;

function listItem({ id, text }: Sentence): string {
  const lines = [`* **${id}**`];
  for (const word of text.split(/\s+/)) {
    const last = lines.at(-1) ?? '';
    if (last.length + 1 + word.length <= WIDTH) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(`  ${word}`);
  }
  return lines.join('\n');
}

const block = /(<!-- contract[^>]*-->\n)[\s\S]*?(<!-- end of the contract -->)/;

/**
 * Puts a contract into a text, between its two marks.
 * @throws CourseError when the marks are not there
 */
export function withContract(text: string, contract: Contract, shownAs: string): string {
  if (!block.test(text)) {
    throw new CourseError(
      `${shownAs} has no place for its contract: <!-- contract … --> and <!-- end of the contract -->`,
    );
  }
  return text.replace(
    block,
    (_, start: string, end: string) => `${start}${contractMarkdown(contract)}\n${end}`,
  );
}
