/** A live run as a log: without a window. Commands may come as lines on standard input. */

import { type PracticeSession, practise } from '../../checker/index.js';
import { quoteFor, shellInUse } from '../../course/system/index.js';
import { print } from '../invocation.js';
import { printable, wrap } from '../render/layout.js';
import type { Style } from '../render/style.js';
import { createActor } from './act.js';
import { readLines } from './lines.js';
import { createLog } from './log.js';
import { parseLine } from './parse.js';
import type { RunRequest } from './request.js';

/** With nobody left to type: how long it goes on after the lesson's last event, and without one. */
const AFTER_LAST_MS = 3000;
const NO_EVENT_MS = 15_000;
const LOOK_EVERY_MS = 200;

export interface Followed {
  readonly session: PracticeSession;
  /** How many lines of standard input were no command. */
  readonly wrongLines: number;
}

/**
 * Prints the wire and the output until the program has ended, and every command that came has been
 * done. Commands are done one after another; one that needs a connection waits for it. When standard
 * input has ended, nobody can ask the program to stop: it is asked to when the lesson's events are
 * told. With a port of its own the broker is there for others, too, and goes on.
 */
export async function followRun(
  request: RunRequest,
  style: Style,
  readCommands: boolean,
): Promise<Followed> {
  const log = createLog(style);
  const session = await practise({ ...request, onEntry: log.entry, onOutput: log.output });
  const quiet = (line: string) => print([style.dim(line)]);
  const between = style.plain ? ', ' : ' · ';
  quiet(`practice broker: mqtt://127.0.0.1:${session.brokerPort}${between}seed ${session.seed}`);
  quiet(
    `watch it too: mosquitto_sub -h 127.0.0.1 -p ${session.brokerPort} -t ${quoteFor(shellInUse(), '#')} -v`,
  );
  const env = Object.entries(session.env).map(([key, value]) => `${key}=${value}`);
  if (env.length > 0) quiet(env.map(one => printable(one).text).join('  '));
  quiet('Ctrl-C asks your program to stop; a second Ctrl-C ends it.');

  const actor = createActor(session, { patient: true });
  const waiting: string[] = [];
  let wrongLines = 0;
  let busy = false;
  let leaving = false;
  let look: () => void = () => undefined;
  const bar = style.plain ? '|' : style.dim('│');
  const say = (lines: readonly string[]) =>
    print(
      lines
        .flatMap(line => wrap(printable(line).text, style.width - 6))
        .map(line => `    ${bar} ${line}`),
    );

  async function one(line: string): Promise<void> {
    const parsed = parseLine(line);
    if (!parsed) return;
    print([`${style.cyan('you')} ${bar} ${printable(line).text}`]);
    if ('problem' in parsed) {
      wrongLines++;
      say([parsed.problem]);
      return;
    }
    const { command } = parsed;
    if (command.kind === 'quit') {
      leaving = true;
      waiting.length = 0;
      await session.stop();
    } else if (command.kind === 'view' || command.kind === 'clear' || command.kind === 'output') {
      say([`${command.kind} is for the window of a terminal; here all is printed as it comes`]);
    } else {
      const reply = await actor.do(command, style);
      if (reply.kind === 'text') print(reply.lines);
      else say(reply.lines);
    }
  }

  async function work(): Promise<void> {
    if (busy) return;
    busy = true;
    for (let line = waiting.shift(); line !== undefined; line = waiting.shift()) await one(line);
    busy = false;
    look();
  }

  const stopReading = readCommands
    ? readLines(
        process.stdin,
        line => {
          waiting.push(line);
          void work();
        },
        () => {
          if (request.port === undefined) leaveWhenTold();
        },
      )
    : () => undefined;

  let ending: NodeJS.Timeout | undefined;
  function leaveWhenTold(): void {
    const since = performance.now();
    let quietSince = since;
    ending = setInterval(() => {
      const now = performance.now();
      if (busy || waiting.length > 0 || !(session.told || now - since > NO_EVENT_MS)) {
        quietSince = now;
      } else if (now - quietSince > AFTER_LAST_MS && session.program.running) {
        clearInterval(ending);
        quiet('nobody can type here any more: the program is asked to stop');
        leaving = true;
        void session.stop();
      }
    }, LOOK_EVERY_MS);
  }

  let interrupts = 0;
  const interrupt = () => {
    interrupts++;
    leaving = true;
    waiting.length = 0;
    if (interrupts > 1) session.program.kill();
    else void session.stop();
  };
  process.on('SIGINT', interrupt);
  process.on('SIGTERM', interrupt);
  await new Promise<void>(resolve => {
    look = () => {
      const { program } = session;
      if (program.running) void program.exited.then(look);
      else if (leaving || (!busy && waiting.length === 0)) resolve();
    };
    look();
  });
  clearInterval(ending);
  await session.stop();
  process.off('SIGINT', interrupt);
  process.off('SIGTERM', interrupt);
  stopReading();
  log.flush();
  return { session, wrongLines };
}
