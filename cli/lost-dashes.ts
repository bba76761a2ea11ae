import { type Machine, quoteFor, shellInUse } from '../course/system/index.js';

const takesCommand = new Set(['check', 'watch', 'run']);
const takesValue = /^(?:--(?:track|seed|broker|port)|-p)$/;
const program = /\.(?:exe|com|cmd|bat|ps1|py|jar|[cm]?js)$/i;
const launcher = /^(?:node|npx|npm|py|python3?|java|dotnet|go|cargo|ruby|php|perl|deno|bun)$/i;

/**
 * PowerShell takes `--` away from `npx` and `npm`, which are scripts of its own there: then the
 * learner's command arrives as if it were a lesson.
 * @returns what to write instead; undefined when nothing points to that
 */
export function lostDashes(args: readonly string[], machine: Machine = {}): string | undefined {
  const { platform = process.platform } = machine;
  const [command = '', ...rest] = args;
  if (platform !== 'win32' || !takesCommand.has(command) || rest.includes('--')) return undefined;
  // A lesson may be named by the path of its file.
  const isCommand = (word: string) =>
    (program.test(word) || launcher.test(word)) && !/(?:^|[\\/])\d{2,}-[a-z]/.test(word);
  const at = rest.findIndex(
    (word, index) => isCommand(word) && !takesValue.test(rest[index - 1] ?? ''),
  );
  if (at === -1) return undefined;
  const quoted = (words: readonly string[]) =>
    words.map(word => quoteFor(shellInUse(machine), word)).join(' ');
  const before = quoted([command, ...rest.slice(0, at)]);
  return `${rest[at]} is no lesson. A command of your own stands behind --, and PowerShell takes that away from npx; write: npx.cmd mqtt-course ${before} -- ${quoted(rest.slice(at))}`;
}
