import { createHash } from 'node:crypto';
import { dirname, join } from 'node:path';
import { forCommands } from '../../course/environment.js';
import { packageRoot } from '../../course/package-root.js';
import { type Machine, tooDeep } from '../../course/system/index.js';
import type { Track } from '../harness/result.js';
import { buildCommand } from './build-command.js';
import { requirePython } from './python.js';
import { readSource } from './source.js';
import { type LauncherRef, type ProgramSpec, ProgramUnavailable } from './spec.js';
import { buildTypescript } from './typescript.js';

export interface PrepareRequest {
  readonly id: string;
  readonly lesson: string;
  readonly track: Track | 'command';
  readonly program:
    | { readonly kind: 'file'; readonly path: string }
    | {
        readonly kind: 'command';
        readonly command: readonly string[];
        readonly cwd: string;
        readonly build?: string | undefined;
      };
  readonly seed: string;
  readonly workspace?: string;
  /** How programs of the folder that the file lies in are started. Nothing outside of it is built in. */
  readonly launcher?: LauncherRef;
}

export interface PreparedProgram {
  readonly spec: ProgramSpec;
  readonly files: readonly { readonly path: string; readonly sha256: string }[];
  dispose(): Promise<void>;
}

/** The folder of the small helpers that the exercises import. */
export function kitFolder(): string {
  return join(packageRoot(), 'exercises', 'kit');
}

/**
 * Makes a program ready to be started many times.
 * @throws ProgramUnavailable when the file is missing or does not parse, or its language is not here
 */
export async function prepareProgram(request: PrepareRequest): Promise<PreparedProgram> {
  const { id, lesson, track, seed, program } = request;
  const base = {
    id,
    lesson,
    track,
    seed,
    ...(request.launcher ? { launcher: request.launcher } : {}),
  };
  const folder = program.kind === 'command' ? program.cwd : dirname(program.path);
  if (tooDeep(folder)) {
    throw new ProgramUnavailable(
      `${folder} lies too deep: Windows starts no program in a folder whose path has more than 257 characters. Move the workspace nearer to the drive, for example to C:\\mqtt-course`,
      'machine',
    );
  }
  if (program.kind === 'command') {
    const [command, ...args] = program.command;
    if (command === undefined) throw new ProgramUnavailable('there is no command after --', 'work');
    const env = { ...forCommands(), ...pythonOutput() };
    if (program.build !== undefined) await buildCommand(program.build, program.cwd, env);
    const spec = { ...base, command, args, cwd: program.cwd, env, source: '' };
    return { spec, files: [], dispose: async () => undefined };
  }
  const source = await readSource(program.path);
  const files = [{ path: program.path, sha256: createHash('sha256').update(source).digest('hex') }];
  const cwd = dirname(program.path);
  if (track === 'python') {
    const python = await requirePython(request.workspace);
    const env = {
      PYTHONPATH: kitFolder(),
      PYTHONUNBUFFERED: '1',
      PYTHONDONTWRITEBYTECODE: '1',
      ...pythonOutput(),
    };
    const args = [...python.args, program.path];
    const spec = { ...base, command: python.command, args, cwd, env, source };
    return { spec, files, dispose: async () => undefined };
  }
  const kit = join(kitFolder(), 'kit.ts');
  const built = await buildTypescript(program.path, kit, request.launcher);
  const spec = { ...base, command: process.execPath, args: built.args, cwd, env: {}, source };
  return { spec, files, dispose: built.dispose };
}

/**
 * Python for Windows writes to a pipe in the machine's code page, and ends with an error at the first
 * letter that is not in it; to a terminal it writes anything. A program is judged as in a terminal.
 */
export function pythonOutput({
  platform = process.platform,
}: Machine = {}): Record<string, string> {
  return platform === 'win32' ? { PYTHONIOENCODING: 'utf-8' } : {};
}
