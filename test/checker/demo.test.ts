import { expect, test } from 'vitest';
import { findPython } from '../../checker/index.js';
import { runDemo } from '../../checker/practice/demo.js';
import type { PublishPacket, TraceEntry } from '../../wire/index.js';
import { payloadText } from '../../wire/index.js';

const python = await findPython();

async function published(track: 'typescript' | 'python'): Promise<PublishPacket[]> {
  const entries = new Set<TraceEntry>();
  const code = await runDemo({
    track,
    onEntry: entry => entries.add(entry),
    onOutput: () => undefined,
  });
  expect(code).toBe(0);
  return [...entries].flatMap(entry =>
    entry.kind === 'packet' && entry.direction === 'to-broker' && entry.packet.type === 'PUBLISH'
      ? [entry.packet]
      : [],
  );
}

test.concurrent.each([
  { track: 'typescript' as const, here: true },
  { track: 'python' as const, here: python?.paho !== undefined },
])(
  'the demo in $track: status, five readings, nothing stored at the end',
  async ({ track, here }) => {
    if (!here) return console.warn('skipped: the Python track needs Python 3 with paho-mqtt');
    const out = await published(track);
    const texts = out.map(one => payloadText(one.payload));
    expect(texts[0]).toBe('online');
    expect(texts.slice(1, 6).map(text => JSON.parse(text ?? '').seq)).toEqual([1, 2, 3, 4, 5]);
    expect(texts.slice(6)).toEqual(['offline', '']);
    expect(out.every(one => one.qos === 1)).toBe(true);
    expect(out.map(one => one.retain)).toEqual([true, ...Array(5).fill(false), true, true]);
  },
);
