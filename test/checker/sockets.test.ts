import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect, createServer, type Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import { hasUnread, socketsAt } from '../../checker/harness/quiescence.js';

describe('the table of sockets', () => {
  const line = (from: string, to: string, state: string, unread = '00000000') =>
    `   1: 0100007F:${from} 0100007F:${to} ${state} 00000000:${unread} 00:00000000 00000000 0 0 1`;

  test('both ends of a connection, not what listens or is over', () => {
    const table = [
      line('1F90', '0000', '0A'),
      line('1F90', 'C350', '01'),
      line('C350', '1F90', '01'),
      line('C351', '1F90', '06'),
      line('C352', '1F91', '01', '00000005'),
    ].join('\n');
    expect(socketsAt(table, 0x1f90)).toEqual({ clients: 1, accepted: 1, unread: false });
    expect(socketsAt(table, 0x1f91)).toEqual({ clients: 1, accepted: 0, unread: true });
  });

  test.skipIf(process.platform !== 'linux').each([
    ['IPv4', '127.0.0.1'],
    ['IPv6 to an address of IPv4', '::ffff:127.0.0.1'],
  ])('a client on %s that does not read is seen, and seen no more when it did', async (_, host) => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const accepted = once(server, 'connection') as Promise<Socket[]>;
    // Paused: what comes stays with the system.
    const client = connect({ port, host }).pause();
    await once(client, 'connect');
    const [end] = await accepted;
    try {
      expect(await hasUnread(port)).toBe(false);
      // More than Node takes in before it stops to read.
      end?.write(Buffer.alloc(400_000));
      await expect.poll(() => hasUnread(port)).toBe(true);
      // Those who ask at once share one reading, and are told the same.
      expect(await Promise.all([1, 2, 3].map(() => hasUnread(port)))).toEqual([true, true, true]);
      client.resume();
      await expect.poll(() => hasUnread(port)).toBe(false);
    } finally {
      client.destroy();
      end?.destroy();
      server.close();
    }
  });
});
