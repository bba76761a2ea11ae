import type { Server, Socket } from 'node:net';
import { type ListenerConfig, type MosquittoConfig, securityOf } from '../conf/config.js';
import { withDefaults } from '../limits.js';
import type { ListenerPolicy } from '../protocol/listener-policy.js';
import { loadRules, type Rules } from '../rules.js';
import type { Dialect } from '../types.js';
import { loadRevocation, type Revocation } from './revocation.js';

/** A listener of the file, and what has become of it. Opened and closed with the broker; `replace` is
 * what a reload does to it. */
export interface ListenerState {
  config: ListenerConfig;
  rules: Rules;
  /** What its crlfile says; undefined where it has none. */
  revocation: Revocation | undefined;
  /** For the connections that come in from now on. */
  policy: ListenerPolicy;
  server: Server | undefined;
  /** The port that listens; kept while stopped, so that it is the same again. 0: none yet, or a Unix
   * socket. */
  port: number;
  /** All of them, also those still in their TLS or HTTP handshake. */
  readonly sockets: Set<Socket>;
}

/** A configuration that is in force. */
export interface ConfiguredState {
  config: MosquittoConfig;
  readonly listeners: readonly ListenerState[];
  readonly dialect: Dialect;
  /** Every listener gets a free port of 127.0.0.1. */
  readonly ephemeral: boolean;
}

/** Reads the rules of every listener, and opens nothing. Throws `ConfigError`. */
export async function prepareListeners(
  config: MosquittoConfig,
  { dialect, ephemeral }: Pick<ConfiguredState, 'dialect' | 'ephemeral'>,
): Promise<ListenerState[]> {
  const bySecurity = new Map<object, Rules>();
  const made: ListenerState[] = [];
  for (const listener of config.listeners) {
    // With free ports, the second half of the local-only pair would be another port.
    if (ephemeral && config.localOnly && made.length > 0) break;
    const security = securityOf(config, listener);
    const rules = bySecurity.get(security) ?? (await loadRules(config, security));
    bySecurity.set(security, rules);
    const revocation = await loadRevocation(config, listener);
    made.push(newListener(config, listener, { rules, revocation }, dialect));
  }
  return made;
}

function newListener(
  config: MosquittoConfig,
  listener: ListenerConfig,
  files: Pick<ListenerState, 'rules' | 'revocation'>,
  dialect: Dialect,
): ListenerState {
  const state = {
    config: listener,
    ...files,
    server: undefined,
    port: 0,
    sockets: new Set<Socket>(),
  };
  const policy: ListenerPolicy = {
    ...settings(config, listener),
    port: listener.port,
    dialect,
    connections: { open: 0 },
    // Looked up each time: a reload changes the rules under an open connection.
    authenticate: async who => (await state.rules.admit(who)).code,
    mayPublish: (who, topic) => state.rules.allows(who, 'write', topic),
    mayReceive: (who, topic) => state.rules.allows(who, 'read', topic),
    maySubscribe: (who, filter) => state.rules.allows(who, 'read', filter),
  };
  return Object.assign(state, { policy });
}

/** Puts what was read anew in the place of what was in force. Open connections keep their limits; the
 * port stays, whatever the file now says. */
export function replace(
  listener: ListenerState,
  fresh: ListenerState,
  config: MosquittoConfig,
): void {
  listener.config = { ...fresh.config, port: listener.config.port };
  listener.rules = fresh.rules;
  listener.revocation = fresh.revocation;
  listener.policy = { ...listener.policy, ...settings(config, listener.config) };
}

/** What of a policy is written in the file. */
function settings(
  config: MosquittoConfig,
  listener: ListenerConfig,
): Pick<ListenerPolicy, 'limits' | 'autoIdPrefix'> {
  const { autoIdPrefix, allowZeroLengthClientId } = securityOf(config, listener);
  return {
    autoIdPrefix,
    limits: withDefaults({
      ...(config.maxPacketSize === undefined ? {} : { maxPacketSize: config.maxPacketSize }),
      messageSizeLimit: config.messageSizeLimit,
      maxInflight: config.maxInflight,
      maxQueued: config.maxQueued,
      maxKeepalive: config.maxKeepalive,
      retainAvailable: config.retainAvailable,
      persistentClientExpiration: config.persistentClientExpiration,
      maxQos: listener.maxQos,
      maxTopicAlias: listener.maxTopicAlias,
      acceptProtocolVersions: listener.acceptProtocolVersions,
      maxConnections: listener.maxConnections,
      allowZeroLengthClientId,
    }),
  };
}
