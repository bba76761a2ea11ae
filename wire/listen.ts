/** The tap's own listening socket, which can be shut and opened again on the same port. */
import { lookup } from 'node:dns/promises';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';
import type { ClientLimits } from './client-limits.js';
import { givePortBack, takePort } from './ports.js';

/** A TCP socket with an address that does not listen yet: what `Server.listen(handle)` takes. */
export type BoundSocket = object;

export interface ListenOptions {
  /** The name under which the connections are recorded. */
  readonly who: string;
  /** 0, the default, takes a free port, and keeps it until the tap is closed, also while it is shut. */
  readonly port?: number;
  /** Loopback (127.0.0.1) when absent; `localhost` is every address that this name has here. */
  readonly host?: string;
  /** With it, clients speak TLS with the tap, and the trace shows what is inside. */
  readonly tls?: TlsOptions;
  /**
   * Makes the socket to listen on: for clients in another network than ours. It is taken over whole;
   * `host` is then the maker's matter.
   */
  readonly socket?: (port: number) => Promise<BoundSocket>;
  /** What these clients may do at most. */
  readonly limits?: ClientLimits;
}

export interface TapListener {
  readonly port: number;
  /** Stops listening: new dials are refused by the system, existing connections stay. */
  close(): Promise<void>;
  /** Listens on the same port again. */
  reopen(): Promise<void>;
}

export interface ListenHooks {
  connected(socket: Socket): void;
  /** A TLS handshake that came to nothing, and why. */
  tlsFailed(why: string): void;
}

export interface OwnedTapListener extends TapListener {
  /** Stops listening and closes connections that are still in their TLS handshake. */
  destroy(): void;
}

/** OpenSSL's reason without its file names, and words for a client that just leaves. */
function tlsWords(error: Error & { code?: string; reason?: string }): string {
  if (error.code === 'ECONNRESET') {
    return 'the client left during the TLS handshake; it may not trust the certificate';
  }
  return error.reason ?? error.message;
}

const portOf = (server: Server): number => (server.address() as AddressInfo).port;

/** A client that dials `localhost` may come by IPv4 or by IPv6, in the order of its own library. */
async function addressesOf(host: string): Promise<readonly string[]> {
  if (host !== 'localhost') return [host];
  const found = await lookup(host, { all: true }).catch(() => []);
  const own = found.map(one => one.address).filter(one => /^(127\.|::1$)/.test(one));
  return own.length > 0 ? [...new Set(own)] : ['127.0.0.1'];
}

/** Ports that another program has are passed over, so many at most. */
const MOST_TRIES = 100;

/** Starts listening; rejects when the port is taken. */
export async function listen(
  options: ListenOptions,
  hooks: ListenHooks,
): Promise<OwnedTapListener> {
  const hosts = await addressesOf(options.host ?? '127.0.0.1');
  const raw = new Set<Socket>();
  let servers: readonly Server[] | undefined;

  function create(): Server {
    if (!options.tls) return createServer({ allowHalfOpen: true, noDelay: true }, hooks.connected);
    // Not half-open: node:tls would never notice a client that leaves in the middle of a handshake.
    const secure = createTlsServer({ noDelay: true, ...options.tls }, hooks.connected);
    secure.on('tlsClientError', error => hooks.tlsFailed(tlsWords(error)));
    secure.on('connection', (socket: Socket) => {
      raw.add(socket);
      socket.on('error', () => {});
      socket.once('close', () => raw.delete(socket));
    });
    return secure;
  }

  async function openAt(port: number, host: string | undefined): Promise<Server> {
    const opening = create();
    const made = await options.socket?.(port);
    await new Promise<void>((resolve, reject) => {
      opening.once('error', reject);
      const listening = () => {
        opening.off('error', reject);
        resolve();
      };
      if (made) opening.listen(made, listening);
      else opening.listen(port, host, listening);
    });
    // An error of accept() (no file descriptors left) must not end the process.
    opening.on('error', () => {});
    return opening;
  }

  /** The same port at each address; an address that this machine only has a name for is left out. */
  async function open(port: number): Promise<readonly Server[]> {
    if (options.socket) return [await openAt(port, undefined)];
    const opened: Server[] = [];
    let unusable: unknown;
    for (const host of hosts) {
      try {
        opened.push(await openAt(opened[0] ? portOf(opened[0]) : port, host));
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        if (code !== 'EADDRNOTAVAIL' && code !== 'EAFNOSUPPORT') {
          for (const one of opened) one.close();
          throw error;
        }
        unusable = error;
      }
    }
    if (opened.length === 0) throw unusable;
    return opened;
  }

  function shut(): void {
    // The callback of close() waits for the connections as well; the socket itself shuts at once.
    for (const server of servers ?? []) server.close();
    servers = undefined;
  }

  /** Of our own ports, the first that is free; where none is, one that the system hands out. */
  async function openFree(): Promise<readonly Server[]> {
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      const port = await takePort();
      if (port === undefined) break;
      try {
        return await open(port);
      } catch (error) {
        givePortBack(port);
        const { code } = error as NodeJS.ErrnoException;
        if (code !== 'EADDRINUSE' && code !== 'EACCES') throw error;
      }
    }
    return open(0);
  }

  const wanted = options.port ?? 0;
  const opened = await (wanted === 0 && !options.socket ? openFree() : open(wanted));
  servers = opened;
  const port = opened[0] ? portOf(opened[0]) : wanted;
  return {
    port,
    async close() {
      shut();
      await new Promise(resolve => setImmediate(resolve));
    },
    async reopen() {
      servers ??= await open(port);
    },
    destroy() {
      shut();
      givePortBack(port);
      for (const socket of raw) socket.destroy();
    },
  };
}
