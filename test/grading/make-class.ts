import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { create } from 'tar';
import { type CorpusProgram, corpus } from '../../checker/prove/corpus.js';
import { filesUnder, packageRoot, type Track } from '../../course/index.js';
import { zipOf } from '../../grading/exports/zip.js';

/** What a learner of the made-up class hands in for a lesson. */
export type Work =
  | 'solution'
  | 'stub'
  | 'nothing'
  | `variant/${string}`
  | `mutant/${string}`
  | 'cheat';

export interface MadeLearner {
  readonly id: string;
  readonly submission: string;
  readonly track: Track;
  /** By lesson id. */
  readonly works: Readonly<Record<string, Work>>;
  /** The submission cannot be read, or has nothing in it. */
  readonly broken?: 'archive' | 'empty' | 'link';
}

export interface MadeClass {
  readonly folder: string;
  readonly learners: readonly MadeLearner[];
}

export interface ClassPlan {
  readonly folder: string;
  readonly lessons: readonly string[];
  readonly size: number;
  readonly tracks?: readonly Track[];
  /** Also broken archives, empty folders, links. Default true. */
  readonly accidents?: boolean;
  /** Where the attacks are; default beside this file. */
  readonly cheats?: string;
}

/** By place in the class. */
const ACCIDENTS: Readonly<Record<number, 'archive' | 'empty' | 'link'>> = {
  3: 'archive',
  5: 'empty',
  7: 'link',
};
const besides = join(dirname(fileURLToPath(import.meta.url)), 'cheats');

/**
 * Writes a class to disk: solutions, variants, mutants, stubs, cheats, in folders, zips and tarballs
 * named as platforms name them; the same plan gives the same class.
 */
export async function makeClass(plan: ClassPlan): Promise<MadeClass> {
  const { folder, lessons, size, tracks = ['typescript', 'python'], accidents = true } = plan;
  mkdirSync(folder, { recursive: true });
  const learners: MadeLearner[] = [];
  const programs = new Map(
    lessons.flatMap(lesson =>
      tracks.map(track => [`${lesson} ${track}`, corpus(lesson, track)] as const),
    ),
  );
  for (let at = 0; at < size; at++) {
    const track = tracks[at % tracks.length] as Track;
    const id = `learner${String(at + 1).padStart(4, '0')}`;
    const broken = accidents ? ACCIDENTS[at] : undefined;
    if (broken) {
      learners.push({ ...accident(folder, id, broken), track });
      continue;
    }
    const works: Record<string, Work> = {};
    const files: Files = [];
    for (const [place, lesson] of lessons.entries()) {
      const all = programs.get(`${lesson} ${track}`) ?? [];
      const [work, paths] = workFor(
        all,
        lesson,
        track,
        at * 7 + place * 3,
        accidents ? (plan.cheats ?? besides) : undefined,
      );
      works[lesson] = work;
      files.push(...paths);
    }
    learners.push({ id, submission: await handIn(folder, id, at, files), track, works });
  }
  return { folder, learners };
}

type Files = { path: string; content: Buffer }[];

/** One of what is there, in turn: about half of the class is right. */
function workFor(
  all: readonly CorpusProgram[],
  lesson: string,
  track: Track,
  turn: number,
  cheats: string | undefined,
): [Work, Files] {
  const base = `exercises/${lesson}/${track}`;
  const whole = (folder: string): Files =>
    filesUnder(join(packageRoot(), folder, lesson, track)).map(one => ({
      path: `${base}/${one.name}`,
      content: readFileSync(one.path),
    }));
  const over = (program: CorpusProgram): Files =>
    [...program.files].map(([name, content]) => ({ path: `${base}/${name}`, content }));
  const kind = turn % 10;
  const pick = (role: string) => {
    const of = all.filter(one => one.role === role);
    return of[Math.floor(turn / 10) % Math.max(1, of.length)];
  };
  if (kind === 9) return turn % 20 === 9 ? ['nothing', []] : ['stub', whole('exercises')];
  if (kind === 8 && cheats !== undefined && existsSync(cheats)) {
    const extension = track === 'python' ? '.py' : '.ts';
    const of = readdirSync(cheats)
      .filter(name => name.endsWith(extension))
      .sort();
    const cheat = of[turn % Math.max(1, of.length)];
    const rest = whole('solutions').filter(one => basename(one.path) !== `main${extension}`);
    if (cheat) {
      const content = readFileSync(join(cheats, cheat));
      return ['cheat', [...rest, { path: `${base}/main${extension}`, content }]];
    }
  }
  const mutant = pick('mutant');
  if ((kind === 3 || kind === 5 || kind === 7 || kind === 8) && mutant) {
    return [mutant.name as Work, over(mutant)];
  }
  const variant = pick('variant');
  if (kind === 1 && variant) return [variant.name as Work, over(variant)];
  return ['solution', whole('solutions')];
}

/** As a folder, a zip or a tarball; every fourth with files around it that do not count. */
async function handIn(folder: string, id: string, at: number, files: Files): Promise<string> {
  if (at % 3 === 1) {
    const name = `${id}_${1000 + at}_${2000 + at}_mqtt.zip`;
    const zip = zipOf(files);
    writeFileSync(join(folder, name), zip);
    return name;
  }
  const place = at % 3 === 2 ? join(folder, `.${id}`) : join(folder, id);
  mkdirSync(place, { recursive: true });
  for (const { path, content } of files) {
    mkdirSync(dirname(join(place, path)), { recursive: true });
    writeFileSync(join(place, path), content);
  }
  if (at % 4 === 0) {
    mkdirSync(join(place, 'node_modules', 'mqtt'), { recursive: true });
    writeFileSync(join(place, 'node_modules', 'mqtt', 'index.js'), 'throw new Error("mine")\n');
    writeFileSync(join(place, 'package.json'), '{"scripts":{"preinstall":"touch /tmp/owned"}}\n');
  }
  if (at % 3 !== 2) return id;
  const name = `${id}.tar.gz`;
  await create({ gzip: true, file: join(folder, name), cwd: place }, ['.']);
  rmSync(place, { recursive: true });
  return name;
}

function accident(folder: string, id: string, broken: 'archive' | 'empty' | 'link') {
  const made = { id, works: {}, broken } as const;
  if (broken === 'archive') {
    writeFileSync(join(folder, `${id}.zip`), 'PK\u0003\u0004 not a zip at all');
    return { ...made, submission: `${id}.zip` };
  }
  mkdirSync(join(folder, id), { recursive: true });
  if (broken === 'link') {
    const place = join(folder, id, 'exercises', '02-publish-a-reading', 'typescript');
    mkdirSync(place, { recursive: true });
    symlinkSync(
      join(packageRoot(), 'solutions/02-publish-a-reading/typescript/main.ts'),
      join(place, 'main.ts'),
    );
  }
  return { ...made, submission: id };
}
