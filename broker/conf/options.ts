import type { LogLevel } from '../types.js';
import { type ListenerConfig, newListener, newSecurity, type Security } from './config.js';
import { ConfigError, type FilePosition, type Warning } from './position.js';

/** What the lines read so far add up to. */
export interface ConfigDraft {
  readonly security: Security;
  readonly standard: ListenerConfig;
  readonly listeners: ListenerConfig[];
  /** The listener the next lines are about. */
  current: ListenerConfig;
  perListenerSettings: boolean;
  maxInflight: number;
  maxQueued: number;
  maxPacketSize: number | undefined;
  messageSizeLimit: number;
  maxKeepalive: number;
  retainAvailable: boolean;
  persistentClientExpiration: number;
  logTypes: Set<LogLevel | 'none' | 'all'> | undefined;
  readonly logDestinations: ({ to: 'stdout' | 'stderr' | 'none' } | { to: 'file'; path: string })[];
  logTimestamp: boolean;
  readonly includeDirs: { directory: string; place: FilePosition }[];
  readonly warnings: Warning[];
  /** Options Mosquitto takes once. */
  readonly once: Set<string>;
}

export function newDraft(): ConfigDraft {
  const standard = newListener();
  return {
    security: newSecurity(),
    standard,
    listeners: [],
    current: standard,
    perListenerSettings: false,
    maxInflight: 20,
    maxQueued: 1000,
    maxPacketSize: undefined,
    messageSizeLimit: 0,
    maxKeepalive: 0,
    retainAvailable: true,
    persistentClientExpiration: 0,
    logTypes: undefined,
    logDestinations: [],
    logTimestamp: true,
    includeDirs: [],
    warnings: [],
    once: new Set(),
  };
}

/** One line: the option, what stands behind it, where. */
export interface ConfigLine {
  readonly key: string;
  readonly rest: string;
  readonly place: FilePosition;
}

const fail = (line: ConfigLine, text: string): never => {
  throw new ConfigError(`Error: ${text}`, line.place);
};

/** The next word; Mosquitto ignores what follows it. */
function word(line: ConfigLine, name = line.key): string {
  const found = /^ *([^ ]+)/.exec(line.rest)?.[1];
  return found ?? fail(line, `Empty ${name} value in configuration.`);
}

function bool(line: ConfigLine): boolean {
  const value = word(line);
  if (value === 'true' || value === '1') return true;
  if (value === 'false' || value === '0') return false;
  return fail(line, `Invalid ${line.key} value (${value}).`);
}

/** As atoi: what is no number is 0. */
function int(line: ConfigLine, name = line.key): number {
  const value = Number.parseInt(word(line, name), 10);
  return Number.isNaN(value) ? 0 : Math.max(-(2 ** 31), Math.min(value, 2 ** 31 - 1));
}

function intWithin(line: ConfigLine, low: number, high: number): number {
  const value = int(line);
  if (value < low || value > high) fail(line, `Invalid ${line.key} value (${value}).`);
  return value;
}

/** The rest of the line, blanks inside included. */
function text(line: ConfigLine, name = line.key): string {
  const value = line.rest.trim();
  return value === '' ? fail(line, `Empty ${name} value in configuration.`) : value;
}

function once(draft: ConfigDraft, line: ConfigLine, owner: object, key: string): void {
  if (owner instanceof Map ? owner.has(key) : draft.once.has(key)) {
    fail(line, `Duplicate ${line.key} value in configuration.`);
  }
}

function deprecated(draft: ConfigDraft, line: ConfigLine, instead = ''): void {
  const words = `The '${line.key}' option is now deprecated and will be removed in a future version.`;
  draft.warnings.push({ text: `${words}${instead}`, place: line.place });
}

/** Where a security option goes: to the listener above it, or to all of them. */
function security(draft: ConfigDraft, line: ConfigLine): Security {
  const target = draft.perListenerSettings ? draft.current.security : draft.security;
  target.places.set(line.key, line.place);
  return target;
}

type OptionHandler = (draft: ConfigDraft, line: ConfigLine) => void;

export const handlers: Readonly<Record<string, OptionHandler>> = {
  listener(draft, line) {
    const port = int(line);
    const more = line.rest.trim().split(/ +/).slice(1).join(' ');
    // Mosquitto takes `listener 1883 # here` for a port and a comment.
    const where = more.startsWith('#') ? '' : more;
    if (port === 0 && where === '') {
      fail(line, 'A listener with port 0 must provide a Unix socket path.');
    }
    if (port < 0 || port > 65_535) fail(line, `Invalid port value (${port}).`);
    const listener = newListener(line.place);
    listener.port = port;
    if (port === 0) listener.path = where;
    else if (where !== '') listener.host = where.split(' ')[0] as string;
    draft.listeners.push(listener);
    draft.current = listener;
  },
  port(draft, line) {
    deprecated(draft, line, " Please use 'listener' instead.");
    if (draft.standard.port !== 0) {
      const words =
        'Warning: Default listener port specified multiple times. Only the latest will be used.';
      draft.warnings.push({ text: words, place: line.place });
    }
    draft.standard.port = intWithin(line, 1, 65_535);
  },
  bind_address(draft, line) {
    deprecated(draft, line, ' The behaviour will default to true.');
    draft.standard.host = text(line, 'default listener bind_address');
  },
  socket_domain(draft, line) {
    const value = word(line);
    if (value !== 'ipv4' && value !== 'ipv6') {
      fail(line, `Invalid socket_domain value "${value}" in configuration.`);
    }
    draft.current.family = value === 'ipv4' ? 4 : 6;
  },
  protocol(draft, line) {
    const value = word(line);
    if (value !== 'mqtt' && value !== 'websockets')
      fail(line, `Invalid protocol value (${value}).`);
    draft.current.protocol = value as 'mqtt' | 'websockets';
  },
  per_listener_settings(draft, line) {
    const touched = [
      draft.security,
      draft.standard.security,
      ...draft.listeners.map(l => l.security),
    ];
    if (touched.some(s => s.places.size > 0)) {
      fail(line, 'per_listener_settings must be set before any other security settings.');
    }
    draft.perListenerSettings = bool(line);
  },
  allow_anonymous(draft, line) {
    security(draft, line).allowAnonymous = bool(line);
  },
  password_file(draft, line) {
    const owner = draft.perListenerSettings ? draft.current.security : draft.security;
    once(draft, line, owner.places, line.key);
    security(draft, line).passwordFile = text(line);
  },
  acl_file(draft, line) {
    const owner = draft.perListenerSettings ? draft.current.security : draft.security;
    once(draft, line, owner.places, line.key);
    security(draft, line).aclFile = text(line);
  },
  allow_zero_length_clientid(draft, line) {
    security(draft, line).allowZeroLengthClientId = bool(line);
  },
  auto_id_prefix(draft, line) {
    security(draft, line).autoIdPrefix = text(line);
  },
  cafile(draft, line) {
    draft.current.cafile = text(line);
  },
  certfile(draft, line) {
    draft.current.certfile = text(line);
  },
  keyfile(draft, line) {
    draft.current.keyfile = text(line);
  },
  crlfile(draft, line) {
    draft.current.crlfile = text(line);
  },
  tls_version(draft, line) {
    draft.current.tlsVersion = text(line);
  },
  require_certificate(draft, line) {
    draft.current.requireCertificate = bool(line);
  },
  use_identity_as_username(draft, line) {
    draft.current.useIdentityAsUsername = bool(line);
  },
  use_subject_as_username(draft, line) {
    draft.current.useSubjectAsUsername = bool(line);
  },
  max_connections(draft, line) {
    const value = int(line);
    draft.current.maxConnections = value < 0 ? -1 : value;
  },
  max_topic_alias(draft, line) {
    draft.current.maxTopicAlias = intWithin(line, 0, 65_535);
  },
  accept_protocol_versions(draft, line) {
    const versions = text(line)
      .split(',')
      .map(one => one.trim());
    const wrong = versions.find(one => !/^[345]$/.test(one));
    if (wrong !== undefined) fail(line, `Invalid accept_protocol_versions value (${wrong}).`);
    draft.current.acceptProtocolVersions = versions.map(Number);
  },
  max_qos: maxQos,
  maximum_qos: maxQos,
  max_keepalive(draft, line) {
    draft.maxKeepalive = intWithin(line, 0, 65_535);
  },
  max_packet_size(draft, line) {
    const value = int(line);
    if (value < 20) fail(line, `Invalid max_packet_size value (${value}).`);
    draft.maxPacketSize = value;
  },
  message_size_limit(draft, line) {
    const value = int(line);
    if (value < 0 || value > 268_435_455) {
      fail(line, `Invalid message_size_limit value (${value >>> 0}).`);
    }
    draft.messageSizeLimit = value;
  },
  max_inflight_messages(draft, line) {
    const value = int(line);
    if (value > 65_535) fail(line, 'max_inflight_messages must be <= 65535.');
    draft.maxInflight = Math.max(value, 0);
  },
  max_queued_messages(draft, line) {
    draft.maxQueued = Math.max(int(line), 0);
  },
  retain_available(draft, line) {
    draft.retainAvailable = bool(line);
  },
  persistent_client_expiration(draft, line) {
    const value = /^([0-9]+)([hdwmy])$/.exec(word(line));
    const seconds: Record<string, number> = {
      h: 3600,
      d: 86_400,
      w: 604_800,
      m: 2_592_000,
      y: 31_536_000,
    };
    const total = Number(value?.[1] ?? 0) * (seconds[value?.[2] ?? ''] ?? 0);
    if (!(total > 0)) fail(line, 'Invalid persistent_client_expiration duration in configuration.');
    draft.persistentClientExpiration = total;
  },
  include_dir: (draft, line) =>
    void draft.includeDirs.push({ directory: text(line), place: line.place }),
  log_type(draft, line) {
    const value = word(line);
    if (value === 'websockets' || value === 'internal') return;
    if (!LOG_TYPES.has(value)) fail(line, `Invalid log_type value (${value}).`);
    draft.logTypes ??= new Set();
    draft.logTypes.add(value as LogLevel);
  },
  log_dest(draft, line) {
    const [kind, ...rest] = text(line).split(' ');
    if (kind === 'file') {
      const path = rest.join(' ').trim();
      if (path === '') fail(line, 'Empty "log_dest file" value in configuration.');
      draft.logDestinations.push({ to: 'file', path });
    } else if (kind === 'stdout' || kind === 'stderr' || kind === 'none') {
      draft.logDestinations.push({ to: kind });
    } else if (kind === 'syslog' || kind === 'dlt' || kind === 'topic') {
      draft.warnings.push({
        text: `Warning: log_dest ${kind} is not available in this broker; the log goes to stderr.`,
        place: line.place,
      });
    } else {
      fail(line, `Invalid log_dest value (${kind}).`);
    }
  },
  log_timestamp(draft, line) {
    draft.logTimestamp = bool(line);
  },
  connection_messages: (_draft, line) => void bool(line),
  set_tcp_nodelay: (_draft, line) => void bool(line),
};

const LOG_TYPES = new Set([
  ...['debug', 'error', 'warning', 'notice', 'information', 'subscribe', 'unsubscribe'],
  ...['none', 'all'],
]);

function maxQos(draft: ConfigDraft, line: ConfigLine): void {
  const value = int(line, 'max_qos');
  if (value < 0 || value > 2) fail(line, 'max_qos must be between 0 and 2 inclusive.');
  draft.current.maxQos = value as 0 | 1 | 2;
}
