import { ConfigError, type FilePosition, linesOf, type Warning } from './conf/position.js';
import { matches, validFilter } from './topics.js';

export type AclAccess = 'read' | 'write';

/** A `topic` or `pattern` line of an acl_file. */
export interface AclEntry extends FilePosition {
  readonly kind: 'topic' | 'pattern';
  readonly access: AclAccess | 'readwrite' | 'deny';
  readonly filter: string;
  /** The line as written. */
  readonly text: string;
}

/** An acl_file, read. In each list the denying lines stand first, as Mosquitto sorts them. */
export interface Acl {
  readonly file: string;
  /** `topic` lines before the first `user`: for clients without a user name only. */
  readonly anonymous: readonly AclEntry[];
  readonly users: ReadonlyMap<string, readonly AclEntry[]>;
  /** `pattern` lines: for everybody. */
  readonly patterns: readonly AclEntry[];
  readonly warnings: readonly Warning[];
}

/** A client, for the question what it may do. */
export interface Subject {
  readonly clientId: string;
  readonly username?: string;
}

export interface Decision {
  readonly allowed: boolean;
  /** `entry`: the line in `by` decided. `no-match`: no line did, and that means no. `name`: with
   * patterns in the file, a `+` or `#` in the user name or client identifier means no. `system`:
   * nobody writes below `$SYS/`, and `$share/` is no topic. */
  readonly because: 'entry' | 'no-match' | 'name' | 'system';
  readonly by?: AclEntry;
}

/** Reads an acl_file's text as Mosquitto 2.0 does. Throws `ConfigError` with Mosquitto's words. */
export function parseAcl(text: string, file: string): Acl {
  const anonymous: AclEntry[] = [];
  const users = new Map<string, AclEntry[]>();
  const patterns: AclEntry[] = [];
  const warnings: Warning[] = [];
  let current = anonymous;

  for (const [index, line] of linesOf(text).entries()) {
    const place = { file, line: index + 1 };
    if (line.startsWith('#')) continue;
    const [keyword, rest] = token(line);
    if (keyword === undefined) continue;
    if (keyword === 'user') {
      const name = rest.trim();
      if (name === '')
        throw new ConfigError(`Error: Missing username in acl_file "${file}".`, place);
      current = users.get(name) ?? [];
      users.set(name, current);
    } else if (keyword === 'topic' || keyword === 'pattern') {
      const entry = { ...place, kind: keyword, text: line, ...grant(rest, file, place) } as const;
      insert(keyword === 'topic' ? current : patterns, entry);
      if (keyword === 'pattern' && !/%[cu]/.test(entry.filter)) {
        const warning = `Warning: ACL pattern '${entry.filter}' does not contain '%c' or '%u'.`;
        warnings.push({ text: warning, place });
      }
    } else {
      throw new ConfigError(`Error: Invalid line in acl_file "${file}": ${line}.`, place);
    }
  }
  return { file, anonymous, users, patterns, warnings };
}

/** strtok with a space: blanks before the token are skipped, one behind it is swallowed. */
function token(text: string): [string | undefined, string] {
  const found = /^ *([^ ]+) ?(.*)$/.exec(text);
  return found === null ? [undefined, ''] : [found[1], found[2] ?? ''];
}

function grant(
  text: string,
  file: string,
  place: FilePosition,
): { access: AclEntry['access']; filter: string } {
  const [first, rest] = token(text);
  if (first === undefined)
    throw new ConfigError(`Error: Empty topic in acl_file "${file}".`, place);
  // One word alone is a topic, even the word `read`.
  const alone = rest === '';
  const filter = alone ? first : rest.trim();
  if (!alone && !/^(read|write|readwrite|deny)$/.test(first)) {
    const text2 = `Error: Invalid topic access type "${first}" in acl_file "${file}".`;
    throw new ConfigError(text2, place);
  }
  if (!validFilter(filter)) {
    throw new ConfigError(`Error: Invalid ACL topic "${filter}" in acl_file "${file}".`, place);
  }
  return { access: alone ? 'readwrite' : (first as AclEntry['access']), filter };
}

/** Denying lines go to the front, so the order of a user's lines does not matter. */
function insert(list: AclEntry[], entry: AclEntry): void {
  if (entry.access === 'deny') list.unshift(entry);
  else list.push(entry);
}

/** May the client read (be given) or write (publish) this topic? Mosquitto's rules: the user's lines
 * (or those for the nameless), then the patterns; the first line that matches and says something
 * about this access decides; none means no. Pure. */
export function decide(acl: Acl, who: Subject, access: AclAccess, topic: string): Decision {
  if (access === 'write' && writeIsSystem(topic)) return { allowed: false, because: 'system' };
  const { username, clientId } = who;
  const own = username === undefined ? acl.anonymous : (acl.users.get(username) ?? []);
  const found = firstMatch(own, access, topic, filter => filter);
  if (found !== undefined) return found;
  if (acl.patterns.length > 0) {
    if (/[+#]/.test(username ?? '') || /[+#]/.test(clientId)) {
      return { allowed: false, because: 'name' };
    }
    const byPattern = firstMatch(acl.patterns, access, topic, filter => {
      if (filter.includes('%u') && username === undefined) return undefined;
      return filter.replace(/%[cu]/g, key => (key === '%c' ? clientId : (username ?? '')));
    });
    if (byPattern !== undefined) return byPattern;
  }
  return { allowed: false, because: 'no-match' };
}

function firstMatch(
  entries: readonly AclEntry[],
  access: AclAccess,
  topic: string,
  expand: (filter: string) => string | undefined,
): Decision | undefined {
  for (const entry of entries) {
    const relevant =
      entry.access === 'deny' || entry.access === 'readwrite' || entry.access === access;
    if (!relevant) continue;
    // `topic readwrite #` says nothing about $SYS: an entry must begin with $ itself.
    if (topic.startsWith('$') && !entry.filter.startsWith('$')) continue;
    const filter = expand(entry.filter);
    if (filter === undefined || !matches(filter, topic)) continue;
    return { allowed: entry.access !== 'deny', because: 'entry', by: entry };
  }
  return undefined;
}

/** Topics no client may publish to, whatever an acl_file says (a bridge's own state excepted). */
export function writeIsSystem(topic: string): boolean {
  if (topic.startsWith('$share/')) return true;
  return topic.startsWith('$SYS/') && !matches('$SYS/broker/connection/+/state', topic);
}
