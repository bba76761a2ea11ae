import { connect } from 'node:net';
import { BrokerStartError } from './listen.js';
import type { Broker } from './types.js';

/**
 * A broker that somebody else runs, at `mqtt://HOST[:PORT]`: it can be dialled, and nothing more.
 * @throws BrokerStartError when the text is no such address
 */
export function remoteBroker(address: string): Broker {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url?.protocol !== 'mqtt:' || url.hostname === '') {
    throw new BrokerStartError(`${address} is not the address of a broker, mqtt://HOST:PORT`);
  }
  const port = Number(url.port || 1883);
  const notOurs = async () => {
    throw new BrokerStartError(`the broker at ${address} is not ours to stop or start`);
  };
  return {
    port,
    url: address,
    running: true,
    open: () => connect({ host: url.hostname, port, noDelay: true }),
    restart: notOurs,
    start: notOurs,
    stop: async () => undefined,
    disconnect: () => false,
    sessions: () => [],
    retained: () => [],
    onLog: () => () => undefined,
  };
}
