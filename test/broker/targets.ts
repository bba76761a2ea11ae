import { afterAll, afterEach } from 'vitest';
import { type Broker, findMosquitto, startBroker, startMosquitto } from '../../broker/index.js';

/** The embedded broker, and the real Mosquitto where there is one: the same test on both. */
export const targets: readonly ('embedded' | 'mosquitto')[] =
  findMosquitto() === undefined ? ['embedded'] : ['embedded', 'mosquitto'];

if (targets.length === 1) {
  process.stderr.write('NOTICE: no mosquitto here; the comparison with it is skipped.\n');
}

const running: Broker[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map(broker => broker.stop()));
});

export async function target(kind: 'embedded' | 'mosquitto'): Promise<Broker> {
  const broker = kind === 'embedded' ? await startBroker() : await startMosquitto();
  running.push(broker);
  return broker;
}

/** A broker that ends with the test. */
export function owned(broker: Broker): Broker {
  running.push(broker);
  return broker;
}

/** One broker for all tests of a file: for tests that leave nothing behind in it. */
export function shared(kind: 'embedded' | 'mosquitto'): () => Promise<Broker> {
  let one: Promise<Broker> | undefined;
  afterAll(async () => (await one)?.stop());
  return () => {
    one ??= kind === 'embedded' ? startBroker() : startMosquitto();
    return one;
  };
}
