/** The faults a tap can do to a packet: plain values, and the rules that say when. */
import type { Direction, PacketEntry, WirePacket } from './trace.js';

/** A packet to be written by the tap: in words of the trace, or as bytes. */
export type Made = WirePacket | Uint8Array;
/** A packet, several, or a function of the packet that the rule matched. */
export type Making = Made | readonly Made[] | ((entry: PacketEntry) => Made | readonly Made[]);

export type Action =
  | { readonly kind: 'withhold' }
  | { readonly kind: 'stall' }
  | { readonly kind: 'delay'; readonly ms: number }
  | { readonly kind: 'drop' }
  | ({ readonly kind: 'duplicate' } & DuplicateOptions)
  | { readonly kind: 'cut'; readonly passes: boolean; readonly reset: boolean }
  | { readonly kind: 'blackhole' }
  | { readonly kind: 'replace'; readonly making: Making }
  | { readonly kind: 'set-flags'; readonly dup?: boolean; readonly retain?: boolean }
  | { readonly kind: 'coalesce' }
  | { readonly kind: 'answer'; readonly making: Making; readonly close: boolean };

export interface DuplicateOptions {
  /** Whether the copy carries the DUP flag (never at QoS 0: 3.1.1 MQTT-3.3.1-2). */
  readonly dup: boolean;
  /** The identifier of the copy: that of the original, or one that is nobody's. */
  readonly id: 'same' | 'new';
  /** When it goes: at once, or after so many further PUBLISHes in that direction. */
  readonly after?: 'now' | number;
}

/** Keeps the packet until the rule's handle is released; other packets pass by. */
export const withhold = (): Action => ({ kind: 'withhold' });
/** Keeps the packet and everything behind it until the handle is released, in order. */
export const stall = (): Action => ({ kind: 'stall' });
/** Keeps the packet, and everything behind it, for a time in milliseconds. */
export const delay = (ms: number): Action => ({ kind: 'delay', ms });
/** Loses the packet. */
export const drop = (): Action => ({ kind: 'drop' });
/** Sends a PUBLISH twice. Applies only to PUBLISH; answers to the copy are absorbed. */
export const duplicate = (options: DuplicateOptions): Action => ({ kind: 'duplicate', ...options });
/** Ends the connection without the packet; with `reset` by a TCP reset where there is TCP. */
export const cutBefore = (options: { readonly reset?: boolean } = {}): Action => ({
  kind: 'cut',
  passes: false,
  reset: options.reset ?? false,
});
/**
 * Ends the connection right after the packet has passed. With `reset`, a TCP program that has not
 * yet read the packet may never read it: a reset discards what waits for its reader.
 */
export const cutAfter = (options: { readonly reset?: boolean } = {}): Action => ({
  kind: 'cut',
  passes: true,
  reset: options.reset ?? false,
});
/** From this packet on nothing passes either way, closes included; both ends believe it lives. */
export const blackhole = (): Action => ({ kind: 'blackhole' });
/** Sends something else in the packet's place. */
export const replaceWith = (making: Making): Action => ({ kind: 'replace', making });
/** Changes flags of a PUBLISH. Applies only to PUBLISH. */
export const setFlags = (flags: { readonly dup?: boolean; readonly retain?: boolean }): Action => ({
  kind: 'set-flags',
  ...flags,
});
/** Sends the packet in one segment with the next of that direction, or alone when released. */
export const coalesceWithNext = (): Action => ({ kind: 'coalesce' });
/** Keeps the packet from the other side and answers it; with `close` the connection ends then. */
export const answer = (making: Making, options: { readonly close?: boolean } = {}): Action => ({
  kind: 'answer',
  making,
  close: options.close ?? false,
});

export interface FaultRule {
  /** Only connections of this name. */
  readonly who?: string;
  readonly connection?: number;
  readonly direction?: Direction;
  /** Looks at a packet just arrived; must not do anything else. */
  readonly when: (entry: PacketEntry) => boolean;
  readonly do: Action;
  /** How many packets it applies to; 1 when absent, Infinity allowed. */
  readonly times?: number;
}

export interface RuleHandle {
  /** Lets go what the rule keeps now. The rule itself stays while it has packets left. */
  release(): void;
  /** The rule applies no more. What it keeps stays kept until `release`. */
  remove(): void;
  /** How many packets it has been applied to. */
  readonly applied: number;
  /** The first packet it was, or will be, applied to; rejects when the tap closes before. */
  once(): Promise<PacketEntry>;
}

/** A rule that has been made: what the tap keeps of it. */
export interface ActiveRule {
  readonly rule: FaultRule;
  readonly handle: RuleHandle;
  /** The rule has been applied to this packet. */
  countApplied(entry: PacketEntry): void;
  /** Something to be done at release; the result forgets it when it has become needless. */
  keep(release: () => void): () => void;
}

export interface Rulebook {
  add(rule: FaultRule): RuleHandle;
  /** The first rule that applies to this packet. Counts nothing yet. */
  match(entry: PacketEntry): ActiveRule | undefined;
  close(reason: Error): void;
}

const PUBLISH_ONLY: ReadonlySet<Action['kind']> = new Set(['duplicate', 'set-flags']);

/** Rules, asked in the order in which they were made. */
export function createRulebook(onError: (error: unknown, entry: PacketEntry) => void): Rulebook {
  const rules: (ActiveRule & { live: () => boolean; close: (reason: Error) => void })[] = [];

  function matches(rule: FaultRule, entry: PacketEntry): boolean {
    if (rule.who !== undefined && rule.who !== entry.who) return false;
    if (rule.connection !== undefined && rule.connection !== entry.connection) return false;
    if (rule.direction !== undefined && rule.direction !== entry.direction) return false;
    if (PUBLISH_ONLY.has(rule.do.kind) && entry.packet.type !== 'PUBLISH') return false;
    try {
      return rule.when(entry);
    } catch (error) {
      onError(error, entry);
      return false;
    }
  }

  return {
    add(rule) {
      let left = rule.times ?? 1;
      let applied = 0;
      let first: PacketEntry | undefined;
      let closed: Error | undefined;
      const kept = new Set<() => void>();
      const waiting: { resolve: (entry: PacketEntry) => void; reject: (error: Error) => void }[] =
        [];
      const handle: RuleHandle = {
        release() {
          const going = [...kept];
          kept.clear();
          for (const release of going) release();
        },
        remove() {
          left = 0;
        },
        get applied() {
          return applied;
        },
        once() {
          if (first) return Promise.resolve(first);
          const promise = new Promise<PacketEntry>((resolve, reject) => {
            if (closed) reject(closed);
            else waiting.push({ resolve, reject });
          });
          promise.catch(() => {});
          return promise;
        },
      };
      rules.push({
        rule,
        handle,
        live: () => left > 0,
        countApplied(entry) {
          left--;
          applied++;
          first ??= entry;
          for (const one of waiting.splice(0)) one.resolve(entry);
        },
        keep(release) {
          kept.add(release);
          return () => void kept.delete(release);
        },
        close(reason) {
          closed = reason;
          left = 0;
          kept.clear();
          for (const one of waiting.splice(0)) one.reject(reason);
        },
      });
      return handle;
    },
    match: entry => rules.find(one => one.live() && matches(one.rule, entry)),
    close(reason) {
      for (const one of rules) one.close(reason);
    },
  };
}
