/**
 * Writes a made-up class to disk, to grade it by hand:
 *
 *     node scripts/make-class.mjs FOLDER [size] [lessons, as 1,2,5] [typescript|python]
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const [folder, size = '40', lessons = 'all', track] = process.argv.slice(2);
if (folder === undefined) {
  console.error('Where to? node scripts/make-class.mjs FOLDER [size] [lessons]');
  process.exit(2);
}
mkdirSync(join(root, '.tmp'), { recursive: true });
const outfile = join(root, '.tmp', 'make-class', 'test', 'grading', 'make-class.mjs');
await build({
  absWorkingDir: root,
  entryPoints: ['test/grading/make-class.ts'],
  bundle: true,
  packages: 'external',
  platform: 'node',
  format: 'esm',
  outfile,
  logLevel: 'warning',
});
const { makeClass } = await import(outfile);
const { lessonIds } = await import('../dist/course/index.js');
const wanted = lessons.split(',').map(Number);
const { learners } = await makeClass({
  folder,
  size: Number(size),
  lessons: lessonIds().filter(id => lessons === 'all' || wanted.includes(Number.parseInt(id, 10))),
  ...(track ? { tracks: [track] } : {}),
  cheats: join(root, 'test', 'grading', 'cheats'),
});
console.log(`${learners.length} submissions in ${folder}`);
