import type { SecureContextOptions } from 'node:tls';
import type { MosquittoConfig } from '../conf/config.js';
import { loadMosquittoConfig } from '../conf/load.js';
import { at, ConfigError } from '../conf/position.js';
import type { Core } from '../core.js';
import { authenticate } from '../protocol/listener-policy.js';
import { REASON } from '../protocol/reasons.js';
import { type ConfiguredState, type ListenerState, prepareListeners, replace } from './listener.js';
import { tlsOptions, usesTls } from './tls.js';

/** Reads the file, passwords, ACLs and certificates anew, and disconnects who would no longer be let
 * in. With an error in a file, what was in force stays, and the log says so. */
export async function reload(state: ConfiguredState, core: Core): Promise<void> {
  try {
    const next = await readAgain(state.config);
    const fresh = await prepareListeners(next, state);
    if (fresh.length !== state.listeners.length) {
      const words =
        'It is not currently possible to add/remove listeners when reloading the config file.';
      core.book.log('warning', `Warning: ${words}`);
    }
    const contexts = await Promise.all(
      fresh.map(async ({ config }) => (usesTls(config) ? tlsOptions(next, config) : undefined)),
    );
    state.config = next;
    for (const [index, listener] of state.listeners.entries()) {
      const other = fresh[index];
      if (other === undefined) break;
      replace(listener, other, next);
      setSecureContext(listener, contexts[index]);
    }
    core.book.log('information', 'Reloading config.');
  } catch (error) {
    // Whatever it is: a reload never takes a running broker down.
    const known = error instanceof ConfigError && error.place !== undefined;
    const place = known ? ` Error found at ${at(error.place)}.` : '';
    const text = error instanceof Error ? error.message : String(error);
    core.book.log('error', `${text}${place} What was in force stays.`);
    return;
  }
  for (const connection of [...core.connections()]) {
    const { who, arrival } = connection;
    if (who === undefined || (await authenticate(arrival, who)) === 0) continue;
    connection.cut(true, 'disconnected, not authorised.', REASON.notAuthorized);
  }
}

async function readAgain(config: MosquittoConfig): Promise<MosquittoConfig> {
  const { file, base } = config;
  if (file === undefined) return config;
  return loadMosquittoConfig(file, base === undefined ? {} : { base });
}

function setSecureContext(
  { server }: ListenerState,
  context: SecureContextOptions | undefined,
): void {
  if (context === undefined || server === undefined || !('setSecureContext' in server)) return;
  (server as unknown as { setSecureContext(o: object): void }).setSecureContext(context);
}
