import type { Command } from 'commander';
import { currentFolder, print, styleFor } from '../invocation.js';
import type { Style } from '../render/style.js';

interface DemoFlags {
  readonly track?: string;
  readonly broker?: string;
  readonly public?: boolean;
}

/** `demo`: a publisher and a subscriber at work, with the packets in view. */
export function registerDemo(program: Command): void {
  program
    .command('demo')
    .description('a publisher and a subscriber at work, with the packets in view')
    .option('--track <track>', 'typescript or python')
    .option('--broker <url>', 'a broker of somebody else, as mqtt://HOST[:PORT]; needs --public')
    .option('--public', 'yes, everything the demo sends may be read by everybody')
    .addHelpText('after', '\nExample:\n  npx mqtt-course demo --track python')
    .action(async (options: DemoFlags, command: Command) => {
      process.exitCode = await demo(options, styleFor(command));
    });
}

async function demo(options: DemoFlags, style: Style): Promise<number> {
  const [course, place, { runDemo }, { createLog }] = await Promise.all([
    import('../../course/index.js'),
    import('../place.js'),
    import('../../checker/index.js'),
    import('../run/log.js'),
  ]);
  const remote = options.broker === undefined ? undefined : parseBroker(options.broker);
  if (remote === 'wrong') {
    throw new course.UsageError(
      `${options.broker} is not the URL of a broker. For example: npx mqtt-course demo --broker mqtt://localhost:1883 --public`,
    );
  }
  if (remote && !options.public) {
    throw new course.UsageError(
      `everything on a broker of somebody else is public: whoever subscribes to # reads it. The demo sends made-up values only. If that is what you want, add --public`,
    );
  }
  const found = course.findWorkspace(currentFolder());
  const opened = found ? course.readWorkspace(found) : undefined;
  const track = place.chosenTrack(place.parseTrack(options.track), opened);
  print([
    remote
      ? `the demo (${track}) on ${remote.host}:${remote.port}: everything it sends is public ...`
      : `the demo (${track}) on a broker of its own ...`,
  ]);
  const log = createLog(style);
  const aborter = new AbortController();
  const interrupt = () => aborter.abort();
  process.once('SIGINT', interrupt);
  process.once('SIGTERM', interrupt);
  const code = await runDemo({
    track,
    ...(remote ? { remote } : {}),
    ...(found ? { workspace: found.folder } : {}),
    signal: aborter.signal,
    onEntry: log.entry,
    onOutput: log.output,
  });
  log.flush();
  if (code === 0) return 0;
  print([code === null ? 'stopped.' : `the demo ended with exit code ${code}.`]);
  return code === null ? 0 : 3;
}

function parseBroker(text: string): { host: string; port: number } | 'wrong' {
  try {
    const url = new URL(text);
    if (url.protocol !== 'mqtt:' || url.hostname === '') return 'wrong';
    return { host: url.hostname, port: Number(url.port || 1883) };
  } catch {
    return 'wrong';
  }
}
