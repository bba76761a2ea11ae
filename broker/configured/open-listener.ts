import { rmSync, statSync } from 'node:fs';
import { createServer, type ListenOptions, type Server, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type ListenerConfig, located, type MosquittoConfig } from '../conf/config.js';
import type { Accept } from '../core.js';
import type { Journal } from '../journal.js';
import { startError } from '../listen.js';
import { socketArrival } from './arrival.js';
import type { ConfiguredState, ListenerState } from './listener.js';
import { refusedCertificate } from './revocation.js';
import { tlsOptions, usesTls } from './tls.js';

/** Opens a listener. Throws `BrokerStartError` or `ConfigError`. */
export async function openListener(
  { config, ephemeral }: ConfiguredState,
  listener: ListenerState,
  accept: Accept,
  journal: Journal,
): Promise<void> {
  const server = await serverFor(config, listener, accept, journal);
  const place = listeningPlace(config, listener, ephemeral);
  if (place.path !== undefined) removeSocket(place.path);
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(place, resolve);
    });
  } catch (error) {
    // Without IPv6 the second half of the local-only pair cannot be had, and is not missed.
    const code = (error as NodeJS.ErrnoException).code ?? '';
    if (place.host === '::1' && /^(EADDRNOTAVAIL|EAFNOSUPPORT)$/.test(code)) return;
    throw startError(error, placeName(place));
  }
  const address = server.address();
  listener.port = typeof address === 'object' && address !== null ? address.port : 0;
  listener.server = server;
  // Those still in their TLS or HTTP handshake would keep a closing server open.
  server.on('connection', socket => {
    listener.sockets.add(socket);
    socket.once('close', () => listener.sockets.delete(socket));
  });
  const { protocol } = listener.config;
  const family = place.host === undefined || place.host.includes(':') ? 'ipv6' : 'ipv4';
  const kind = protocol === 'websockets' ? 'websockets' : family;
  journal.log('information', `Opening ${kind} listen socket on port ${listener.port}.`);
}

/** Closes a listener with its connections. */
export async function closeListener(listener: ListenerState): Promise<void> {
  const { server } = listener;
  if (server === undefined) return;
  listener.server = undefined;
  await new Promise<void>(resolve => {
    server.close(() => resolve());
    for (const socket of listener.sockets) socket.destroy();
  });
}

async function serverFor(
  config: MosquittoConfig,
  listener: ListenerState,
  accept: Accept,
  journal: Journal,
): Promise<Server> {
  const admit = (stream: Duplex, socket: Socket): void => {
    const { config: own, revocation, port } = listener;
    const problem = refusedCertificate(own, revocation, socket);
    if (problem === undefined) {
      accept(stream, socketArrival(listener, socket));
      return;
    }
    journal.log('error', `Error: TLS on port ${port}, from ${socket.remoteAddress}: ${problem}.`);
    stream.on('error', () => {});
    socket.destroy();
  };
  const tls = usesTls(listener.config) ? await tlsOptions(config, listener.config) : undefined;
  if (listener.config.protocol === 'websockets') {
    const { webSocketServer } = await import('./websocket.js');
    return webSocketServer(tls, admit);
  }
  const onSocket = (socket: Socket) => admit(socket, socket);
  if (tls === undefined) return createServer({ noDelay: true }, onSocket);
  const { createServer: createTlsServer } = await import('node:tls');
  const server = createTlsServer({ noDelay: true, ...tls }, onSocket);
  server.on('tlsClientError', (error: Error) => {
    journal.log('error', `Error: TLS handshake on port ${listener.port}: ${error.message}`);
  });
  return server;
}

/** Where the listener listens: a Unix socket, or a port of one or of all addresses. */
function listeningPlace(
  config: MosquittoConfig,
  { config: listener, port }: ListenerState,
  ephemeral: boolean,
): ListenOptions {
  if (listener.path !== undefined) return { path: located(config, listener.path) };
  const host = ephemeral ? '127.0.0.1' : (listener.host ?? anyAddress(listener));
  return {
    // After a stop, the same port again.
    port: port !== 0 ? port : ephemeral ? 0 : listener.port,
    ipv6Only: listener.family === 6,
    ...(host === undefined ? {} : { host }),
  };
}

function placeName({ path, host, port }: ListenOptions): string {
  return path ?? (host === undefined ? `port ${port}` : `${host}:${port}`);
}

function anyAddress({ family }: ListenerConfig): string | undefined {
  return family === 4 ? '0.0.0.0' : family === 6 ? '::' : undefined;
}

function removeSocket(path: string): void {
  try {
    if (statSync(path).isSocket()) rmSync(path);
  } catch {
    // there is none
  }
}
