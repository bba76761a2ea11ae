/** What each fault does to the packet that its rule matched. */

import { assertNever } from './assert-never.js';
import { describePacket } from './describe.js';
import { errorText } from './error-text.js';
import type { Action, ActiveRule, Made, Making } from './faults.js';
import type { Flow, Link } from './link-contract.js';
import { withFlags, withId } from './patch.js';
import type { QueuedFrame } from './send-queue.js';
import type { Fate, PacketEntry } from './trace.js';

export interface FaultContext {
  readonly link: Link;
  readonly flow: Flow;
  readonly across: Flow;
  readonly entry: PacketEntry;
  readonly bytes: Buffer;
  readonly active: ActiveRule;
}

/** The packet enters the trace with this fate, and the fault right behind it. */
function record(
  { link, entry, active }: FaultContext,
  fate: Fate,
  name: string,
  what: string,
): void {
  entry.fate = fate;
  active.countApplied(entry);
  link.recorder.commit(entry);
  tell(link, entry, name, what);
}

function tell(link: Link, entry: PacketEntry, name: string, what: string): void {
  const text = `${what}: #${entry.n} ${describePacket(entry.packet)}`;
  link.recorder.fault(name, text, { connection: link.id, packet: entry.n });
}

/** The packets of a `Making`, as bytes. Throws what the function or the encoder throws. */
function made(link: Link, making: Making, entry: PacketEntry): Buffer[] {
  const found = typeof making === 'function' ? making(entry) : making;
  const list: readonly Made[] = Array.isArray(found) ? found : [found as Made];
  return list.map(link.bytesOf);
}

/** A rule that fails must not change the wire: the packet goes on as if there were no rule. */
function failed(on: FaultContext, error: unknown): void {
  const why = errorText(error);
  record(on, on.link.fateNow(on.flow), 'rule-error', `a rule failed (${why})`);
  on.link.forward(on.flow, on.bytes, on.entry);
}

function withhold(on: FaultContext): void {
  const { link, flow, entry, bytes, active } = on;
  record(on, 'withheld', 'withhold', 'kept back');
  flow.held += bytes.length;
  link.regulate(flow);
  active.keep(() => {
    flow.held -= bytes.length;
    if (link.deaf(flow)) {
      link.recorder.fate(entry, 'lost');
    } else {
      tell(link, entry, 'release', 'passed on');
      link.forward(flow, bytes, entry, { late: true });
    }
    link.regulate(flow);
  });
}

function stall(on: FaultContext): void {
  const { link, flow, entry, bytes, active } = on;
  record(on, 'withheld', 'stall', 'kept back with everything behind it');
  flow.stalls++;
  const queued = link.forward(flow, bytes, entry, { ready: false });
  active.keep(() => {
    flow.stalls--;
    if (link.deaf(flow)) {
      link.recorder.fate(entry, 'lost');
      return;
    }
    tell(link, entry, 'release', 'passed on');
    queued.ready = true;
    flow.queue.flush();
  });
}

function delay(on: FaultContext, ms: number): void {
  const { link, flow, entry, bytes } = on;
  record(on, link.fateNow(flow), 'delay', `delayed by ${ms} ms`);
  const queued = link.forward(flow, bytes, entry, { ready: false });
  link.later(ms, () => {
    queued.ready = true;
    flow.queue.flush();
  });
}

function duplicate(on: FaultContext, action: Extract<Action, { kind: 'duplicate' }>): void {
  const { link, flow, entry, bytes, active } = on;
  const { packet } = entry;
  const after = action.after === undefined || action.after === 'now' ? 0 : action.after;
  const when = after === 0 ? '' : ` after ${after} more`;
  record(on, link.fateNow(flow), 'duplicate', `sent twice${when}`);
  if (packet.type !== 'PUBLISH') return;
  const same = action.id === 'same' || packet.id === undefined;
  if (same) flow.own.begin(packet);
  link.forward(flow, bytes, entry);
  let sent = false;
  function send(): void {
    if (sent) return;
    sent = true;
    forget();
    flow.due = flow.due.filter(one => one.send !== send);
    const flagged = withFlags(bytes, { dup: action.dup });
    const copy = same ? flagged : withId(flagged, flow.own.freeId());
    link.make(flow, copy, { copyOf: entry.n, begun: same });
  }
  const forget = active.keep(send);
  if (after === 0) send();
  else flow.due.push({ left: after, send });
}

function cut(on: FaultContext, action: Extract<Action, { kind: 'cut' }>): void {
  const { link, flow, entry, bytes } = on;
  const how = action.reset ? 'reset' : 'cut';
  if (action.passes) {
    record(on, link.fateNow(flow), 'cut', `connection ${how} right after`);
    link.forward(flow, bytes, entry, { passed: () => link.cut(action) });
  } else {
    record(on, 'lost', 'cut', `connection ${how} before`);
    link.cut(action);
  }
}

function replace(on: FaultContext, making: Making): void {
  let packets: Buffer[];
  try {
    packets = made(on.link, making, on.entry);
  } catch (error) {
    failed(on, error);
    return;
  }
  record(on, 'dropped', 'replace', 'replaced');
  for (const bytes of packets) on.link.make(on.flow, bytes, { theirs: true });
}

function answer(on: FaultContext, action: Extract<Action, { kind: 'answer' }>): void {
  const { link, across } = on;
  let packets: Buffer[];
  try {
    packets = made(link, action.making, on.entry);
  } catch (error) {
    failed(on, error);
    return;
  }
  record(on, 'absorbed', 'answer', 'answered by the tap');
  for (const [at, bytes] of packets.entries()) {
    const last = at === packets.length - 1;
    link.make(across, bytes, action.close && last ? { passed: () => link.cut() } : {});
  }
  if (action.close && packets.length === 0) link.cut();
}

function coalesce(on: FaultContext): void {
  const { link, flow, entry, bytes, active } = on;
  record(on, link.fateNow(flow), 'coalesce', 'sent in one segment with the next');
  // The packet may pass inside `forward` already, when the connection is ending.
  let queued: QueuedFrame | undefined;
  const forget = active.keep(() => {
    if (queued) queued.joinNext = false;
    flow.queue.flush();
  });
  queued = link.forward(flow, bytes, entry, { joinNext: true, passed: forget });
}

/** Does what the rule says to the packet it matched, and records both. */
export function applyFault(on: FaultContext): void {
  const { link, flow, bytes } = on;
  const action = on.active.rule.do;
  switch (action.kind) {
    case 'withhold':
      withhold(on);
      return;
    case 'stall':
      stall(on);
      return;
    case 'delay':
      delay(on, action.ms);
      return;
    case 'drop':
      record(on, 'dropped', 'drop', 'dropped');
      return;
    case 'duplicate':
      duplicate(on, action);
      return;
    case 'cut':
      cut(on, action);
      return;
    case 'blackhole':
      record(on, 'lost', 'blackhole', 'black hole from here on');
      link.blackhole();
      return;
    case 'replace':
      replace(on, action.making);
      return;
    case 'set-flags':
      record(on, 'dropped', 'set-flags', 'sent on with other flags');
      link.make(flow, withFlags(bytes, action), { theirs: true });
      return;
    case 'coalesce':
      coalesce(on);
      return;
    case 'answer':
      answer(on, action);
      return;
    default:
      assertNever(action, 'fault');
  }
}
