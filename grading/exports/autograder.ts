/** An autograder for Gradescope: what is uploaded there, and what runs there. */
import { spawn } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { patientRemoval } from '../../course/system/index.js';
import type { GradescopeResults } from './gradescope.js';
import { type ZipFile, zipOf } from './zip.js';

export interface AutograderOptions {
  /** The course as `npm pack` makes it. */
  readonly tarball: Uint8Array;
  /**
   * Arguments of `mqtt-course grade` beside the submission, the output folder and the format: which
   * lessons, the file of the class. `{source}` stands for the folder of the autograder's own files.
   */
  readonly args?: readonly string[];
  /** Further files of the autograder by name: the file of the class with points and deadlines. */
  readonly files?: Readonly<Record<string, string | Uint8Array>>;
}

const NODE = 22;
const NPM = 10;

/**
 * The files of the autograder. Gradescope runs `setup.sh` once, when it builds the image, with the
 * network; `run_autograder` for each submission, which needs none.
 */
export function gradescopeAutograder(options: AutograderOptions): ZipFile[] {
  const settings = { schema: 'mqtt-course/autograder/1', args: options.args ?? [] };
  const own: ZipFile[] = [
    { path: 'setup.sh', content: SETUP, executable: true },
    { path: 'run_autograder', content: RUN, executable: true },
    { path: 'autograder.json', content: `${JSON.stringify(settings, null, 2)}\n` },
    { path: 'mqtt-course.tgz', content: options.tarball },
  ];
  const taken = new Set(own.map(one => one.path));
  const more = Object.entries(options.files ?? {}).map(([path, content]) => {
    if (taken.has(path) || !/^[\w-][\w.-]*$/.test(path))
      throw new Error(`a file of the autograder cannot be called ${JSON.stringify(path)}`);
    return { path, content };
  });
  return [...own, ...more].sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** The files as a zip for the upload: the same files give the same bytes. */
export function autograderZip(options: AutograderOptions): Uint8Array {
  return zipOf(gradescopeAutograder(options));
}

const SETUP = `#!/usr/bin/env bash
# Written by mqtt-course. Gradescope runs this once, when it builds the image.
set -euo pipefail
source_dir="$(cd "$(dirname "$0")" && pwd)"
home=/opt/mqtt-course
export DEBIAN_FRONTEND=noninteractive

apt-get update
apt-get install -y --no-install-recommends ca-certificates python3 python3-paho-mqtt bubblewrap

node_is_new() {
  command -v node >/dev/null && command -v npm >/dev/null &&
    node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 12) ? 0 : 1)'
}

mkdir -p "$home"
if ! node_is_new; then
  # The Node of the distribution may be old: it is good enough to fetch one that is not.
  apt-get install -y --no-install-recommends npm
  case "$(uname -m)" in
    aarch64 | arm64) arch=arm64 ;;
    *) arch=x64 ;;
  esac
  npm install --prefix "$home/runtime" --no-audit --no-fund "node-linux-$arch@${NODE}" "npm@${NPM}"
  mkdir -p "$home/bin"
  ln -sf "$home/runtime/node_modules/node-linux-$arch/bin/node" "$home/bin/node"
  printf '#!/bin/sh\\nexec "%s" "%s" "$@"\\n' "$home/bin/node" "$home/runtime/node_modules/npm/bin/npm-cli.js" >"$home/bin/npm"
  chmod +x "$home/bin/npm"
  export PATH="$home/bin:$PATH"
fi

npm install --prefix "$home/course" --no-audit --no-fund --omit=dev "$source_dir/mqtt-course.tgz"
"$home/course/node_modules/.bin/mqtt-course" --version
`;

const RUN = `#!/usr/bin/env bash
# Written by mqtt-course. Gradescope runs this for each submission.
set -euo pipefail
root="\${AUTOGRADER_ROOT:-/autograder}"
home="\${MQTT_COURSE_HOME:-/opt/mqtt-course}"
export PATH="$home/bin:$PATH"
exec node --input-type=module -e '
  import { pathToFileURL } from "node:url";
  const [root, course] = process.argv.slice(1);
  const { runAutograder } = await import(pathToFileURL(course + "/dist/grading/exports/autograder.js"));
  process.exitCode = await runAutograder({ root, command: [process.execPath, course + "/bin/mqtt-course.js"] });
' "$root" "$home/course/node_modules/mqtt-course"
`;

export interface AutograderRun {
  /** `/autograder`. */
  readonly root: string;
  /** The program and first arguments that are `mqtt-course`. */
  readonly command: readonly string[];
}

/**
 * Grades the submission that Gradescope laid out, and writes `results/results.json`. When something
 * could not be told, nothing is written: Gradescope shows an autograder error, gives no points, and
 * the instructor can run it again.
 * @returns the exit code: 0 when results were written
 */
export async function runAutograder({ root, command }: AutograderRun): Promise<number> {
  const work = mkdtempSync(join(tmpdir(), 'autograder-'));
  try {
    const source = join(root, 'source');
    const settings = JSON.parse(readFileSync(join(source, 'autograder.json'), 'utf8')) as {
      args: string[];
    };
    const classroom = join(work, 'class');
    layOut(root, classroom);
    const out = join(work, 'out');
    const args = settings.args.map(arg => arg.replaceAll('{source}', source));
    const code = await run([
      ...command,
      ...['grade', classroom, '--out', out, '--format', 'gradescope', ...args],
    ]);
    const folder = join(out, 'gradescope');
    const [file, ...more] = existsSync(folder) ? readdirSync(folder).sort() : [];
    if (file === undefined || more.length > 0) {
      console.error(`mqtt-course grade ended with ${code} and left no result for this submission`);
      return code === 0 ? 3 : code;
    }
    const text = readFileSync(join(folder, file), 'utf8');
    const results = JSON.parse(text) as GradescopeResults;
    if (results.score === undefined) {
      const open = results.extra_data.unknown.join(', ');
      console.error(`could not tell: ${open}. No points are given or taken; run it again.`);
      return 3;
    }
    mkdirSync(join(root, 'results'), { recursive: true });
    writeFileSync(join(root, 'results', 'results.json'), text);
    return 0;
  } finally {
    rmSync(work, patientRemoval);
  }
}

/** One submission as Gradescope's export of a whole assignment would have it, with the time handed in. */
function layOut(root: string, classroom: string): void {
  const path = join(root, 'submission_metadata.json');
  const metadata = (existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : {}) as {
    id?: number | string;
    created_at?: string;
    users?: { id?: number | string; name?: string; email?: string }[];
  };
  const folder = `submission_${String(metadata.id ?? 1).replace(/[^\w-]/g, '')}`;
  mkdirSync(classroom, { recursive: true });
  // Links stay links: the grader refuses them, it does not follow them.
  cpSync(join(root, 'submission'), join(classroom, folder), {
    recursive: true,
    verbatimSymlinks: true,
  });
  const submitters = (metadata.users ?? []).map(user => ({
    ':name': user.name ?? '',
    ':sid': String(user.id ?? ''),
    ':email': user.email ?? '',
  }));
  const entry = {
    ':submitters': submitters,
    ...(metadata.created_at === undefined ? {} : { ':created_at': metadata.created_at }),
  };
  writeFileSync(join(classroom, 'submission_metadata.yml'), stringify({ [folder]: entry }));
}

function run([program = '', ...args]: readonly string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['ignore', 'inherit', 'inherit'] });
    child.once('error', reject);
    child.once('exit', code => resolve(code ?? 3));
  });
}
