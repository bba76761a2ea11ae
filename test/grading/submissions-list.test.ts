import { symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createWorkspace, UsageError } from '../../course/index.js';
import { parseTable } from '../../grading/csv.js';
import { rosterOf } from '../../grading/roster.js';
import {
  listSubmissions,
  readSubmissionTimes,
  unpackSubmission,
} from '../../grading/submissions/index.js';
import { assignmentPrefix, canvasName, moodleName } from '../../grading/submissions/names.js';
import { temporary, unpackedText, write } from './handed-in.js';

const roster = (text: string, options = {}) =>
  rosterOf(parseTable(text, 'roster.csv'), 'roster.csv', options);
const ids = (list: { submissions: readonly { learner: { id: string } }[] }) =>
  list.submissions.map(one => one.learner.id);

describe('the names that platforms give', () => {
  it('Canvas', () => {
    expect(canvasName('lovelaceada_1234_567890_work.zip')).toMatchObject({
      platform: 'canvas',
      id: '1234',
      person: 'lovelaceada',
      number: 567890,
      original: 'work.zip',
    });
    expect(canvasName('lovelaceada_LATE_1234_567890_main-2.ts')).toMatchObject({
      markedLate: true,
      id: '1234',
      original: 'main.ts',
    });
    expect(canvasName('o-neilzoë_12_34_my_work_1_2-1.tar.gz')).toMatchObject({
      person: 'o-neilzoë',
      id: '12',
      original: 'my_work_1_2.tar.gz',
    });
    expect(canvasName('ada.zip')).toBeUndefined();
    expect(canvasName('lab_3_ada')).toBeUndefined();
  });

  it('Moodle', () => {
    expect(moodleName('Ada King-Noël_4711_assignsubmission_file')).toMatchObject({
      platform: 'moodle',
      id: '4711',
      person: 'Ada King-Noël',
    });
    expect(moodleName('Ada_Lovelace_4711_assignsubmission_file_')?.person).toBe('Ada_Lovelace');
    expect(moodleName('Ada_4711_assignsubmission_file_main.ts')?.original).toBe('main.ts');
    expect(moodleName('Ada_4711_assignsubmission_onlinetext_')?.aside).toBe(true);
  });

  it('GitHub: what comes before the login', () => {
    expect(assignmentPrefix(['lab-3-ada', 'lab-3-bob-b'], [])).toBe('lab-3-');
    expect(assignmentPrefix(['lab-3-ada'], [])).toBeUndefined();
    expect(assignmentPrefix(['ada', 'bob'], [])).toBeUndefined();
    expect(assignmentPrefix(['lab-3-ada-l', 'lab-3-l', 'x'], ['l', 'ada-l'])).toBe('lab-3-');
    expect(assignmentPrefix(['x', 'y'], ['ada'])).toBeUndefined();
  });
});

describe('a folder of submissions', () => {
  it('of folders and archives: the name is the learner', async () => {
    const folder = await write(temporary(), {
      'ada/main.ts': '',
      'bob.zip': '',
      'eve.tar.gz': '',
      'mia.TGZ': '',
      'tom.tar': '',
      '.DS_Store': '',
      '__MACOSX/._ada': '',
      'notes.md': '',
      'leo.rar': '',
      'main.ts': '',
    });
    const list = await listSubmissions(folder);
    expect(ids(list)).toEqual(['ada', 'bob', 'eve', 'leo', 'mia', 'tom']);
    expect(list.submissions.map(one => one.kind)).toEqual([
      ...['folder', 'zip', 'tar', 'files', 'tar', 'tar'],
    ]);
    expect(list.submissions[3]?.problem).toContain('(.rar); ask for a .zip');
    expect(list.submissions[0]).toMatchObject({ learnerFrom: 'folder', path: join(folder, 'ada') });
    expect(list.submissions[0]).not.toHaveProperty('submittedAt');
    expect(list.unreadable.map(one => one.submission)).toEqual(['main.ts']);
    expect(list.notices).toEqual(['left aside, no submissions: notes.md']);
    expect(list.absent).toEqual([]);
    expect(list.unexpected).toEqual([]);
  });

  it('with a roster: who is missing, and who is not expected', async () => {
    const folder = await write(temporary(), {
      'ADA/x': '',
      'Bob Ohm.zip': '',
      'eve@uni.example/x': '',
      'stranger/x': '',
      'c-77/x': '',
    });
    const list = await listSubmissions(folder, {
      roster: roster(
        'id,name,email,sis\n1,Ada L,,ada\n2,"Ohm, Bob",,\n3,Eve,EVE@uni.example,\n4,Mia,,\n5,Cy,,c-77\n',
      ),
    });
    expect(ids(list)).toEqual(['1', '2', '3', '5', 'stranger']);
    expect(list.submissions.map(one => one.learnerFrom)).toEqual([
      'roster',
      'roster',
      'roster',
      'roster',
      'folder',
    ]);
    expect(list.absent).toEqual(['4']);
    expect(list.unexpected).toEqual(['stranger']);
  });

  it('says who may be meant when a name fits two', async () => {
    const folder = await write(temporary(), { 'Ada Ohm/x': '' });
    const list = await listSubmissions(folder, {
      roster: roster('id,name\n1,Ada Ohm\n2,"Ohm, Ada"\n'),
    });
    expect(list.unexpected).toEqual(['Ada Ohm']);
    expect(list.absent).toEqual(['1', '2']);
    expect(list.notices.join()).toContain(
      'Ada Ohm may be from 1 (Ada Ohm) or 2 (Ohm, Ada): they share a name',
    );
  });

  it('a stranger never gets the id of somebody on the roster', async () => {
    const folder = await write(temporary(), { 'doejane_17_99_work.zip': '' });
    const list = await listSubmissions(folder, {
      roster: roster('id,canvas\n16,1700\n'),
    });
    expect(ids(list)).toEqual(['17']);
    const clash = await listSubmissions(
      await write(temporary(), { 'Doe Jane_17_assignsubmission_file_/x': '' }),
      { roster: roster('id,name,moodle\nx17,Somebody,1\n') },
    );
    expect(ids(clash)).toEqual(['17']);
    expect(clash.unexpected).toEqual(['Doe Jane_17_assignsubmission_file_']);
  });

  it('names that look alike are two learners', async () => {
    const folder = await write(temporary(), { 'a-b/x': '', 'a\u202eb/x': '', 'roster/x': '' });
    const list = await listSubmissions(folder);
    expect(ids(list)).toEqual(['a-b', 'folder-a-b', 'roster']);
    expect(list.submissions.map(one => one.name)).toHaveLength(3);
  });

  it('one submission per learner: two of the same name are said', async () => {
    const folder = await write(temporary(), { 'ada/x': '', 'ada.zip': '', 'Ada.tgz': '' });
    const list = await listSubmissions(folder);
    expect(list.submissions).toHaveLength(1);
    expect(list.submissions[0]?.problem).toContain('nothing says which is newer');
    expect(list.notices.join()).toContain('Ada and ada are one learner');
  });

  it.runIf(process.platform !== 'win32')('links are not followed', async () => {
    const folder = await write(temporary(), { 'ada/x': '' });
    symlinkSync('/etc', join(folder, 'eve'));
    const list = await listSubmissions(folder);
    expect(ids(list)).toEqual(['ada']);
    expect(list.unreadable).toEqual([
      { submission: 'eve', reason: 'it is a link; links are never followed' },
    ]);
  });

  it('an identity in a file of the learner means nothing', async () => {
    const folder = await write(temporary(), {
      'eve/submission_metadata.yml': 'eve:\n  :submitters:\n  - :name: Ada\n    :email: ada@x\n',
      'eve/submissions.csv': 'id,submitted_at\neve,2026-01-01T00:00:00Z\n',
      'eve/.git/config': '[user]\n  email = ada@x\n',
    });
    const list = await listSubmissions(folder, { roster: roster('id,email\nada,ada@x\neve,\n') });
    expect(ids(list)).toEqual(['eve']);
    expect(list.submissions[0]).not.toHaveProperty('submittedAt');
    expect(list.absent).toEqual(['ada']);
  });

  it('wrong use: no folder, an archive, the work of one learner', async () => {
    const folder = await write(temporary(), { 'all.zip': '' });
    await expect(listSubmissions(join(folder, 'none'))).rejects.toThrow(/there is no folder/);
    await expect(listSubmissions(join(folder, 'all.zip'))).rejects.toThrow(
      /Unpack it first.*unzip/,
    );
    const work = join(temporary(), 'work');
    createWorkspace(work);
    await expect(listSubmissions(work)).rejects.toThrow(UsageError);
    await expect(listSubmissions(join(work, 'exercises'))).rejects.toThrow(/one learner/);
  });
});

describe('a Canvas download', () => {
  it('matches the user, keeps LATE, and takes the newest attempt', async () => {
    const folder = await write(temporary(), {
      'lovelaceada_100_1001_work.zip': '',
      'lovelaceada_100_1002_work-1.zip': '',
      'ohmbob_LATE_200_1003_work.zip': '',
      'ohmbob_LATE_200_1004_report.pdf': '',
    });
    const list = await listSubmissions(folder, {
      roster: roster(
        'Student,ID,SIS User ID,SIS Login ID,Section,Lab (9)\n    Points Possible,,,,,10\n"Lovelace, Ada",100,s1,al,A,\n"Ohm, Bob",200,s2,bo,A,\n"Student, Test",,,,A,\n',
      ),
    });
    expect(ids(list)).toEqual(['100', '200']);
    expect(list.submissions.map(one => one.name)).toEqual([
      'lovelaceada_100_1002_work-1.zip',
      'ohmbob_LATE_200_1003_work.zip',
    ]);
    expect(list.submissions[0]?.learner).toMatchObject({
      name: 'Lovelace, Ada',
      ids: { login: 'al' },
    });
    expect(list.submissions[0]?.markedLate).toBeUndefined();
    expect(list.submissions[1]?.markedLate).toBe(true);
    expect(list.notices.join('\n')).toContain(
      '100 Lovelace, Ada: lovelaceada_100_1002_work-1.zip counts (the newest); not graded: lovelaceada_100_1001_work.zip',
    );
    expect(list.absent).toEqual([]);
  });

  it('of single files: together they are one submission', async () => {
    const folder = await write(temporary(), {
      'lovelaceada_100_1001_main.py': 'print("old")\n',
      'lovelaceada_100_1002_main-1.py': 'print("new")\n',
      'ohmbob_200_1003_main.py': 'print("bob")\n',
      'eveline_300_1004_work.7z': '',
    });
    const list = await listSubmissions(folder);
    expect(ids(list)).toEqual(['100', '200', '300']);
    expect(list.submissions[0]).toMatchObject({ kind: 'files', learner: { name: 'lovelaceada' } });
    expect(list.submissions[2]).toMatchObject({
      name: 'eveline_300_1004_work.7z',
      problem: 'it is an archive of a kind that is not read here (.7z); ask for a .zip',
    });
    const [ada] = list.submissions;
    if (!ada) throw new Error('nothing came');
    const unpacked = await unpackSubmission(ada, { lessons: ['05-wildcards'], into: temporary() });
    expect(unpackedText(unpacked, '05-wildcards', 'main.py')).toBe('print("new")\n');
  });

  it('by name, when the roster knows no Canvas user', async () => {
    const folder = await write(temporary(), { 'vanderbergjosé_7_8_work.zip': '' });
    const list = await listSubmissions(folder, {
      roster: roster('id;name\nj1;José van der Berg\n'),
    });
    expect(ids(list)).toEqual(['j1']);
  });
});

describe('a Moodle download', () => {
  const worksheet = `\ufeffIdentifier,Full name,Email address,Status,Grade,Maximum grade,Grade can be changed,Last modified (submission),Last modified (grade),Feedback comments
Participant 4711,Ada Lovelace,ada@uni.example,Submitted for grading,,10.00,Yes,"Thursday, 1 October 2026, 11:58 PM",-,
Participant 4712,Bob Ohm,bob@uni.example,No submission,,10.00,Yes,-,-,
`;

  it('matches the participant, and takes the time from the worksheet', async () => {
    const folder = await write(temporary(), {
      'Ada Lovelace_4711_assignsubmission_file_/work.zip': '',
      'Ada Lovelace_4711_assignsubmission_onlinetext_/onlinetext.html': '',
    });
    const list = await listSubmissions(folder, {
      roster: roster(worksheet, { timeZone: 'Europe/Berlin' }),
    });
    expect(list.submissions).toHaveLength(1);
    expect(list.submissions[0]).toMatchObject({
      learner: { id: '4711', name: 'Ada Lovelace', email: 'ada@uni.example' },
      learnerFrom: 'roster',
      submittedAt: '2026-10-01T23:58:00+02:00',
      submittedAtFrom: 'Moodle worksheet',
    });
    expect(list.absent).toEqual(['4712']);
    expect(list.notices).toEqual([]);
  });

  it('without a time zone, the times are not used, and that is said', async () => {
    const list = await listSubmissions(temporary(), { roster: roster(worksheet) });
    expect(list.notices.join()).toContain('name no time zone');
  });

  it('in another language, and flat', async () => {
    const german = worksheet
      .replace('Identifier,Full name,Email address', 'ID,Vollständiger Name,E-Mail-Adresse')
      .replaceAll('Participant', 'Teilnehmer/in');
    const folder = await write(temporary(), {
      'Ada Lovelace_4711_assignsubmission_file_main.ts': 'x',
      'Bob Ohm_4712_assignsubmission_onlinetext_text.html': '',
    });
    const list = await listSubmissions(folder, { roster: roster(german) });
    expect(ids(list)).toEqual(['4711', '4712']);
    expect(list.submissions[0]?.learner.email).toBe('ada@uni.example');
    expect(list.submissions[1]?.problem).toContain('typed into the page');
    expect(list.absent).toEqual([]);
  });
});

describe('checkouts of a GitHub assignment', () => {
  it('with a roster of GitHub Classroom', async () => {
    const folder = await write(temporary(), {
      'lab-3-ada-l/.git/HEAD': '',
      'lab-3-ohm/.git/HEAD': '',
      'lab-3-ghost/.git/HEAD': '',
    });
    const list = await listSubmissions(folder, {
      roster: roster(
        '"identifier","github_username","github_id","name"\n"ada@uni","Ada-L","1","Ada"\n"bob@uni","ohm","2","Bob"\n"eve@uni","","",""\n',
      ),
    });
    expect(ids(list)).toEqual(['ada@uni', 'bob@uni', 'ghost']);
    expect(list.unexpected).toEqual(['lab-3-ghost']);
    expect(list.absent).toEqual(['eve@uni']);
  });

  it('without a roster the login is what differs, and that is said', async () => {
    const folder = await write(temporary(), {
      'lab-3-ada/.git/HEAD': '',
      'lab-3-bob/.git/HEAD': '',
    });
    const list = await listSubmissions(folder);
    expect(ids(list)).toEqual(['ada', 'bob']);
    expect(list.submissions[0]).toMatchObject({
      learnerFrom: 'github',
      learner: { ids: { github: 'ada' } },
    });
    expect(list.notices.join()).toContain('lab-3-');
  });
});

describe('a Gradescope export', () => {
  const metadata = `---
submission_11:
  :submitters:
  - :name: Ada Lovelace
    :sid: '0042'
    :email: ada@uni.example
  :created_at: 2026-10-01 21:58:03.123456789 Z
  :score: 0.0
submission_12:
  :submitters:
  - :name: Bob Ohm
    :sid: '43'
    :email: bob@uni.example
  - :name: Eve
    :sid: '44'
    :email: eve@uni.example
  :created_at: !ruby/object:ActiveSupport::TimeWithZone
    utc: 2026-10-02 08:00:00.000000000 Z
    zone: x
submission_13:
  :submitters: []
`;

  it('matches submitters, a group gives one for each, and the time is known', async () => {
    const folder = await write(temporary(), {
      'assignment_9_export/submission_metadata.yml': metadata,
      'assignment_9_export/submission_11/main.ts': '',
      'assignment_9_export/submission_12/main.ts': '',
    });
    const list = await listSubmissions(folder, {
      roster: roster(
        'First Name,Last Name,SID,Email\nAda,Lovelace,0042,ada@uni.example\nBob,Ohm,43,b@x\nEve,X,44,\n',
      ),
    });
    expect(
      list.submissions.map(one => [one.learner.id, one.name, one.submittedAt, one.submittedAtFrom]),
    ).toEqual([
      ['0042', 'submission_11', '2026-10-01T21:58:03+00:00', 'Gradescope'],
      ['43', 'submission_12', '2026-10-02T08:00:00+00:00', 'Gradescope'],
      ['44', 'submission_12', '2026-10-02T08:00:00+00:00', 'Gradescope'],
    ]);
    expect(list.unreadable.map(one => one.submission)).toEqual(['submission_13']);
    const alone = await listSubmissions(folder);
    expect(alone.submissions[0]).toMatchObject({
      learnerFrom: 'gradescope',
      learner: { id: '0042', name: 'Ada Lovelace', email: 'ada@uni.example' },
    });
  });
});

describe('when work was handed in', () => {
  it('submissions.csv in the folder, by id or by name of the submission', async () => {
    const folder = await write(temporary(), {
      'ada/x': '',
      'bob.zip': '',
      'submissions.csv':
        '\ufeffid;submitted_at\nADA;2026-10-01 23:00\nada;2026-10-02 08:00\nbob.zip;2026-10-01T20:00:00Z\n',
    });
    const list = await listSubmissions(folder, { timeZone: 'Europe/Berlin' });
    expect(list.submissions.map(one => one.submittedAt)).toEqual([
      '2026-10-02T08:00:00+02:00',
      '2026-10-01T20:00:00+00:00',
    ]);
    expect(list.notices.join()).toContain('submissions.csv');
    await expect(listSubmissions(folder)).rejects.toThrow(
      /submissions\.csv:2: .*names no time zone/,
    );
  });

  it('another id of the roster will do, and the instructor has the last word', async () => {
    const folder = await write(temporary(), {
      'ada/x': '',
      'times.csv': 'learner,time\nada@uni,2026-10-01T20:00:00Z\n',
    });
    const list = await listSubmissions(folder, {
      roster: roster('id,email,submitted_at\nada,ada@uni,2026-01-01T00:00:00Z\n'),
      times: await readSubmissionTimes(join(folder, 'times.csv')),
    });
    expect(list.submissions[0]?.submittedAt).toBe('2026-10-01T20:00:00+00:00');
    const without = await listSubmissions(folder, {
      roster: roster('id,email,submitted_at\nada,ada@uni,2026-01-01T00:00:00Z\n'),
    });
    expect(without.submissions[0]).toMatchObject({
      submittedAt: '2026-01-01T00:00:00+00:00',
      submittedAtFrom: 'roster.csv',
    });
  });

  it('a table without these columns is a usage error', async () => {
    const file = join(temporary(), 't.csv');
    writeFileSync(file, 'a,b\n1,2\n');
    await expect(readSubmissionTimes(file)).rejects.toThrow(/id and submitted_at; it has a, b/);
  });
});
