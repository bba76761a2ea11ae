/**
 * Builds `dist/`: the same rooms as the sources, one JavaScript file for each TypeScript file.
 * Nothing of ours is bundled, so lazy imports stay lazy and stack traces name the file they come from.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { gatherLibraries, vendorMqtt } from './vendor.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const rooms = ['wire', 'broker', 'checker', 'course', 'grading', 'cli'].filter(name =>
  existsSync(join(root, name)),
);
const notOurs = new Set(['mutants', 'variants']);

/** @param {string} folder @returns {string[]} */
function sources(folder) {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap(entry => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return notOurs.has(entry.name) ? [] : sources(path);
    return path.endsWith('.ts') && !path.endsWith('.d.ts') ? [path] : [];
  });
}

const inputs = rooms.flatMap(sources);
await build({
  absWorkingDir: root,
  entryPoints: inputs,
  outdir: 'dist',
  outbase: '.',
  format: 'esm',
  platform: 'node',
  target: 'node20.12',
  sourcemap: true,
  sourcesContent: false,
  logLevel: 'warning',
});

// What has lost its source goes last: whoever runs from dist/ at this moment keeps running.
const wanted = new Set(
  inputs.flatMap(path => [path.replace(/\.ts$/, '.js'), path.replace(/\.ts$/, '.js.map')]),
);
for (const room of rooms.filter(name => existsSync(join(root, 'dist', name)))) {
  for (const entry of readdirSync(join(root, 'dist', room), {
    recursive: true,
    withFileTypes: true,
  })) {
    const path = relative(join(root, 'dist'), join(entry.parentPath ?? entry.path, entry.name));
    if (entry.isFile() && !wanted.has(path.split(sep).join('/'))) rmSync(join(root, 'dist', path));
  }
}

const vendor = join(root, 'dist', 'vendor');
mkdirSync(vendor, { recursive: true });
await vendorMqtt(vendor);
await gatherLibraries(
  join(root, 'dist'),
  inputs.map(path => path.replace(/\.ts$/, '.js')),
);
execFileSync(process.execPath, [join(vendor, 'make-cache.mjs')], { stdio: 'inherit' });
