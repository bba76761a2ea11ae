/**
 * Builds `dist/`: the same rooms as the sources, one JavaScript file for each TypeScript file.
 * Nothing of ours is bundled, so lazy imports stay lazy and stack traces name the file they come from.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { vendorMqtt } from './vendor.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const rooms = ['wire', 'broker', 'checker', 'course', 'grading', 'cli'];
const notOurs = new Set(['mutants', 'variants']);

/** @param {string} folder @returns {string[]} */
function sources(folder) {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap(entry => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return notOurs.has(entry.name) ? [] : sources(path);
    return path.endsWith('.ts') && !path.endsWith('.d.ts') ? [path] : [];
  });
}

rmSync(join(root, 'dist'), { recursive: true, force: true });
await build({
  absWorkingDir: root,
  entryPoints: rooms.flatMap(sources),
  outdir: 'dist',
  outbase: '.',
  format: 'esm',
  platform: 'node',
  target: 'node20.12',
  sourcemap: true,
  sourcesContent: false,
  logLevel: 'warning',
});

const vendor = join(root, 'dist', 'vendor');
mkdirSync(vendor, { recursive: true });
await vendorMqtt(vendor);
execFileSync(process.execPath, [join(vendor, 'make-cache.mjs')], { stdio: 'inherit' });
