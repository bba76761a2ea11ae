import { existsSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { settleEnvironment } from '../course/environment.js';
import { UsageError } from '../course/errors.js';
import { handout } from '../course/handout.js';
import { packageVersion } from '../course/package-root.js';
import { report } from './failure.js';
import { splitCommandLine, tell } from './invocation.js';
import { lostDashes } from './lost-dashes.js';
import { fitConsole } from './terminal/console.js';

/** Adds a command to the program. `own`: what stood after `--`, the learner's own command. */
type Register = (program: Command, own: readonly string[]) => void | Promise<void>;
type Commands = readonly (readonly [name: string, load: () => Promise<Register>])[];

/** Every command, in the order of `--help`. Only what is asked for is loaded. */
const forEveryone: Commands = [
  ['start', async () => (await import('./commands/start.js')).registerStart],
  ['list', async () => (await import('./commands/list.js')).registerList],
  ['read', async () => (await import('./commands/read.js')).registerRead],
  ['check', async () => (await import('./commands/check.js')).registerCheck],
  ['watch', async () => (await import('./commands/watch.js')).registerWatch],
  ['run', async () => (await import('./commands/run.js')).registerRun],
  ['demo', async () => (await import('./commands/demo.js')).registerDemo],
  ['hint', async () => (await import('./commands/hint.js')).registerHint],
  ['solution', async () => (await import('./commands/solution.js')).registerSolution],
  ['trace', async () => (await import('./commands/trace.js')).registerTrace],
  ['reset', async () => (await import('./commands/reset.js')).registerReset],
  ['doctor', async () => (await import('./commands/doctor.js')).registerDoctor],
  ['pub', async () => (await import('./commands/pub.js')).registerPub],
  ['sub', async () => (await import('./commands/sub.js')).registerSub],
  ['broker', async () => (await import('./commands/broker.js')).registerBroker],
  ['passwd', async () => (await import('./commands/passwd.js')).registerPasswd],
  ['certs', async () => (await import('./commands/certs.js')).registerCerts],
];

/** What a handout leaves out, with its files. */
const forInstructors: Commands = [
  ['grade', async () => (await import('./commands/grade.js')).registerGrade],
  ['regrade', async () => (await import('./commands/regrade.js')).registerRegrade],
  ['handout', async () => (await import('./commands/handout.js')).registerHandout],
  ['verify', async () => (await import('./commands/verify.js')).registerVerify],
];

const commands = (): Commands => (handout() ? forEveryone : [...forEveryone, ...forInstructors]);

/**
 * Runs one command line. Sets `process.exitCode`: 0 passed, 1 the learner's work failed, 2 wrong
 * use, 3 could not tell.
 */
export async function main(args: readonly string[]): Promise<void> {
  settle();
  try {
    const lost = lostDashes(args);
    if (lost !== undefined) throw new UsageError(lost);
    const { ours, own } = splitCommandLine(args);
    const program = await programFor(ours, own);
    if (ours.length === 0) program.outputHelp();
    else {
      // Only in the first place: behind a command `-V` is that of Mosquitto's clients.
      const [first, ...rest] = ours;
      await program.parseAsync(first === '-V' ? ['--version', ...rest] : [...ours], {
        from: 'user',
      });
    }
  } catch (error) {
    if (error instanceof CommanderError) {
      if (process.exitCode === undefined) process.exitCode = error.exitCode === 0 ? 0 : 2;
    } else {
      process.exitCode = await report(error);
    }
  }
}

/** Where an npm script or a moved course was started from, and pipes that close early. */
function settle(): void {
  settleEnvironment();
  const from = process.env['MQTT_COURSE_CWD'];
  if (from && existsSync(from)) process.chdir(from);
  fitConsole();
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      // The reader of a pipe has gone, or the terminal was closed: nobody is there to be told.
      if (error.code === 'EPIPE' || isGone(error)) process.exit();
      throw error;
    });
  }
  for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
    process.on(event, (error: unknown) => {
      // As a shell says it of a program that ended with its terminal.
      if (isGone(error)) process.exit(129);
      void report(error).then(code => process.exit(code));
    });
  }
}

/** What reading, writing or switching a terminal says that is not there any more. */
function isGone(error: unknown): boolean {
  const { code, syscall, path } = (error ?? {}) as NodeJS.ErrnoException;
  return (
    (process.stdin.isTTY || process.stdout.isTTY) &&
    path === undefined &&
    /^(EIO|EBADF|ENOTTY|ENXIO)$/.test(code ?? '') &&
    /^(read|write|setRawMode)$/.test(syscall ?? '')
  );
}

async function programFor(args: readonly string[], own: readonly string[]): Promise<Command> {
  const program = new Command('mqtt-course')
    .description(
      'Learn MQTT by doing: read a lesson, fill in the exercise, have it judged on the wire.',
    )
    .version(packageVersion(), '--version')
    .option('--plain', 'words instead of symbols, no colour, no lines drawn')
    .helpCommand(false)
    .addHelpText('after', '\nBegin here:\n  npx mqtt-course start')
    .exitOverride();
  program.configureOutput({ outputError: text => tell([friendly(text, args).trimEnd()]) });
  const wanted = args.find(argument => !argument.startsWith('-'));
  const all = commands();
  const one = all.find(([name]) => name === wanted);
  for (const [, load] of one ? [one] : all) await (await load())(program, own);
  for (const command of program.commands) {
    command.exitOverride();
    command.configureOutput({ outputError: text => tell([friendly(text, args).trimEnd()]) });
  }
  return program;
}

/** Commander's messages in the voice of the course, with the command that would be right. */
function friendly(text: string, args: readonly string[]): string {
  const wanted = args.find(argument => !argument.startsWith('-'));
  const known = commands().some(([name]) => name === wanted);
  const help = `npx mqtt-course ${known ? `${wanted} ` : ''}--help`;
  const [said = '', ...more] = text
    .trim()
    .replace(/^error: /, '')
    .split('\n');
  const guess = /\(Did you mean (.*?)\?\)/.exec(more.join(' '))?.[1];
  const sentence = said
    .replace(/\.$/, '')
    .replace(/^unknown command '(.*)'$/, "there is no command '$1'");
  return `${sentence}${guess ? `; did you mean ${guess}?` : '.'} See: ${help}\n`;
}
