import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { judgeDocument, partsFor } from '../../checker/lessons/15-acl-lab/document.js';
import { judgePart, type Part } from '../../checker/lessons/15-acl-lab/meaning.js';

const four = ['listener', 'allow_anonymous', 'password_file', 'acl_file'].map((key, at) => ({
  key,
  at: `mosquitto.conf:${at + 1}`,
}));
const opinions = (document: string) =>
  judgeDocument(document, four).map(({ key, part, opinion }) => `${key} ${part} ${opinion.is}`);
const of = (setting: string, part: Part, text: string) => judgePart(setting, part, text).is;

const table = (cell: (key: string) => string) =>
  [
    '| s | What | Why | Without it |',
    '|---|---|---|---|',
    ...four.map(({ key }) => `| ${key} | ${cell(key)} |`),
  ].join('\n');

describe('true and short', () => {
  it.each([
    ['listener', 'what', 'port 1883 for the house'],
    ['listener', 'what', 'where the broker listens'],
    ['listener', 'why', 'devices are other machines'],
    ['listener', 'why', 'sensors must reach it'],
    ['listener', 'without', 'only this machine is served'],
    ['listener', 'without', 'local only mode'],
    ['listener', 'without', 'no sensor can connect'],
    ['listener', 'without', 'Mosquitto 2 listens on 127.0.0.1'],
    ['allow_anonymous', 'what', 'no name, no entry'],
    ['allow_anonymous', 'what', 'Clients without a user name are refused'],
    ['allow_anonymous', 'what', 'does not let anybody in without a login'],
    ['allow_anonymous', 'what', 'lets nobody in without a name'],
    ['allow_anonymous', 'why', 'rules rest on names'],
    ['allow_anonymous', 'without', 'left to the version'],
    ['allow_anonymous', 'without', 'in old versions everybody gets in'],
    ['allow_anonymous', 'without', 'Mosquitto 2 does the same, Mosquitto 1 lets strangers in'],
    ['allow_anonymous', 'without', 'strangers could connect'],
    ['password_file', 'what', 'users and hashes'],
    ['password_file', 'what', 'stores hashes, never the passwords in plain text'],
    ['password_file', 'why', 'a name is a claim'],
    ['password_file', 'why', 'so that nobody can pretend to be the sensor'],
    ['password_file', 'without', 'no users'],
    ['password_file', 'without', 'nobody can log in'],
    ['password_file', 'without', 'a name alone is enough'],
    ['acl_file', 'what', 'who may read and write'],
    ['acl_file', 'what', 'denies everything that no line allows'],
    ['acl_file', 'why', 'least rights'],
    ['acl_file', 'why', 'a stolen sensor must not open the door'],
    ['acl_file', 'without', 'everybody may do everything'],
    ['acl_file', 'without', 'everything is allowed'],
    ['acl_file', 'without', 'all users can publish to all topics'],
    ['acl_file', 'without', 'nothing is restricted'],
    ['acl_file', 'without', 'nobody is stopped from writing to the locks'],
    ['acl_file', 'without', 'no rules'],
  ] as const)('%s, %s: %s', (setting, part, text) => {
    expect(of(setting, part, text)).toBe('true');
  });

  it('the solutions, as sections', () => {
    for (const track of ['typescript', 'python']) {
      const text = readFileSync(`solutions/15-acl-lab/${track}/SECURITY.md`, 'utf8');
      expect(opinions(text).filter(one => !one.endsWith(' true'))).toEqual([]);
    }
  });
});

describe('the opposite of the truth', () => {
  it.each([
    ['password_file', 'what', 'keeps passwords in plain text'],
    ['password_file', 'what', 'The file with all users and their passwords in clear text.'],
    ['password_file', 'why', 'it encrypts the connection'],
    ['password_file', 'what', 'says which topics a user may read'],
    ['password_file', 'without', 'nothing changes'],
    ['password_file', 'without', 'users can still log in with their passwords'],
    ['listener', 'what', 'makes the broker reachable only from this machine'],
    ['listener', 'what', 'encrypts the traffic on port 1883'],
    ['listener', 'without', 'the whole internet can connect'],
    ['listener', 'without', 'everything works as before'],
    ['listener', 'why', 'not needed, 1883 is the default'],
    ['allow_anonymous', 'what', 'lets everybody in'],
    ['allow_anonymous', 'what', 'allows clients without a name'],
    ['allow_anonymous', 'what', 'Clients without a name get in.'],
    ['allow_anonymous', 'what', 'no password is needed'],
    ['allow_anonymous', 'without', 'nobody can connect any more'],
    ['allow_anonymous', 'without', 'no difference'],
    ['acl_file', 'what', 'lists the users and the hashes of their passwords'],
    ['acl_file', 'what', 'everybody may publish to all topics'],
    ['acl_file', 'why', 'every user can read everything'],
    ['acl_file', 'without', 'nobody may publish anything'],
    ['acl_file', 'without', 'everything is denied'],
    ['acl_file', 'without', 'no client can read or write'],
    ['acl_file', 'without', 'the broker is safer'],
  ] as const)('%s, %s: %s', (setting, part, text) => {
    expect(of(setting, part, text)).toBe('untrue');
  });
});

describe('nothing at all', () => {
  it.each([
    'it is important for security',
    'We need this setting, because it makes the broker safer and better.',
    'This is the recommended best practice',
    'allow_anonymous false',
    'bad things happen',
    'Everything breaks!',
    'lorem ipsum dolor sit amet',
  ])('%s', text => {
    expect(of('allow_anonymous', 'why', text)).toBe('filler');
    expect(of('acl_file', 'what', text)).toBe('filler');
  });

  it.each(['', ' ', 'TODO', 'who TODO', '–', '…'])('"%s" is empty', text => {
    expect(of('listener', 'what', text)).toBe('empty');
  });

  it('one sentence in all places, whatever it is', () => {
    const text = 'only known devices may talk on this port';
    expect(
      new Set(opinions(table(() => `${text} | ${text} | ${text}`)).map(one => one.split(' ')[2])),
    ).toEqual(new Set(['filler']));
  });

  it('three texts about something else', () => {
    const found = opinions(table(() => 'the weather is warm | birds sing | rain falls'));
    expect(found.every(one => one.endsWith(' filler'))).toBe(true);
  });
});

describe('what a program cannot tell', () => {
  it('an answer in unusual words, beside two that are known', () => {
    const found = judgeDocument(
      table(key =>
        key === 'listener'
          ? 'opens port 1883 | the fridge calls from the kitchen | only local clients'
          : `about ${key} name topic | name stolen ${key} | every ${key} user login`,
      ),
      four.slice(0, 1),
    );
    expect(found.map(one => one.opinion.is)).toEqual(['true', 'unknown', 'true']);
  });

  it('a setting that the course does not teach', () => {
    expect(of('max_connections', 'what', 'fifty clients at most')).toBe('unknown');
    expect(of('max_connections', 'why', 'it is important')).toBe('filler');
    expect(of('max_connections', 'without', 'nothing breaks')).toBe('untrue');
  });
});

describe('where a text stands', () => {
  it('in the columns of the header, in any order', () => {
    const text =
      '| setting | Why | What | Without it |\n|---|---|---|---|\n| listener | w | a port | local |';
    expect(Object.fromEntries(partsFor(text, 'listener') ?? [])).toEqual({
      what: 'a port',
      why: 'w',
      without: 'local',
    });
  });

  it('comments are not part of it', () => {
    expect(partsFor('<!-- ## listener\nWhat: port -->', 'listener')).toBeUndefined();
  });
});
