import type { Command } from 'commander';
import type { LogEntry } from '../broker/index.js';

interface BrokerFlags {
  port?: string;
  verbose?: boolean;
}

/** Adds `broker`: the embedded broker in the foreground, with Mosquitto's flags and exit codes. */
export function registerBroker(program: Command): void {
  program
    .command('broker')
    .summary('run a broker here, until Ctrl-C')
    .description('Runs the embedded broker in the foreground, on this machine only.')
    .option('-p, --port <port>', 'listen on this port (default 1883)')
    .option('-v, --verbose', 'log everything, as mosquitto -v does')
    .addHelpText('after', '\nExample:\n  mqtt-course broker -v -p 1884\n')
    .action(async (flags: BrokerFlags) => {
      process.exitCode = await runBroker(flags);
    });
}

async function runBroker(flags: BrokerFlags): Promise<number> {
  const port = Number(flags.port ?? '1883');
  if (!Number.isInteger(port) || port < 1 || port > 65_535) {
    process.stderr.write(
      `Error: Invalid port given (${flags.port}). A port is a number from 1 to 65535.\n`,
    );
    return 3;
  }
  const { startBroker, BrokerStartError } = await import('../broker/index.js');
  const chatty = flags.verbose === true;
  const log = (entry: LogEntry): void => {
    if (!chatty && entry.level !== 'error' && entry.level !== 'warning') return;
    process.stderr.write(`${Math.floor(entry.time / 1000)}: ${entry.text}\n`);
  };
  try {
    const broker = await startBroker({ listen: { port }, log });
    process.stderr.write(`Listening on ${broker.url}. Ctrl-C ends it.\n`);
    await new Promise<void>(resolve => {
      process.once('SIGINT', () => resolve());
      process.once('SIGTERM', () => resolve());
    });
    await broker.stop();
    return 0;
  } catch (error) {
    if (!(error instanceof BrokerStartError)) throw error;
    process.stderr.write(`${error.message}\n`);
    return error.exitCode;
  }
}
