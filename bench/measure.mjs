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

/**
 * Times commands; several of them in turn, A B A B …: a machine whose speed drifts is as slow for
 * one as for the other. The first run of each, which fills caches, is not counted.
 * @param {readonly { name: string, file: string, args: string[], options?: object }[]} commands
 * @returns one measurement for each command, in their order
 * @throws when one of them fails
 */
export async function inTurn(runs, commands) {
  const seen = commands.map(() => []);
  for (let run = -1; run < runs; run++) {
    for (const [at, { file, args, options }] of commands.entries()) {
      const one = await time(file, args, options);
      if (run >= 0) seen[at].push(one);
    }
  }
  return commands.map(({ name }, at) => {
    const bad = seen[at].find(one => one.code !== 0);
    if (bad) throw new Error(`${name} ended with ${bad.code}`);
    const walls = seen[at].map(one => one.wall);
    return { name, wall: median(walls), walls, first: median(seen[at].map(one => one.first)) };
  });
}

/** The median of the ratios of two measurements that were taken in turn. */
export function ratio(one, other) {
  return median(one.walls.map((wall, at) => wall / other.walls[at])).toFixed(2);
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
