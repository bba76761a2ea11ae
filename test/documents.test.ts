/** The documents name what is there: paths, npm scripts, commands with their flags, links. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { packageRoot } from '../course/index.js';
import { commandLine } from './cli/command-line.js';

const root = packageRoot();
const read = (path: string) => readFileSync(join(root, path), 'utf8');
const documents = [
  'README.md',
  'CONTRIBUTING.md',
  ...readdirSync(join(root, 'docs'))
    .filter(name => name.endsWith('.md'))
    .map(name => `docs/${name}`),
];
const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };

/** The lines of the fenced blocks of a document, and its code spans. A diff shows a text, not a command. */
function codeOf(text: string): string[] {
  const blocks = [...text.matchAll(/^```(\w*)[^\n]*\n([\s\S]*?)^```$/gm)];
  const lines = blocks.flatMap(([, language, block = '']) =>
    language === 'diff' ? [] : block.split('\n'),
  );
  const prose = text.replace(/^```[\s\S]*?^```$/gm, '');
  const spans = [...prose.matchAll(/(`+)(.+?)\1/gs)].map(([, , span = '']) => span.trim());
  return [...lines, ...spans];
}

const own = readdirSync(root).filter(name => !/^(node_modules|mqtt-course|\..*)$/.test(name));
/** What a document calls a lesson that stands for any. */
const anyLesson = (path: string) =>
  path.replace(/NN-slug|24-my-topic/g, '02-publish-a-reading').replaceAll('NN', '2');

/** `a/{b,c}/d` is two paths. */
function expand(path: string): string[] {
  const [, before = '', all, after = ''] = /^(.*)\{([\w,.-]+)\}(.*)$/.exec(path) ?? [];
  return all === undefined ? [path] : all.split(',').flatMap(one => expand(before + one + after));
}

/** The words of a code span that are paths of the project. */
function pathsIn(code: string): string[] {
  return code
    .split(/[\s()'"]+/)
    .map(word => word.replace(/[,;:]$/, ''))
    .filter(word => /^[\w.@{},/-]+$/.test(word) && !/^(-|\/|\.\.?\/)/.test(word))
    .filter(word => {
      const [first = '', second] = word.split('/');
      const file = /\.(ts|mjs|md|json|py|diff)$/.test(word);
      return second === undefined ? own.includes(word) && file : own.includes(first) || file;
    })
    .flatMap(word => expand(anyLesson(word)));
}

const wrongPaths = (text: string) =>
  [...new Set(codeOf(text).flatMap(pathsIn))].filter(path => !existsSync(join(root, path)));

function wrongScripts(text: string): string[] {
  const named = codeOf(text).flatMap(code => [...code.matchAll(/npm run ([\w:-]+)/g)]);
  return named.map(([, name = '']) => name).filter(name => scripts[name] === undefined);
}

const run = commandLine();
const helps = new Map<string, Promise<string>>();
/** The help of a command; empty where there is no such command. */
function help(words: readonly string[]): Promise<string> {
  const key = words.join(' ');
  const known =
    helps.get(key) ??
    run([...words, '--help'], { cwd: root }).then(({ code, out }) =>
      code === 0 && out.includes(`Usage: mqtt-course ${key}`) ? out : '',
    );
  helps.set(key, known);
  return known;
}

const SUBCOMMANDS = ['merge', 'report', 'course-file', 'similar'];
/** Flags of Node's own, which `docs/environment.md` speaks of. */
const NOT_OURS = new Set([
  '--disallow-code-generation-from-strings',
  '--frozen-intrinsics',
  '--permission',
]);

/** The words of a command of ours that a piece of code shows. */
function commandsIn(code: string): { readonly words: string[]; readonly flags: string[] }[] {
  const found = [
    ...code.matchAll(/(?:npx )?mqtt-course ([a-z]+)(.*)/g),
    ...[...code.matchAll(/npm run ([a-z]+)(.*)/g)].filter(([, name = '']) =>
      scripts[name]?.endsWith(`bin/mqtt-course.js ${name}`),
    ),
  ];
  return found.map(([, name = '', rest = '']) => {
    const [second = ''] = rest.trim().split(/\s+/);
    const words = name === 'grade' && SUBCOMMANDS.includes(second) ? [name, second] : [name];
    // What follows -- is the learner's own command, but for npm, which hands it over.
    const [line = ''] = code.includes('npm run') ? [rest] : rest.split(' -- ');
    return { words, flags: flagsIn(line.replace(/\s#.*/, '')) };
  });
}

const flagsIn = (text: string) =>
  [...text.matchAll(/(?<![\w-])--?[a-z][a-z-]*/g)].map(([flag]) => flag);
const hasFlag = (text: string, flag: string) =>
  flag === '--help' ||
  flag === '--plain' ||
  new RegExp(`(^|[ ,])${flag}(?![\\w-])`, 'm').test(text);

async function wrongCommands(codes: readonly string[]): Promise<string[]> {
  const wrong: string[] = [];
  for (const { words, flags } of codes.flatMap(commandsIn)) {
    const text = await help(words);
    if (text === '') wrong.push(words.join(' '));
    else
      wrong.push(
        ...flags.filter(flag => !hasFlag(text, flag)).map(flag => `${words.join(' ')} ${flag}`),
      );
  }
  return [...new Set(wrong)];
}

/** The anchors of a document, as GitHub makes them of its headings. */
const anchors = (text: string) =>
  [...text.replace(/^```[\s\S]*?^```$/gm, '').matchAll(/^#+ (.*)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replace(/[^\p{L}\p{N} -]/gu, '')
      .replaceAll(' ', '-'),
  );

function wrongLinks(document: string, text: string): string[] {
  const targets = [
    ...text.matchAll(/\]\(([^)\s]+)\)/g),
    ...text.matchAll(/<img [^>]*src="([^"]+)"/g),
  ].map(([, target = '']) => target);
  return targets.filter(target => {
    if (/^https?:/.test(target)) return false;
    const [path = '', anchor] = target.split('#');
    const file = path === '' ? document : join(dirname(document), path);
    if (!existsSync(join(root, file))) return true;
    return anchor !== undefined && !anchors(read(file)).includes(anchor);
  });
}

describe.each(documents)('%s', document => {
  const text = read(document);

  test('paths are there', () => {
    // It names what a grading leaves behind, in the instructor's own folder.
    const theirs = ['docs/grading.md', 'docs/first-hour.md'];
    if (!theirs.includes(document)) expect(wrongPaths(text)).toEqual([]);
  });

  test('npm scripts are there', () => {
    expect(wrongScripts(text)).toEqual([]);
  });

  test('commands are there, and take these flags', async () => {
    expect(await wrongCommands(codeOf(text))).toEqual([]);
  });

  test('links lead somewhere', () => {
    expect(wrongLinks(document, text)).toEqual([]);
  });
});

test('what is looked at is found', () => {
  const all = documents.map(read);
  expect(all.flatMap(text => codeOf(text).flatMap(pathsIn)).length).toBeGreaterThan(200);
  expect(all.flatMap(text => codeOf(text).flatMap(commandsIn)).length).toBeGreaterThan(40);
});

test('the table of commands in the README is that of the command line', async () => {
  const rows = [...read('README.md').matchAll(/^\| `([a-z]+)(.*?)` \| (.*) \|$/gm)];
  const known = [
    ...(await run(['--help'], { cwd: root })).out.matchAll(/^ {2}([a-z]+) (?!mqtt-course)/gm),
  ];
  const named = rows.map(([, name]) => name);
  expect([...new Set(named)].sort()).toEqual(known.map(([, name]) => name).sort());
  const codes = rows.flatMap(([, name, rest, about = '']) => {
    const spans = [...about.matchAll(/`([^`]+)`/g)].map(([, span = '']) => span);
    const flags = spans.filter(span => span.startsWith('--')).map(span => ` ${span}`);
    const others = spans.filter(span => span.startsWith(`${name} `));
    return [`mqtt-course ${name}${rest}`, ...others.map(one => `mqtt-course ${one}`)].concat(
      flags.map(flag => `mqtt-course ${name}${flag}`),
    );
  });
  expect(await wrongCommands(codes)).toEqual([]);
});

test('every flag that a text names by itself is one of ours', async () => {
  const all = [
    ...(await run(['--help'], { cwd: root })).out.matchAll(/^ {2}([a-z]+) (?!mqtt-course)/gm),
  ];
  const names = [...all.map(([, name = '']) => [name]), ...SUBCOMMANDS.map(one => ['grade', one])];
  const texts = [...(await Promise.all(names.map(help))), read('scripts/mutant.mjs')].join('\n');
  const named = documents.flatMap(document =>
    codeOf(read(document)).filter(code => /^--[a-z]/.test(code)),
  );
  const wrong = named.flatMap(flagsIn).filter(one => !NOT_OURS.has(one) && !hasFlag(texts, one));
  expect(wrong).toEqual([]);
});

test('the architecture names every room, and every room of the checker', () => {
  const text = read('docs/architecture.md');
  const folders = ['', 'checker/'].flatMap(at =>
    readdirSync(join(root, at), { withFileTypes: true })
      .filter(entry => entry.isDirectory() && (at !== '' || own.includes(entry.name)))
      .map(entry => `${at}${entry.name}/`),
  );
  const elsewhere = /^(dist|docs|bin|examples|coverage)\//;
  expect(folders.filter(one => !elsewhere.test(one) && !text.includes(one))).toEqual([]);
});

describe('what is wrong would be told', () => {
  const wrong = [
    'See `checker/nowhere.ts`, `wire/`, `docs/{glossary,nothing}.md` and `lessons/NN-slug.md`.',
    'Run `npm run nothing` or `npm run lint`.',
    '```sh',
    'npx mqtt-course chekc 5',
    'npx mqtt-course check 5 --speed 9 -- ./mine --flag',
    'npm run verify 5 -- --only x --sometimes',
    'node scripts/lost.mjs',
    '```',
    'And [here](docs/glossary.md), [there](nowhere.md), [deep](CONTRIBUTING.md#no-such-part).',
  ].join('\n');

  test('paths', () => {
    expect(wrongPaths(wrong)).toEqual([
      'scripts/lost.mjs',
      'checker/nowhere.ts',
      'docs/nothing.md',
    ]);
  });

  test('scripts and commands', async () => {
    expect(wrongScripts(wrong)).toEqual(['nothing']);
    expect(await wrongCommands(codeOf(wrong))).toEqual([
      'chekc',
      'check --speed',
      'verify --sometimes',
    ]);
  });

  test('links', () => {
    expect(wrongLinks('README.md', wrong)).toEqual(['nowhere.md', 'CONTRIBUTING.md#no-such-part']);
  });
});
