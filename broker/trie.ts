interface Node<T> {
  readonly children: Map<string, Node<T>>;
  values: T[] | undefined;
}

/** Topic filters with something behind each; finds all that match a topic name. */
export interface FilterTrie<T> {
  add(filter: string, value: T): void;
  /** Removes the first value that `same` accepts. */
  remove(filter: string, same: (value: T) => boolean): void;
  match(topic: string): T[];
}

/** A trie without a bound on the number of levels (a topic may have 201 of them). */
export function filterTrie<T>(): FilterTrie<T> {
  const root: Node<T> = { children: new Map(), values: undefined };
  return {
    add(filter, value) {
      let node = root;
      for (const level of filter.split('/')) {
        let next = node.children.get(level);
        if (next === undefined) {
          next = { children: new Map(), values: undefined };
          node.children.set(level, next);
        }
        node = next;
      }
      if (node.values === undefined) node.values = [value];
      else node.values.push(value);
    },
    remove(filter, same) {
      const levels = filter.split('/');
      const path = [root];
      for (const level of levels) {
        const next = path.at(-1)?.children.get(level);
        if (next === undefined) return;
        path.push(next);
      }
      const last = path.at(-1) as Node<T>;
      const at = last.values?.findIndex(same) ?? -1;
      if (at < 0) return;
      last.values?.splice(at, 1);
      if (last.values?.length === 0) last.values = undefined;
      for (let i = path.length - 1; i > 0; i--) {
        const node = path[i] as Node<T>;
        if (node.values !== undefined || node.children.size > 0) return;
        path[i - 1]?.children.delete(levels[i - 1] as string);
      }
    },
    match(topic) {
      const found: T[] = [];
      const levels = topic.split('/');
      // `3.1.1 MQTT-4.7.2-1`: a wildcard at the front does not match `$SYS` and its like.
      collect(root, levels, 0, topic.charCodeAt(0) === 36, found);
      return found;
    },
  };
}

function collect<T>(
  node: Node<T>,
  levels: readonly string[],
  depth: number,
  dollar: boolean,
  found: T[],
): void {
  const blocked = dollar && depth === 0;
  if (!blocked) take(node.children.get('#'), found);
  if (depth === levels.length) {
    take(node, found);
    return;
  }
  const exact = node.children.get(levels[depth] as string);
  if (exact !== undefined) collect(exact, levels, depth + 1, dollar, found);
  const plus = blocked ? undefined : node.children.get('+');
  if (plus !== undefined) collect(plus, levels, depth + 1, dollar, found);
}

function take<T>(node: Node<T> | undefined, found: T[]): void {
  if (node?.values === undefined) return;
  for (const value of node.values) found.push(value);
}
