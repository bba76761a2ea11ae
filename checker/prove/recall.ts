import { entryFile } from '../../course/track.js';
import { loadLesson } from '../check/test-host.js';
import { judge } from '../harness/judge.js';
import { findPython } from '../program/python.js';
import type { ProgramSpec } from '../program/spec.js';
import { type CorpusProgram, idOf } from './corpus.js';
import { type Proof, prove } from './expectation.js';
import { openProofStore, type PlayKey, playHash, programHash, type StalePlay } from './stored.js';

/** Judges programs from their recordings where nothing that plays them has changed. */
export interface Recaller {
  /** The programs that have to be played; the others are in `judged` then. */
  without(programs: readonly CorpusProgram[]): Promise<CorpusProgram[]>;
  readonly judged: readonly Proof[];
  readonly stale: readonly StalePlay[];
  /** Keeps what was recorded of a program, unless the machine or a fault of ours spoilt it. */
  keep(proof: Proof, seed: string): void;
}

/** @param folder where recordings are kept */
export async function recaller(
  folder: string,
  { seed, broker = 'embedded' }: { readonly seed?: string; readonly broker?: string },
): Promise<Recaller> {
  const store = openProofStore(folder);
  const python = await findPython();
  const runtime = {
    typescript: process.version,
    python: `${process.version} python ${python?.version} paho-mqtt ${python?.paho}`,
  };
  const plays = new Map<string, string>();
  const keyOf = ({ lesson, track, files }: CorpusProgram): PlayKey => {
    const how = `${runtime[track]} ${broker}`;
    const known = plays.get(`${lesson} ${how}`) ?? playHash(lesson, how);
    plays.set(`${lesson} ${how}`, known);
    return { program: programHash(files), play: known };
  };
  const judged: Proof[] = [];
  const stale: StalePlay[] = [];
  return {
    judged,
    stale,
    without: async programs => {
      const played: CorpusProgram[] = [];
      for (const program of programs) {
        const id = idOf(program);
        const found = store.find(id, keyOf(program), seed);
        if (typeof found === 'string') {
          stale.push({ id, why: found });
          played.push(program);
          continue;
        }
        const { lesson, track } = program;
        const source = program.files.get(entryFile(track))?.toString('utf8') ?? '';
        const verdicts = judge(await loadLesson(lesson), found.recordings, { source, track });
        judged.push(prove(program, { spec: notPlayed(program, source, found.seed), verdicts }));
      }
      return played;
    },
    keep: ({ program, run, status }, seed) => {
      const { recordings, fault } = run;
      if (recordings && !fault && status !== 'unknown')
        store.keep(idOf(program), keyOf(program), { seed, recordings });
    },
  };
}

/** What is said of a program that was not started this time. */
function notPlayed(program: CorpusProgram, source: string, seed: string): ProgramSpec {
  const { lesson, track } = program;
  return {
    id: idOf(program),
    lesson,
    track,
    source,
    seed,
    command: '',
    args: [],
    cwd: '',
    env: {},
  };
}
