import { randomBytes } from 'node:crypto';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, extname, join } from 'node:path';
import { loadLesson } from '../../checker/check/test-host.js';
import type { Recording } from '../../checker/harness/recording.js';
import { overall } from '../../checker/harness/result.js';
import { runLesson } from '../../checker/harness/run.js';
import type { LauncherRef, Track, Verdict } from '../../checker/index.js';
import { prepareProgram } from '../../checker/program/prepare.js';
import { ProgramUnavailable } from '../../checker/program/spec.js';
import { lessonIds, packageRoot } from '../../course/index.js';

/** One attack: a program of `cheats/`, with what must come of it in its first lines. */
export interface Cheat {
  readonly file: string;
  readonly track: Track;
  readonly attack: string;
  readonly lesson: string;
  /** The attack comes first, then the reference solution: honest work must count as ever. */
  readonly honest: boolean;
  readonly outcome: 'passed' | 'failed';
  /** What the reasons must say. */
  readonly says?: RegExp;
  /** Name of a link that is handed in, to a file that nobody may read. */
  readonly link?: string;
  /** Names of planted files. */
  readonly files: readonly string[];
  /** It costs the machine so much that nothing else should be judged meanwhile. */
  readonly noisy: boolean;
  /** What stands for `__REPEAT__`: a text too long to be kept. */
  readonly repeat: string;
}

const folder = join(import.meta.dirname, 'cheats');

export function cheats(): Cheat[] {
  return readdirSync(folder)
    .filter(name => /\.(ts|py)$/.test(name))
    .map(file => {
      const text = readFileSync(join(folder, file), 'utf8');
      const field = (name: string) => new RegExp(`^(?://|#) ${name}: (.+)$`, 'm').exec(text)?.[1];
      const number = Number(field('lesson'));
      const lesson = lessonIds().find(id => Number.parseInt(id, 10) === number);
      const [attack, outcome, says, link] = ['attack', 'outcome', 'says', 'link'].map(field);
      if (!lesson || !attack || (outcome !== 'passed' && outcome !== 'failed')) {
        throw new Error(`${file} does not say what it is`);
      }
      return {
        file,
        track: extname(file) === '.py' ? 'python' : 'typescript',
        attack,
        lesson,
        honest: field('with') === 'solution',
        outcome,
        noisy: /^(busy|fork|memory|floods|many|fills|unfinished|nests|requires)/.test(file),
        files: field('files')?.split(' ') ?? [],
        repeat: repeated(field('repeat')),
        ...(says ? { says: new RegExp(says) } : {}),
        ...(link ? { link } : {}),
      };
    });
}

/** `200000 !` is that many. */
function repeated(field = '0 '): string {
  const [times, text = ''] = field.split(' ');
  return text.repeat(Number(times));
}

/** What nobody in the sandbox may reach: a port, an abstract socket, a file, a variable. */
export interface Canaries {
  readonly port: number;
  readonly socket: string;
  readonly file: string;
  readonly secret: string;
  /** How often somebody came to the port or the socket. */
  visits(): number;
  close(): void;
}

export async function openCanaries(): Promise<Canaries> {
  const token = randomBytes(6).toString('hex');
  const secret = `hunter2-${token}`;
  const home = mkdtempSync(join(tmpdir(), 'mqtt-course-canary-'));
  const file = join(home, 'secret.txt');
  writeFileSync(file, secret, { mode: 0o644 });
  process.env['CANARY_SECRET'] = secret;
  let visits = 0;
  const count = () =>
    createServer(socket => {
      visits++;
      socket.destroy();
    });
  const [tcp, abstract] = [count(), count()];
  await new Promise<void>(resolve => tcp.listen(0, '127.0.0.1', resolve));
  await new Promise<void>(resolve => abstract.listen(`\0canary-${token}`, resolve));
  const address = tcp.address();
  return {
    port: typeof address === 'object' && address ? address.port : 0,
    socket: `canary-${token}`,
    file,
    secret,
    visits: () => visits,
    close() {
      tcp.close();
      abstract.close();
      rmSync(home, { recursive: true, force: true });
    },
  };
}

export interface Trial {
  readonly status: 'passed' | 'failed' | 'unknown';
  readonly verdicts: readonly Verdict[];
  /** Everything that a person would read: verdicts and notes. */
  readonly text: string;
  readonly stdout: string;
  readonly recordings: readonly Recording[];
}

/** Hands a cheat in and checks it as a graded run does. */
export async function tryCheat(
  cheat: Cheat,
  launcher: (place: { folder: string; track: Track }) => LauncherRef,
  canaries: Canaries,
): Promise<Trial & { readonly mark: string }> {
  const root = packageRoot();
  const mark = `cheat-daemon-${randomBytes(6).toString('hex')}`;
  const place = mkdtempSync(join(tmpdir(), 'mqtt-course-cheat-'));
  const name = cheat.track === 'python' ? 'main.py' : 'main.ts';
  const solution = join(root, 'solutions', cheat.lesson, cheat.track, name);
  const source = readFileSync(join(folder, cheat.file), 'utf8')
    .replaceAll('__REPEAT__', cheat.repeat)
    .replaceAll('__ROOT__', root)
    .replaceAll('__CANARY_PORT__', String(canaries.port))
    .replaceAll('__CANARY_SOCKET__', canaries.socket)
    .replaceAll('__CANARY_FILE__', canaries.file)
    .replaceAll('CHEAT_DAEMON', mark);
  writeFileSync(
    join(place, name),
    cheat.honest ? `${source}\n${readFileSync(solution, 'utf8')}` : source,
  );
  if (cheat.link) symlinkSync(canaries.file, join(place, cheat.link));
  for (const file of cheat.files) {
    mkdirSync(dirname(join(place, file)), { recursive: true });
    writeFileSync(join(place, file), planted(file));
  }
  try {
    const trial = await check(
      cheat.lesson,
      cheat.track,
      join(place, name),
      launcher({ folder: place, track: cheat.track }),
    );
    return { ...trial, mark };
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}

/** Checks a program in this process, with the same steps as a graded run. */
export async function check(
  lesson: string,
  track: Track,
  path: string,
  launcher: LauncherRef,
): Promise<Trial> {
  const program = { kind: 'file', path } as const;
  const asked = { id: 'cheat', lesson, track, program, seed: 'cheats', launcher };
  try {
    const prepared = await prepareProgram(asked);
    try {
      const run = runLesson(await loadLesson(lesson), prepared.spec);
      const verdicts = await run.verdicts();
      const recordings = Object.values(await run.recordings());
      const stdout = recordings.flatMap(one => one.programs.map(({ stdout }) => stdout)).join('\n');
      const notes = recordings.flatMap(one =>
        one.trace.entries.flatMap(entry => (entry.kind === 'note' ? [entry.text] : [])),
      );
      const text = [...verdicts.map(wordsOf), ...notes].join('\n');
      return { status: overall(verdicts), verdicts, text, stdout, recordings };
    } finally {
      await prepared.dispose();
    }
  } catch (error) {
    if (!(error instanceof ProgramUnavailable) || error.reason !== 'work') throw error;
    return { status: 'failed', verdicts: [], text: error.message, stdout: '', recordings: [] };
  }
}

const wordsOf = ({ id, status, expected = '', seen = '', why = '' }: Verdict) =>
  [id, status, expected, seen, why].join(' ');

function planted(file: string): string {
  if (file.endsWith('package.json')) {
    return JSON.stringify({
      type: 'commonjs',
      imports: { '#kit': './mqtt.js' },
      browser: { mqtt: './mqtt.js' },
      scripts: { preinstall: 'touch /tmp/planted' },
    });
  }
  if (file.endsWith('tsconfig.json')) {
    return JSON.stringify({
      compilerOptions: { paths: { mqtt: ['./mqtt.js'], '#kit': ['./mqtt.js'] } },
    });
  }
  if (file.endsWith('.npmrc')) return 'node-options=--require ./mqtt.js\n';
  return "globalThis.planted = 'the planted module was loaded'; module.exports = { connect() {} };\n";
}
