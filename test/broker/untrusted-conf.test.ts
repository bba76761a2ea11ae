import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadMosquittoConfig, parsePasswords } from '../../broker/index.js';

/** A configuration that somebody handed in is read by us: it must lead nowhere else, and cost little. */
describe('a configuration of somebody else', () => {
  const root = mkdtempSync(join(tmpdir(), 'mqtt-course-conf-'));
  const folder = join(root, 'handed-in');
  beforeAll(() => {
    mkdirSync(join(folder, 'conf.d'), { recursive: true });
    writeFileSync(join(root, 'secret'), 'root:not for you\n');
    writeFileSync(join(root, 'other.conf'), 'secret_word here\n');
    writeFileSync(join(folder, 'passwd'), '');
    writeFileSync(join(folder, 'conf.d', 'more.conf'), 'allow_anonymous true\n');
    symlinkSync(join(root, 'secret'), join(folder, 'link'));
  });
  afterAll(() => rmSync(root, { recursive: true, force: true }));

  async function load(text: string, confined = true) {
    writeFileSync(join(folder, 'mosquitto.conf'), text);
    return loadMosquittoConfig('mosquitto.conf', { base: folder, confined });
  }

  test.each([
    ['password_file ../secret', '../secret'],
    ['acl_file link', 'link'],
    ['include_dir ..', '..'],
    ['listener 1883\ncertfile /etc/hostname\nkeyfile /etc/hostname', '/etc/hostname'],
    ['per_listener_settings true\nlistener 1883\nacl_file ../secret', '../secret'],
  ])('%s is refused', async (text, path) => {
    const error = await load(text).then(
      () => undefined,
      (error: Error) => error.message,
    );
    expect(error).toContain(`Error: '${path}' is outside of the folder of this configuration.`);
    expect(error).not.toMatch(/secret_word|not for you/);
  });

  test('its own files are read, and paths that lead nowhere are told as ever', async () => {
    const config = await load('include_dir conf.d\npassword_file passwd\nacl_file ../nowhere');
    expect(config.security).toMatchObject({ passwordFile: 'passwd', aclFile: '../nowhere' });
  });

  test("one's own configuration may lead anywhere", async () => {
    const config = await load('password_file ../secret', false);
    expect(config.security.passwordFile).toBe('../secret');
  });

  test.each([
    '$7$2000000000$AAAAAAAAAAAAAAAA$',
    '$argon2id$v=19$m=4194304,t=2,p=1$AAAA$AAAA',
    '$argon2id$v=19$m=1024,t=100000,p=1$AAAA$AAAA',
  ])('a hash that costs too much is not computed: %s', hash => {
    const { users, warnings } = parsePasswords(`user:${hash}`, 'passwd');
    expect(users.size).toBe(0);
    expect(warnings[0]?.text).toContain('costs more than this broker spends');
  });
});
