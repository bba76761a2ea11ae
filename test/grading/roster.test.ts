import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../../course/index.js';
import { parseTable } from '../../grading/csv.js';
import { anyClue, learnerIndex, nameKeys, readRoster, rosterOf } from '../../grading/roster.js';
import { temporary } from './handed-in.js';

const roster = (text: string) => rosterOf(parseTable(text, 'class.csv'), 'class.csv');

describe('a roster', () => {
  it('with own columns, in any order, with any signs; sorted by id', async () => {
    const file = join(temporary(), 'class.csv');
    writeFileSync(
      file,
      '\ufeffE-Mail;GitHub username;Student ID;First name;Last name\r\nb@x;@Bob;2;Bob;Ohm\r\n\r\na@x;;1;"Ada; Countess";L\r\n',
    );
    const { learners, kind } = await readRoster(file);
    expect(kind).toBe('own');
    expect(learners).toEqual([
      { id: '1', name: 'Ada; Countess L', email: 'a@x' },
      { id: '2', name: 'Bob Ohm', email: 'b@x', ids: { github: 'Bob' } },
    ]);
  });

  it('of e-mails or logins alone', () => {
    expect(roster('email\na@x\n').learners).toEqual([{ id: 'a@x', email: 'a@x' }]);
    expect(roster('login,name\nal,Ada\n').learners[0]).toMatchObject({
      id: 'al',
      ids: { login: 'al' },
    });
  });

  it('of Canvas, in both forms of its export', () => {
    const one = roster(
      'Student,ID,SIS User ID,SIS Login ID,Section,Lab (9)\n    Points Possible,,,,,10\n"Lovelace, Ada",100,s1,al,A,\n"Student, Test",,,,A,\n',
    );
    expect(one.kind).toBe('canvas');
    expect(one.notices).toEqual([]);
    expect(one.learners).toEqual([
      { id: '100', name: 'Lovelace, Ada', ids: { canvas: '100', sis: 's1', login: 'al' } },
    ]);
    const two = roster('LastName,FirstName,ID,SIS User ID,Section\nLovelace,Ada,100,s1,A\n');
    expect(two).toMatchObject({ kind: 'canvas', learners: [{ id: '100', name: 'Ada Lovelace' }] });
  });

  it('with numbers of its own and e-mails is not taken for one of Moodle', () => {
    const own = roster('id,name,email,github,group\ns1234,Ada,a@x,al,1\ns1235,Bob,b@x,bo,2\n');
    expect(own).toMatchObject({ kind: 'own', learners: [{ id: 's1234' }, { id: 's1235' }] });
  });

  it.each([
    ['id,name\n1,a\n1,b\n', /class\.csv:3: the id 1 is there twice, first in line 2/],
    ['id,name\nAda,a\nada,b\n', /class\.csv:3: the id ada is there twice/],
    ['id\n../x\n', /class\.csv:2: the id "\.\.\/x" has a slash/],
    ['id\n.x\n', /begins with a dot/],
    ['id,name\n', /names no learner/],
    [
      'Ada Lovelace,x\nBob,y\n',
      /class\.csv:1: no column says who a learner is.*it has Ada Lovelace, x/,
    ],
    ['', /is empty/],
    ['id,name\n1,"a\n', /class\.csv:\d+ is not a CSV that can be read/],
    ['id,submitted_at\n1,yesterday\n', /class\.csv:2: "yesterday" is not a time that can be read/],
  ])('that is wrong says where: %j', (text, message) => {
    expect(() => roster(text)).toThrow(UsageError);
    expect(() => roster(text)).toThrow(message);
  });

  it('leaves out a line without an id, and says so; a missing file is a usage error', async () => {
    expect(roster('id,name\n,Ada\n2,Bob\n').notices).toEqual([
      'class.csv:2 names no id; the line was left out',
    ]);
    await expect(readRoster(join(temporary(), 'none.csv'))).rejects.toThrow(/there is no file/);
    const latin = join(temporary(), 'latin.csv');
    writeFileSync(latin, Buffer.from('id,name\n1,Jos\xe9\n', 'latin1'));
    await expect(readRoster(latin)).rejects.toThrow(/not in UTF-8/);
  });

  it('knows the line of a row behind a cell with line breaks', () => {
    expect(() => roster('id,name\n1,"a\nb\nc"\n1,d\n')).toThrow(/class\.csv:5: .*first in line 2/);
  });
});

describe('finding a learner', () => {
  it('by the clue that is surest, whatever the case', () => {
    const find = learnerIndex([
      { id: 'a', name: 'Bob' },
      { id: 'bob', name: 'Ada', ids: { login: 'A' } },
    ]);
    expect(find(anyClue('BOB'))).toMatchObject({ learner: { id: 'bob' }, by: 'id' });
    expect(find(anyClue('a'))).toMatchObject({ learner: { id: 'a' } });
    expect(find(anyClue('nobody'))).toBeUndefined();
    expect(find([{ kind: 'name', value: '---' }])).toBeUndefined();
  });

  it('a later clue decides where an earlier one fits two', () => {
    const find = learnerIndex([
      { id: '1', name: 'Ada Ohm', email: 'a@x' },
      { id: '2', name: 'Ada Ohm', email: 'b@x' },
    ]);
    const name = { kind: 'name' as const, value: 'ohm ada' };
    expect(find([name])).toMatchObject({ by: 'name', ambiguous: [{ id: '1' }, { id: '2' }] });
    expect(find([name, { kind: 'email', value: 'B@X' }])).toMatchObject({ learner: { id: '2' } });
  });

  it('names: order, case, accents and signs do not count', () => {
    expect(nameKeys('Lovelace, Ada')).toContain('adalovelace');
    expect(nameKeys('José  O’Neil-Łuk')).toContain('joseoneilluk');
    expect(nameKeys('')).toEqual([]);
  });
});
