/** A live run in a window: the wire, the output, and a line for commands. */

import { type PracticeSession, practise } from '../../checker/index.js';
import { PRACTICE_LIFELINES } from '../../checker/practice/practice.js';
import { makeStyle, type Style } from '../render/style.js';
import { createDisplay } from '../terminal/display.js';
import { takeTerminal } from '../terminal/terminal.js';
import { createActor } from './act.js';
import { drawLive, type LiveFrame, type LiveState, type OutputLine, wireColumns } from './draw.js';
import { endedWords } from './ended.js';
import { createLines } from './lines.js';
import { type Effect, pressed, topicsOf } from './on-key.js';
import { parseLine } from './parse.js';
import { EMPTY_PROMPT } from './prompt.js';
import type { RunRequest } from './request.js';

/** Milliseconds between two drawings: fast for an eye, slow for a line over SSH. */
const FRAME_MS = 40;
/** Entries in view, and how many stay when there are more; lines of output that are kept. */
const MOST_ENTRIES = 6000;
const KEPT_ENTRIES = 3000;
const MOST_OUTPUT = 2000;

const RUNNING = 'program running';

const WELCOME = [
  'You are the world around your program. A message: home/temp 21.5    A fault: cut',
];

/** Runs until the person leaves. @returns the session, closed */
export async function viewRun(request: RunRequest, style: Style): Promise<PracticeSession> {
  let schedule: () => void = () => undefined;
  const output: OutputLine[] = [];
  const lines = createLines((stream, text) => {
    output.push({ stream, text });
    if (output.length > MOST_OUTPUT) output.splice(0, output.length - MOST_OUTPUT);
  });
  let ended = RUNNING;
  const session = await practise({
    ...request,
    onEntry: () => schedule(),
    onOutput: (stream, text) => {
      lines.add(stream, text);
      schedule();
    },
    onEnd: record => {
      lines.flush();
      ended = endedWords(record);
      schedule();
    },
  });
  const actor = createActor(session);
  let state: LiveState = {
    lesson: request.lesson,
    broker: `mqtt://127.0.0.1:${session.brokerPort}`,
    program: RUNNING,
    running: true,
    faults: '',
    lifelines: PRACTICE_LIFELINES,
    entries: session.tap.entries,
    from: 0,
    output,
    prompt: EMPTY_PROMPT,
    reply: { lines: WELCOME, problem: false },
    view: style.plain ? 'list' : 'diagram',
  };
  let frame: LiveFrame = { lines: [], cursor: { row: 0, column: 0 }, rows: 0, page: 1 };
  let timer: NodeJS.Timeout | undefined;
  let leaving: Promise<void> | undefined;
  let leave: () => void = () => undefined;
  const left = new Promise<void>(resolve => {
    leave = resolve;
  });
  const display = createDisplay(process.stdout);

  function draw(): void {
    timer = undefined;
    const { entries } = state;
    // What is far back is not drawn: a drawing costs more the more there is.
    if (entries.length - state.from > MOST_ENTRIES) {
      state = { ...state, from: entries.length - KEPT_ENTRIES, bottom: undefined };
    }
    const { running } = session.program;
    state = { ...state, program: running ? RUNNING : ended, running, faults: actor.faults() };
    const size = { width: display.width, height: display.height };
    frame = drawLive(state, size, style);
    display.draw(frame);
  }
  schedule = () => {
    timer ??= setTimeout(draw, FRAME_MS);
  };

  function interrupt(): void {
    if (leaving) {
      session.program.kill();
      return;
    }
    const said = 'your program was asked to stop; Ctrl-C again ends it at once';
    if (session.program.running) state = { ...state, reply: { lines: [said], problem: false } };
    leaving = session.stop().finally(leave);
  }

  function act(effect: Effect): void {
    if (effect.kind === 'interrupt') interrupt();
    else if (effect.kind === 'suspend') terminal.suspend();
    else if (effect.kind === 'redraw') display.forget();
    else void command(effect.line);
  }

  async function command(line: string): Promise<void> {
    const parsed = parseLine(line);
    if (!parsed) return;
    if ('problem' in parsed) {
      state = { ...state, reply: { lines: [parsed.problem], problem: true } };
      return;
    }
    const { command: wanted } = parsed;
    const reading = (title: string, lines: readonly string[], top = 0) => {
      state = { ...state, text: { title, lines, top }, reply: { lines: [], problem: false } };
    };
    switch (wanted.kind) {
      case 'quit':
        interrupt();
        return;
      case 'view':
        state = { ...state, view: wanted.as, bottom: undefined, text: undefined };
        return;
      case 'clear':
        output.length = 0;
        state = { ...state, from: state.entries.length, bottom: undefined, text: undefined };
        return;
      case 'output': {
        const written = output.map(one => one.text);
        reading('output', written, written.length);
        return;
      }
      default: {
        state = { ...state, reply: { lines: [`${line} ...`], problem: false } };
        const width = Math.min(style.width, wireColumns(display.width));
        const reply = await actor.do(wanted, makeStyle({ ...style, width }));
        if (reply.kind === 'text') reading(line, reply.lines);
        else state = { ...state, reply: { lines: reply.lines, problem: reply.kind === 'problem' } };
        if (wanted.kind === 'again' || wanted.kind === 'stop' || wanted.kind === 'crash') {
          state = { ...state, bottom: undefined };
        }
        schedule();
      }
    }
  }

  const endProgram = () => session.program.kill();
  const hungUp = () => {
    display.gone();
    interrupt();
    endProgram();
  };
  const terminal = takeTerminal(display, {
    key: press => {
      const next = pressed(state, press, frame, () => topicsOf(state, session.env));
      state = next.state;
      if (next.effect) act(next.effect);
      schedule();
    },
    redraw: () => schedule(),
    hungUp,
    pasted: 'typed',
  });
  // Whatever way this process ends, the program ends with it.
  process.once('exit', endProgram);
  process.on('SIGINT', interrupt);
  process.on('SIGTERM', interrupt);
  process.on('SIGHUP', hungUp);
  draw();
  await left;
  clearTimeout(timer);
  schedule = () => undefined;
  terminal.close();
  process.off('SIGINT', interrupt);
  process.off('SIGTERM', interrupt);
  process.off('SIGHUP', hungUp);
  process.off('exit', endProgram);
  await leaving;
  return session;
}
