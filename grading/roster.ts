import { UsageError } from '../course/index.js';
import { type CsvRow, readTable, type Table } from './csv.js';
import { cleanLine } from './exports/text.js';
import { sameNameKey, shown } from './submissions/paths.js';
import { type Moment, parseMoment, parseMoodleTime, TimeError } from './time.js';
import type { Learner } from './types.js';

export type RosterKind = 'own' | 'canvas' | 'moodle' | 'github' | 'gradescope';

/** Who is in the class. */
export interface Roster {
  readonly kind: RosterKind;
  readonly file: string;
  /** Sorted by id. */
  readonly learners: readonly Learner[];
  /** When a learner handed in, as far as the roster says so, by learner id. */
  readonly submittedAt: ReadonlyMap<string, Moment>;
  /** Where these come from, when not from the file itself. */
  readonly timesFrom?: string;
  /** What a person should know, a sentence each. */
  readonly notices: readonly string[];
}

export interface RosterOptions {
  /** IANA name, for times in the roster that name no zone. */
  readonly timeZone?: string;
}

/** What a name or number in a submission could mean. */
export type ClueKind =
  | 'id'
  | 'canvas'
  | 'moodle'
  | 'sis'
  | 'login'
  | 'email'
  | 'github'
  | 'gradescope'
  | 'name';
export interface Clue {
  readonly kind: ClueKind;
  readonly value: string;
}

export type Match =
  | { readonly learner: Learner; readonly by: ClueKind }
  | { readonly ambiguous: readonly Learner[]; readonly by: ClueKind }
  | undefined;

/** Names of columns, without case and signs, as instructors and platforms call them. */
const columns: Readonly<Record<string, readonly string[]>> = {
  id: [
    'id',
    'learner',
    'learnerid',
    'student',
    'studentid',
    'identifier',
    'matriculation',
    'matrikelnummer',
    'number',
  ],
  name: ['name', 'fullname', 'studentname', 'displayname'],
  first: ['firstname', 'givenname', 'vorname'],
  last: ['lastname', 'surname', 'familyname', 'nachname'],
  email: ['email', 'emailaddress', 'mail'],
  canvas: ['canvas', 'canvasid', 'canvasuserid'],
  moodle: ['moodle', 'moodleid', 'participant', 'participantid'],
  sis: ['sis', 'sisid', 'sisuserid', 'sid', 'idnumber'],
  login: ['login', 'loginid', 'sisloginid', 'username', 'user', 'netid'],
  github: ['github', 'githubusername', 'githublogin', 'githubuser', 'githubhandle'],
  gradescope: ['gradescope', 'gradescopeid'],
  submitted: ['submittedat', 'submitted', 'submissiontime', 'handedin'],
};

/**
 * Reads a roster: own columns (`id,name,email,canvas,moodle,sis,login,github,submitted_at`; `id` alone
 * is enough), a Canvas gradebook export, a Moodle grading worksheet, a GitHub Classroom or Gradescope
 * roster.
 * @throws UsageError naming the file, the line and what is wrong
 */
export async function readRoster(file: string, options: RosterOptions = {}): Promise<Roster> {
  return rosterOf(await readTable(file), file, options);
}

/** As `readRoster`, of a table that was read. @throws UsageError */
export function rosterOf(table: Table, file: string, options: RosterOptions = {}): Roster {
  const kind = kindOf(table);
  const at = columnsOf(table, kind);
  if (!who.some(field => at.has(field))) {
    throw new UsageError(
      `${file}:1: no column says who a learner is. Name one id (or email, login, canvas, moodle, sis, github); it has ${table.header.map(shown).join(', ')}.`,
    );
  }
  const notices: string[] = [];
  const learners: Learner[] = [];
  const submittedAt = new Map<string, Moment>();
  const lines = new Map<string, number>();
  let unreadTimes = 0;
  for (const row of table.rows) {
    const cell = (field: string) => {
      const index = at.get(field);
      return index === undefined ? '' : (row.cells[index] ?? '').trim();
    };
    const clean = (field: string) => (field === 'id' ? cell(field) : shownLine(cell(field)));
    if (kind === 'canvas' && isCanvasExtra(row, cell('canvas'))) continue;
    const learner = learnerOf(kind, clean);
    if (!learner) {
      notices.push(`${file}:${row.line} names no ${idName(kind)}; the line was left out`);
      continue;
    }
    const problem = idProblem(learner.id);
    if (problem)
      throw new UsageError(`${file}:${row.line}: the id "${shown(learner.id)}" ${problem}.`);
    const key = sameNameKey(learner.id);
    const before = lines.get(key);
    if (before !== undefined) {
      throw new UsageError(
        `${file}:${row.line}: the id ${shown(learner.id)} is there twice, first in line ${before}. Each learner needs an id of their own; capitals and the form of letters make none.`,
      );
    }
    lines.set(key, row.line);
    learners.push(learner);
    const text = cell('submitted');
    if (text === '' || text === '-') continue;
    const time = timeOf(text, kind, options, `${file}:${row.line}`);
    if (time) submittedAt.set(learner.id, time);
    else unreadTimes += 1;
  }
  if (learners.length === 0) throw new UsageError(`${file} names no learner.`);
  if (unreadTimes > 0) {
    notices.push(
      `${file}: ${unreadTimes} times of handing in were not used: ${
        options.timeZone
          ? 'they are not in a form that can be read'
          : 'they name no time zone (set time-zone in the course file)'
      }`,
    );
  }
  learners.sort((a, b) => (a.id < b.id ? -1 : 1));
  return { kind, file, learners, submittedAt, notices };
}

/** A cell as it may be shown: what would act in a terminal stands as an escape. */
const shownLine = (text: string) =>
  /[\p{Cc}\p{Bidi_Control}]/u.test(text) ? cleanLine(text) : text;

/** A roster with the times of another list of the same class: Moodle's worksheet. */
export function withTimes(roster: Roster, other: Roster): Roster {
  const match = learnerIndex(roster.learners);
  const submittedAt = new Map(roster.submittedAt);
  for (const learner of other.learners) {
    const time = other.submittedAt.get(learner.id);
    if (!time) continue;
    const clues = kinds.flatMap(kind =>
      valuesOf(learner, kind).map(value => ({
        kind,
        value: kind === 'name' ? (learner.name ?? '') : value,
      })),
    );
    const hit = match(clues);
    if (hit && 'learner' in hit && !submittedAt.has(hit.learner.id)) {
      submittedAt.set(hit.learner.id, time);
    }
  }
  return {
    ...roster,
    submittedAt,
    timesFrom: 'Moodle worksheet',
    notices: [...roster.notices, ...other.notices],
  };
}

/** Columns of which one must be there. */
const who = ['id', 'email', 'login', 'canvas', 'moodle', 'sis', 'github'];

const plain = (text: string) => text.toLowerCase().replace(/[^\p{L}\p{N}]/gu, '');

function kindOf({ header, rows }: Table): RosterKind {
  const names = header.map(plain);
  const has = (...wanted: string[]) => wanted.every(one => names.includes(one));
  if (has('student', 'id', 'section') || has('lastname', 'firstname', 'id', 'section')) {
    return 'canvas';
  }
  // The headers of Moodle are in the language of the site; its identifiers look alike in all.
  const first = rows.map(row => row.cells[0] ?? '');
  const participants =
    first.length > 0 && first.every(cell => /^(\D+ |\p{L}{4,}\D*)\d+$/u.test(cell));
  const mails = header.some((_, at) => rows.length > 0 && rows.every(row => isMail(row.cells[at])));
  if (has('identifier', 'fullname') || (participants && mails && header.length >= 5))
    return 'moodle';
  if (has('identifier', 'githubusername')) return 'github';
  if (has('sid') && (has('firstname', 'lastname') || has('name'))) return 'gradescope';
  return 'own';
}

const isMail = (text: string | undefined) => text !== undefined && /^\S+@\S+$/.test(text);

function columnsOf({ header, rows }: Table, kind: RosterKind): Map<string, number> {
  const names = header.map(plain);
  const at = new Map<string, number>();
  for (const [field, aliases] of Object.entries(columns)) {
    const index = aliases.map(alias => names.indexOf(alias)).find(one => one >= 0);
    if (index !== undefined) at.set(field, index);
  }
  if (kind === 'canvas') {
    // `Student` is the name there, and `ID` the number of the Canvas user.
    at.set('canvas', names.indexOf('id'));
    at.delete('id');
    if (names.includes('student')) at.set('name', names.indexOf('student'));
  }
  if (kind === 'moodle') {
    at.delete('id');
    at.set('moodle', 0);
    if (!at.has('name')) at.set('name', 1);
    const mail = header.findIndex((_, index) => rows.every(row => isMail(row.cells[index])));
    if (!at.has('email') && mail >= 0) at.set('email', mail);
    const submitted = names.indexOf('lastmodifiedsubmission');
    if (submitted >= 0) at.set('submitted', submitted);
  }
  return at;
}

/** The row of the points possible, and the student that Canvas makes up for trying things. */
function isCanvasExtra(row: CsvRow, id: string): boolean {
  const first = row.cells[0] ?? '';
  return (
    id === '' && (/points possible/i.test(first) || first === '' || /^student, test$/i.test(first))
  );
}

function idName(kind: RosterKind): string {
  return kind === 'canvas' ? 'Canvas ID' : kind === 'moodle' ? 'participant' : 'id';
}

function learnerOf(kind: RosterKind, cell: (field: string) => string): Learner | undefined {
  const participant = /(\d+)\s*$/.exec(cell('moodle'))?.[1] ?? '';
  const ids: Record<string, string> = {};
  for (const field of ['canvas', 'sis', 'login', 'github', 'gradescope']) {
    if (cell(field) !== '') ids[field] = cell(field).replace(/^@/, '');
  }
  if (participant !== '') ids['moodle'] = participant;
  const id =
    kind === 'canvas'
      ? cell('canvas')
      : kind === 'moodle'
        ? participant
        : cell('id') ||
          ids['sis'] ||
          ids['login'] ||
          cell('email') ||
          ids['github'] ||
          ids['canvas'] ||
          participant;
  if (!id) return undefined;
  const name = cell('name') || [cell('first'), cell('last')].filter(Boolean).join(' ');
  return {
    id,
    ...(name ? { name } : {}),
    ...(cell('email') ? { email: cell('email') } : {}),
    ...(Object.keys(ids).length > 0 ? { ids } : {}),
  };
}

/** Why an id cannot be one: files are named after it. */
export function idProblem(id: string): string | undefined {
  if (/[/\\\p{Cc}\p{Bidi_Control}]/u.test(id))
    return 'has a slash, a backslash or a control character in it';
  if (id.startsWith('.')) return 'begins with a dot';
  if (id.length > 128) return 'is longer than 128 letters';
  return undefined;
}

function timeOf(
  text: string,
  kind: RosterKind,
  options: RosterOptions,
  where: string,
): Moment | undefined {
  if (kind === 'moodle') {
    return options.timeZone === undefined ? undefined : parseMoodleTime(text, options.timeZone);
  }
  try {
    return parseMoment(text, { zone: options.timeZone });
  } catch (error) {
    if (!(error instanceof TimeError)) throw error;
    throw new UsageError(`${where}: "${shown(text)}" ${error.message}.`);
  }
}

/** Letters of a name in every turn of its words: `Lovelace, Ada` is also `adalovelace`. */
export function nameKeys(name: string): string[] {
  const plainName = /^[ -~]*$/.test(name) ? name : name.normalize('NFKD').replace(/\p{M}/gu, '');
  const words = plainName
    .toLowerCase()
    .replace(/ß/g, 'ss')
    .replace(/ø/g, 'o')
    .replace(/ł/g, 'l')
    .split(/[^\p{L}\p{N}]+/u)
    .filter(word => word !== '');
  const turns = words.map((_, at) => [...words.slice(at), ...words.slice(0, at)].join(''));
  return [...new Set(turns)];
}

function valuesOf(learner: Learner, kind: ClueKind): string[] {
  if (kind === 'id') return [sameNameKey(learner.id)];
  if (kind === 'email') return learner.email ? [sameNameKey(learner.email)] : [];
  if (kind === 'name') return learner.name ? nameKeys(learner.name) : [];
  const value = learner.ids?.[kind];
  return value ? [sameNameKey(value)] : [];
}

const kinds: readonly ClueKind[] = [
  'id',
  'canvas',
  'moodle',
  'sis',
  'login',
  'email',
  'github',
  'gradescope',
  'name',
];

/** Looks learners up by what is known of them; the clues are tried in their order. */
export function learnerIndex(learners: readonly Learner[]): (clues: readonly Clue[]) => Match {
  // A map for each kind, and no list where one learner has a value: a class may be a university.
  const index = new Map<ClueKind, Map<string, Learner | Learner[]>>();
  for (const kind of kinds) {
    const own = new Map<string, Learner | Learner[]>();
    for (const learner of learners) {
      for (const value of valuesOf(learner, kind)) {
        const there = own.get(value);
        if (there === undefined) own.set(value, learner);
        else if (Array.isArray(there)) there.push(learner);
        else if (there !== learner) own.set(value, [there, learner]);
      }
    }
    index.set(kind, own);
  }
  return clues => {
    let several: Match;
    for (const { kind, value } of clues) {
      const wanted = kind === 'name' ? (nameKeys(value)[0] ?? '') : sameNameKey(value.trim());
      if (wanted === '') continue;
      const found = index.get(kind)?.get(wanted) ?? [];
      const hits = Array.isArray(found) ? found : [found];
      const [one, ...others] = hits;
      if (one && others.length === 0) return { learner: one, by: kind };
      if (one) several ??= { ambiguous: hits, by: kind };
    }
    return several;
  };
}

/** Every meaning that a plain name can have. */
export function anyClue(value: string): Clue[] {
  return kinds.map(kind => ({ kind, value }));
}
