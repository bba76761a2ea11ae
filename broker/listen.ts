import { createServer, type Server, type Socket } from 'node:net';

/** The broker cannot start: a port in use, a file that cannot be read … `exitCode` is Mosquitto's. */
export class BrokerStartError extends Error {
  readonly exitCode: number;
  constructor(message: string, exitCode = 1) {
    super(message);
    this.name = 'BrokerStartError';
    this.exitCode = exitCode;
  }
}

export function startError(error: unknown, where: string): BrokerStartError {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === 'EADDRINUSE') {
    return new BrokerStartError(
      `Error: Address already in use: another program listens on ${where}. End it, or take another port with -p.`,
    );
  }
  if (code === 'EACCES') {
    return new BrokerStartError(
      `Error: Permission denied: ${where} may not be opened. Ports below 1024 need more rights; take another with -p.`,
    );
  }
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') {
    return new BrokerStartError(`Error: ${where} is not an address of this machine.`);
  }
  return new BrokerStartError(`Error: cannot listen on ${where}: ${(error as Error).message}`);
}

/** A TCP server that listens, or a `BrokerStartError` that says why it does not. */
export async function listenTcp(
  host: string,
  port: number,
  onSocket: (socket: Socket) => void,
): Promise<{ server: Server; port: number }> {
  const server = createServer({ noDelay: true }, onSocket);
  await new Promise<void>((resolve, reject) => {
    server.once('error', error => reject(startError(error, `${host}:${port}`)));
    server.listen({ host, port }, resolve);
  });
  const address = server.address();
  return { server, port: typeof address === 'object' && address !== null ? address.port : port };
}

export async function closeServer(server: Server): Promise<void> {
  await new Promise<void>(resolve => server.close(() => resolve()));
}
