import { expect, test, vi } from 'vitest';
import type { Action, TraceEntry, WirePacket } from '../../wire/index.js';
import { describePacket, traceLine } from '../../wire/index.js';
import { filesThatFail } from '../compile-with.js';
import { lab } from './lab.js';

// The compiler takes some seconds on a busy machine.
vi.setConfig({ testTimeout: 120_000 });

const entries = ['wire/index.ts', 'wire/draw/index.ts'];

test('as it is, it compiles: what fails below fails by the edit', () => {
  expect(filesThatFail(entries)).toEqual([]);
});

test('a new kind of fault does not compile where faults are done, nor where rules are made', () => {
  const edit = {
    file: 'wire/faults.ts',
    find: "  | { readonly kind: 'withhold' }",
    put: "  | { readonly kind: 'withhold' }\n  | { readonly kind: 'throttle'; readonly rate: number }",
  };
  expect(filesThatFail(entries, edit)).toEqual(['wire/apply-fault.ts', 'wire/tap.ts']);
});

test('a new type of packet does not compile where packets are read, written and described', () => {
  const edit = {
    file: 'wire/trace.ts',
    find: 'export type WirePacket =',
    put: "export type WirePacket =\n  | { readonly type: 'HELLO'; readonly properties?: undefined }",
  };
  expect(filesThatFail(entries, edit)).toEqual(
    expect.arrayContaining(['wire/decode.ts', 'wire/describe.ts']),
  );
});

test('a new kind of entry does not compile where a trace is described', () => {
  const edit = {
    file: 'wire/trace.ts',
    find: 'export type TraceEntry =',
    put: "export type TraceEntry =\n  | { readonly kind: 'pause'; readonly t: number }",
  };
  expect(filesThatFail(entries, edit)).toContain('wire/describe.ts');
});

test('a fault that is not known is refused when its rule is made; the wire goes on', async () => {
  const { tap, peer, packets } = await lab();
  const unknown = { kind: 'throttle', rate: 3 } as unknown as Action;
  const rule = { who: 'sender', when: () => true, do: unknown };
  expect(() => tap.rule(rule)).toThrow("not a known fault: { kind: 'throttle', rate: 3 }");
  const sender = await peer('sender');
  await sender.publish('a', '1', { qos: 1 });
  expect(packets().map(one => one.fate)).toEqual(packets().map(() => 'forwarded'));
  expect(packets().map(one => one.packet.type)).toContain('PUBACK');
});

test('what is not known is an error, never an empty line', () => {
  const packet = { type: 'HELLO' } as unknown as WirePacket;
  expect(() => describePacket(packet)).toThrow("not a known packet: { type: 'HELLO' }");
  const entry = { kind: 'pause', t: 1 } as unknown as TraceEntry;
  expect(() => traceLine(entry)).toThrow("not a known entry of a trace: { kind: 'pause', t: 1 }");
});
