/** Starts programs of Windows in the rig, and looks at what is left of them. */
import { spawn } from 'node:child_process';
import {
  appendFileSync,
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { environment, NODE } from './rig.mjs';

const feeder = join(dirname(fileURLToPath(import.meta.url)), 'feed.cjs');

/**
 * @typedef {object} Outcome
 * @property {number | null} code null: it did not end in time
 * @property {string} out
 * @property {string} err
 */

/** @param {import('./rig.mjs').Rig} rig */
export function openWine(rig) {
  const scratch = mkdtempSync(join(tmpdir(), 'mqtt-course-windows-'));
  let count = 0;

  /** A path of this side as Windows names it. */
  function path(file) {
    const drive = join(rig.prefix, 'drive_c');
    const [letter, rest] = file.startsWith(drive) ? ['C:', file.slice(drive.length)] : ['Z:', file];
    return `${letter}${rest}`.replaceAll('/', '\\');
  }

  /**
   * Starts a command. Under Wine a pipe of Linux as Node's own input or output fails, so both are
   * files; a program that is to read gets pipes of Windows: see `feed.cjs`.
   * @param {readonly string[]} words
   * @param {{cwd: string, env?: Record<string, string>, input?: string, open?: boolean}} options
   * `input`: all that it reads; `open`: its input stays open until `endInput`
   */
  function start(words, { cwd, env = {}, input, open = false }) {
    count += 1;
    const base = join(scratch, String(count));
    const fed = input !== undefined || open;
    if (fed) {
      writeFileSync(`${base}.in`, input ?? '');
      if (!open) writeFileSync(`${base}.eof`, '');
    }
    // The feeder writes the program's output itself; its own is nobody's.
    const names = fed ? ['feeder', 'feeder'] : ['out', 'err'];
    const outputs = names.map(name => openSync(`${base}.${name}`, 'w'));
    const line = fed ? [NODE, path(feeder), path(base), path(cwd), ...words] : words;
    const child = spawn('wine', line, {
      cwd,
      env: { ...environment(rig.prefix), ...env },
      stdio: ['ignore', ...outputs],
    });
    for (const output of outputs) closeSync(output);
    const read = name =>
      existsSync(`${base}.${name}`) ? readFileSync(`${base}.${name}`, 'utf8') : '';
    const out = () => read('out');
    const err = () => `${read('err')}${fed ? read('feeder') : ''}`;
    /** @type {Promise<Outcome>} */
    const ended = new Promise(resolve => {
      child.once('exit', code => resolve({ code, out: out(), err: err() }));
      child.once('error', error => resolve({ code: null, out: '', err: String(error) }));
    });
    return {
      ended,
      out,
      err,
      write: text => appendFileSync(`${base}.in`, text),
      endInput: () => writeFileSync(`${base}.eof`, ''),
    };
  }

  /** Runs a command to its end. @returns {Promise<Outcome>} */
  async function run(words, options) {
    const running = start(words, options);
    let timer;
    const late = new Promise(resolve => {
      timer = setTimeout(() => {
        const outcome = {
          code: null,
          out: running.out(),
          err: `${running.err()}\n(no end in time)`,
        };
        endAll();
        resolve(outcome);
      }, options.timeout ?? 120_000);
    });
    const outcome = await Promise.race([running.ended, late]);
    clearTimeout(timer);
    return outcome;
  }

  /** The programs that run in the rig now; Wine's own services are none. */
  function processes() {
    return readdirSync('/proc')
      .filter(name => /^\d+$/.test(name))
      .flatMap(pid => {
        try {
          const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
          if (!/\b(?:node|program|cmd|powershell|taskkill)\.exe\b/i.test(line)) return [];
          const environ = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
          return environ.includes(`WINEPREFIX=${rig.prefix}`) ? [{ pid: Number(pid), line }] : [];
        } catch {
          return [];
        }
      });
  }

  /** Ends all programs in the rig: for a step that did not. */
  function endAll() {
    for (const { pid } of processes()) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // Gone.
      }
    }
  }

  return {
    rig,
    path,
    start,
    run,
    endAll,
    running: () => processes().map(one => one.line),
    close: () => {
      endAll();
      rmSync(scratch, { recursive: true, force: true });
    },
  };
}
