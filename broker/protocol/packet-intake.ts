import type { Duplex } from 'node:stream';
import { type RawPacket, type RawPacketError, rawPacketReader } from './raw-packet.js';
import type { SocketWriter } from './socket-writer.js';

export interface IntakeHandlers {
  /** Bytes came. */
  received(count: number): void;
  /** The next packet. A promise holds back those behind it. */
  packet(raw: RawPacket): Promise<void> | undefined;
  /** Nothing more will come, and everything before was handled. */
  over(why: 'ended' | RawPacketError): void;
  failed(error: Error): void;
}

/** What reads the packets of one connection. */
export interface PacketIntake {
  /** Nothing more is read or handed on. */
  stop(): void;
}

/** Reads packets and hands them on strictly one after another (`3.1.1 MQTT-4.6.0-2`, `3.1.1 MQTT-4.6.0-3`, `3.1.1 MQTT-4.6.0-4`). Reads no
 * more while one is being handled, or while the client does not read what it was sent. */
export function packetIntake(
  stream: Duplex,
  writer: SocketWriter,
  limit: number,
  handlers: IntakeHandlers,
): PacketIntake {
  const read = rawPacketReader(limit);
  const pending: RawPacket[] = [];
  let busy = false;
  let ended = false;
  let stopped = false;
  let unreadable: RawPacketError | undefined;

  stream.on('error', () => {});
  stream.on('data', (chunk: Buffer) => {
    if (stopped || unreadable !== undefined) return;
    handlers.received(chunk.length);
    const { packets, error } = read(chunk);
    for (const packet of packets) pending.push(packet);
    unreadable = error;
    pump();
  });
  stream.on('end', gone);
  stream.on('close', gone);

  function gone(): void {
    ended = true;
    if (!busy) pump();
  }

  function pump(): void {
    let at = 0;
    while (!busy && !stopped && at < pending.length && !writer.choked()) {
      const work = handlers.packet(pending[at++] as RawPacket);
      if (work === undefined) continue;
      busy = true;
      work.catch(handlers.failed).then(() => {
        busy = false;
        pump();
      });
    }
    pending.splice(0, at);
    if (stopped) return;
    if (busy || (pending.length > 0 && !ended)) {
      stream.pause();
      if (!busy) writer.whenDrained(pump);
    } else if (unreadable !== undefined) {
      handlers.over(unreadable);
    } else if (ended) {
      handlers.over('ended');
    } else if (stream.isPaused()) {
      stream.resume();
    }
  }

  return {
    stop() {
      stopped = true;
      pending.length = 0;
    },
  };
}
