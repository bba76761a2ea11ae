import type { LogLevel } from '../types.js';
import { type ListenerConfig, newListener, newSecurity, type Security } from './config.js';
import { ConfigError, type Place, type Warning } from './place.js';

/** What the lines read so far add up to. */
export interface Draft {
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
  readonly includeDirs: { directory: string; place: Place }[];
  readonly warnings: Warning[];
  /** Options Mosquitto takes once. */
  readonly once: Set<string>;
}

export function newDraft(): Draft {
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
export interface Line {
  readonly key: string;
  readonly rest: string;
  readonly place: Place;
}

const fail = (line: Line, text: string): never => {
  throw new ConfigError(`Error: ${text}`, line.place);
};

/** The next word; Mosquitto ignores what follows it. */
function word(line: Line, name = line.key): string {
  const found = /^ *([^ ]+)/.exec(line.rest)?.[1];
  return found ?? fail(line, `Empty ${name} value in configuration.`);
}

function bool(line: Line): boolean {
  const value = word(line);
  if (value === 'true' || value === '1') return true;
  if (value === 'false' || value === '0') return false;
  return fail(line, `Invalid ${line.key} value (${value}).`);
}

/** As atoi: what is no number is 0. */
function int(line: Line, name = line.key): number {
  const value = Number.parseInt(word(line, name), 10);
  return Number.isNaN(value) ? 0 : Math.max(-(2 ** 31), Math.min(value, 2 ** 31 - 1));
}

function intWithin(line: Line, low: number, high: number): number {
  const value = int(line);
  if (value < low || value > high) fail(line, `Invalid ${line.key} value (${value}).`);
  return value;
}

/** The rest of the line, blanks inside included. */
function text(line: Line, name = line.key): string {
  const value = line.rest.trim();
  return value === '' ? fail(line, `Empty ${name} value in configuration.`) : value;
}

function once(draft: Draft, line: Line, owner: object, key: string): void {
  if (owner instanceof Map ? owner.has(key) : draft.once.has(key)) {
    fail(line, `Duplicate ${line.key} value in configuration.`);
  }
}

function deprecated(draft: Draft, line: Line, instead = ''): void {
  const words = `The '${line.key}' option is now deprecated and will be removed in a future version.`;
  draft.warnings.push({ text: `${words}${instead}`, place: line.place });
}

/** Where a security option goes: to the listener above it, or to all of them. */
function security(draft: Draft, line: Line): Security {
  const target = draft.perListenerSettings ? draft.current.security : draft.security;
  target.places.set(line.key, line.place);
  return target;
}

type Handler = (draft: Draft, line: Line) => void;

export const handlers: Readonly<Record<string, Handler>> = {
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

function maxQos(draft: Draft, line: Line): void {
  const value = int(line, 'max_qos');
  if (value < 0 || value > 2) fail(line, 'max_qos must be between 0 and 2 inclusive.');
  draft.current.maxQos = value as 0 | 1 | 2;
}

/** Options of Mosquitto 2.0 and 2.1 that this broker does not have. */
export const notHere: ReadonlySet<string> = new Set(
  `accept_protocol_versions address addresses allow_duplicate_messages auth_plugin
   auth_plugin_deny_special_chars autosave_interval autosave_on_changes bind_interface
   bridge_alpn bridge_attempt_unsubscribe bridge_bind_address bridge_cafile bridge_capath
   bridge_certfile bridge_ciphers bridge_identity bridge_insecure bridge_keyfile
   bridge_max_packet_size bridge_max_topic_alias bridge_outgoing_retain bridge_protocol_version
   bridge_psk bridge_receive_maximum bridge_reload_type bridge_require_ocsp
   bridge_session_expiry_interval bridge_tcp_keepalive bridge_tcp_user_timeout bridge_tls_use_os_certs
   bridge_tls_version capath check_retain_source ciphers ciphers_tls1.3 cleansession clientid
   clientid_prefixes connection dhparamfile disable_client_cert_date_checks enable_control_api
   global_max_clients global_max_connections global_plugin http_dir idle_timeout keepalive_interval
   listener_allow_anonymous listener_auto_id_prefix local_cleansession local_clientid local_password
   local_username log_facility log_timestamp_format max_inflight_bytes max_queued_bytes
   max_topic_alias memory_limit mount_point notification_topic notifications
   notifications_local_only packet_buffer_size password persistence persistence_file
   persistence_location pid_file plugin plugin_load plugin_use psk_file psk_hint
   queue_qos0_messages remote_clientid remote_password remote_username restart_timeout
   retain_expiry_interval retry_interval round_robin start_type sys_interval threshold tls_engine
   tls_engine_kpass_sha1 tls_keyform topic try_private upgrade_outgoing_qos user username
   use_username_as_clientid websockets_headers_size websockets_log_level websockets_origin`
    .split(/\s+/)
    .filter(name => name !== ''),
);

/** Options of plugins and bridges that go by a prefix. */
export const notHerePrefix = /^(auth_opt_|plugin_opt_)/;
