import { existsSync, realpathSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { isAbsolute, join, relative, resolve } from 'node:path';
import type { ListenerConfig, MosquittoConfig } from './config.js';
import { type ConfigDraft, handlers, newDraft } from './options.js';
import { ConfigError, type FilePosition, linesOf } from './position.js';
import { unsupported, unsupportedPrefix } from './unsupported.js';

export interface LoadOptions {
  /** The port of a file without a listener (`-p`). Default 1883. */
  readonly port?: number;
  /** Where relative paths start, that of the file too. Default: where the program was started. */
  readonly base?: string;
  /** Files that are there, but outside of `base`, are refused: for a configuration of somebody else's. */
  readonly confined?: boolean;
}

/** Reads a mosquitto.conf as Mosquitto 2.0 does. Throws `ConfigError`, with the line it is about and
 * exit code 3. `port` is for a file without a listener (`-p`). Paths in the file stay as written (Mosquitto takes them from where it is started). */
export async function loadMosquittoConfig(
  file: string,
  options: LoadOptions = {},
): Promise<MosquittoConfig> {
  const { base = '' } = options;
  const refuse = options.confined ? refuseOutside(base) : () => undefined;
  refuse(file);
  const draft = newDraft();
  let text: string;
  try {
    text = await readFile(resolve(base, file), 'utf8');
  } catch {
    throw new ConfigError(`Error: Unable to open config file ${file}.`);
  }
  for (const include of read(draft, text, file)) {
    refuse(include.directory, include.place);
    for (const included of await confFiles(include, base)) {
      refuse(included, include.place);
      // Mosquitto follows include_dir in the main file only.
      for (const _ of read(draft, await readFile(resolve(base, included), 'utf8'), included));
    }
    draft.current = include.back;
  }
  const config = finish(draft, file, options);
  for (const listener of config.listeners) {
    const { cafile, certfile, keyfile, crlfile, place } = listener;
    for (const path of [cafile, certfile, keyfile, crlfile]) if (path) refuse(path, place);
  }
  for (const { passwordFile, aclFile, places } of [
    config.security,
    ...config.listeners.map(one => one.security),
  ]) {
    if (passwordFile) refuse(passwordFile, places.get('password_file'));
    if (aclFile) refuse(aclFile, places.get('acl_file'));
  }
  return config;
}

/** Throws for a path that leads out of a folder to something that is there, by a link too. */
function refuseOutside(folder: string): (path: string, place?: FilePosition) => void {
  const home = realpathSync(folder);
  return (path, place) => {
    const target = resolve(folder, path);
    if (!existsSync(target)) return;
    const inside = relative(home, realpathSync(target));
    if (!inside.startsWith('..') && !isAbsolute(inside)) return;
    throw new ConfigError(
      `Error: '${path}' is outside of the folder of this configuration.`,
      place,
    );
  };
}

/** As `loadMosquittoConfig`, for a text that is in no file. `include_dir` is refused. */
export function parseMosquittoConfig(
  text: string,
  file = 'mosquitto.conf',
  options: LoadOptions = {},
): MosquittoConfig {
  const draft = newDraft();
  for (const { directory, place } of read(draft, text, file)) {
    throw new ConfigError(`Error: Unable to open include_dir '${directory}'.`, place);
  }
  return finish(draft, file, options);
}

/** What Mosquitto does without any file. */
export function defaultConfig(port?: number): MosquittoConfig {
  return finish(newDraft(), undefined, port === undefined ? {} : { port });
}

async function confFiles({ directory, place }: Include, base: string): Promise<string[]> {
  let names: string[];
  try {
    names = await readdir(resolve(base, directory));
  } catch {
    throw new ConfigError(`Error: Unable to open include_dir '${directory}'.`, place);
  }
  // Case-insensitive first, as strcasecmp, then by bytes.
  const key = (name: string): string => name.toLowerCase();
  const order = (a: string, b: string): number =>
    key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : a < b ? -1 : 1;
  return names
    .filter(name => name.endsWith('.conf') && name.length > 5)
    .sort(order)
    .map(name => join(directory, name));
}

const emptyGoesOn = new Set([
  'max_connections',
  'persistent_client_expiration',
  'log_type',
  'protocol',
]);

interface Include {
  readonly directory: string;
  readonly place: FilePosition;
  /** The listener the including file was about. */
  readonly back: ListenerConfig;
}

/** Works through the lines; stops at each include_dir, for the files in it to be read there. */
function* read(draft: ConfigDraft, text: string, file: string): Generator<Include> {
  // Lines about a listener do not reach from one file into the next.
  draft.current = draft.standard;
  for (const [index, content] of linesOf(text).entries()) {
    if (content.startsWith('#')) continue;
    const found = /^ *([^ ]+) ?(.*)$/.exec(content);
    if (found === null) continue;
    const line = {
      key: found[1] as string,
      rest: found[2] ?? '',
      place: { file, line: index + 1 },
    };
    const handler = Object.hasOwn(handlers, line.key) ? handlers[line.key] : undefined;
    if (line.rest.trim() === '' && emptyGoesOn.has(line.key)) {
      // Mosquitto 2.0 complains about these and goes on.
      const text = `Error: Empty ${line.key} value in configuration.`;
      draft.warnings.push({ text, place: line.place });
    } else if (handler !== undefined) {
      handler(draft, line);
      for (const include of draft.includeDirs.splice(0)) yield { ...include, back: draft.current };
    } else if (unsupported.has(line.key) || unsupportedPrefix.test(line.key)) {
      draft.warnings.push({
        text: `Warning: this broker does not have Mosquitto's option ${line.key}; the line is ignored.`,
        place: line.place,
      });
    } else {
      throw new ConfigError(`Error: Unknown configuration variable "${line.key}".`, line.place);
    }
  }
}

function finish(
  draft: ConfigDraft,
  file: string | undefined,
  { port, base }: LoadOptions,
): MosquittoConfig {
  const listeners = [...draft.listeners];
  const { standard } = draft;
  if (standard.port === 0 && touched(standard)) standard.port = port ?? 1883;
  if (standard.port !== 0) listeners.push(standard);
  const localOnly = listeners.length === 0;
  if (localOnly) {
    const local = { ...standard, port: port ?? 1883 };
    listeners.push({ ...local, host: '127.0.0.1' }, { ...local, host: '::1' });
  }
  for (const listener of listeners) checkTls(draft, listener);
  return {
    file,
    base,
    listeners,
    localOnly,
    perListenerSettings: draft.perListenerSettings,
    security: draft.security,
    aboveListeners:
      draft.perListenerSettings && draft.listeners.length > 0
        ? standard.security.places
        : new Map(),
    maxInflight: draft.maxInflight,
    maxQueued: draft.maxQueued,
    maxPacketSize: draft.maxPacketSize,
    messageSizeLimit: draft.messageSizeLimit,
    maxKeepalive: draft.maxKeepalive,
    retainAvailable: draft.retainAvailable,
    persistentClientExpiration: draft.persistentClientExpiration,
    log: {
      types: draft.logTypes,
      destinations: draft.logDestinations,
      timestamp: draft.logTimestamp,
    },
    warnings: draft.warnings,
  };
}

/** Whether a line about a listener stands outside any: Mosquitto 2.0 then opens port 1883, and not
 * for this machine only. */
function touched(listener: ListenerConfig): boolean {
  return (
    listener.host !== undefined ||
    listener.family !== undefined ||
    listener.maxConnections !== -1 ||
    listener.maxQos !== 2 ||
    listener.maxTopicAlias !== 10 ||
    listener.acceptProtocolVersions.length !== 3 ||
    listener.protocol !== 'mqtt' ||
    listener.cafile !== undefined ||
    listener.certfile !== undefined ||
    listener.keyfile !== undefined ||
    listener.crlfile !== undefined ||
    listener.requireCertificate ||
    listener.useIdentityAsUsername ||
    listener.useSubjectAsUsername ||
    listener.security.passwordFile !== undefined ||
    listener.security.aclFile !== undefined ||
    !listener.security.allowZeroLengthClientId
  );
}

/** Mosquitto 2.0 opens a plain listener where a certificate or key is missing. That is never meant. */
function checkTls(draft: ConfigDraft, listener: ListenerConfig): void {
  const { cafile, certfile, keyfile, place } = listener;
  const where = place ?? { file: 'default listener', line: 0 };
  const complete = certfile !== undefined && keyfile !== undefined;
  if (complete || (cafile === undefined && certfile === undefined && keyfile === undefined)) return;
  draft.warnings.push({
    text: `Warning: the listener on port ${listener.port} has no TLS: it needs certfile and keyfile both.`,
    place: where,
  });
}
