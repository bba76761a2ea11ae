import type { CheckResult, ProgramOutput } from '../../checker/harness/result.js';
import { count, cutLine, hang, printable, wrap, wrapKeeping } from './layout.js';
import type { Style } from './style.js';

/** Lines that are shown of each stream; the rest is one command away. */
const TAIL_FAILED = 12;
const TAIL_PASSED = 6;

/** The lesson as people type it: `5`. */
export function lessonNumber({ lesson }: CheckResult): string {
  return /^\d+/.test(lesson) ? String(Number.parseInt(lesson, 10)) : lesson;
}

/** What the learner's program wrote, and how it ended. Never cut without saying so. */
export function renderOutput(result: CheckResult, style: Style): string[] {
  const { program } = result;
  if (!program) return [];
  const passed = result.status === 'passed';
  const limit = passed ? TAIL_PASSED : TAIL_FAILED;
  const streams = [
    ...stream('stdout', program.stdout, program.stdoutBytes, limit, result, style),
    ...stream('stderr', program.stderr, program.stderrBytes, limit, result, style),
  ];
  const ending = howItEnded(program);
  if (streams.length === 0) {
    if (passed) return [];
    return wrap(
      `Your program printed nothing${ending === '' ? '' : `, and ${ending}`}.`,
      style.width,
    );
  }
  const more = !passed && ending !== '' ? wrap(`Your program ${ending}.`, style.width) : [];
  return [...streams, ...more];
}

/** The end of what a program wrote. What is left out is said, and where it is. */
function stream(
  name: 'stdout' | 'stderr',
  source: string,
  bytes: number,
  limit: number,
  result: CheckResult,
  style: Style,
): string[] {
  if (source === '' && bytes === 0) return [];
  const { text, escaped } = printable(source.replace(/\r?\n$/, ''));
  const whole = text.split('\n');
  const lines = foldFrames(whole, style);
  const kept = Buffer.byteLength(source);
  const facts = [
    count(whole.length, 'line'),
    ...(lines.length > limit
      ? [
          `the last ${limit} here, all of them: npx mqtt-course trace ${lessonNumber(result)} --output`,
        ]
      : []),
    ...(bytes > kept
      ? [`only the first ${Math.ceil(kept / 1024)} KiB of ${Math.ceil(bytes / 1024)} were kept`]
      : []),
    ...(escaped > 0 ? [`${count(escaped, 'control character')} shown as escapes`] : []),
  ];
  const bar = style.dim(style.plain ? '  | ' : '  │ ');
  return [
    ...hang('', '  ', `Your program's output on ${name} (${facts.join('; ')}):`, style.width),
    ...lines
      .slice(-limit)
      .flatMap(line =>
        wrapKeeping(cutLine(line, style.plain), style.width - 4).map(part =>
          `${bar}${part}`.trimEnd(),
        ),
      ),
  ];
}

const nodeFrame = /^\s+at .*(?:node:|\(mqtt-course\)|node_modules)/;
const pythonFrame = /^ {2}File ".*(?:site-packages|dist-packages|lib[\\/]python3|mqttkit\.py)/;

/** Rows of a stack trace that are Node's, Python's or a library's become one row that says so. */
function foldFrames(lines: readonly string[], style: Style): string[] {
  const folded: string[] = [];
  let inside = 0;
  const close = () => {
    const dots = style.plain ? '...' : '…';
    if (inside > 0) folded.push(`    ${dots} ${count(inside, 'line')} inside the library`);
    inside = 0;
  };
  let python = false;
  for (const line of lines) {
    const below: boolean = python && /^ {4}/.test(line);
    python = pythonFrame.test(line) || below;
    if (nodeFrame.test(line) || python) {
      inside++;
    } else {
      close();
      folded.push(line);
    }
  }
  close();
  return folded;
}

function howItEnded({ exitCode, signal }: ProgramOutput): string {
  // SIGKILL is how a check ends what it has started.
  if (signal !== undefined && signal !== 'SIGKILL') return `was ended by ${signal}`;
  return exitCode !== null && exitCode !== 0 ? `ended with exit code ${exitCode}` : '';
}
