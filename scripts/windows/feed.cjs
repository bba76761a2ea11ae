/**
 * Runs in the rig, between it and a program that reads its input: under Wine, a pipe of Linux cannot
 * be Node's standard input. Gives the program pipes of Windows instead; what it shall read comes
 * through a file that grows, and what it writes goes into files.
 */
const { spawn } = require('node:child_process');
const { appendFileSync, existsSync, readFileSync, writeFileSync } = require('node:fs');

const [, , base, cwd, ...words] = process.argv;
const [command, ...args] = words;
for (const name of ['out', 'err']) writeFileSync(`${base}.${name}`, '');
const child = spawn(command, args, { cwd, stdio: 'pipe' });
child.stdout.on('data', data => appendFileSync(`${base}.out`, data));
child.stderr.on('data', data => appendFileSync(`${base}.err`, data));
child.stdin.on('error', () => undefined);
let given = 0;
const timer = setInterval(() => {
  const text = readFileSync(`${base}.in`);
  if (text.length > given) child.stdin.write(text.subarray(given));
  given = text.length;
  if (existsSync(`${base}.eof`)) {
    clearInterval(timer);
    child.stdin.end();
  }
}, 25);
child.once('close', code => process.exit(code ?? 250));
