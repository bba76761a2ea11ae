/**
 * What it costs to begin: packs the course, then `npx mqtt-course start` with an empty cache. Bytes
 * that were fetched, packages and bytes on disk, seconds; and the same again with the cache that is
 * filled then. Needs a registry: npm's own settings say which.
 *
 *     node bench/install.mjs [--json]
 */
import { spawnSync } from 'node:child_process';
import { lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const top = mkdtempSync(join(tmpdir(), 'mqtt-course-install-'));
const cache = join(top, 'cache');
const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
const npx = process.platform === 'win32' ? 'npx.cmd' : 'npx';

function run(command, args, cwd) {
  const env = { ...process.env, npm_config_cache: cache, npm_config_update_notifier: 'false' };
  // What npm sets for the script that this may be.
  for (const name of Object.keys(env)) if (/^npm_(package|lifecycle)_/.test(name)) delete env[name];
  const started = performance.now();
  const { status, stdout, stderr } = spawnSync(command, args, {
    cwd,
    env,
    encoding: 'utf8',
    shell: process.platform === 'win32',
  });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}\n${stdout}${stderr}`);
  return { seconds: (performance.now() - started) / 1000, said: stdout + stderr };
}

/** Every file once: two names of one file take no more place. */
function sizeOf(folder) {
  const seen = new Set();
  let bytes = 0;
  let disk = 0;
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const { ino, size, blocks } = lstatSync(join(entry.parentPath ?? entry.path, entry.name));
    if (seen.has(ino)) continue;
    seen.add(ino);
    bytes += size;
    disk += (blocks ?? Math.ceil(size / 4096) * 8) * 512;
  }
  return { bytes, disk };
}

/** The packages of a `node_modules`, by npm's own list. */
function packagesIn(modules) {
  const { packages } = JSON.parse(readFileSync(join(modules, '.package-lock.json'), 'utf8'));
  const there = Object.entries(packages).filter(([path, one]) => {
    if (one.link) return false;
    return readdirSync(join(modules, '..', path), { withFileTypes: true }).length > 0;
  });
  return there.map(([path]) => path.replace(/^.*node_modules\//, ''));
}

/** What npm has fetched: packages, compressed as they came; and what it read about them, unpacked. */
function fetched(content) {
  const sum = { packages: 0, about: 0 };
  for (const entry of readdirSync(content, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const bytes = readFileSync(join(entry.parentPath ?? entry.path, entry.name));
    const isGzip = bytes[0] === 0x1f && bytes[1] === 0x8b;
    sum[isGzip ? 'packages' : 'about'] += bytes.length;
  }
  return sum;
}

const mb = bytes => `${(bytes / 1e6).toFixed(1)} MB`;

try {
  run(npm, ['pack', '--ignore-scripts', '--silent', '--pack-destination', top], root);
  const tarball = join(
    top,
    readdirSync(top).find(name => name.endsWith('.tgz')),
  );
  rmSync(cache, { recursive: true, force: true });
  const start = folder => {
    mkdirSync(folder);
    return run(npx, ['--yes', `--package=${tarball}`, 'mqtt-course', 'start', '--yes'], folder);
  };
  const first = start(join(top, 'first'));
  const wire = fetched(join(cache, '_cacache', 'content-v2'));
  const second = start(join(top, 'second'));
  const [place] = readdirSync(join(cache, '_npx'));
  const modules = join(cache, '_npx', place, 'node_modules');
  const installed = sizeOf(modules);
  const packages = packagesIn(modules);
  const project = join(top, 'project');
  mkdirSync(project);
  run(npm, ['init', '--yes'], project);
  const { said } = run(npm, ['install', tarball], project);
  const warnings = said.split('\n').filter(line => /warn/i.test(line));
  const of = name => [name, sizeOf(join(modules, name)).disk];
  const largest = readdirSync(modules)
    .filter(name => !name.startsWith('.'))
    .map(of)
    .sort((a, b) => b[1] - a[1])
    .slice(0, 8);
  const result = {
    tarballBytes: lstatSync(tarball).size,
    fetchedBytes: wire.packages,
    aboutBytes: wire.about,
    installedBytes: installed.bytes,
    installedDisk: installed.disk,
    packages: packages.length,
    firstSeconds: first.seconds,
    againSeconds: second.seconds,
    warnings,
  };
  if (process.argv.includes('--json')) console.log(JSON.stringify(result, null, 2));
  else {
    console.log(`packed                     ${mb(result.tarballBytes)}`);
    console.log(
      `fetched                    ${mb(wire.packages)} of packages, and ${mb(wire.about)} about them (before compression)`,
    );
    console.log(
      `installed                  ${mb(installed.bytes)}, ${mb(installed.disk)} on disk, ${packages.length} packages`,
    );
    console.log(`start, empty cache         ${first.seconds.toFixed(1)} s`);
    console.log(`start, again               ${second.seconds.toFixed(1)} s`);
    console.log(
      `warnings of npm install    ${warnings.length === 0 ? 'none' : warnings.join('\n')}`,
    );
    console.log(
      `largest                    ${largest.map(([n, b]) => `${n} ${mb(b)}`).join(', ')}`,
    );
  }
} finally {
  rmSync(top, { recursive: true, force: true });
}
