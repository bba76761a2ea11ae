// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the text of programs that have templates
import { describe, expect, test } from 'vitest';
import { meaningsOf } from '../../../checker/prove/mutate/alike.js';
import { changeBetween, mutationsIn } from '../../../checker/prove/mutate/mutants.js';
import { applied } from '../../../checker/prove/mutate/syntax.js';

/** What an operator makes of a program. */
function made(file: string, text: string, operator: string): string[] {
  return mutationsIn(file, text)
    .filter(one => one.operator === operator)
    .map(one => applied(text, one.edits));
}

const ts = (text: string, operator: string) => made('main.ts', text, operator);
const py = (text: string, operator: string) => made('main.py', text, operator);

describe('operators on TypeScript', () => {
  test('an option is removed with its comma, and is known by its name', () => {
    const text = 'client.publish(topic, text, { qos: 1, retain: true });';
    expect(ts(text, 'option-removed')).toEqual([
      'client.publish(topic, text, { retain: true });',
      'client.publish(topic, text, { qos: 1 });',
    ]);
    const [first] = mutationsIn('main.ts', text).filter(one => one.operator === 'option-removed');
    expect(first?.about).toBe('qos');
  });

  test('a number becomes others that mean something at its place', () => {
    expect(ts('let seq = 1;', 'number-changed')).toEqual(['let seq = 0;', 'let seq = 2;']);
    expect(ts('f({ reconnectPeriod: 200 });', 'number-changed')).toEqual([
      'f({ reconnectPeriod: 0 });',
      'f({ reconnectPeriod: 12000 });',
    ]);
    expect(ts('process.exit(2);', 'number-changed')).toEqual(['process.exit(0);']);
    expect(ts('f({ qos: 2 });', 'number-changed')).toEqual(['f({ qos: 1 });']);
    // QoS 0 is what comes of no option: one operator makes it.
    expect(ts('f({ qos: 1 });', 'number-changed')).toEqual([]);
  });

  test('conditions hold always, never, and in part', () => {
    const text = 'if (a && !b) c();';
    expect(ts(text, 'condition-fixed')).toEqual(['if (true) c();', 'if (false) c();']);
    expect(ts(text, 'condition-part-removed')).toEqual(['if (a) c();', 'if (!b) c();']);
    expect(ts('if (a <= 3) c();', 'comparison-bound')).toEqual([
      'if (a < 3) c();',
      'if (a > 3) c();',
    ]);
  });

  test('what is there is taken for what is true', () => {
    expect(ts('if (a !== undefined) b();', 'comparison-loosened')).toEqual(['if (a) b();']);
    expect(ts('const a = b ?? c;', 'comparison-loosened')).toEqual(['const a = b || c;']);
    expect(ts('const a = b ?? 0;', 'comparison-loosened')).toEqual([]);
    expect(ts("if (typeof a === 'number') b();", 'comparison-loosened')).toEqual([
      'if (a !== undefined) b();',
    ]);
  });

  test('statements go, swap, and are not waited for', () => {
    expect(ts('a();\nb();\n', 'statement-removed')).toEqual(['b();\n', 'a();\n']);
    expect(ts('a();\nb();\n', 'statements-swapped')).toEqual(['b();\na();\n']);
    expect(ts('await a();\nb();\n', 'await-removed')).toEqual(['a();\nb();\n']);
    expect(ts('b();\nawait a();\n', 'await-removed')).toEqual([]);
    // Declarations are needed by what follows; what is told to people is judged by nobody.
    expect(ts("const a = b();\nconsole.log('hi');\n", 'statement-removed')).toEqual([]);
  });

  test('handlers are attached once, never, and again at every connect', () => {
    const text = "client.on('message', f);\n";
    expect(ts(text, 'handler-once')).toEqual(["client.once('message', f);\n"]);
    expect(ts(text, 'statement-removed')).toEqual(['']);
    expect(ts(text, 'handler-in-connect')[0]).toContain("client.on('connect', () => {");
  });

  test('a part of a key is missing, or what keeps two apart', () => {
    expect(ts('k = `${a} ${b}`;', 'part-removed')).toEqual([
      'k = ` ${b}`;',
      'k = `${a} `;',
      'k = `${a}${b}`;',
    ]);
  });

  test('errors are swallowed, or not caught', () => {
    const text = 'try { a(); } catch { b(); }';
    expect(ts(text, 'errors-ignored')).toEqual(['try { a(); } catch {}']);
    expect(ts(text, 'errors-not-caught')).toEqual(['{ a(); }']);
  });

  test('the address stays as it is; what else comes from the environment is fixed', () => {
    expect(ts("f(env('MQTT_URL'), env('TOPIC'));", 'environment-ignored')).toEqual([
      "f(env('MQTT_URL'), 'fixed');",
    ]);
  });
});

describe('operators on Python', () => {
  test('options, waits, conditions', () => {
    const text = 'client.publish(t, p, qos=1, retain=True).wait_for_publish()\n';
    expect(py(text, 'option-removed')).toEqual([
      'client.publish(t, p, retain=True).wait_for_publish()\n',
      'client.publish(t, p, qos=1).wait_for_publish()\n',
    ]);
    expect(py(text, 'wait-removed')).toEqual(['client.publish(t, p, qos=1, retain=True)\n']);
    expect(py('if a is not None:\n    b()\n', 'comparison-loosened')).toEqual(['if a:\n    b()\n']);
    expect(py('if "m" in line:\n    b()\n', 'comparison-loosened')).toEqual([
      'if line.get("m"):\n    b()\n',
    ]);
    expect(py('if a:\n    b()\nelif c:\n    d()\n', 'condition-fixed')).toHaveLength(4);
  });

  test('the only statement of a block leaves the block behind', () => {
    expect(py('def f():\n    a()\n', 'statement-removed')).toEqual(['def f():\n    pass\n']);
    expect(py('client.on_message = f\n', 'statement-removed')).toEqual(['']);
  });

  test('errors are swallowed, narrowed, or not caught', () => {
    const text = 'try:\n    a()\nexcept (ValueError, KeyError):\n    b()\n';
    expect(py(text, 'errors-ignored')).toEqual([
      'try:\n    a()\nexcept (ValueError, KeyError):\n    pass\n',
    ]);
    expect(py(text, 'errors-narrowed')).toHaveLength(2);
    expect(py(text, 'errors-not-caught')).toEqual(['a()\n']);
  });

  test('a part of a key is missing', () => {
    expect(py('return a, b, c\n', 'part-removed')).toEqual([
      'return b, c\n',
      'return a, c\n',
      'return a, b\n',
    ]);
    expect(py('k = f"{a}/{b}"\n', 'part-removed')).toEqual([
      'k = f"/{b}"\n',
      'k = f"{a}/"\n',
      'k = f"{a}{b}"\n',
    ]);
  });

  test('every mutant of this program compiles', async () => {
    const text = [
      'def on_message(client, userdata, message):',
      '    try:',
      '        latest[message.topic] = json.loads(message.payload)["temp"]',
      '    except (ValueError, KeyError):',
      '        return',
      '    if message.retain and latest.get("a") is not None or len(latest) > 3:',
      '        client.publish(TOPIC, json.dumps({"temp": latest["a"], "seq": 1}), qos=1).wait_for_publish()',
      '',
    ].join('\n');
    const all = mutationsIn('main.py', text).map(one => ({
      name: 'main.py',
      text: applied(text, one.edits),
    }));
    expect(all.length).toBeGreaterThan(20);
    const meanings = await meaningsOf(all);
    expect(all.filter((_, at) => meanings[at] === undefined)).toEqual([]);
  });
});

describe('mutations of configuration', () => {
  test('lines go, words change, rights widen', () => {
    const conf = '# a door\nlistener 1883\nallow_anonymous false\n';
    expect(made('mosquitto.conf', conf, 'line-removed')).toHaveLength(2);
    expect(made('mosquitto.conf', conf, 'word-changed')).toContain(
      '# a door\nlistener 1883\nallow_anonymous true\n',
    );
    const rights = made('acl', 'user a\ntopic read home/#\n', 'right-changed');
    expect(rights).toContain('user a\ntopic readwrite home/#\n');
    expect(rights).toContain('user a\ntopic read #\n');
  });

  test('a sentence says the opposite', () => {
    const text = '# T\n\n## acl_file\n\nWhat: what no line allows is denied.\n';
    expect(made('SECURITY.md', text, 'sentence-reversed')).toEqual([
      text.replace('denied', 'allowed'),
    ]);
  });
});

test('programs that differ in form alone are one', async () => {
  const [a, b, c] = await meaningsOf([
    { name: 'main.ts', text: 'if (a) { b(); }' },
    { name: 'main.ts', text: 'if (a)\n  b(); // so' },
    { name: 'main.ts', text: 'if (a) b(' },
  ]);
  expect(a).toBe(b);
  expect(c).toBeUndefined();
});

test('a change is known by its line and its words, wherever the line stands', () => {
  const text = 'first();\nclient.publish(topic, { qos: 1 });\n';
  const change = changeBetween(text, text.replace('1', '0'));
  expect(change).toBe('client.publish(topic, { qos: 1 }); | 1 → 0');
  expect(changeBetween(`more();\n${text}`, `more();\n${text.replace('1', '0')}`)).toBe(change);
});
