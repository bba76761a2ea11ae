/**
 * Lays out a new lesson, with all its files in both tracks: `npm run new-lesson 24 my-topic`. They are
 * a small lesson that works: the stub runs and is red, the solution passes, each check has a wrong
 * program. So `npm run verify 24` passes at once, and stays a measure while the files become another
 * lesson. The model is `scripts/lesson-template/`, laid out as the course is.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, '..');
const template = join(here, 'lesson-template');
const EXAMPLE = 'npm run new-lesson 24 my-topic';

/** What was asked for cannot be done: the reason, and what would be right. */
class Refused extends Error {}

/** The lessons that are there, in order. */
function lessons() {
  return readdirSync(join(root, 'lessons'))
    .flatMap(name => {
      const [, digits, slug] = /^(\d{2,})-(.+)\.md$/.exec(name) ?? [];
      return digits ? [{ file: `lessons/${name}`, number: Number(digits), slug }] : [];
    })
    .sort((a, b) => a.number - b.number);
}

function request(args) {
  const [digits = '', slug = ''] = args;
  if (args.length !== 2)
    throw new Refused(`Say the number and the name of the lesson. For example: ${EXAMPLE}`);
  if (!/^[1-9]\d?$/.test(digits))
    throw new Refused(`"${digits}" is no number of a lesson: 1 to 99. For example: ${EXAMPLE}`);
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(slug))
    throw new Refused(
      `"${slug}" is no name of a lesson: small letters, digits and hyphens, a letter first. For example: ${EXAMPLE}`,
    );
  const there = lessons();
  const next = Math.max(0, ...there.map(one => one.number)) + 1;
  const same = there.find(one => one.number === Number(digits));
  if (same)
    throw new Refused(
      `There is a lesson ${digits}: ${same.file}. The next free number is ${next}: npm run new-lesson ${next} ${slug}`,
    );
  const named = there.find(one => one.slug === slug);
  if (named)
    throw new Refused(
      `There is a lesson called ${slug}: ${named.file}. A name stands for one lesson; choose another.`,
    );
  return { number: Number(digits), slug, id: `${digits.padStart(2, '0')}-${slug}` };
}

/** The files of the new lesson: path from the root, and text. */
function filesOf({ number, slug, id }) {
  const title = slug.replaceAll('-', ' ').replace(/^./, letter => letter.toUpperCase());
  const filled = text =>
    text
      .replaceAll('NN-topic', id)
      .replaceAll('LESSON_NUMBER', String(number))
      .replaceAll('LESSON_TITLE', title);
  return readdirSync(template, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile() && !entry.name.endsWith('.pyc'))
    .map(entry => join(entry.parentPath ?? entry.path, entry.name))
    .map(path => ({
      path: filled(
        path
          .slice(template.length + 1)
          .split(sep)
          .join('/'),
      ),
      text: filled(readFileSync(path, 'utf8')),
    }))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
}

function main(args) {
  const lesson = request(args);
  const files = filesOf(lesson);
  const taken = files.find(({ path }) => existsSync(join(root, path)));
  if (taken)
    throw new Refused(
      `${taken.path} is there already, and nothing is overwritten: remove it first.`,
    );
  for (const { path, text } of files) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
    console.log(path);
  }
  // Checks run from the built course; the contract goes into the text, and the picture is drawn from
  // a run of the solution.
  for (const script of [['build.mjs'], ['contracts.mjs', lesson.id], ['pictures.mjs', lesson.id]]) {
    const [name, ...more] = script;
    const { status } = spawnSync(process.execPath, [join(here, name), ...more], {
      cwd: root,
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    if (status !== 0) throw new Error(`${name} failed`);
  }
  console.log(`
It is a lesson that works, about something small. Prove it:  npm run verify ${lesson.number}
Then make it yours, from the contract on: docs/authoring.md.  What is left: grep -rn TODO lessons/${lesson.id}.md`);
}

try {
  main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof Refused)) throw error;
  console.error(error.message);
  process.exitCode = 2;
}
