import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConfigError, decide, parseAcl, parseMosquittoConfig } from '../../broker/index.js';
import { loadRules } from '../../broker/rules.js';
import { matches, validFilter, validTopicName } from '../../broker/topics.js';
import { filterTrie } from '../../broker/trie.js';

const level = fc.constantFrom('a', 'b', '', 'aa', '$x');
const topic = fc.array(level, { minLength: 1, maxLength: 4 }).map(levels => levels.join('/'));
const filter = fc
  .tuple(fc.array(fc.constantFrom('a', 'b', '', '+', '$x'), { maxLength: 4 }), fc.boolean())
  .map(([levels, hash]) => [...levels, ...(hash || levels.length === 0 ? ['#'] : [])].join('/'))
  .filter(text => text !== '');

/** Section 4.7 of the standard, level by level. */
function matchesBySpec(pattern: string, name: string): boolean {
  const p = pattern.split('/');
  const t = name.split('/');
  if (/^[+#]/.test(pattern) && name.startsWith('$')) return false;
  for (let i = 0; i < p.length; i++) {
    if (p[i] === '#') return true;
    if (i >= t.length) return false;
    if (p[i] !== '+' && p[i] !== t[i]) return false;
    if (i === t.length - 1 && p.length === t.length + 1 && p[i + 1] === '#') return true;
  }
  return p.length === t.length;
}

describe('topics', () => {
  it('3.1.1 section 4.7: a filter matches as the standard says; the trie finds the same', () => {
    fc.assert(
      fc.property(fc.array(filter, { minLength: 1, maxLength: 6 }), topic, (filters, name) => {
        const expected = filters.filter(f => matchesBySpec(f, name));
        expect(filters.filter(f => matches(f, name))).toEqual(expected);
        const trie = filterTrie<string>();
        for (const f of filters) trie.add(f, f);
        expect(trie.match(name).sort()).toEqual([...expected].sort());
        for (const f of filters) trie.remove(f, other => other === f);
        expect(trie.match(name)).toEqual([]);
      }),
      { numRuns: 2000 },
    );
  });

  it('knows names from filters', () => {
    for (const ok of ['a', '/', 'a//b', ' ', '+', '#', '+/+', 'a/#', '$SYS/#']) {
      expect(validFilter(ok)).toBe(true);
    }
    for (const bad of ['', 'a#', '#/a', 'a+/b', '+a', 'a/#/']) expect(validFilter(bad)).toBe(false);
    expect(['a', '/', 'a b', '$SYS'].map(validTopicName)).toEqual([true, true, true, true]);
    expect(['', '+', 'a/#', 'a+b'].map(validTopicName)).toEqual([false, false, false, false]);
  });
});

describe('an acl_file', () => {
  it.each([
    ['topic', 'Empty topic in acl_file "f".'],
    ['pattern', 'Empty topic in acl_file "f".'],
    ['user', 'Missing username in acl_file "f".'],
    ['user  ', 'Missing username in acl_file "f".'],
    ['topic foo a', 'Invalid topic access type "foo" in acl_file "f".'],
    ['topic a+', 'Invalid ACL topic "a+" in acl_file "f".'],
    ['topic read a+', 'Invalid ACL topic "a+" in acl_file "f".'],
    ['TOPIC a', 'Invalid line in acl_file "f": TOPIC a.'],
    ['\ttopic a', 'Invalid line in acl_file "f": \ttopic a.'],
    [' # c', 'Invalid line in acl_file "f":  # c.'],
  ])('%j is refused, with the line', (text, message) => {
    let error: unknown;
    try {
      parseAcl(`# first\n\n${text}\n`, 'f');
    } catch (caught) {
      error = caught;
    }
    expect(error).toBeInstanceOf(ConfigError);
    expect(error).toMatchObject({ message: `Error: ${message}`, place: { file: 'f', line: 3 } });
  });

  it('topic read alone is a topic of that name; blanks and CRLF are trimmed', () => {
    const acl = parseAcl('topic read\r\ntopic  read   a b \nuser  bob \r\ntopic write c\n', 'f');
    expect(acl.anonymous).toMatchObject([
      { access: 'readwrite', filter: 'read', line: 1 },
      { access: 'read', filter: 'a b', line: 2 },
    ]);
    expect(acl.users.get('bob')).toMatchObject([{ access: 'write', filter: 'c', line: 4 }]);
  });

  it('tells which line decided', () => {
    const acl = parseAcl(
      'topic read open\nuser ada\ntopic readwrite home/#\ntopic deny home/safe\npattern write dev/%c/%u',
      'f',
    );
    const ada = { clientId: 'c1', username: 'ada' };
    expect(decide(acl, ada, 'read', 'home/safe')).toMatchObject({
      allowed: false,
      by: { line: 4 },
    });
    expect(decide(acl, ada, 'write', 'home/x')).toMatchObject({ allowed: true, by: { line: 3 } });
    expect(decide(acl, ada, 'write', 'dev/c1/ada')).toMatchObject({
      allowed: true,
      by: { line: 5 },
    });
    expect(decide(acl, ada, 'read', 'dev/c1/ada')).toEqual({ allowed: false, because: 'no-match' });
    // Lines before the first user are for clients without a name only.
    expect(decide(acl, ada, 'read', 'open').allowed).toBe(false);
    expect(decide(acl, { clientId: 'c' }, 'read', 'open').allowed).toBe(true);
    expect(decide(acl, { clientId: 'c+' }, 'read', 'other').because).toBe('name');
    expect(decide(acl, ada, 'write', '$SYS/x').because).toBe('system');
  });

  const word = fc.constantFrom('read ', 'write ', 'readwrite ', 'deny ', '');
  const line = fc.tuple(word, filter).map(([w, f]) => `topic ${w}${f}`);
  const subject = { clientId: 'c', username: 'ada' };

  it('the order of a user’s lines never matters', () => {
    fc.assert(
      fc.property(fc.array(line, { maxLength: 6 }), topic, (lines, name) => {
        const allowed = (text: string[]) =>
          decide(parseAcl(['user ada', ...text].join('\n'), 'f'), subject, 'read', name).allowed;
        expect(allowed([...lines].reverse())).toBe(allowed(lines));
      }),
    );
  });

  it('one more denying line never allows more; without a matching line nothing is allowed', () => {
    fc.assert(
      fc.property(fc.array(line, { maxLength: 6 }), filter, topic, (lines, denied, name) => {
        const before = parseAcl(['user ada', ...lines].join('\n'), 'f');
        const after = parseAcl(['user ada', ...lines, `topic deny ${denied}`].join('\n'), 'f');
        for (const access of ['read', 'write'] as const) {
          const was = decide(before, subject, access, name);
          const is = decide(after, subject, access, name);
          if (is.allowed) expect(was.allowed).toBe(true);
          if (was.allowed) expect(was.by !== undefined && matches(was.by.filter, name)).toBe(true);
        }
      }),
    );
  });

  it('an empty file denies everything', () => {
    fc.assert(
      fc.property(topic, name => {
        expect(decide(parseAcl('# nothing\n', 'f'), subject, 'read', name).allowed).toBe(false);
      }),
    );
  });
});

describe('the rules of a configuration', () => {
  const admit = async (text: string, who: { username?: string; password?: string }) => {
    const config = parseMosquittoConfig(text);
    const { code, at } = await (await loadRules(config, config.security)).admit(who);
    return [code, at?.line];
  };

  it('allow_anonymous: unset with a listener no, unset without one yes; the line is named', async () => {
    expect(await admit('listener 1', {})).toEqual([5, undefined]);
    expect(await admit('', {})).toEqual([0, undefined]);
    expect(await admit('allow_anonymous false', {})).toEqual([5, 1]);
    expect(await admit('listener 1\nallow_anonymous true', {})).toEqual([0, 2]);
    // Without a password_file any name is as good as none.
    expect(await admit('listener 1\nallow_anonymous true', { username: 'x' })).toEqual([0, 2]);
    expect(await admit('listener 1', { username: 'x', password: 'y' })).toEqual([5, undefined]);
  });

  it('files that are not there: exit code 13', async () => {
    const config = parseMosquittoConfig('listener 1\nacl_file /nope');
    await expect(loadRules(config, config.security)).rejects.toMatchObject({
      message: 'Error: Unable to open acl_file "/nope".',
      exitCode: 13,
      place: { line: 2 },
    });
  });
});
