/** Does what a command says, on the session: faults on the wire, messages, the program, the broker. */

import type { PracticeSession } from '../../checker/index.js';
import { assertNever } from '../../wire/assert-never.js';
import { describePayload, seconds } from '../../wire/describe.js';
import { errorText } from '../../wire/error-text.js';
import { cutAfter, cutBefore, delay, drop, duplicate, withhold } from '../../wire/faults.js';
import type { Action, RuleHandle } from '../../wire/index.js';
import { payloadOf } from '../../wire/payload.js';
import type { TraceEntry } from '../../wire/trace.js';
import { everyByte } from '../render/exchange.js';
import { count } from '../render/layout.js';
import type { Style } from '../render/style.js';
import { helpLines } from './help.js';
import type { Aim, LiveCommand } from './parse.js';

/** Milliseconds that a command waits for what it needs. */
const PATIENCE_MS = 10_000;
const LAST_WORDS_MS = 200;
const WHO = 'program';

/** said: done · problem: it cannot be done, and why · text: something to read. */
export interface CommandReply {
  readonly kind: 'said' | 'problem' | 'text';
  readonly lines: readonly string[];
}

const said = (line: string): CommandReply => ({ kind: 'said', lines: [line] });
const problem = (line: string): CommandReply => ({ kind: 'problem', lines: [line] });

/** Commands that only change what is shown; whoever shows it does them. */
export type ShownCommand = Extract<LiveCommand, { kind: 'view' | 'clear' | 'quit' | 'output' }>;

export interface Actor {
  do(command: Exclude<LiveCommand, ShownCommand>, style: Style): Promise<CommandReply>;
  /** The faults that still wait for packets, in few words; empty when there are none. */
  faults(): string;
}

export interface ActorOptions {
  /** Commands come from a file, not from a person who looks: each waits for what it needs. */
  readonly patient?: boolean;
}

interface PlacedFault {
  readonly words: string;
  readonly times: number;
  readonly handle: RuleHandle;
}

export function createActor(session: PracticeSession, options: ActorOptions = {}): Actor {
  const { tap } = session;
  let placed: PlacedFault[] = [];
  let waitedUpTo = 0;

  const open = () => tap.connections().filter(one => one.open && one.who === WHO);
  const kept = () =>
    tap.entries.filter(
      one => one.kind === 'packet' && one.fate === 'withheld' && one.releasedAt === undefined,
    ).length;

  async function until(when: (entry: TraceEntry) => boolean, from: number) {
    const over = new AbortController();
    const timer = setTimeout(() => over.abort(), PATIENCE_MS);
    // A program that has ended sends no more; what it sent last may still be on its way.
    void session.program.exited.then(() => setTimeout(() => over.abort(), LAST_WORDS_MS));
    try {
      return await tap.until(when, { from, signal: over.signal });
    } catch {
      return undefined;
    } finally {
      clearTimeout(timer);
    }
  }

  /** The open connections of the program; of a patient actor those that come within ten seconds. */
  async function connections() {
    if (options.patient && open().length === 0 && session.program.running) {
      await until(
        one => one.kind === 'packet' && one.packet.type === 'CONNACK' && one.who === WHO,
        tap.entries.length,
      );
    }
    return open();
  }

  function addFault(words: string, action: Action, { type, direction, times }: Aim): CommandReply {
    const handle = tap.rule({
      who: WHO,
      ...(direction ? { direction } : {}),
      when: entry => type === undefined || entry.packet.type === type,
      do: action,
      times,
    });
    const which = [
      times === Number.POSITIVE_INFINITY ? 'every' : times === 1 ? 'the next' : `the next ${times}`,
      type ?? (times === 1 || times === Number.POSITIVE_INFINITY ? 'packet' : 'packets'),
      ...(direction ? [direction.replace('-', ' the ')] : []),
    ].join(' ');
    placed.push({ words: `${words.split(' ')[0]} ${type ?? 'any packet'}`, times, handle });
    return said(`${words}: ${which}`);
  }

  const nobody = () =>
    problem(
      session.program.running
        ? 'your program has no open connection now'
        : 'your program is not running; start it: again',
    );

  async function publish(command: Extract<LiveCommand, { kind: 'pub' }>): Promise<CommandReply> {
    const late = new Promise<'late'>(resolve => {
      setTimeout(() => resolve('late'), PATIENCE_MS).unref();
    });
    try {
      const done = await Promise.race([session.publish(command), late]);
      if (done === 'late') return problem('the broker did not answer within 10 s');
    } catch (error) {
      const why = errorText(error);
      return problem(`not published: ${why}`);
    }
    const { topic, payload, qos, retain } = command;
    const words =
      payload === '' ? '(empty)' : describePayload(payloadOf(Buffer.from(payload, 'utf8')));
    return said(`published ${topic} ${words} qos=${qos}${retain ? ' retain' : ''}`);
  }

  function release(): CommandReply {
    const before = kept();
    for (const { handle } of placed) handle.release();
    return before === 0
      ? problem('nothing is kept back')
      : said(`passed on: ${count(before, 'packet')}`);
  }

  function heal(): CommandReply {
    const before = kept();
    const alive = placed.filter(one => one.handle.applied < one.times).length;
    for (const { handle } of placed) {
      handle.remove();
      handle.release();
    }
    placed = [];
    return said(
      `no more faults: ${count(alive, 'fault')} taken away, ${count(before, 'packet')} passed on`,
    );
  }

  async function run(
    command: Exclude<LiveCommand, ShownCommand>,
    style: Style,
  ): Promise<CommandReply> {
    switch (command.kind) {
      case 'pub':
        return publish(command);
      case 'in':
        if (!session.program.running) return nobody();
        session.feed(command.line);
        return said(`written to the input of your program: ${JSON.stringify(command.line)}`);
      case 'events':
        if (session.story === 'none') return problem('this lesson has no events of its own');
        session.tell(command.on);
        return said(`the lesson's own events ${command.on ? 'go on' : 'wait'}`);
      case 'cut':
      case 'blackhole': {
        const found = await connections();
        if (found.length === 0) return nobody();
        for (const { connection } of found) {
          if (command.kind === 'blackhole') tap.blackhole(connection);
          else tap.cut(connection, command.direction ? { direction: command.direction } : {});
        }
        const which = found.map(one => one.connection).join(', ');
        return said(
          command.kind === 'blackhole'
            ? `black hole: nothing passes on connection ${which}; both ends believe it lives`
            : command.direction
              ? `cut: connection ${which}, only what goes ${command.direction.replace('-', ' the ')}`
              : `cut: connection ${which}`,
        );
      }
      case 'cut-at':
        return command.passes
          ? addFault('cut after', cutAfter(), command.aim)
          : addFault('cut before', cutBefore(), command.aim);
      case 'withhold':
        return addFault('withhold', withhold(), command.aim);
      case 'drop':
        return addFault('drop', drop(), command.aim);
      case 'duplicate':
        return addFault('duplicate', duplicate({ dup: true, id: 'same' }), command.aim);
      case 'delay':
        return addFault(`delay by ${command.ms} ms`, delay(command.ms), command.aim);
      case 'release':
        return release();
      case 'heal':
        return heal();
      case 'restart':
        await session.restart(command.state);
        return said(
          `the broker was restarted and ${command.state === 'keep' ? 'kept what it stores' : 'came back empty'}`,
        );
      case 'crash':
        if (!session.program.running) return nobody();
        await session.crash();
        return said('your program was killed');
      case 'stop':
        if (!session.program.running) return nobody();
        await session.halt();
        return said('your program has ended');
      case 'again':
        await session.again();
        return said('your program was started again');
      case 'wait': {
        const from = options.patient ? waitedUpTo : tap.entries.length;
        const found = await until(
          one => one.kind === 'packet' && one.who === WHO && one.packet.type === command.type,
          from,
        );
        if (found?.kind !== 'packet') {
          return session.program.running
            ? problem(`no ${command.type} came within 10 s`)
            : problem(`no ${command.type} came, and your program is not running`);
        }
        waitedUpTo = tap.entries.indexOf(found) + 1;
        return said(`#${found.n} ${command.type} at ${seconds(found.t)}`);
      }
      case 'explain': {
        const entry = tap.entries.find(one => one.kind === 'packet' && one.n === command.packet);
        if (entry?.kind !== 'packet') {
          const last = tap.entries.findLast(one => one.kind === 'packet');
          return problem(
            last?.kind === 'packet'
              ? `there is no packet ${command.packet} yet; the last is #${last.n}`
              : 'no packet has come yet',
          );
        }
        return { kind: 'text', lines: everyByte(tap.trace(), entry, style) };
      }
      case 'env': {
        const env = Object.entries(session.env).map(([key, value]) => `${key}=${value}`);
        return env.length === 0
          ? problem('this lesson tells your program nothing but where the broker is')
          : { kind: 'text', lines: env };
      }
      case 'help':
        return { kind: 'text', lines: helpLines(command.about, style.width) };
      default:
        return assertNever(command, 'command of a live run');
    }
  }

  return {
    async do(command, style) {
      try {
        return await run(command, style);
      } catch (error) {
        return problem(errorText(error));
      }
    },
    faults() {
      const alive = placed.filter(one => one.handle.applied < one.times).map(one => one.words);
      const held = kept();
      return [...alive, ...(held > 0 ? [`${held} kept back`] : [])].join(', ');
    },
  };
}
