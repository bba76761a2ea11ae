import { resolve } from 'node:path';
import type { LogLevel } from '../types.js';
import type { FilePosition, Warning } from './position.js';

/** Who may come in and what they may do; global, or a listener's own. */
export interface Security {
  allowAnonymous?: boolean;
  passwordFile?: string;
  aclFile?: string;
  allowZeroLengthClientId: boolean;
  autoIdPrefix: string;
  /** Where each option was set, by its name in the file. */
  readonly places: Map<string, FilePosition>;
}

export interface ListenerConfig {
  /** 0 with `path`. */
  port: number;
  host?: string;
  /** A Unix socket. */
  path?: string;
  family?: 4 | 6;
  protocol: 'mqtt' | 'websockets';
  maxConnections: number;
  maxQos: 0 | 1 | 2;
  maxTopicAlias: number;
  /** Protocol levels: 3, 4, 5. */
  acceptProtocolVersions: readonly number[];
  cafile?: string;
  certfile?: string;
  keyfile?: string;
  crlfile?: string;
  tlsVersion?: string;
  requireCertificate: boolean;
  useIdentityAsUsername: boolean;
  useSubjectAsUsername: boolean;
  readonly security: Security;
  /** The `listener` line; undefined for the default listener. */
  readonly place?: FilePosition;
}

/** A mosquitto.conf, read and checked, nothing opened yet. */
export interface MosquittoConfig {
  readonly file: string | undefined;
  /** Where relative paths in it start; undefined: where the program was started, as Mosquitto. */
  readonly base: string | undefined;
  readonly listeners: readonly ListenerConfig[];
  /** No listener in the file: this machine only, and anonymous clients are let in. */
  readonly localOnly: boolean;
  readonly perListenerSettings: boolean;
  readonly security: Security;
  /** Lines about security above every listener, where each has its own: they hold for none of those. */
  readonly aboveListeners: ReadonlyMap<string, FilePosition>;
  readonly maxInflight: number;
  readonly maxQueued: number;
  readonly maxPacketSize: number | undefined;
  readonly messageSizeLimit: number;
  readonly maxKeepalive: number;
  readonly retainAvailable: boolean;
  /** Seconds; 0 = never. */
  readonly persistentClientExpiration: number;
  readonly log: {
    /** Undefined: Mosquitto's default, everything but debug, subscribe and unsubscribe. */
    readonly types: ReadonlySet<LogLevel | 'none' | 'all'> | undefined;
    readonly destinations: readonly (
      | { readonly to: 'stdout' | 'stderr' | 'none' }
      | { readonly to: 'file'; readonly path: string }
    )[];
    readonly timestamp: boolean;
  };
  readonly warnings: readonly Warning[];
}

export const newSecurity = (): Security => ({
  allowZeroLengthClientId: true,
  autoIdPrefix: 'auto-',
  places: new Map(),
});

export function newListener(place?: FilePosition): ListenerConfig {
  return {
    port: 0,
    protocol: 'mqtt',
    maxConnections: -1,
    maxQos: 2,
    maxTopicAlias: 10,
    acceptProtocolVersions: [3, 4, 5],
    requireCertificate: false,
    useIdentityAsUsername: false,
    useSubjectAsUsername: false,
    security: newSecurity(),
    ...(place === undefined ? {} : { place }),
  };
}

/** The security settings that hold for a listener. */
export function securityOf(config: MosquittoConfig, listener: ListenerConfig): Security {
  return config.perListenerSettings ? listener.security : config.security;
}

/** The place on disk of a path written in the configuration. */
export function located(config: MosquittoConfig, path: string): string {
  return config.base === undefined ? path : resolve(config.base, path);
}
