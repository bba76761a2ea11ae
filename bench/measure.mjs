/** What the benchmarks share: timing of commands, medians, one line for each measurement. */
import { spawn } from 'node:child_process';
import { cpus } from 'node:os';

/** @returns {Promise<{ wall: number, first: number, code: number | null }>} milliseconds */
export function time(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const began = performance.now();
    let first;
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'ignore'], ...options });
    child.stdout.on('data', () => {
      first ??= performance.now() - began;
    });
    child.on('error', reject);
    child.on('close', code => {
      const wall = performance.now() - began;
      resolve({ wall, first: first ?? wall, code });
    });
  });
}

/** Times a command; the first run, which fills caches, is not counted. @throws when it fails */
export async function command(name, runs, file, args, options) {
  await time(file, args, options);
  const seen = [];
  for (let run = 0; run < runs; run++) seen.push(await time(file, args, options));
  const bad = seen.find(one => one.code !== 0);
  if (bad) throw new Error(`${name} ended with ${bad.code}`);
  const walls = seen.map(one => one.wall);
  return { name, wall: median(walls), walls, first: median(seen.map(one => one.first)) };
}

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

export const ms = value => `${Math.round(value)}`.padStart(6);

/** One line: median (minimum–maximum), and what else is to be said. */
export function line({ name, wall, walls }, more = '') {
  const range = `(${Math.round(Math.min(...walls))}–${Math.round(Math.max(...walls))})`;
  console.log(`${name.padEnd(46)}${ms(wall)} ${range.padEnd(14)}${more}`);
}

export function machine(runs) {
  const [one] = cpus();
  return `${cpus().length} × ${one?.model}, Node ${process.versions.node}, medians of ${runs} (minimum–maximum), milliseconds`;
}
