/** The exchange that a failure is about, as a drawing that can stand in a page. */
import type { Bundle } from '../../checker/index.js';
import { drawSvg } from '../../wire/draw/index.js';
import type { Trace, TraceEntry } from '../../wire/trace.js';
import { h, type Markup, raw } from '../report/markup.js';
import type { GradedCheck } from '../types.js';
import type { FeedbackOptions } from './phrases.js';

/** Entries in one drawing that are drawn without leaving any out; and around each cited packet. */
const WHOLE = 26;
const AROUND = 5;

/**
 * The recording of a check's scenario as a trace of the learner's own connections: what the
 * checker's peers did is part of the hidden test. Numbers of packets stay as they are cited.
 */
export function ownTrace(recording: Bundle['recordings'][string]): Trace {
  const names = new Set(recording.programs.map(one => one.name));
  const connections = new Set<number>();
  for (const entry of recording.trace.entries) {
    if (entry.kind === 'connection' && names.has(entry.who)) connections.add(entry.connection);
  }
  const isOwn = (entry: TraceEntry): boolean => {
    if (entry.kind === 'fault')
      return entry.connection !== undefined && connections.has(entry.connection);
    return entry.who !== undefined && names.has(entry.who);
  };
  return { ...recording.trace, entries: recording.trace.entries.filter(isOwn) };
}

/**
 * What stands around the cited packets, and how the exchange began; what is left out between is
 * said. A short exchange stays whole.
 */
export function excerpt(trace: Trace, cited: readonly number[], who: string): Trace {
  const { entries } = trace;
  if (entries.length <= WHOLE) return trace;
  const centres = entries.flatMap((entry, at) =>
    entry.kind === 'packet' && cited.includes(entry.n) ? [at] : [],
  );
  const last = centres.length === 0 ? [entries.length - 1] : centres;
  const kept = (at: number) => at < AROUND || last.some(one => Math.abs(one - at) <= AROUND);
  const drawn: TraceEntry[] = [];
  let left: TraceEntry[] = [];
  const close = () => {
    const [first] = left;
    const packets = left.filter(entry => entry.kind === 'packet').length;
    const text = `${packets} packets are left out here`;
    if (first && packets > 0) drawn.push({ kind: 'note', t: first.t, note: 'left out', who, text });
    left = [];
  };
  for (const [at, entry] of entries.entries()) {
    if (!kept(at)) {
      left.push(entry);
      continue;
    }
    close();
    drawn.push(entry);
  }
  close();
  return { ...trace, entries: drawn };
}

/** The drawing for a failed check, in a box that scrolls; undefined when there is nothing to draw. `id` is unique in the page. */
export function exchange(
  bundle: Bundle | undefined,
  check: GradedCheck,
  id: string,
  options: FeedbackOptions,
): Markup | undefined {
  const trace = traceOf(bundle, check, options);
  if (!trace) return undefined;
  const { scenario = '' } = check;
  const program = bundle?.recordings[scenario]?.programs[0]?.name ?? 'program';
  const cited = new Map(check.packets.map(number => [number, [check.id]]));
  const part = excerpt(trace, check.packets, program);
  const drawing = raw(inPage(drawSvg(part, { title: scenario, cited }), id));
  return h`<div class="exchange" tabindex="0" role="region" aria-label="Sequence diagram of ${check.id}">${drawing}</div>${elsewhere(check, trace)}`;
}

/** Says where cited packets are that the drawing does not have. */
function elsewhere(check: GradedCheck, trace: Trace): Markup | undefined {
  const drawn = new Set(trace.entries.flatMap(one => (one.kind === 'packet' ? one.n : [])));
  const others = check.packets.filter(number => !drawn.has(number)).map(number => `#${number}`);
  const [last] = others.splice(-1);
  if (last === undefined) return undefined;
  const list = others.length > 0 ? `${others.join(', ')} and ${last} are` : `${last} is`;
  return h`<p class="dim small">${list} between the broker and other clients, and not drawn.</p>`;
}

/** The packets that a failed check is about, as far as they may be told; undefined when there are none. */
export function traceOf(
  bundle: Bundle | undefined,
  check: GradedCheck,
  options: FeedbackOptions,
): Trace | undefined {
  if (!bundle || check.scenario === undefined || options.traces === 'none') return undefined;
  const recording = bundle.recordings[check.scenario];
  if (!recording) return undefined;
  const trace = options.traces === 'all' ? recording.trace : ownTrace(recording);
  return trace.entries.some(entry => entry.kind === 'packet') ? trace : undefined;
}

/**
 * A drawing made for a file of its own, fit to stand among others in one page: its ids get a name
 * of their own, and its style goes to the page's head, once.
 */
export function inPage(svg: string, id: string): string {
  return svg
    .replace(/<style>[\s\S]*?<\/style>\n?/, '')
    .replace('aria-labelledby="title about"', `aria-labelledby="${id}-title ${id}-about"`)
    .replace('<title id="title">', `<title id="${id}-title">`)
    .replace('<desc id="about">', `<desc id="${id}-about">`)
    .trimEnd();
}

/** The style of the drawings, kept to where they stand. */
export function exchangeStyle(): string {
  const empty: Trace = { schema: 'mqtt-course/trace/1', startedAt: '', entries: [] };
  const [, style = ''] = /<style>([\s\S]*?)<\/style>/.exec(drawSvg(empty)) ?? [];
  const scoped = style.replace(/(^|[{}])(\s*)(svg|text|\.[a-z-]+)(?=\{)/gm, '$1$2.exchange $3');
  return `.exchange{overflow-x:auto;border:1px solid var(--line);border-radius:.4rem;margin:.4rem 0}
.exchange svg{display:block}
${scoped}
@media print{.exchange{overflow:visible}.exchange svg{max-width:100%;height:auto;--back:#fff;--ink:#000;--dim:#444;--lane:#888;--bad:#a40e26;--mark:#0550ae;background:#fff}}
`;
}
