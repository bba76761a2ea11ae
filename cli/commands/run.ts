import type { Command } from 'commander';
import { feedLines, shellInUse } from '../../course/system/index.js';
import { currentFolder, print, styleFor } from '../invocation.js';
import type { Style } from '../render/style.js';

interface RunFlags {
  readonly track?: string;
  readonly seed?: string;
  readonly port?: string;
  readonly observe?: boolean;
  readonly broker?: string;
  readonly log?: boolean;
  readonly events: boolean;
}

const HELP = `
In a terminal: the wire as a drawing, your program's output, and a line for
commands: a topic and a payload to publish, or a fault (cut,
withhold PUBACK, restart ...). Type help there.
Without a terminal: a log. Commands are then read from standard input, one a
line; each waits for the connection that it needs, so that this works:
  ${feedLines(shellInUse(), ['wait SUBACK', 'cut'], 'npx mqtt-course run lesson-3')}
When the input has ended and the lesson's events are told, the program is asked to
stop; with --port it goes on for other clients.

Example:
  npx mqtt-course run lesson-3`;

/** `run`: the learner's program in front of a practice broker, with the wire to look at. */
export function registerRun(program: Command, own: readonly string[]): void {
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
    .option('--no-events', "the lesson's own events wait: you alone are the world")
    .option('--log', 'lines instead of a window; commands may be typed, one a line')
    .usage('[lesson] [options] [-- command...]')
    .addHelpText('after', HELP)
    .action(async (name: string | undefined, options: RunFlags, command: Command) => {
      process.exitCode = await run(name, options, styleFor(command), own);
    });
}

async function run(
  name: string | undefined,
  options: RunFlags,
  style: Style,
  own: readonly string[],
): Promise<number> {
  const [place, course, { existsSync }, { play }] = await Promise.all([
    import('../place.js'),
    import('../../course/index.js'),
    import('node:fs'),
    import('../run/play.js'),
  ]);
  const look = { log: options.log ?? false };
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
    const { brokerProblem } = await import('../../checker/index.js');
    const problem = await brokerProblem('mosquitto');
    if (problem) {
      print([problem.text]);
      return 3;
    }
  }
  const asked = place.parseTrack(options.track);
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
    events: options.events,
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
    return play({ ...common, track: 'typescript', program }, style, {
      ...look,
      shown: 'the program to observe',
    });
  }
  if (own.length > 0) {
    const program = { kind: 'command', command: own, cwd: currentFolder() } as const;
    return play({ ...common, track: 'command', program }, style, { ...look, shown: own.join(' ') });
  }
  const remembered = opened && !asked ? course.commandOf(opened.state, lesson.id) : undefined;
  if (remembered) {
    const { words, cwd, build } = remembered;
    const program = { kind: 'command', command: words, cwd, build } as const;
    return play({ ...common, track: 'command', program }, style, {
      ...look,
      shown: words.join(' '),
    });
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
  return play({ ...common, track, program: { kind: 'file', path: entry } }, style, {
    ...look,
    shown,
  });
}
