import type { Command } from 'commander';
import type { LogEntry, LogLevel, MosquittoConfig } from '../../broker/index.js';

interface BrokerFlags {
  config?: string;
  port?: string;
  verbose?: boolean;
  testConfig?: boolean;
}

/** Adds `broker`: the embedded broker in the foreground, with Mosquitto's flags and exit codes. */
export function registerBroker(program: Command): void {
  program
    .command('broker')
    .summary('run a broker here, until Ctrl-C')
    .description(
      'Runs the embedded broker in the foreground. Without a file, for this machine only;\n' +
        'with one, as that mosquitto.conf says. SIGHUP reads passwords, ACLs and certificates anew.',
    )
    .option('-c, --config-file <file>', 'a mosquitto.conf')
    .option('-p, --port <port>', 'listen here, where the file names no listener (default 1883)')
    .option('-v, --verbose', 'log everything, as mosquitto -v does')
    .option('--test-config', 'read the files, say what is wrong with them, and end')
    .addHelpText(
      'after',
      '\nExamples:\n  mqtt-course broker -v -p 1884\n  mqtt-course broker -c mosquitto.conf --test-config\n',
    )
    .action(async (flags: BrokerFlags & { configFile?: string }) => {
      const { configFile: config } = flags;
      process.exitCode = await run({ ...flags, ...(config === undefined ? {} : { config }) });
    });
}

async function run(flags: BrokerFlags): Promise<number> {
  const port = flags.port === undefined ? undefined : Number(flags.port);
  if (port !== undefined && (!Number.isInteger(port) || port < 1 || port > 65_535)) {
    process.stderr.write(`Error: Invalid port given (${flags.port}). It is 1 to 65535.\n`);
    return 3;
  }
  const broker = await import('../../broker/index.js');
  try {
    const config =
      flags.config === undefined
        ? broker.defaultConfig(port)
        : await broker.loadMosquittoConfig(flags.config, port === undefined ? {} : { port });
    if (flags.testConfig === true) return await test(config);
    return await serve(config, flags.verbose === true);
  } catch (error) {
    if (!(error instanceof broker.BrokerStartError)) throw error;
    process.stderr.write(`${error.message}\n`);
    if (error instanceof broker.ConfigError && error.place !== undefined) {
      process.stderr.write(`Error found at ${error.place.file}:${error.place.line}.\n`);
    }
    return error.exitCode;
  }
}

async function test(config: MosquittoConfig): Promise<number> {
  const { checkConfig } = await import('../../broker/index.js');
  for (const { text, place } of await checkConfig(config)) {
    process.stderr.write(`${text} (${place.file}:${place.line})\n`);
  }
  process.stderr.write('Configuration file is OK.\n');
  return 0;
}

async function serve(config: MosquittoConfig, verbose: boolean): Promise<number> {
  const { startFromConfig } = await import('../../broker/index.js');
  const { write, close } = await logWriter(config, verbose);
  const said = (level: LogLevel, text: string): void => write({ time: Date.now(), level, text });
  const end = new Promise<string>(resolve => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const)
      process.once(signal, () => resolve(signal));
  });
  said('notice', 'mqtt-course broker starting');
  if (config.file !== undefined) said('notice', `Config loaded from ${config.file}.`);
  if (config.localOnly) {
    said(
      'notice',
      'Starting in local only mode. Connections will only be possible from clients running on this machine.',
    );
  }
  try {
    const broker = await startFromConfig(config, { log: write });
    const reload = (): void => void broker.reload();
    // Windows has no SIGHUP to reload with; there it means that the window was closed.
    if (process.platform !== 'win32') process.on('SIGHUP', reload);
    const doors = broker.listeners.map(({ address, port, tls, protocol }) => {
      const scheme = protocol === 'mqtt' ? (tls ? 'mqtts' : 'mqtt') : tls ? 'wss' : 'ws';
      const host = address.includes(':') ? `[${address}]` : address;
      return port === 0 ? address : `${scheme}://${host === '' ? 'localhost' : host}:${port}`;
    });
    process.stderr.write(`mqtt-course broker running: ${doors.join(' ')} (Ctrl-C ends it)\n`);
    await end;
    process.off('SIGHUP', reload);
    said('notice', 'mqtt-course broker terminating');
    await broker.shutDown();
    return 0;
  } finally {
    await close();
  }
}

/** Where log lines go, by log_dest, log_type and log_timestamp; `-v` means everything. */
async function logWriter(
  config: MosquittoConfig,
  verbose: boolean,
): Promise<{ write: (entry: LogEntry) => void; close: () => Promise<void> }> {
  const { createWriteStream } = await import('node:fs');
  const { types, timestamp, destinations } = config.log;
  const quiet = new Set<LogLevel>(['debug', 'subscribe', 'unsubscribe']);
  const wanted = (level: LogLevel): boolean => {
    if (verbose || types?.has('all') === true) return true;
    if (types?.has('none') === true) return false;
    return types === undefined ? !quiet.has(level) : types.has(level);
  };
  const files = destinations.flatMap(d =>
    d.to === 'file' ? [createWriteStream(d.path, { flags: 'a', mode: 0o640 })] : [],
  );
  for (const file of files) {
    file.on('error', error => process.stderr.write(`Error: log_dest file: ${error.message}\n`));
  }
  const outputs: NodeJS.WritableStream[] = [
    ...destinations.flatMap(d => (d.to === 'stdout' ? [process.stdout] : [])),
    ...(destinations.length === 0 || destinations.some(d => d.to === 'stderr')
      ? [process.stderr]
      : []),
    ...files,
  ];
  return {
    write({ time, level, text }) {
      if (!wanted(level)) return;
      const line = timestamp ? `${Math.floor(time / 1000)}: ${text}\n` : `${text}\n`;
      for (const output of outputs) output.write(line);
    },
    async close() {
      await Promise.all(files.map(file => new Promise<void>(resolve => file.end(resolve))));
    },
  };
}
