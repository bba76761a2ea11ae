import type { Command } from 'commander';
import type { MqttClient } from 'mqtt';
import { UsageError } from '../../course/errors.js';
import { connect, NotConnected } from '../by-hand/connect.js';
import {
  type ConnectionFlags,
  type Destination,
  destination,
  qosOf,
  wholeNumber,
  withConnectionFlags,
} from '../by-hand/flags.js';
import { checkTopicFilter } from '../by-hand/topics.js';
import { tell } from '../invocation.js';

interface SubFlags extends ConnectionFlags {
  readonly topic?: readonly string[];
  readonly qos: string;
  readonly verbose?: boolean;
  readonly count?: string;
  readonly wait?: string;
  readonly retainedOnly?: boolean;
  readonly noRetained?: boolean;
  readonly disableCleanSession?: boolean;
}

/** Nothing came in the time of `-W`: the exit code of mosquitto_sub. */
const TIMED_OUT = 27;
/** A lost connection is dialled again after so many milliseconds, as mosquitto_sub does. */
const AGAIN_MS = 1000;

/** Adds `sub`: shows messages as they come, with the flags of mosquitto_sub. */
export function registerSub(program: Command): void {
  const command = program
    .command('sub')
    .summary('subscribe by hand and show what comes, as mosquitto_sub does')
    .description(
      'Connects, subscribes, and writes each payload on a line of its own, until Ctrl-C. Exit code\n' +
        `1: the broker said no, or nobody answered; ${TIMED_OUT}: the time of -W is over.`,
    )
    .option('-t, --topic <filter>', 'a topic filter; may stand more than once', collect)
    .option('-q, --qos <0|1|2>', 'the highest quality of service', '0')
    .option('-v, --verbose', 'write the topic name before the payload')
    .option('-C, --count <n>', 'end after so many messages')
    .option('-W, --wait <seconds>', 'end after so many seconds')
    .option('-R, --no-retained-messages', 'leave out what was stored before')
    .option('-c, --disable-clean-session', 'keep the session for the next time; needs -i');
  withConnectionFlags(command)
    .addHelpText(
      'after',
      '\nExamples:\n  npx mqtt-course sub -t \'home/#\' -v\n  npx mqtt-course sub -t home/lamp/state -C 1 -W 5\n\nIn cmd.exe write "home/#" with double quotation marks.',
    )
    .action(async (flags: SubFlags & { retainedMessages?: boolean }) => {
      try {
        process.exitCode = await subscribe(flags, flags.retainedMessages !== false);
      } catch (error) {
        if (!(error instanceof NotConnected)) throw error;
        tell([error.message]);
        process.exitCode = error.exitCode;
      }
    });
}

const collect = (one: string, all: readonly string[] = []): readonly string[] => [...all, one];

async function subscribe(flags: SubFlags, stored: boolean): Promise<number> {
  const filters = flags.topic ?? [];
  if (filters.length === 0) {
    throw new UsageError("Which topic filter? For example: sub -t 'home/#' -v");
  }
  for (const filter of filters) checkTopicFilter(filter);
  const qos = qosOf(flags.qos);
  const count = flags.count === undefined ? undefined : wholeNumber('-C', flags.count, 1, 2 ** 31);
  const wait = flags.wait === undefined ? undefined : wholeNumber('-W', flags.wait, 1, 2_000_000);
  const keep = flags.disableCleanSession === true;
  if (keep && flags.id === undefined) {
    throw new UsageError('-c keeps a session under a client identifier. Name it: -i IDENTIFIER');
  }
  const where = destination(flags);
  const over = ending(wait);
  const trying = new AbortController();
  const client = await Promise.race([connect(where, AGAIN_MS, !keep, trying.signal), over]);
  if (typeof client === 'number') {
    trying.abort();
    return client;
  }
  const enough = show(client, { stored, verbose: flags.verbose === true, count });
  const refused = granted(client, where, filters, qos).then(() => enough);
  const code = await Promise.race([over, enough, refused]);
  await Promise.race([client.endAsync(), over.then(() => undefined)]);
  client.end(true);
  return code;
}

/** Resolves with the exit code when a signal or the end of the time asks for it. */
function ending(seconds: number | undefined): Promise<number> {
  return new Promise(resolve => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve(0));
    if (seconds !== undefined) setTimeout(() => resolve(TIMED_OUT), seconds * 1000).unref();
  });
}

interface ShowOptions {
  readonly stored: boolean;
  readonly verbose: boolean;
  readonly count: number | undefined;
}

/** Writes what comes; resolves when `count` messages have come. */
function show(client: MqttClient, { stored, verbose, count }: ShowOptions): Promise<number> {
  let left = count ?? Number.POSITIVE_INFINITY;
  return new Promise(resolve => {
    client.on('message', (topic, payload, { retain }) => {
      if ((retain && !stored) || left <= 0) return;
      const line = verbose ? Buffer.concat([Buffer.from(`${topic} `), payload]) : payload;
      process.stdout.write(process.stdout.isTTY ? printable(line.toString()) : line);
      process.stdout.write('\n');
      left -= 1;
      if (left <= 0) resolve(0);
    });
  });
}

/** On a terminal a stranger's message moves no cursor and changes no colour. */
function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is replaced
  return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, '\ufffd');
}

/** @throws NotConnected where the broker grants none of the filters */
async function granted(
  client: MqttClient,
  { name }: Destination,
  filters: readonly string[],
  qos: 0 | 1 | 2,
): Promise<void> {
  const answer = await new Promise<readonly { topic: string; qos: number }[]>(resolve => {
    client.subscribe([...filters], { qos }, (error, grants) =>
      resolve(grants ?? (error ? filters.map(topic => ({ topic, qos: 128 })) : [])),
    );
  });
  const refused = answer.filter(one => one.qos >= 128);
  for (const one of refused) tell([`${name} refused the subscription to ${one.topic}.`]);
  if (refused.length === 0 || refused.length < answer.length) return;
  client.end(true);
  throw new NotConnected('No subscription is left.');
}
