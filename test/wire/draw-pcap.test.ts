import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { TYPES } from '../../wire/draw/explain.js';
import { checksum } from '../../wire/draw/frames.js';
import { drawPcap } from '../../wire/draw/pcap.js';
import {
  type Direction,
  encode,
  payloadOf,
  type Trace,
  type WirePacket,
} from '../../wire/index.js';
import { connack, connect, crowd, faulty, recording, steady } from './draw-traces.js';

/** Frames of a pcapng file; checks the blocks as it goes. */
function framesOf(file: Buffer): Buffer[] {
  const frames: Buffer[] = [];
  let at = 0;
  while (at < file.length) {
    const length = file.readUInt32LE(at + 4);
    expect(length % 4).toBe(0);
    expect(file.readUInt32LE(at + length - 4)).toBe(length);
    if (file.readUInt32LE(at) === 6) {
      const size = file.readUInt32LE(at + 20);
      frames.push(file.subarray(at + 28, at + 28 + size));
    }
    at += length;
  }
  expect(at).toBe(file.length);
  return frames;
}

const big = (): Trace => {
  const on = recording();
  on.connection('program', 1, 'opened');
  on.packet('program', 'to-broker', connect('big'));
  on.packet('program', 'to-client', connack);
  const publish: WirePacket = {
    type: 'PUBLISH',
    topic: 'a',
    payload: payloadOf(Buffer.alloc(200_000, 0x61)),
    qos: 0,
    retain: false,
    dup: false,
  };
  const entry = on.packet('program', 'to-broker', publish);
  // As the recorder keeps it: only the first 64 KiB.
  const whole = entry.hex.length / 2;
  Object.assign(entry, { hex: entry.hex.slice(0, 2 * 65_536), length: whole });
  on.packet('program', 'to-broker', { type: 'PINGREQ' });
  return on.trace();
};

test('lengths and checksums are right, in every frame', () => {
  for (const trace of [faulty(), steady(5), crowd(3), big()]) {
    for (const frame of framesOf(drawPcap(trace))) {
      const ip = frame.subarray(14);
      expect(ip.readUInt16BE(2)).toBe(ip.length);
      expect(checksum(ip.subarray(0, 20))).toBe(0);
      const pseudo = Buffer.alloc(12);
      ip.copy(pseudo, 0, 12, 20);
      pseudo.writeUInt8(6, 9);
      pseudo.writeUInt16BE(ip.length - 20, 10);
      expect(checksum(pseudo, ip.subarray(20))).toBe(0);
    }
  }
});

test('the payloads of a direction are its packets, one after another, by sequence number', () => {
  const trace = faulty();
  const streams = new Map<string, { next: number; bytes: Buffer[] }>();
  for (const frame of framesOf(drawPcap(trace))) {
    const tcp = frame.subarray(34);
    const key = `${tcp.readUInt16BE(0)}>${tcp.readUInt16BE(2)}`;
    const seq = tcp.readUInt32BE(4);
    const flags = tcp.readUInt8(13);
    const stream = streams.get(key) ?? { next: seq, bytes: [] };
    streams.set(key, stream);
    expect(seq).toBe(stream.next);
    stream.bytes.push(tcp.subarray(20));
    stream.next = (seq + tcp.length - 20 + (flags & 3 ? 1 : 0)) >>> 0;
  }
  const sent = trace.entries.flatMap(one =>
    one.kind === 'packet' && one.connection === 2 && one.direction === 'to-broker' ? [one.hex] : [],
  );
  expect(Buffer.concat(streams.get('10002>1883')?.bytes ?? []).toString('hex')).toBe(sent.join(''));
});

const tshark = spawnSync('tshark', ['--version']).status === 0;
if (!tshark) console.warn('tshark is not on this machine: captures are not read back here');

describe.skipIf(!tshark)('tshark', () => {
  function read(trace: Trace, ...args: string[]): string {
    const folder = mkdtempSync(join(tmpdir(), 'mqtt-course-pcap-'));
    try {
      const file = join(folder, 'x.pcapng');
      writeFileSync(file, drawPcap(trace));
      const checks = ['-o', 'tcp.check_checksum:TRUE', '-o', 'ip.check_checksum:TRUE'];
      return execFileSync('tshark', ['-r', file, ...checks, ...args], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }

  test.each([
    ['faults', faulty()],
    ['many', steady(40)],
    ['a crowd', crowd(4)],
    ['a packet over several segments', big()],
  ])('%s: the same packets in the same order, a stream for each connection', (_, trace) => {
    const seen = read(trace, '-Y', 'mqtt', '-T', 'fields', '-e', 'tcp.stream', '-e', 'mqtt.msgtype')
      .trim()
      .split('\n')
      .map(line => {
        const [stream, type] = line.split('\t');
        return `${stream} ${TYPES[Number(type)]}`;
      });
    const streams = [
      ...new Set(trace.entries.flatMap(one => ('connection' in one ? [one.connection] : []))),
    ];
    const sent = trace.entries.flatMap(one =>
      one.kind === 'packet' ? [`${streams.indexOf(one.connection)} ${one.packet.type}`] : [],
    );
    expect(seen).toEqual(sent);
  });

  test('finds nothing wrong with the frames, and shows the names', () => {
    const wrong =
      '_ws.malformed || tcp.analysis.flags || ip.checksum.status == 0 || tcp.checksum.status == 0';
    expect(read(faulty(), '-Y', wrong)).toBe('');
    expect(read(faulty(), '-N', 'n')).toMatch(/program → broker +MQTT .*Connect Command/);
  });

  test('a connection of MQTT 5 is read as one: properties, reason codes, AUTH', () => {
    const on = recording();
    const user = (name: string, value: string) =>
      ({ name: 'userProperty', value: { name, value } }) as const;
    const packets: readonly [Direction, WirePacket][] = [
      [
        'to-broker',
        connect('five', {
          protocolVersion: 5,
          properties: [
            { name: 'sessionExpiryInterval', value: 120 },
            user('a', '1'),
            user('a', '2'),
          ],
        }),
      ],
      [
        'to-client',
        {
          type: 'AUTH',
          reasonCode: 0x18,
          properties: [{ name: 'authenticationMethod', value: 'm' }],
        },
      ],
      [
        'to-client',
        {
          type: 'CONNACK',
          sessionPresent: false,
          returnCode: 0,
          properties: [{ name: 'receiveMaximum', value: 20 }],
        },
      ],
      ['to-client', { type: 'PUBACK', id: 7, reasonCode: 0x87 }],
      [
        'to-client',
        {
          type: 'DISCONNECT',
          reasonCode: 0x8e,
          properties: [{ name: 'reasonString', value: 'taken over' }],
        },
      ],
    ];
    for (const [direction, packet] of packets) {
      on.packet('program', direction, packet, { hex: encode(packet, 5).toString('hex') });
    }
    expect(read(on.trace(), '-Y', '_ws.malformed')).toBe('');
    const said = read(on.trace(), '-O', 'mqtt');
    for (const words of [
      'Session Expiry Interval',
      'Receive Maximum',
      'Not authorized (135)',
      'Session taken over (142)',
      'taken over',
      'Continue authentication (24)',
    ]) {
      expect(said).toContain(words);
    }
  });
});
