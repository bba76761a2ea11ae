import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { packageRoot, UsageError } from '../../course/index.js';
import { patientRemoval } from '../../course/system/index.js';
import { print } from '../invocation.js';
import { at, exportOptions, type OutputOptions, openCourseFile } from './options.js';

/** Writes the zip that Gradescope takes as an autograder. @returns the exit code */
export async function writeAutograder(
  file: string,
  options: OutputOptions,
  lessons: readonly string[],
): Promise<number> {
  // What is wrong with them shall be said here, not when the first learner hands in.
  await openCourseFile(options);
  await exportOptions(options, tmpdir());
  const { autograderZip } = await import('../../grading/index.js');
  const folder = mkdtempSync(join(tmpdir(), 'mqtt-course-pack-'));
  try {
    const tarball = packed(folder);
    const { courseFile } = options;
    const name = courseFile === undefined ? undefined : basename(courseFile);
    const zip = autograderZip({
      tarball,
      args: [
        '--lessons',
        lessons.join(','),
        ...(name === undefined ? [] : ['--course-file', `{source}/${name}`]),
        ...(options.visibility === undefined ? [] : ['--visibility', options.visibility]),
        ...(options.feedback === undefined ? [] : ['--feedback', options.feedback]),
      ],
      ...(courseFile === undefined || name === undefined
        ? {}
        : { files: { [name]: readFileSync(at(courseFile)) } }),
    });
    write(file, zip);
    print([
      `${basename(file)} is ready (${Math.ceil(zip.length / 1024)} KiB).`,
      'Upload it on Gradescope: Configure Autograder, then Zip file upload.',
    ]);
    return 0;
  } finally {
    rmSync(folder, patientRemoval);
  }
}

function write(file: string, bytes: Uint8Array): void {
  try {
    writeFileSync(file, bytes);
  } catch (error) {
    throw new UsageError(`${file} cannot be written: ${(error as Error).message}`);
  }
}

/** The course as npm would publish it. @throws Error when npm is not here */
function packed(folder: string): Uint8Array {
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  const { status, stderr, error } = spawnSync(
    npm,
    ['pack', '--ignore-scripts', '--silent', '--pack-destination', folder],
    { cwd: packageRoot(), encoding: 'utf8', shell: process.platform === 'win32' },
  );
  const [file] = readdirSync(folder).filter(name => name.endsWith('.tgz'));
  if (status !== 0 || file === undefined) {
    throw new Error(`npm pack did not make a package: ${error?.message ?? stderr.trim()}`);
  }
  return readFileSync(join(folder, file));
}
