import { lstat, readdir, realpath } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { lessonIds, UsageError } from '../../course/index.js';
import { anyClue, learnerIndex, type Match, type Roster } from '../roster.js';
import { laterOf, type Moment } from '../time.js';
import type { Learner } from '../types.js';
import { type Attempt, chooseAttempts } from './attempts.js';
import { GRADESCOPE_FILE, type GradescopeEntry, readGradescope } from './gradescope.js';
import { assignmentPrefix, canvasName, moodleName, type NamedAs } from './names.js';
import { archiveKind, isForeignArchive, withoutArchiveEnding } from './open.js';
import { isLitter, sameNameKey, shown } from './paths.js';
import type { Submission, SubmissionList } from './submission.js';
import { readSubmissionTimes, type SubmissionTimes } from './times.js';

export interface ListOptions {
  readonly roster?: Roster;
  /** When learners handed in; default: `submissions.csv` in the folder, where that is. */
  readonly times?: SubmissionTimes;
  /** IANA name, for times in `submissions.csv` that name no zone. */
  readonly timeZone?: string;
  /** What comes before the login in the folders of a GitHub assignment: `lab-3-`. */
  readonly assignment?: string;
}

export const TIMES_FILE = 'submissions.csv';
/** Files that instructors keep beside the submissions. */
const instructors = /\.(csv|ya?ml|json|md|txt|html?|xlsx?|ods|pdf|log)$/i;

/**
 * Lists what a class handed in: folders, archives, git checkouts, and the bulk downloads of Canvas,
 * Moodle, GitHub and Gradescope as they are. Nothing is opened yet.
 * @throws UsageError when there is no such folder, or it is not one of submissions
 */
export async function listSubmissions(
  folder: string,
  options: ListOptions = {},
): Promise<SubmissionList> {
  const top = await openTop(folder);
  const { roster } = options;
  const notices: string[] = [...(roster?.notices ?? [])];
  const gradescope = await readGradescope(top);
  const listed = new Map((gradescope ?? []).map(entry => [entry.folder, entry]));
  const match = learnerIndex(roster?.learners ?? []);

  const { found, aside, unreadable } = await scan(top, name => match(anyClue(name)) !== undefined);
  if (aside.length > 0) {
    const more = aside.length > SHOWN ? ` and ${aside.length - SHOWN} more` : '';
    notices.push(`left aside, no submissions: ${aside.slice(0, SHOWN).join(', ')}${more}`);
  }

  const prefix = options.assignment ?? (await githubPrefix(found, roster, notices));
  const strangerOf = strangers(roster);
  const parts: Attempt[] = [];
  const unexpected: string[] = [];
  for (const one of found) {
    for (const named of namings(one, listed.get(one.name), prefix)) {
      const hit = match(named.clues);
      const known = hit && 'learner' in hit ? hit.learner : undefined;
      if (roster && !known) {
        unexpected.push(shown(one.name));
        if (hit) notices.push(ambiguousText(one.name, hit));
      }
      const learner = known ?? strangerOf(named);
      const entry = listed.get(one.name);
      parts.push({
        ...one,
        named,
        learner,
        learnerFrom: known ? 'roster' : named.platform,
        ...(entry?.createdAt ? { time: { moment: entry.createdAt, from: 'Gradescope' } } : {}),
      });
    }
  }
  for (const { folder: name } of gradescope ?? []) {
    if (!found.some(one => one.name === name)) {
      unreadable.push({
        submission: shown(name),
        reason: `${GRADESCOPE_FILE} names it, but there is no such folder`,
      });
    }
  }

  const chosen = chooseAttempts(parts, top);
  notices.push(...chosen.notices);
  const times = options.times ?? (await timesIn(top, options, notices));
  const submissions = chosen.submissions
    .map(timeKeeper(times, roster, match))
    .sort((a, b) => (a.learner.id < b.learner.id ? -1 : 1));
  const came = new Set(parts.map(part => part.learner.id));
  return {
    submissions,
    absent: (roster?.learners ?? []).map(one => one.id).filter(id => !came.has(id)),
    unexpected: [...new Set(unexpected)],
    unreadable,
    notices,
  };
}

interface FoundSubmission {
  readonly name: string;
  readonly path: string;
  readonly kind: 'folder' | 'zip' | 'tar' | 'file';
  readonly named?: NamedAs;
}

const SHOWN = 5;

/** A single program in the folder of the class: `ada.ts`. */
const program = /\.(ts|py)(\.txt)?$/i;
/** Whose a file of that name is, its name does not say. */
const nobodys = /^main\b/i;

/** What lies in the folder: what may be submissions, what is the instructor's, what is neither. */
async function scan(top: string, isLearner: (name: string) => boolean) {
  const unreadable: { submission: string; reason: string }[] = [];
  const found: FoundSubmission[] = [];
  const aside: string[] = [];
  for (const name of (await readdir(top)).sort()) {
    if (isLitter(name) || name.startsWith('.') || name === TIMES_FILE || name === GRADESCOPE_FILE) {
      continue;
    }
    const refuse = (reason: string) => unreadable.push({ submission: shown(name), reason });
    const path = join(top, name);
    const stats = await lstat(path).catch(() => undefined);
    if (!stats) continue;
    const named = canvasName(name) ?? moodleName(name);
    const file = named || isForeignArchive(name) || (program.test(name) && !nobodys.test(name));
    const kind = stats.isDirectory()
      ? 'folder'
      : stats.isFile()
        ? (archiveKind(name) ?? (file || isLearner(plainName(name)) ? 'file' : undefined))
        : undefined;
    if (kind !== undefined) found.push({ name, path, kind, ...(named ? { named } : {}) });
    else if (stats.isSymbolicLink()) {
      refuse('it is a link; links are never followed');
    } else if (!stats.isFile()) {
      refuse('it is a device or another special file');
    } else if (instructors.test(name)) aside.push(shown(name));
    else {
      refuse(
        program.test(name)
          ? 'it is a program, and whose it is its name does not say'
          : 'it is neither a folder nor an archive (.zip, .tar, .tar.gz, .tgz)',
      );
    }
  }
  return { found, aside, unreadable };
}

/** A name without what says the kind of file. */
const plainName = (name: string) =>
  withoutArchiveEnding(name).replace(/(\.\w{1,5})?\.(ts|py|txt|pdf|docx?|md)$/i, '');

async function openTop(folder: string): Promise<string> {
  const place = resolve(folder);
  const stats = await lstat(place).catch(() => undefined);
  if (!stats) throw new UsageError(`there is no folder ${folder}.`);
  const top = await realpath(place);
  const names = await readdir(top).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOTDIR') {
      throw new UsageError(`${folder} cannot be read (${error.code}).`);
    }
    const unpack = archiveKind(folder)
      ? ` Unpack it first, then name the folder: ${/zip$/i.test(folder) ? `unzip ${folder} -d submissions` : `mkdir submissions && tar -xf ${folder} -C submissions`}`
      : '';
    throw new UsageError(
      `${folder} is a file; grade wants the folder with all submissions.${unpack}`,
    );
  });
  const lessons = new Set(lessonIds());
  if (names.includes('.mqtt-course') || names.some(name => lessons.has(name))) {
    throw new UsageError(
      `${folder} is the work of one learner. Grade the folder that holds the submissions, one folder or archive for each learner.`,
    );
  }
  // An export of Gradescope or GitHub Classroom lies in a folder of its own. Its name is the
  // platform's; going by what is in it would let the only learner of a class say who they are.
  const visible = names.filter(name => !isLitter(name) && !name.startsWith('.'));
  const [only] = visible;
  if (only !== undefined && visible.length === 1 && /^assignment_\d+_export$/.test(only)) {
    const inner = join(top, only);
    const [within, listing] = await Promise.all([
      lstat(inner),
      lstat(join(inner, GRADESCOPE_FILE)).catch(() => undefined),
    ]);
    if (within.isDirectory() && listing?.isFile()) return inner;
  }
  if (only !== undefined && visible.length === 1 && classroomFolder.test(only)) {
    const inner = join(top, only);
    const within = await readdir(inner).catch((): string[] => []);
    const assignment = only.replace(classroomFolder, '').toLowerCase();
    const own = within.filter(name => !isLitter(name) && !name.startsWith('.'));
    if (own.length > 0 && own.every(name => name.toLowerCase().startsWith(`${assignment}-`))) {
      return inner;
    }
  }
  return top;
}

/** `lab-3-submissions`, as `gh classroom clone` makes it; `lab-3-10-01-2026-11-58-03`, as a download. */
const classroomFolder = /-(?:submissions|\d\d-\d\d-\d{4}(?:-\d\d){2,3})$/i;

/** Where folders are checkouts of a GitHub assignment: what their names begin with. */
async function githubPrefix(
  found: readonly FoundSubmission[],
  roster: Roster | undefined,
  notices: string[],
): Promise<string | undefined> {
  const logins = (roster?.learners ?? []).flatMap(one => one.ids?.['github'] ?? []);
  const plain = found.filter(one => !one.named);
  if (logins.length > 0) return assignmentPrefix(plain.map(nameOf), logins);
  const checkouts: FoundSubmission[] = [];
  for (const one of plain) {
    if (one.kind !== 'folder') continue;
    if (await lstat(join(one.path, '.git')).catch(() => undefined)) checkouts.push(one);
  }
  const prefix = assignmentPrefix(checkouts.map(nameOf), []);
  if (prefix === undefined) return undefined;
  notices.push(
    `the folders ${prefix}… were read as checkouts of one GitHub assignment; what follows is taken as the login. A roster with the column github makes it sure`,
  );
  return prefix;
}

const nameOf = (found: FoundSubmission) =>
  found.kind === 'file' ? plainName(found.name) : withoutArchiveEnding(found.name);

/** Whose a submission may be: one naming for each learner, several for a group. */
function namings(
  found: FoundSubmission,
  gradescope: GradescopeEntry | undefined,
  prefix: string | undefined,
): NamedAs[] {
  if (gradescope && gradescope.submitters.length > 0) {
    return gradescope.submitters.map(({ sid, email, name }) => ({
      platform: 'gradescope' as const,
      id: sid ?? email ?? name ?? found.name,
      ...(name ? { person: name } : {}),
      clues: [
        ...(sid ? (['sis', 'id', 'gradescope'] as const).map(kind => ({ kind, value: sid })) : []),
        ...(email ? [{ kind: 'email' as const, value: email }] : []),
        ...(name ? [{ kind: 'name' as const, value: name }] : []),
      ],
    }));
  }
  if (found.named) return [found.named];
  const name = nameOf(found);
  const login = prefix && name.startsWith(prefix) ? name.slice(prefix.length) : undefined;
  if (login) {
    return [
      {
        platform: 'github',
        id: login,
        clues: [{ kind: 'github', value: login }, ...anyClue(login), ...anyClue(name)],
      },
    ];
  }
  return [{ platform: 'folder', id: name, clues: anyClue(name) }];
}

/** Gives learners whom no roster names an id that nobody else has. */
function strangers(roster: Roster | undefined): (named: NamedAs) => Learner {
  const taken = new Map(roster?.learners.map(one => [sameNameKey(one.id), 'roster']) ?? []);
  return named => {
    const clean =
      named.id
        .replace(/[/\\\p{C}]/gu, '-')
        .replace(/^\.+/, '')
        .slice(0, 120) || 'unnamed';
    // Files are named after ids, so two that look alike need two; the same name is the same learner.
    const own = sameNameKey(named.id);
    const free = (id: string) => (taken.get(sameNameKey(id)) ?? own) === own;
    let id = free(clean) ? clean : `${named.platform}-${clean}`;
    for (let number = 2; !free(id); number++) id = `${clean}-${number}`;
    taken.set(sameNameKey(id), own);
    const email = named.clues.find(
      clue => clue.kind === 'email' && clue.value.includes('@'),
    )?.value;
    return {
      id,
      ...(named.person ? { name: named.person } : {}),
      ...(email ? { email } : {}),
      ...(named.platform === 'folder' ? {} : { ids: { [named.platform]: named.id } }),
    };
  };
}

function ambiguousText(name: string, hit: NonNullable<Match>): string {
  const learners = 'ambiguous' in hit ? hit.ambiguous : [];
  const who = learners.map(one => (one.name ? `${one.id} (${one.name})` : one.id)).join(' or ');
  return `${shown(name)} may be from ${who}: they share a ${hit.by}. Rename it to the learner's id`;
}

async function timesIn(
  top: string,
  options: ListOptions,
  notices: string[],
): Promise<SubmissionTimes | undefined> {
  const file = join(top, TIMES_FILE);
  if (!(await lstat(file).catch(() => undefined))?.isFile()) return undefined;
  notices.push(`times of handing in come from ${TIMES_FILE} in the folder`);
  return readSubmissionTimes(file, options.timeZone ? { timeZone: options.timeZone } : {});
}

/** Looks up when a submission was handed in: the instructor's own list, the platform, the roster. */
function timeKeeper(
  times: SubmissionTimes | undefined,
  roster: Roster | undefined,
  match: (clues: ReturnType<typeof anyClue>) => Match,
): (submission: Submission) => Submission {
  const byLearner = new Map<string, Moment>();
  for (const [who, moment] of times?.times ?? []) {
    const hit = match(anyClue(who));
    if (!hit || !('learner' in hit)) continue;
    const before = byLearner.get(hit.learner.id);
    byLearner.set(hit.learner.id, before ? laterOf(before, moment) : moment);
  }
  return submission => {
    const { learner, name } = submission;
    const own =
      byLearner.get(learner.id) ??
      times?.times.get(learner.id.toLowerCase()) ??
      times?.times.get(name.toLowerCase());
    if (own) {
      return { ...submission, submittedAt: own.iso, submittedAtFrom: times?.file ?? TIMES_FILE };
    }
    const listed = roster?.submittedAt.get(learner.id);
    if (submission.submittedAt !== undefined || !listed || !roster) return submission;
    const from = roster.timesFrom ?? (roster.kind === 'moodle' ? 'Moodle worksheet' : roster.file);
    return { ...submission, submittedAt: listed.iso, submittedAtFrom: from };
  };
}
