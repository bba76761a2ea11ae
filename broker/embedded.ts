import { duplexPair } from '../wire/duplex-pair.js';
import { createBroker } from './core.js';
import { withDefaults } from './limits.js';
import { closeServer, listenTcp } from './listen.js';
import type { ListenerPolicy } from './protocol/listener-policy.js';
import type { Broker, BrokerOptions } from './types.js';

/** Starts the embedded broker. Rejects with `BrokerStartError` when it cannot listen. */
export async function startBroker(options: BrokerOptions = {}): Promise<Broker> {
  const { listen = {} } = options;
  const limits = withDefaults(options.limits);
  const mayReceive = options.mayReceive ?? (() => true);
  let port = listen === false ? undefined : (listen.port ?? 0);
  const listener: ListenerPolicy = {
    get port() {
      return port;
    },
    dialect: options.dialect ?? 'mosquitto',
    limits,
    connections: { open: 0 },
    authenticate: options.authenticate ?? (() => 0),
    mayPublish: options.mayPublish ?? (() => true),
    mayReceive,
    maySubscribe: options.maySubscribe ?? mayReceive,
  };

  const core = await createBroker({
    ...(options.log === undefined ? {} : { log: options.log }),
    expiration: () => limits.persistentClientExpiration,
    async open(accept, book) {
      if (listen === false) return { port: undefined, close: async () => {} };
      const host = listen.host ?? '127.0.0.1';
      const listening = await listenTcp(host, port ?? 0, socket => {
        accept(socket, { listener, address: `${socket.remoteAddress}:${socket.remotePort}` });
      });
      port = listening.port;
      book.log('information', `Opening ipv4 listen socket on port ${port}.`);
      return { port, host, close: () => closeServer(listening.server) };
    },
  });
  await core.start();
  return withGetters(core.broker, {
    open() {
      const [near, far] = duplexPair();
      core.accept(far, { listener, address: 'in-process' });
      return near;
    },
  });
}

/** The first object with the members of the second; getters stay getters. */
export function withGetters<A extends object, B extends object>(base: A, more: B): A & B {
  return Object.defineProperties(base, Object.getOwnPropertyDescriptors(more)) as A & B;
}
