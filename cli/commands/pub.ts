import type { Command } from 'commander';
import { UsageError } from '../../course/errors.js';
import { errorText } from '../../wire/error-text.js';
import { connect, NotConnected } from '../by-hand/connect.js';
import {
  type ConnectionFlags,
  destination,
  fileOf,
  qosOf,
  withConnectionFlags,
} from '../by-hand/flags.js';
import { checkTopicName } from '../by-hand/topics.js';
import { tell } from '../invocation.js';

interface PubFlags extends ConnectionFlags {
  readonly topic?: string;
  readonly message?: string;
  readonly file?: string;
  readonly stdinLine?: boolean;
  readonly nullMessage?: boolean;
  readonly qos: string;
  readonly retain?: boolean;
}

/** Adds `pub`: one message by hand, with the flags of mosquitto_pub. */
export function registerPub(program: Command): void {
  const command = program
    .command('pub')
    .summary('publish a message by hand, as mosquitto_pub does')
    .description(
      'Connects, publishes, waits for the acknowledgement that the QoS asks for, and says\n' +
        'DISCONNECT. Exit code 1: the broker said no, or nobody answered.',
    )
    .option('-t, --topic <name>', 'the topic name')
    .option('-m, --message <text>', 'the payload')
    .option('-f, --file <file>', 'the payload is what this file holds')
    .option('-l, --stdin-line', 'each line of standard input is a message')
    .option('-n, --null-message', 'no payload; with -r it takes away what is stored')
    .option('-q, --qos <0|1|2>', 'the quality of service', '0')
    .option('-r, --retain', 'the broker stores the message for later subscribers');
  withConnectionFlags(command)
    .addHelpText(
      'after',
      '\nExamples:\n  npx mqtt-course pub -t home/kitchen/temp -m 21.5\n  npx mqtt-course pub -t home/lamp/state -m on -q 1 -r\n  npx mqtt-course pub -t home/lamp/state -n -r',
    )
    .action(async (flags: PubFlags) => {
      try {
        await publish(flags);
      } catch (error) {
        if (!(error instanceof NotConnected)) throw error;
        tell([error.message]);
        process.exitCode = error.exitCode;
      }
    });
}

async function publish(flags: PubFlags): Promise<void> {
  const { topic } = flags;
  if (topic === undefined) throw new UsageError('Which topic? For example: pub -t home/temp -m 21');
  checkTopicName(topic);
  const options = { qos: qosOf(flags.qos), retain: flags.retain === true };
  const payloads = payloadsOf(flags);
  const where = destination(flags);
  const client = await connect(where, 0);
  const lost = new Promise<never>((_, reject) =>
    client.once('close', () => reject(new NotConnected(`${where.name} closed the connection.`))),
  );
  lost.catch(() => undefined);
  try {
    for await (const payload of payloads) {
      await Promise.race([client.publishAsync(topic, payload, options), lost]);
    }
  } catch (error) {
    client.end(true);
    if (error instanceof NotConnected) throw error;
    throw new NotConnected(`${where.name} did not take the message: ${errorText(error)}`);
  }
  client.removeAllListeners('close');
  await client.endAsync();
}

/** Exactly one source of payloads. @throws UsageError for none, or for two */
function payloadsOf(flags: PubFlags): Iterable<Buffer> | AsyncIterable<Buffer> {
  const given = [
    flags.message !== undefined && '-m',
    flags.file !== undefined && '-f',
    flags.stdinLine === true && '-l',
    flags.nullMessage === true && '-n',
  ].filter(one => one !== false);
  if (given.length === 0) {
    throw new UsageError('Which message? -m TEXT, -f FILE, -l for lines of standard input, or -n.');
  }
  if (given.length > 1) {
    throw new UsageError(`${given.join(' and ')} do not go together; take one of them.`);
  }
  if (flags.message !== undefined) return [Buffer.from(flags.message)];
  if (flags.file !== undefined) return [fileOf('-f', flags.file)];
  return flags.nullMessage === true ? [Buffer.alloc(0)] : lines();
}

async function* lines(): AsyncGenerator<Buffer> {
  const { createInterface } = await import('node:readline');
  for await (const line of createInterface({ input: process.stdin })) yield Buffer.from(line);
}
