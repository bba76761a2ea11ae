/** What each fault does to the packet it strikes. */

import { describePacket } from './describe.js';
import type { Action, Made, Making, Standing } from './faults.js';
import type { Lane, Link } from './link.js';
import { withFlags, withId } from './patch.js';
import type { Parcel } from './send-queue.js';
import type { Fate, PacketEntry } from './trace.js';

export interface Strike {
  readonly link: Link;
  readonly lane: Lane;
  readonly across: Lane;
  readonly entry: PacketEntry;
  readonly bytes: Buffer;
  readonly standing: Standing;
}

/** The packet enters the trace with this fate, and the fault right behind it. */
function record({ link, entry, standing }: Strike, fate: Fate, name: string, what: string): void {
  entry.fate = fate;
  standing.strike(entry);
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
function failed(on: Strike, error: unknown): void {
  const why = error instanceof Error ? error.message : String(error);
  record(on, on.link.fateNow(on.lane), 'rule-error', `a rule failed (${why})`);
  on.link.forward(on.lane, on.bytes, on.entry);
}

function withhold(on: Strike): void {
  const { link, lane, entry, bytes, standing } = on;
  record(on, 'withheld', 'withhold', 'kept back');
  lane.held += bytes.length;
  link.regulate(lane);
  standing.keep(() => {
    lane.held -= bytes.length;
    if (link.deaf(lane)) {
      link.recorder.fate(entry, 'lost');
    } else {
      tell(link, entry, 'release', 'passed on');
      link.forward(lane, bytes, entry, { late: true });
    }
    link.regulate(lane);
  });
}

function stall(on: Strike): void {
  const { link, lane, entry, bytes, standing } = on;
  record(on, 'withheld', 'stall', 'kept back with everything behind it');
  lane.stalls++;
  const parcel = link.forward(lane, bytes, entry, { ready: false });
  standing.keep(() => {
    lane.stalls--;
    if (link.deaf(lane)) {
      link.recorder.fate(entry, 'lost');
      return;
    }
    tell(link, entry, 'release', 'passed on');
    parcel.ready = true;
    lane.outlet.flush();
  });
}

function delay(on: Strike, ms: number): void {
  const { link, lane, entry, bytes } = on;
  record(on, link.fateNow(lane), 'delay', `delayed by ${ms} ms`);
  const parcel = link.forward(lane, bytes, entry, { ready: false });
  link.later(ms, () => {
    parcel.ready = true;
    lane.outlet.flush();
  });
}

function duplicate(on: Strike, action: Extract<Action, { kind: 'duplicate' }>): void {
  const { link, lane, entry, bytes, standing } = on;
  const { packet } = entry;
  const after = action.after === undefined || action.after === 'now' ? 0 : action.after;
  const when = after === 0 ? '' : ` after ${after} more`;
  record(on, link.fateNow(lane), 'duplicate', `sent twice${when}`);
  if (packet.type !== 'PUBLISH') return;
  const same = action.id === 'same' || packet.id === undefined;
  if (same) lane.copies.begin(packet);
  link.forward(lane, bytes, entry);
  let sent = false;
  function send(): void {
    if (sent) return;
    sent = true;
    forget();
    lane.due = lane.due.filter(one => one.send !== send);
    const flagged = withFlags(bytes, { dup: action.dup });
    const copy = same ? flagged : withId(flagged, lane.copies.freeId());
    link.make(lane, copy, { copyOf: entry.n, begun: same });
  }
  const forget = standing.keep(send);
  if (after === 0) send();
  else lane.due.push({ left: after, send });
}

function cut(on: Strike, action: Extract<Action, { kind: 'cut' }>): void {
  const { link, lane, entry, bytes } = on;
  const how = action.reset ? 'reset' : 'cut';
  if (action.passes) {
    record(on, link.fateNow(lane), 'cut', `connection ${how} right after`);
    link.forward(lane, bytes, entry, { passed: () => link.cut(action) });
  } else {
    record(on, 'lost', 'cut', `connection ${how} before`);
    link.cut(action);
  }
}

function replace(on: Strike, making: Making): void {
  let packets: Buffer[];
  try {
    packets = made(on.link, making, on.entry);
  } catch (error) {
    failed(on, error);
    return;
  }
  record(on, 'dropped', 'replace', 'replaced');
  for (const bytes of packets) on.link.make(on.lane, bytes, { theirs: true });
}

function answer(on: Strike, action: Extract<Action, { kind: 'answer' }>): void {
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

function coalesce(on: Strike): void {
  const { link, lane, entry, bytes, standing } = on;
  record(on, link.fateNow(lane), 'coalesce', 'sent in one segment with the next');
  // The parcel may pass inside `forward` already, when the connection is ending.
  let parcel: Parcel | undefined;
  const forget = standing.keep(() => {
    if (parcel) parcel.joinNext = false;
    lane.outlet.flush();
  });
  parcel = link.forward(lane, bytes, entry, { joinNext: true, passed: forget });
}

/** Does what the rule says to the packet it matched, and records both. */
export function strike(on: Strike): void {
  const { link, lane, bytes } = on;
  const action = on.standing.rule.do;
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
      link.make(lane, withFlags(bytes, action), { theirs: true });
      return;
    case 'coalesce':
      coalesce(on);
      return;
    case 'answer':
      answer(on, action);
  }
}
