import { filterTrie } from '../trie.js';
import type { Subscription } from './subscription.js';

/** Who subscribed to one shared filter under one name (5.0 section 4.8.2). */
export interface ShareGroup {
  /** `NAME/FILTER` */
  readonly key: string;
  readonly filter: string;
  /** By client identifier. Their order is that of their turns: the first is next. */
  readonly members: Map<string, Subscription>;
}

/** All shared subscriptions of a broker. */
export interface Shares {
  add(clientId: string, name: string, filter: string, subscription: Subscription): void;
  remove(clientId: string, name: string, filter: string): void;
  /** The groups a topic concerns, each once. */
  match(topic: string): readonly ShareGroup[];
  group(key: string): ShareGroup | undefined;
  /** How many memberships there are. */
  count(): number;
}

const NONE: readonly ShareGroup[] = [];

export function createShares(): Shares {
  const groups = new Map<string, ShareGroup>();
  const trie = filterTrie<ShareGroup>();
  return {
    add(clientId, name, filter, subscription) {
      const key = `${name}/${filter}`;
      let group = groups.get(key);
      if (group === undefined) {
        group = { key, filter, members: new Map() };
        groups.set(key, group);
        trie.add(filter, group);
      }
      group.members.set(clientId, subscription);
    },
    remove(clientId, name, filter) {
      const key = `${name}/${filter}`;
      const group = groups.get(key);
      if (group === undefined || !group.members.delete(clientId) || group.members.size > 0) return;
      groups.delete(key);
      trie.remove(filter, other => other === group);
    },
    match: topic => (groups.size === 0 ? NONE : trie.match(topic)),
    group: key => groups.get(key),
    count: () => [...groups.values()].reduce((sum, { members }) => sum + members.size, 0),
  };
}

/** The member whose turn it is, among those that can take the message: as Mosquitto, strict turns. */
export function nextMember(
  { members }: ShareGroup,
  can: (clientId: string) => boolean,
): { clientId: string; subscription: Subscription } | undefined {
  for (const [clientId, subscription] of members) {
    if (!can(clientId)) continue;
    members.delete(clientId);
    members.set(clientId, subscription);
    return { clientId, subscription };
  }
  return undefined;
}
