import { mkdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { personsEnvironment } from '../course/environment.js';
import { CourseError, UsageError } from '../course/errors.js';
import { MachineError, machineReason } from '../course/machine.js';
import { packageVersion } from '../course/package-root.js';
import { errorText } from '../wire/error-text.js';
import { currentFolder, tell } from './invocation.js';

/**
 * Tells what went wrong, and gives the exit code: 2 for wrong use; 3 when the course itself or the
 * machine is the reason. A learner never sees a stack trace of ours: it goes into a file.
 */
export async function report(error: unknown): Promise<number> {
  if (error instanceof UsageError) {
    tell([`${error.message}`]);
    return 2;
  }
  if (error instanceof CourseError) {
    tell([`The course itself has a mistake: ${error.message}`]);
    return 3;
  }
  if (error instanceof Error && error.name === 'ProgramUnavailable') {
    tell([`${error.message}`]);
    return 'reason' in error && error.reason === 'work' ? 1 : 3;
  }
  const machine = await machineWords(error);
  if (machine !== undefined && !process.env['MQTT_COURSE_DEBUG']) {
    const begin = machine.startsWith('This machine') ? '' : 'This machine did not do its part: ';
    tell([`${begin}${machine} Look at it with: npx mqtt-course doctor`]);
    return 3;
  }
  const message = errorText(error).split('\n')[0];
  const details = describe(error);
  if (process.env['MQTT_COURSE_DEBUG']) {
    tell([`${details}`]);
    return 3;
  }
  const file = await store(details);
  const options = optionsWord();
  const where = file ? ` Details: ${file}.` : '';
  tell([
    `Something went wrong in the course, not in your work: ${message}.${where}${options} Look at your machine with: npx mqtt-course doctor`,
  ]);
  return 3;
}

/** What this machine has to do with it; undefined when it does all that a check needs. */
async function machineWords(error: unknown): Promise<string | undefined> {
  if (error instanceof MachineError) return error.message;
  const reason = machineReason(error);
  if (reason !== undefined) return reason;
  try {
    const { machineFault } = await import('../checker/program/machine.js');
    return await machineFault();
  } catch (another) {
    return machineReason(another);
  }
}

/** Options for all Node programs may forbid what the course needs; that they are there is worth a word. */
function optionsWord(): string {
  const { NODE_OPTIONS: options } = personsEnvironment();
  return options ? ` NODE_OPTIONS is set (${options}): try it without.` : '';
}

function describe(error: unknown): string {
  return [
    `mqtt-course ${packageVersion()}, Node ${process.version}, ${process.platform} ${process.arch}`,
    `command: ${process.argv.slice(2).join(' ')}`,
    `time: ${new Date().toISOString()}`,
    '',
    error instanceof Error ? (error.stack ?? error.message) : String(error),
    ...(error instanceof Error && error.cause ? ['', `cause: ${String(error.cause)}`] : []),
  ].join('\n');
}

/** Into the workspace when there is one, else into the temporary folder. */
async function store(details: string): Promise<string | undefined> {
  const { findWorkspace } = await import('../course/find.js');
  const name = `error-${new Date().toISOString().slice(0, 19).replaceAll(':', '-')}.txt`;
  const folders = [findWorkspace(currentFolder())?.meta, tmpdir()];
  for (const folder of folders) {
    if (folder === undefined) continue;
    try {
      mkdirSync(folder, { recursive: true });
      const file = join(folder, name);
      writeFileSync(file, `${details}\n`);
      return file;
    } catch {
      // The next folder, or no file at all.
    }
  }
  return undefined;
}
