/**
 * How fast a class is graded: submissions × lessons a minute at 1, 2 and 4 workers, beside the floor
 * (start the solution in the same sandbox, connect, publish, exit), with the peak of memory; and how
 * long it takes to list, unpack and merge a large class. Run on a machine that does nothing else:
 *
 *     npm run bench:grade [-- --lessons 2,5 --size 8 --workers 1,2,4 --large 1000 --class 100]
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import mqttPacket from 'mqtt-packet';

const root = fileURLToPath(new URL('..', import.meta.url));
const bin = join(root, 'bin', 'mqtt-course.js');
const { values } = parseArgs({
  options: {
    lessons: { type: 'string', default: '2,5' },
    size: { type: 'string', default: '8' },
    workers: { type: 'string', default: '1,2,4' },
    large: { type: 'string', default: '1000' },
    // A whole class of so many × all lessons: takes long, so only when asked for.
    class: { type: 'string' },
  },
});

const place = mkdtempSync(join(tmpdir(), 'mqtt-course-bench-grade-'));
const children = pid =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1')
    .split(' ')
    .filter(Boolean)
    .map(Number);

/** Resident memory of a process and all it started, MiB. */
function memory(pid) {
  try {
    const pages = Number(readFileSync(`/proc/${pid}/statm`, 'latin1').split(' ')[1]);
    const below = children(pid).reduce((sum, child) => sum + memory(child), 0);
    return (pages * 4096) / (1 << 20) + below;
  } catch {
    return 0;
  }
}

/** @returns {Promise<{ seconds: number, peak: number, code: number | null, out: string }>} */
function run(args) {
  return new Promise((resolve, reject) => {
    const began = performance.now();
    const child = spawn(process.execPath, args, { cwd: place, stdio: ['ignore', 'pipe', 'pipe'] });
    let out = '';
    let peak = 0;
    const watch = setInterval(() => {
      peak = Math.max(peak, memory(child.pid));
    }, 250);
    child.stdout.on('data', text => {
      out += text;
    });
    child.stderr.on('data', text => {
      out += text;
    });
    child.on('error', reject);
    child.on('close', code => {
      clearInterval(watch);
      resolve({ seconds: (performance.now() - began) / 1000, peak: Math.round(peak), code, out });
    });
  });
}

async function makeClass(name, size, lessons, kind = []) {
  const folder = join(place, name);
  const made = await run([join(root, 'scripts/make-class.mjs'), folder, size, lessons, ...kind]);
  if (made.code !== 0) throw new Error(made.out);
  return folder;
}

/** The solution of lesson 2 in the sandbox, against something that only acknowledges: per minute. */
async function floor(sandbox, atOnce, seconds = 8) {
  const { openLauncher } = await import('../dist/grading/sandbox/launcher.js');
  const { startProgram } = await import('../dist/checker/program/run.js');
  const { prepareProgram } = await import('../dist/checker/program/prepare.js');
  const lesson = '02-publish-a-reading';
  const folder = join(root, 'solutions', lesson, 'typescript');
  const launcherRef = sandbox.launcher({ folder, track: 'typescript' });
  const launcher = await openLauncher(launcherRef.options, () => undefined);
  const server = createServer(socket => {
    const parser = mqttPacket.parser();
    parser.on('packet', packet => {
      const answer = { connect: { cmd: 'connack', returnCode: 0, sessionPresent: false } }[
        packet.cmd
      ];
      if (answer) socket.write(mqttPacket.generate(answer));
      if (packet.cmd === 'publish' && packet.qos === 1)
        socket.write(mqttPacket.generate({ cmd: 'puback', messageId: packet.messageId }));
    });
    socket.on('data', bytes => parser.parse(bytes));
    socket.on('error', () => undefined);
  });
  const socket = await launcher.bind(0);
  await new Promise(resolve => server.listen(socket, resolve));
  const prepared = await prepareProgram({
    id: 'floor',
    lesson,
    track: 'typescript',
    program: { kind: 'file', path: join(folder, 'main.ts') },
    seed: 'floor',
    launcher: launcherRef,
  });
  const env = { MQTT_URL: `mqtt://127.0.0.1:${server.address().port}`, TOPIC: 'floor' };
  const once = async () => {
    const nothing = () => undefined;
    const clock = () => performance.now();
    const program = startProgram('floor', prepared.spec, env, clock, nothing, nothing, launcher);
    program.feed({ device: 'pump', temp: 1, hum: 2 });
    program.endInput();
    await program.exited;
    const { exitCode, stderr } = program.record();
    if (exitCode !== 0) throw new Error(`the floor's program ended with ${exitCode}: ${stderr}`);
  };
  await once();
  const began = performance.now();
  let done = 0;
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      while (performance.now() - began < seconds * 1000) {
        await once();
        done += 1;
      }
    }),
  );
  const minutes = (performance.now() - began) / 60_000;
  server.close();
  await launcher.close();
  await prepared.dispose();
  return done / minutes;
}

const grade = (folder, out, ...more) => run([bin, 'grade', folder, '--out', out, ...more]);
const fixed = value => value.toFixed(0).padStart(6);

try {
  console.log(
    `${availableParallelism()} × ${cpus()[0]?.model}, Node ${process.versions.node}; lessons ${values.lessons}, ${values.size} submissions\n`,
  );
  const { openSandbox, defaultLimits, probeIsolation } = await import(
    '../dist/grading/sandbox/index.js'
  );
  const { tier, reason } = await probeIsolation();
  if (tier !== 'bwrap') console.log(`no floor, and isolation ${tier}: ${reason}`);
  const isolation = tier === 'process' ? ['--isolation', 'process'] : [];
  const folder = await makeClass('class', values.size, values.lessons);
  const lessons = ['--lessons', values.lessons, '--seed', 'bench', ...isolation];
  for (const workers of values.workers.split(',')) {
    let least = Number.NaN;
    if (tier === 'bwrap') {
      const sandbox = await openSandbox({ tier, limits: defaultLimits, tmp: place });
      least = await floor(sandbox, Number(workers));
      await sandbox.close();
    }
    const out = join(place, `out-${workers}`);
    const {
      seconds,
      peak,
      out: said,
    } = await grade(folder, out, ...lessons, '--jobs', workers, '--json');
    const ran = said.split('\n').filter(line => line.startsWith('{"type":"start"')).length;
    const rate = (ran / seconds) * 60;
    console.log(
      `${workers} workers  ${fixed(rate)} submissions × lessons a minute   floor ${fixed(least)} programs a minute   peak ${fixed(peak)} MiB   (${ran} in ${seconds.toFixed(1)} s)`,
    );
  }

  if (Number(values.large) > 0) {
    const large = await makeClass('large', values.large, '2');
    const listed = await run([bin, 'grade', large, '--list']);
    console.log(
      `\n${values.large} submissions: listed in ${listed.seconds.toFixed(1)} s, ${listed.peak} MiB`,
    );
    const { listSubmissions, unpackSubmission } = await import(
      '../dist/grading/submissions/index.js'
    );
    const began = performance.now();
    const { submissions } = await listSubmissions(large);
    for (const one of submissions) {
      const options = { lessons: ['02-publish-a-reading'], into: join(place, 'unpacked') };
      await unpackSubmission(one, options).then(
        unpacked => unpacked.dispose(),
        () => undefined,
      );
    }
    console.log(
      `unpacked in ${((performance.now() - began) / 1000).toFixed(1)} s, one after the other`,
    );
    const { writeRecord, writeRun } = await import('../dist/grading/store.js');
    const one = firstRecord(join(place, `out-${values.workers.split(',')[0]}`));
    const parts = [1, 2, 3, 4].map(at => join(place, `part-${at}`));
    const learners = submissions.map(({ learner }) => learner);
    const base = {
      schema: 'mqtt-course/run/1',
      course: one.inputs.course,
      tests: one.inputs.tests,
    };
    for (const [at, part] of parts.entries()) {
      const mine = learners.filter((_, index) => index % 4 === at);
      for (const { id } of mine) writeRecord(part, { ...one, learner: id });
      writeRun(part, {
        ...base,
        seed: 'bench',
        isolation: one.inputs.isolation,
        lessons: [one.lesson],
        members: mine.map(learner => ({ learner, submission: learner.id, notices: [] })),
        unexpected: [],
        unreadable: [],
        notices: [],
      });
    }
    const merged = await run([bin, 'grade', 'merge', ...parts, '--out', join(place, 'merged')]);
    console.log(
      `merged from 4 shards and exported in ${merged.seconds.toFixed(1)} s, ${merged.peak} MiB (exit code ${merged.code})`,
    );
  }

  if (values.class !== undefined) {
    const whole = await makeClass('whole', values.class, 'all');
    const out = join(place, 'out-whole');
    const { seconds, peak, code } = await grade(whole, out, ...isolation);
    const counts = new Map();
    for (const { status } of records(out)) counts.set(status, (counts.get(status) ?? 0) + 1);
    const told = [...counts].map(([status, count]) => `${count} ${status}`).join(', ');
    console.log(
      `\n${values.class} submissions × all lessons: ${(seconds / 60).toFixed(1)} min, peak ${peak} MiB (exit code ${code}; ${told})`,
    );
  }
} finally {
  rmSync(place, { recursive: true, force: true });
}

/** The result files of a class. */
function* records(out) {
  for (const learner of readdirSync(join(out, 'results'))) {
    for (const file of readdirSync(join(out, 'results', learner))) {
      yield JSON.parse(readFileSync(join(out, 'results', learner, file), 'utf8'));
    }
  }
}

function firstRecord(out) {
  for (const record of records(out)) if (record.status === 'graded') return record;
  throw new Error('nothing was graded');
}
