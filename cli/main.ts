import { existsSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { settleEnvironment } from '../course/environment.js';
import { packageVersion } from '../course/package-root.js';
import { report } from './failure.js';
import { holdCommand } from './invocation.js';

type Register = (program: Command) => void | Promise<void>;

/** Every command, in the order of `--help`. Only what is asked for is loaded. */
const commands: readonly (readonly [name: string, load: () => Promise<Register>])[] = [
  ['start', async () => (await import('./start.js')).registerStart],
  ['list', async () => (await import('./list.js')).registerList],
  ['read', async () => (await import('./read.js')).registerRead],
  ['check', async () => (await import('./check.js')).registerCheck],
  ['watch', optional('watch', 'registerWatch')],
  ['run', async () => (await import('./run.js')).registerRun],
  ['demo', optional('demo', 'registerDemo')],
  ['hint', async () => (await import('./hint.js')).registerHint],
  ['solution', async () => (await import('./solution.js')).registerSolution],
  ['trace', async () => (await import('./trace.js')).registerTrace],
  ['reset', async () => (await import('./reset.js')).registerReset],
  ['doctor', async () => (await import('./doctor.js')).registerDoctor],
  ['broker', optional('broker', 'registerBroker')],
  ['passwd', optional('passwd', 'registerPasswd')],
  ['certs', optional('certs', 'registerCerts')],
  ['clauses', optional('clauses', 'registerClauses')],
  ['grade', optional('grade', 'registerGrade')],
  ['regrade', optional('regrade', 'registerRegrade')],
  ['handout', optional('handout', 'registerHandout')],
  ['verify', optional('verify', 'registerVerify')],
];

/** A command that another part of the project may or may not bring. */
function optional(file: string, name: string): () => Promise<Register> {
  return async () => {
    const url = ['js', 'ts']
      .map(extension => new URL(`./${file}.${extension}`, import.meta.url))
      .find(candidate => existsSync(candidate));
    if (!url) return () => undefined;
    const loaded = (await import(url.href)) as Record<string, Register | undefined>;
    return loaded[name] ?? (() => undefined);
  };
}

/**
 * Runs one command line. Sets `process.exitCode`: 0 passed, 1 the learner's work failed, 2 wrong
 * use, 3 could not tell.
 */
export async function main(args: readonly string[]): Promise<void> {
  settle();
  try {
    const program = await programFor(args);
    const given = holdCommand(args);
    if (given.length === 0) program.outputHelp();
    else await program.parseAsync([...given], { from: 'user' });
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
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    // The reader of a pipe has gone, or the terminal was closed: nobody is there to be told.
    if (error.code === 'EPIPE' || error.code === 'EIO') process.exit();
    throw error;
  });
  for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
    process.on(event, (error: unknown) => {
      void report(error).then(code => process.exit(code));
    });
  }
}

async function programFor(args: readonly string[]): Promise<Command> {
  const program = new Command('mqtt-course')
    .description(
      'Learn MQTT by doing: read a lesson, fill in the exercise, have it judged on the wire.',
    )
    .version(packageVersion(), '-V, --version')
    .option('--plain', 'words instead of symbols, no colour, no lines drawn')
    .helpCommand(false)
    .addHelpText('after', '\nBegin here:\n  npx mqtt-course start')
    .exitOverride();
  program.configureOutput({ outputError: (text, write) => write(friendly(text, args)) });
  const wanted = args.find(argument => !argument.startsWith('-'));
  const one = commands.find(([name]) => name === wanted);
  for (const [, load] of one ? [one] : commands) await (await load())(program);
  for (const command of program.commands) {
    command.exitOverride();
    command.configureOutput({ outputError: (text, write) => write(friendly(text, args)) });
  }
  return program;
}

/** Commander's messages in the voice of the course, with the command that would be right. */
function friendly(text: string, args: readonly string[]): string {
  const wanted = args.find(argument => !argument.startsWith('-'));
  const known = commands.some(([name]) => name === wanted);
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
