import type { Command } from 'commander';
import { currentFolder, heldCommand, print, styleFor } from './invocation.js';
import type { Style } from './render/style.js';

interface RunOptions {
  readonly track?: string;
  readonly seed?: string;
  readonly port?: string;
  readonly observe?: boolean;
  readonly broker?: string;
}

/** `run`: the learner's program in front of a practice broker, with the wire to look at. */
export function registerRun(program: Command): void {
  program
    .command('run')
    .description(
      'run your program against a practice broker, and watch the wire; nothing is judged',
    )
    .argument('[lesson]', 'default the one you are at')
    .option('--track <track>', 'typescript or python')
    .option('--observe', 'the program that the lesson provides, instead of yours')
    .option('--broker <broker>', 'embedded or mosquitto', 'embedded')
    .option('--seed <seed>', 'the same random values again')
    .option('-p, --port <port>', 'port of the practice broker, for other clients')
    .usage('[lesson] [options] [-- command...]')
    .addHelpText('after', '\nExample:\n  npx mqtt-course run lesson-3')
    .action(async (name: string | undefined, options: RunOptions, command: Command) => {
      process.exitCode = await run(name, options, styleFor(command));
    });
}

async function run(name: string | undefined, options: RunOptions, style: Style): Promise<number> {
  const [place, course, { existsSync }] = await Promise.all([
    import('./place.js'),
    import('../course/index.js'),
    import('node:fs'),
  ]);
  const port = options.port === undefined ? undefined : Number(options.port);
  if (port !== undefined && !(Number.isInteger(port) && port > 0 && port < 65_536)) {
    throw new course.UsageError(
      `${options.port} is not a port; a port is a number from 1 to 65535. For example: npx mqtt-course run --port 1883`,
    );
  }
  const mosquitto = options.broker === 'mosquitto';
  if (!mosquitto && options.broker !== 'embedded') {
    throw new course.UsageError(
      `there is no broker called ${options.broker}; choose embedded or mosquitto. For example: npx mqtt-course run --broker mosquitto`,
    );
  }
  if (mosquitto) {
    const { brokerProblem } = await import('../checker/index.js');
    const problem = await brokerProblem('mosquitto');
    if (problem) {
      print([problem.text]);
      return 3;
    }
  }
  const asked = place.parseTrack(options.track);
  const own = heldCommand();
  const opened =
    (own.length > 0 || options.observe) && !course.findWorkspace(currentFolder())
      ? undefined
      : place.openHere();
  const lesson = place.chosenLesson(name, opened);
  const track = place.chosenTrack(asked, opened);
  const common = {
    lesson: lesson.id,
    ...(options.seed ? { seed: options.seed } : {}),
    ...(port === undefined ? {} : { port }),
    ...(mosquitto ? { mosquitto } : {}),
    ...(opened ? { workspace: opened.workspace.folder } : {}),
  };
  if (options.observe) {
    const path = course.observeProgram(lesson.id);
    if (!path) {
      throw new course.UsageError(
        `${lesson.id} has no program to observe; run yours: npx mqtt-course run ${lesson.number}`,
      );
    }
    const program = { kind: 'file', path } as const;
    return practise({ ...common, track: 'typescript', program }, 'the program to observe', style);
  }
  if (own.length > 0) {
    const program = { kind: 'command', command: own, cwd: currentFolder() } as const;
    return practise({ ...common, track: 'command', program }, own.join(' '), style);
  }
  const { entry, shown } = course.exercisePlace(
    (opened ?? place.openHere()).workspace,
    lesson.id,
    track,
  );
  if (!existsSync(entry)) {
    throw new course.UsageError(
      `${shown} is missing. Get a fresh one: npx mqtt-course reset ${lesson.id} --track ${track} --yes`,
    );
  }
  return practise({ ...common, track, program: { kind: 'file', path: entry } }, shown, style);
}

type Request = Omit<
  Parameters<typeof import('../checker/index.js').practise>[0],
  'onEntry' | 'onOutput'
>;

async function practise(request: Request, shown: string, style: Style): Promise<number> {
  const dot = style.plain ? ', ' : ' · ';
  print([`running ${shown} ...`]);
  const [{ practise: begin }, { traceLine }, { printable, wrapKeeping }, { packets }] =
    await Promise.all([
      import('../checker/index.js'),
      import('../wire/words.js'),
      import('./render/layout.js'),
      import('./render/code.js'),
    ]);
  // A pipe or a file gets each entry on one line.
  const fitted = (line: string) =>
    process.stdout.isTTY ? wrapKeeping(line, style.width - 6) : [line];
  const said = new Set<unknown>();
  const rests = { stdout: '', stderr: '' };
  const say = (stream: 'stdout' | 'stderr', line: string) => {
    const bar = stream === 'stdout' ? style.green('out') : style.red('err');
    print([`${bar} ${style.dim(style.plain ? '|' : '│')} ${printable(line).text}`]);
  };
  const session = await begin({
    ...request,
    onEntry: entry => {
      // An entry comes again when what became of its packet changes.
      const key = entry.kind === 'packet' ? `${entry.n} ${entry.fate}` : entry;
      if (said.has(key)) return;
      said.add(key);
      const [line = '', ...more] = fitted(traceLine(entry, { ascii: style.plain }));
      print([packets(line, style), ...more.map(part => `      ${part.trim()}`)]);
    },
    onOutput: (stream, text) => {
      const lines = `${rests[stream]}${text}`.split('\n');
      rests[stream] = lines.pop() ?? '';
      for (const line of lines) say(stream, line);
    },
  });
  const env = Object.entries(session.env).map(([key, value]) => `${key}=${value}`);
  print([
    style.dim(`practice broker: mqtt://127.0.0.1:${session.brokerPort}${dot}seed ${session.seed}`),
    style.dim(`watch it too: mosquitto_sub -h 127.0.0.1 -p ${session.brokerPort} -t '#' -v`),
    ...(env.length > 0 ? [style.dim(env.map(one => printable(one).text).join('  '))] : []),
    style.dim('Ctrl-C asks your program to stop; a second Ctrl-C ends it.'),
  ]);
  let interrupts = 0;
  const interrupt = () => {
    interrupts++;
    if (interrupts > 1) session.program.kill();
    else void session.stop();
  };
  process.on('SIGINT', interrupt);
  process.on('SIGTERM', interrupt);
  await session.program.exited;
  await session.stop();
  process.off('SIGINT', interrupt);
  process.off('SIGTERM', interrupt);
  for (const stream of ['stdout', 'stderr'] as const) {
    if (rests[stream] !== '') say(stream, rests[stream]);
  }
  const { exitCode, signal, startError } = session.program.record();
  print([
    startError
      ? `Your program did not start: ${printable(startError).text}`
      : signal
        ? `Your program was ended by ${signal}.`
        : `Your program ended with exit code ${exitCode ?? 'unknown'}.`,
    `To have it judged: ${style.cyan(`npx mqtt-course check ${Number.parseInt(request.lesson, 10)}`)}`,
  ]);
  return 0;
}
