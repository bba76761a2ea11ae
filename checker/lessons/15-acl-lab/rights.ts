import { type Acl, type AclAccess, type Decision, decide } from '../../../broker/index.js';
import { topicMatches } from '../../../wire/index.js';

/**
 * What an access list means: the rights of a user over all topics there are, compared with those of
 * the lesson. No broker and no fixed list of topics is asked; the rules themselves say which topics
 * they can tell apart.
 */

export type User = 'sensor' | 'dashboard';
export type Access = AclAccess;
export const users: readonly User[] = ['sensor', 'dashboard'];

/** A topic on which a user has another right than the lesson gives. */
export interface Difference {
  readonly user: User;
  readonly access: Access;
  /** The shortest topic of its kind. */
  readonly topic: string;
  /** What the lesson says; the access list says the opposite. */
  readonly wanted: boolean;
  readonly decision: Decision;
}

/** The filters in which the lesson states the rights, and those of topics that no client may publish. */
const CONTRACT = ['home/sensors/#', 'home/sensors', 'home/#', 'home', '$SYS/#', '$share/#'];

/** More kinds of topics than any list needs: beyond it, only the shortest are looked at. */
const MOST_KINDS = 20_000;

/**
 * Whether the lesson gives a user this right; undefined where it leaves that open: "below home" says
 * nothing of `home` itself.
 */
export function may(user: User, access: Access, topic: string): boolean | undefined {
  const [own, itself] =
    user === 'sensor'
      ? (['home/sensors/#', 'home/sensors'] as const)
      : (['home/#', 'home'] as const);
  if (access !== (user === 'sensor' ? 'write' : 'read')) return false;
  return topic === itself ? undefined : topicMatches(own, topic);
}

/** Filters that stand for a user's lines, with the names put into the patterns. */
function filtersOf(acl: Acl, user: User, clientId: string): string[] {
  const names = (filter: string) =>
    filter.replace(/%[cu]/g, key => (key === '%c' ? clientId : user));
  return [
    ...(acl.users.get(user) ?? []).map(one => one.filter),
    ...acl.patterns.map(one => names(one.filter)),
  ];
}

/**
 * Where the rights of both users differ from those of the lesson, over the whole space of topics.
 * `clientId` is what both call themselves: one that no line speaks of.
 */
export function differences(acl: Acl, clientIds: Readonly<Record<User, string>>): Difference[] {
  return users.flatMap(user => {
    const who = { clientId: clientIds[user], username: user };
    const topics = kindsOfTopics([...CONTRACT, ...filtersOf(acl, user, who.clientId)]);
    return (['write', 'read'] as const).flatMap(access =>
      topics.flatMap(topic => {
        const wanted = may(user, access, topic);
        const decision = decide(acl, who, access, topic);
        return wanted === undefined || wanted === decision.allowed
          ? []
          : [{ user, access, topic, wanted, decision }];
      }),
    );
  });
}

/**
 * One topic of each kind, the shortest first: two topics are of one kind when no filter here matches
 * one and not the other, whatever is put behind both. So what holds for these topics holds for all.
 */
export function kindsOfTopics(filters: readonly string[]): string[] {
  const levels = [...new Set(filters)].map(filter => filter.split('/'));
  const strange = strangers(levels.flat());
  const seen = new Set<string>();
  const topics: string[] = [];
  let front: Kind[] = [{ path: [], alive: levels.map((_, at) => at), all: [] }];
  for (let depth = 0; front.length > 0 && seen.size < MOST_KINDS; depth++) {
    const next: Kind[] = [];
    for (const kind of front) {
      for (const level of choices(kind, depth, levels, strange)) {
        const further = step(kind, depth, level, levels);
        // Behind the last level that a filter names, it no longer matters how deep a topic is.
        const key = `${further.alive.length > 0 ? depth : ''}|${further.alive}|${further.all}`;
        if (seen.has(key) || seen.size >= MOST_KINDS) continue;
        seen.add(key);
        const topic = further.path.join('/');
        if (topic !== '') topics.push(topic);
        next.push(further);
      }
    }
    front = next;
  }
  return topics;
}

/** Topics with these first levels: which filters may still match, and which match whatever follows. */
interface Kind {
  readonly path: readonly string[];
  readonly alive: readonly number[];
  readonly all: readonly number[];
}

interface Strangers {
  /** Levels that no filter names; each depth has another, so that a topic can be read. */
  at(depth: number): string;
  readonly dollar: string;
}

function strangers(known: readonly string[]): Strangers {
  const taken = new Set(known);
  const free = (word: string): string => (taken.has(word) ? free(`${word}x`) : word);
  const words = ['garden', 'pump', 'state', 'value'].map(free);
  return { at: depth => words[depth % words.length] ?? 'garden', dollar: free('$garden') };
}

/** The levels that could make a difference here: those that a filter names, and one that none does. */
function choices(
  { alive }: Kind,
  depth: number,
  levels: readonly (readonly string[])[],
  strange: Strangers,
): Set<string> {
  const named = alive.map(at => levels[at]?.[depth]).filter(level => level !== undefined);
  return new Set([
    ...named.filter(level => level !== '+' && level !== '#'),
    strange.at(depth),
    ...(depth === 0 ? [strange.dollar] : []),
  ]);
}

function step(
  { path, alive, all }: Kind,
  depth: number,
  level: string,
  levels: readonly (readonly string[])[],
): Kind {
  // No wildcard at the beginning stands for a level that begins with $ [3.1.1 MQTT-4.7.2-1].
  const closed = depth === 0 && level.startsWith('$');
  const still = alive.filter(at => {
    const own = levels[at]?.[depth];
    return own === level || (own === '+' && !closed);
  });
  const open = alive.filter(at => levels[at]?.[depth] === '#' && !closed);
  return {
    path: [...path, level],
    alive: still,
    all: open.length > 0 ? [...all, ...open].sort((a, b) => a - b) : all,
  };
}
