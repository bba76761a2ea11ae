import { readFileSync } from 'node:fs';
import { homedir, userInfo } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { packageRoot, packageVersion } from '../../course/package-root.js';
import type { Bundle } from '../check/check-program.js';
import type { Recordings } from '../harness/judge.js';
import type { ProgramRecord } from '../harness/recording.js';
import type { CheckResult } from '../harness/result.js';
import { findPython } from '../program/python.js';

/** What ran: for whoever gets a bundle and wonders why it is different with them. */
export interface Versions {
  readonly course: string;
  readonly node: string;
  /** `linux x64`. */
  readonly platform: string;
  /** `mqtt 5.16.0`, `paho-mqtt 1.6.1`; absent for a program given as a command. */
  readonly client?: string;
}

/** A bundle as it is kept: nothing in it says whose machine it was. Older ones lack the versions. */
export interface StoredBundle extends Bundle {
  readonly versions?: Versions;
}

export interface SealPlace {
  /** The workspace, or where a command was run: names of files become relative to it. */
  readonly base: string;
  /** Default: those of this person. */
  readonly home?: string;
  readonly user?: string;
}

/**
 * Takes out of a bundle what is nobody's business: the folders of this machine and the name in
 * them. Packets stay as they were; what the program printed stays but for its paths.
 */
export function sealBundle(bundle: Bundle, place: SealPlace, versions?: Versions): StoredBundle {
  const clean = cleaner(place);
  return {
    ...bundle,
    result: sealResult(bundle.result, clean),
    files: bundle.files.map(file => ({ ...file, path: slashes(clean(file.path)) })),
    recordings: Object.fromEntries(
      Object.entries(bundle.recordings).map(([name, recording]) => [
        name,
        {
          ...(everyText(recording, clean) as Recordings[string]),
          programs: recording.programs.map(program => sealOutput(program, clean)),
          trace: {
            ...recording.trace,
            entries: recording.trace.entries.map(entry =>
              entry.kind === 'packet' ? entry : (everyText(entry, clean) as typeof entry),
            ),
          },
        },
      ]),
    ),
    ...(versions ? { versions } : {}),
  };
}

/** Versions of what a check of this track runs on. */
export async function versionsOf(
  track: CheckResult['track'],
  workspace?: string,
): Promise<Versions> {
  const client =
    track === 'typescript' ? clientVersion() : track === 'python' ? await paho(workspace) : '';
  return {
    course: packageVersion(),
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    ...(client ? { client } : {}),
  };
}

/** The client that comes with the course: nothing of npm's has to lie beside it. */
function clientVersion(): string {
  const file = join(packageRoot(), 'dist', 'vendor', 'mqtt', 'package.json');
  const { version } = JSON.parse(readFileSync(file, 'utf8')) as { version: string };
  return `mqtt ${version}`;
}

async function paho(workspace: string | undefined): Promise<string> {
  const python = await findPython(workspace);
  return python?.paho ? `paho-mqtt ${python.paho}, Python ${python.version}` : '';
}

type Clean = (text: string) => string;

function sealResult(result: CheckResult, clean: Clean): CheckResult {
  const { program, ...rest } = result;
  return {
    ...(everyText(rest, clean) as Omit<CheckResult, 'program'>),
    ...(program ? { program: sealOutput(program, clean) } : {}),
  };
}

/** The numbers of bytes are those of the text that is kept, and of what was not kept. */
function sealOutput<Output extends CheckResult['program'] | ProgramRecord>(
  output: Output & { stdout: string; stderr: string; stdoutBytes: number; stderrBytes: number },
  clean: Clean,
): Output {
  const stdout = clean(output.stdout);
  const stderr = clean(output.stderr);
  const shorter = (from: string, to: string) => Buffer.byteLength(from) - Buffer.byteLength(to);
  const rest = everyText({ ...output, stdout: '', stderr: '' }, clean) as Output & object;
  return {
    ...rest,
    stdout,
    stderr,
    stdoutBytes: output.stdoutBytes - shorter(output.stdout, stdout),
    stderrBytes: output.stderrBytes - shorter(output.stderr, stderr),
  };
}

/** Every text in a plain value; packets are left alone. */
function everyText(value: unknown, clean: Clean): unknown {
  if (typeof value === 'string') return clean(value);
  if (Array.isArray(value)) return value.map(one => everyText(one, clean));
  if (typeof value !== 'object' || value === null) return value;
  if ((value as { kind?: unknown }).kind === 'packet') return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, one]) => [name, everyText(one, clean)]),
  );
}

/** What replaces the folders of this machine: the workspace by nothing, home by `~`. */
function cleaner({ base, home = homedir(), user = userName() }: SealPlace): Clean {
  const pairs: [from: string, inside: string, itself: string][] = [
    [base, '', '.'],
    [packageRoot(), '(mqtt-course)/', '(mqtt-course)'],
    // A home of one level (`/`, `/home`) could be the beginning of anything.
    ...(/^(\/root$|.+[\\/][^\\/]+[\\/]?$)/.test(home)
      ? [[home, '~/', '~'] as [string, string, string]]
      : []),
  ];
  const rules = pairs
    .sort((a, b) => b[0].length - a[0].length)
    .flatMap(([folder, inside, itself]) =>
      [pathToFileURL(folder).href, folder].map(text => {
        const path = escaped(text.replace(/[\\/]+$/, ''));
        return [new RegExp(`${path}(?:([\\\\/])|(?![\\w.-]))`, 'g'), inside, itself] as const;
      }),
    );
  const named = user.length > 1 ? namedFolder(user) : undefined;
  return text => {
    let cleaned = text;
    for (const [pattern, inside, itself] of rules) {
      // The slash that stood there: on Windows a path goes on with backslashes.
      cleaned = cleaned.replace(pattern, (_, slash?: string) =>
        slash ? inside.replace('/', slash) : itself,
      );
    }
    return named ? cleaned.replace(named, '$1someone') : cleaned;
  };
}

/** Another system's home of the same person, such as `/mnt/c/Users/ada` beside `/home/ada`. */
function namedFolder(user: string): RegExp {
  return new RegExp(`([\\\\/](?:Users|home)[\\\\/])${escaped(user)}(?=$|[\\\\/\\s"':)])`, 'g');
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

function slashes(path: string): string {
  return path.replaceAll('\\', '/');
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // Containers run programs under numbers that have no name.
    return '';
  }
}
