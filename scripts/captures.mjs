/**
 * Makes the pictures in docs/pictures from real runs: a failed check, an exchange as a drawing, and
 * `run` in a terminal of 80 by 24 with a fault struck. Run: npm run captures (needs tmux).
 *
 * The same at each run: the seed is fixed, the client library's random numbers too, and times are
 * made coarse, since no two runs take the same milliseconds.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ansiSvg } from './ansi-svg.mjs';
import { programText } from './program-text.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const bin = join(root, 'bin', 'mqtt-course.js');
const pictures = join(root, 'docs', 'pictures');
const SEED = 'captures';
const DEADLINE_MS = 60_000;

const work = mkdtempSync(join(tmpdir(), 'mqtt-course-captures-'));
const workspace = join(work, 'mqtt-course');
const { PATH = '', HOME = '' } = process.env;
const environment = { PATH, HOME, LANG: 'C.UTF-8', COLUMNS: '80', FORCE_COLOR: '1' };

function course(...args) {
  const { stdout, stderr, status } = spawnSync(process.execPath, [bin, ...args], {
    cwd: workspace,
    env: environment,
    encoding: 'utf8',
  });
  if (status === null || status > 1) throw new Error(`${args.join(' ')}: ${stderr}`);
  return stdout.trimEnd().split('\n');
}

/** Puts a program into the workspace, its random numbers always the same. */
function put(lesson, program) {
  const file = join(workspace, 'exercises', lesson, 'typescript', 'main.ts');
  // At the end: imports come first anyway, and the line numbers stay.
  const text = programText(lesson, 'typescript', program);
  writeFileSync(
    file,
    text.replace(/^(import [^\n]*;)(?=\n(?!import))/m, '$1 Math.random = () => 0.1;'),
  );
}

const save = (name, svg) => {
  mkdirSync(pictures, { recursive: true });
  writeFileSync(join(pictures, name), svg);
  console.log(`docs/pictures/${name}`);
};

/** How long a check took, at the end of a line. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: the colour at the end of the line
const DURATION = / · \d+(?:\.\d+)? (?:ms|s)(?=(?:\u001B\[\d+m)*$)/;

/**
 * Times, in order, made coarse: each is a millisecond after the one before, where less than two
 * seconds lay between them; else as many whole two seconds.
 */
function coarse(times) {
  let last;
  let shown = 0;
  return times.map(t => {
    if (last !== undefined) shown += Math.max(1, Math.floor((t - last) / 2000) * 2000);
    last = t;
    return shown;
  });
}

function coarseTrace(trace) {
  const { entries } = trace;
  const shown = coarse(entries.map(one => one.t));
  const at = t => shown[entries.findLastIndex(one => one.t <= t)];
  return {
    ...trace,
    entries: entries.map((one, index) => ({
      ...one,
      t: shown[index],
      ...(one.releasedAt === undefined ? {} : { releasedAt: at(one.releasedAt) }),
    })),
  };
}

/** Times and ports in what a terminal shows. */
function coarseText(lines) {
  const time = /\+(\d+\.\d{3})/g;
  const times = lines.flatMap(line => [...line.matchAll(time)].map(one => Number(one[1]) * 1000));
  const shown = coarse(times).map(t => `+${(t / 1000).toFixed(3)}`);
  return lines.map(line =>
    line
      .replace(time, whole => (shown.shift() ?? whole).padStart(whole.length))
      .replace(/127\.0\.0\.1:\d+/g, '127.0.0.1:1883')
      .replace(DURATION, ' · 2.00 s'),
  );
}

function failure() {
  const lesson = '09-last-will';
  put(lesson, 'mutant/will-not-stored');
  const lines = coarseText(course('check', lesson, '--seed', SEED));
  save(
    'check-failed.svg',
    ansiSvg({
      title: 'npx mqtt-course check 9',
      about:
        'A check that failed: what was expected, the packets that were seen, why, and what to try.',
      lines: lines.slice(2),
      columns: 80,
    }),
  );
}

function exchange() {
  const lesson = '06-qos-handshakes';
  const scenario = 'lost PUBREC';
  put(lesson, `solutions/${lesson}/typescript/main.ts`);
  course('check', lesson, '--seed', SEED);
  const stored = join(workspace, '.mqtt-course', 'last', `${lesson}.json`);
  const bundle = JSON.parse(readFileSync(stored, 'utf8'));
  const recording = bundle.recordings[scenario];
  bundle.recordings = { [scenario]: { ...recording, trace: coarseTrace(recording.trace) } };
  const file = join(work, 'exchange.json');
  writeFileSync(file, JSON.stringify(bundle));
  course('trace', '--from', file, '--svg', join(work, 'exchange.svg'));
  save('exchange.svg', readFileSync(join(work, 'exchange.svg'), 'utf8'));
  save(
    'exchange-terminal.svg',
    ansiSvg({
      title: 'npx mqtt-course trace 6 --diagram',
      about:
        'An exchange as a sequence diagram in a terminal; a PUBREC is lost with its connection.',
      lines: course('trace', '--from', file, '--diagram'),
      columns: 80,
    }),
  );
}

/** `run` in tmux: types, and waits for what must be seen. */
async function live() {
  if (spawnSync('tmux', ['-V']).status !== 0) {
    console.log('docs/pictures/run.svg: not made anew, since tmux is not on this machine');
    return;
  }
  const lesson = '07-duplicates';
  put(lesson, `solutions/${lesson}/typescript/main.ts`);
  const server = `mqtt-course-captures-${process.pid}`;
  const there = () => spawnSync('tmux', ['-L', server, 'has-session']).status === 0;
  const pause = ms => new Promise(resolve => setTimeout(resolve, ms));
  const tmux = (...args) =>
    execFileSync('tmux', ['-u', '-L', server, '-f', '/dev/null', ...args], { encoding: 'utf8' });
  const screen = () => tmux('capture-pane', '-p');
  const shows = async wanted => {
    const end = Date.now() + DEADLINE_MS;
    while (!wanted.test(screen())) {
      if (Date.now() > end) throw new Error(`${wanted} did not appear:\n${screen()}`);
      await new Promise(resolve => setTimeout(resolve, 50));
    }
  };
  const type = (...keys) => tmux('send-keys', ...keys);
  try {
    const command = `env -i PATH="$PATH" HOME="$HOME" LANG=C.UTF-8 TERM=screen-256color '${process.execPath}' '${bin}' run ${lesson} --seed ${SEED} --no-events`;
    tmux('new-session', '-d', '-x', '80', '-y', '24', '-c', workspace, command);
    await shows(/SUBACK/);
    const [, house = ''] = /SUBSCRIBE \S*?([\w…]+)\/meters/.exec(screen()) ?? [];
    const topic = `${house.replace('…', '')}/meters`;
    type('env', 'Enter');
    await shows(/METERS=/);
    const [, meters = topic] = /METERS=(\S+)/.exec(screen()) ?? [];
    type('Escape');
    await shows(/SUBACK/);
    type('withhold PUBACK', 'Enter');
    await shows(/withhold: the next PUBACK/);
    type(`${meters}/m1/energy {"device":"m1","boot":1,"seq":1,"kwh":5} -q 1`, 'Enter');
    await shows(/withheld: PUBACK/);
    await shows(/published /);
    type('cut', 'Enter');
    await shows(/sessionPresent=1[\s\S]*PUBLISH[\s\S]*PUBACK id=/);
    await shows(/cut: connection/);
    type('explain 8');
    await shows(/> explain 8/);
    const lines = coarseText(tmux('capture-pane', '-p', '-e').replace(/\n$/, '').split('\n'));
    const [row, column] = tmux('display-message', '-p', '#{cursor_y} #{cursor_x}')
      .split(' ')
      .map(Number);
    save(
      'run.svg',
      ansiSvg({
        title: 'npx mqtt-course run 7',
        about:
          'A program in front of the practice broker: its packets as they come, a PUBACK withheld, the connection cut, and the message delivered again.',
        lines,
        columns: 80,
        cursor: { row, column },
      }),
    );
    type('C-c');
    // It writes down what it saw when it leaves: the folder is removed after that.
    for (let tries = 0; tries < 100 && there(); tries++) await pause(50);
  } finally {
    spawnSync('tmux', ['-L', server, 'kill-server']);
  }
}

try {
  spawnSync(process.execPath, [bin, 'start', '--yes', '--dir', workspace], {
    cwd: work,
    env: environment,
  });
  failure();
  exchange();
  await live();
} finally {
  rmSync(work, { recursive: true, force: true, maxRetries: 10 });
}
