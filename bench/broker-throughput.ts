/**
 * Throughput of the embedded broker beside plain aedes (and Mosquitto, where there is one).
 *
 *   npx esbuild bench/broker-throughput.ts --bundle --packages=external --platform=node \
 *     --format=esm --outfile=.tmp/bench/broker-throughput.mjs && node .tmp/bench/broker-throughput.mjs
 *
 * One publisher, S subscribers, raw sockets, 64-byte payload, closed loop: at QoS 0 at most 500
 * messages are on the way, at QoS 1 and 2 at most 15; `v5`: the same packets in MQTT 5. Each broker runs in a process of its own; the
 * rounds of all brokers are interleaved, and the median is taken. BENCH_SECONDS, BENCH_ROUNDS.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';

const KINDS = [
  ...(['aedes', 'ours', 'ours v5', 'ours+acl', 'ours+tap', 'mosquitto', 'mosquitto v5'] as const),
];
type Kind = (typeof KINDS)[number];

const seconds = Number(process.env['BENCH_SECONDS'] ?? 2);
const rounds = Number(process.env['BENCH_ROUNDS'] ?? 3);

async function serve(kind: Kind): Promise<number | undefined> {
  if (kind === 'aedes') {
    const { Aedes } = await import('aedes');
    const { createServer } = await import('node:net');
    const aedes = await Aedes.createBroker();
    const server = createServer({ noDelay: true }, socket => aedes.handle(socket));
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    return (server.address() as { port: number }).port;
  }
  const broker = await import('../broker/index.js');
  if (kind.startsWith('mosquitto')) {
    if (broker.findMosquitto() === undefined) return undefined;
    const conf = 'allow_anonymous true\nmax_queued_messages 0\nset_tcp_nodelay true';
    return (await broker.startMosquitto({ conf, verbose: false })).port;
  }
  if (kind === 'ours+acl') {
    const acl = broker.parseAcl(
      [
        'user x',
        'topic readwrite a/#',
        'pattern readwrite dev/%c/#',
        'pattern readwrite bench/#',
      ].join('\n'),
      'acl',
    );
    const ask = (access: 'read' | 'write') => (who: { clientId: string }, topic: string) =>
      broker.decide(acl, who, access, topic).allowed;
    return (await broker.startBroker({ mayPublish: ask('write'), mayReceive: ask('read') })).port;
  }
  const ours = await broker.startBroker();
  if (kind !== 'ours+tap') return ours.port;
  const { createTap } = await import('../wire/index.js');
  const tap = createTap({ open: () => ours.open() });
  return (await tap.listen({ who: 'bench' })).port;
}

/** A client that counts PUBLISH packets of one fixed size and acknowledges them. */
interface Counter {
  readonly socket: Socket;
  count: number;
}

const TOPIC = 'bench/t';
const PAYLOAD = Buffer.alloc(64, 'x');
const NO_PROPERTIES = Buffer.from([0]);

function publishPacket(qos: number, id: number, v5: boolean): Buffer {
  const topic = Buffer.from(TOPIC);
  const parts = [Buffer.from([topic.length >> 8, topic.length]), topic];
  if (qos > 0) parts.push(Buffer.from([id >> 8, id & 255]));
  if (v5) parts.push(NO_PROPERTIES);
  const body = Buffer.concat([...parts, PAYLOAD]);
  return Buffer.concat([Buffer.from([0x30 | (qos << 1), body.length]), body]);
}

/** Reads packets of at most 127 bytes behind the header, which are all there are here. */
function packets(
  socket: Socket,
  onPacket: (first: number, data: Buffer, at: number) => void,
): void {
  let rest = Buffer.alloc(0);
  socket.on('data', (chunk: Buffer) => {
    let data = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let at = 0;
    while (at + 2 <= data.length && at + 2 + (data[at + 1] as number) <= data.length) {
      onPacket(data[at] as number, data, at + 2);
      at += 2 + (data[at + 1] as number);
    }
    data = data.subarray(at);
    rest = Buffer.from(data);
  });
}

async function join(port: number, id: string, v5: boolean): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  await once(socket, 'connect');
  const name = Buffer.from(id);
  const head = Buffer.from([
    0x10,
    (v5 ? 13 : 12) + name.length,
    0,
    4,
    77,
    81,
    84,
    84,
    v5 ? 5 : 4,
    2,
    0,
    0,
    ...(v5 ? [0] : []),
    0,
    name.length,
  ]);
  socket.write(Buffer.concat([head, name]));
  await once(socket, 'data');
  return socket;
}

async function subscriber(
  port: number,
  id: string,
  qos: number,
  v5: boolean,
  got: () => void,
): Promise<Counter> {
  const socket = await join(port, id, v5);
  const topic = Buffer.from(TOPIC);
  const properties = v5 ? [0] : [];
  const size = 5 + topic.length + properties.length;
  const head = Buffer.from([0x82, size, 0, 1, ...properties, 0, topic.length]);
  socket.write(Buffer.concat([head, topic, Buffer.from([qos])]));
  await once(socket, 'data');
  const counter = { socket, count: 0 };
  const offset = 2 + topic.length;
  let acks: Buffer[] = [];
  packets(socket, (first, data, at) => {
    const type = first >> 4;
    if (type === 6) acks.push(Buffer.from([0x70, 2, data[at] as number, data[at + 1] as number]));
    if (type === 3) {
      counter.count++;
      if (qos > 0) {
        const answer = qos === 1 ? 0x40 : 0x50;
        acks.push(
          Buffer.from([answer, 2, data[at + offset] as number, data[at + offset + 1] as number]),
        );
      }
      got();
    }
    if (acks.length === 0) return;
    if (acks.length === 1) {
      process.nextTick(() => {
        socket.write(Buffer.concat(acks));
        acks = [];
      });
    }
  });
  return counter;
}

/** Deliveries per second with these subscribers. */
async function measure(port: number, subs: number, qos: number, v5: boolean): Promise<number> {
  let delivered = 0;
  let sent = 0;
  let acked = 0;
  let over = false;
  const publisher = await join(port, 'bench-pub', v5);
  const window = qos === 0 ? 500 : 15;
  const counters: Counter[] = [];
  let id = 0;
  let scheduled = false;

  function push(): void {
    if (scheduled || over) return;
    scheduled = true;
    setImmediate(() => {
      scheduled = false;
      const back =
        qos === 0 ? Math.floor(delivered / subs) : Math.min(acked, Math.floor(delivered / subs));
      const parts: Buffer[] = [];
      while (!over && sent - back < window) {
        id = (id % 60_000) + 1;
        parts.push(publishPacket(qos, id, v5));
        sent++;
      }
      if (parts.length > 0) publisher.write(Buffer.concat(parts));
    });
  }
  for (let i = 0; i < subs; i++) {
    counters.push(
      await subscriber(port, `bench-sub-${i}`, qos, v5, () => {
        delivered++;
        push();
      }),
    );
  }
  packets(publisher, (first, data, at) => {
    const type = first >> 4;
    if (type === 5)
      publisher.write(Buffer.from([0x62, 2, data[at] as number, data[at + 1] as number]));
    else acked++;
    push();
  });
  push();
  await new Promise(resolve => setTimeout(resolve, 400));
  const before = delivered;
  const began = performance.now();
  await new Promise(resolve => setTimeout(resolve, seconds * 1000));
  const rate = ((delivered - before) * 1000) / (performance.now() - began);
  over = true;
  for (const { socket } of counters) socket.destroy();
  publisher.destroy();
  return rate;
}

async function main(): Promise<void> {
  const children = new Map<Kind, { child: ChildProcess; port: number }>();
  for (const kind of KINDS) {
    const child = fork(fileURLToPath(import.meta.url), [kind]);
    const [port] = (await once(child, 'message')) as [number];
    if (port > 0) children.set(kind, { child, port });
    else {
      process.stdout.write(`(no ${kind} here)\n`);
      child.kill();
    }
  }
  process.stdout.write(
    '| subs | QoS | broker | deliveries/s, median | ratio to aedes |\n|-|-|-|-|-|\n',
  );
  for (const subs of [1, 50]) {
    for (const qos of [0, 1, 2]) {
      const rates = new Map<Kind, number[]>();
      for (let round = 0; round < rounds; round++) {
        for (const [kind, { port }] of children) {
          rates.set(kind, [
            ...(rates.get(kind) ?? []),
            await measure(port, subs, qos, kind.endsWith(' v5')),
          ]);
        }
      }
      const median = (kind: Kind): number => {
        const sorted = [...(rates.get(kind) ?? [0])].sort((a, b) => a - b);
        return sorted[Math.floor(sorted.length / 2)] as number;
      };
      for (const kind of rates.keys()) {
        const ratio = (median(kind) / median('aedes')).toFixed(2);
        process.stdout.write(
          `| ${subs} | ${qos} | ${kind} | ${Math.round(median(kind))} | ${ratio} |\n`,
        );
      }
    }
  }
  for (const { child } of children.values()) child.kill();
}

const role = process.argv[2] as Kind | undefined;
if (role === undefined) await main();
else {
  process.send?.((await serve(role)) ?? 0);
  process.once('SIGTERM', () => process.exit(0));
}
