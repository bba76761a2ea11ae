/**
 * Makes a wrong program, or changes one: a copy to edit first, then the edit that it is.
 *
 *     npm run mutant 7 forgets-boot            a copy of the solution, to be made wrong
 *     npm run mutant 7 forgets-boot            again: checks the copy, and writes the edit down
 *     npm run mutant 7 forgets-boot python     the same mistake in the other track
 *     npm run mutant 15 no-listener config     of the configuration
 *     npm run mutant 7 forgets-boot show       the program, as it is made of its edit
 *
 * Behind `--`: --does TEXT, --cause TEXT, --fails "T1, T2 as mistake" (default: what the checks
 * say), --of variant/short (default: the solution), --track, --show.
 */
import { existsSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { checkLesson } from '../dist/checker/index.js';
import {
  copyDiffers,
  copyFolder,
  makeCopy,
  trackOf,
  writeDown,
  writtenProgram,
} from '../dist/checker/prove/author.js';
import { expectationOf } from '../dist/checker/prove/edits.js';
import { entryFile, findLesson, UsageError } from '../dist/course/index.js';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const parts = ['typescript', 'python', 'config'];
const example = 'For example: npm run mutant 7 forgets-boot python';

const shown = path => relative(process.cwd(), path);

function parsed(config) {
  try {
    return parseArgs(config);
  } catch (error) {
    throw new UsageError(`${error.message.split('. ')[0]}. ${example}`);
  }
}

/** npm takes a `--track` before `--` for itself, and hands over what follows it: that will do. */
function request() {
  const { values, positionals } = parsed({
    allowPositionals: true,
    options: {
      track: { type: 'string' },
      of: { type: 'string' },
      does: { type: 'string' },
      cause: { type: 'string' },
      fails: { type: 'string' },
      show: { type: 'boolean' },
    },
  });
  for (const name of ['of', 'does', 'cause', 'fails']) {
    if (process.env[`npm_config_${name}`] !== undefined && values[name] === undefined) {
      throw new UsageError(
        `npm keeps --${name} for itself: put -- before it. For example: npm run mutant 7 forgets-boot -- --${name} …`,
      );
    }
  }
  const [number, name, ...words] = positionals;
  if (number === undefined || name === undefined) {
    throw new UsageError(`Which lesson, and which mutant? ${example}`);
  }
  const show = values.show || words.includes('show') || process.env.npm_config_show === 'true';
  const rest = [values.track, ...words].filter(word => word !== undefined && word !== 'show');
  const wrong = rest.find(word => !parts.includes(word));
  if (wrong !== undefined || rest.length > 1) {
    const told =
      wrong === undefined
        ? `One at a time: ${rest.join(' or ')}`
        : `"${wrong}" is none of ${parts.join(', ')}`;
    throw new UsageError(`${told}. ${example}`);
  }
  const one = {
    lesson: findLesson(number).id,
    name,
    part: rest[0] ?? 'typescript',
    root,
    ...(values.of ? { of: values.of } : {}),
  };
  const expects = values.fails ? expectationOf(values.fails) : undefined;
  if (values.fails && !expects) {
    throw new UsageError(
      `--fails "${values.fails}" is not of the form: --fails "T1, T2 as mistake"`,
    );
  }
  return { one, show, told: { does: values.does, cause: values.cause, expects } };
}

function showProgram(one) {
  const program = writtenProgram(one);
  if (!program) throw new UsageError(`${one.lesson} has no mutant/${one.name} in ${one.part}`);
  for (const [name, content] of program.files) {
    if (one.part === 'config' ? name.startsWith('main.') : name !== entryFile(one.part)) continue;
    if (one.part === 'config') console.log(`== ${name}`);
    process.stdout.write(content);
  }
}

/** What the checks say about the copy. @returns undefined when none of them failed */
async function seenBy(one) {
  const file = join(copyFolder(one), entryFile(trackOf(one.part)));
  const { result } = await checkLesson({
    lesson: one.lesson,
    track: trackOf(one.part),
    program: { kind: 'file', path: file },
    workspace: copyFolder(one),
  });
  if (result.notice) console.log(result.notice);
  const failed = result.checks.filter(check => check.status === 'failed');
  for (const { id, mistake, seen } of failed) console.log(`✗ ${id} ${mistake}: ${seen}`);
  const mistake = failed[0]?.mistake;
  return mistake && result.status === 'failed'
    ? { mistake, fails: failed.map(check => check.id) }
    : undefined;
}

async function main() {
  const { one, show, told } = request();
  if (show) return showProgram(one);
  const command = ['npm run mutant', Number.parseInt(one.lesson, 10), one.name, one.part].join(' ');
  const folder = copyFolder(one);
  if (!existsSync(folder)) {
    makeCopy(one);
    const what = one.part === 'config' ? 'its configuration' : entryFile(one.part);
    console.log(`Make ${what} wrong in ${shown(folder)}, then: ${command}`);
    return;
  }
  if (!copyDiffers(one)) {
    throw new UsageError(
      `Nothing is changed yet in ${shown(folder)}. Make it wrong there, then: ${command}`,
    );
  }
  const seen = await seenBy(one);
  const expects = told.expects ?? seen;
  if (!expects) {
    console.log(
      `No check failed, so there is nothing to write down: the program is right, or a check is missing.\n` +
        `It stays in ${shown(folder)}. To write it down all the same: ${command} -- --fails "T1 as mistake"`,
    );
    process.exitCode = 1;
    return;
  }
  const { file, line, text } = writeDown(one, { ...told, expects });
  console.log(`\n${shown(file)}:${line}\n\n${text}`);
  if (/^(does|cause): \?$/m.test(text)) {
    console.log(`Say there what it does, and the cause, in place of the question marks. Then:`);
  }
  console.log(`npm run verify ${Number.parseInt(one.lesson, 10)} -- --only mutant/${one.name}`);
}

try {
  await main();
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(error.message);
  process.exitCode = 2;
}
