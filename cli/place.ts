import { UsageError } from '../course/errors.js';
import {
  chooseTrack,
  currentLesson,
  findLesson,
  findWorkspace,
  isTrack,
  type LessonRef,
  lessonAt,
  type OpenWorkspace,
  openWorkspace,
  readWorkspace,
  requireWorkspace,
  type State,
  type Track,
} from '../course/index.js';
import { currentFolder, tell } from './invocation.js';

/** Opens the workspace that the person is in, brought up to the course; tells what changed. */
export function openHere(say: (notices: readonly string[]) => void = tell): OpenWorkspace {
  const opened = openWorkspace(requireWorkspace(currentFolder()));
  say(opened.notices);
  return opened;
}

/** The workspace for reading only; undefined where there is none. */
export function lookHere(): OpenWorkspace | undefined {
  const found = findWorkspace(currentFolder());
  if (!found) return undefined;
  const looked = readWorkspace(found);
  tell(looked.notices);
  return looked;
}

/** @throws UsageError for a track that does not exist */
export function parseTrack(text: string | undefined): Track | undefined {
  if (text === undefined) return undefined;
  const short: Record<string, Track> = { ts: 'typescript', py: 'python' };
  const track = short[text.toLowerCase()] ?? text.toLowerCase();
  if (isTrack(track)) return track;
  throw new UsageError(
    `there is no track ${text}; the tracks are typescript and python. For any other language: npx mqtt-course check LESSON -- your command`,
  );
}

/** The lesson meant: the one named, else the one whose folder we are in, else the current one. */
export function chosenLesson(name: string | undefined, opened?: OpenWorkspace): LessonRef {
  if (name !== undefined) return findLesson(name);
  const here = opened && lessonAt(opened.workspace, currentFolder()).lesson;
  if (here) return findLesson(here);
  const lesson = opened && currentLesson(opened.state);
  if (!lesson) throw new UsageError('Which lesson? For example: npx mqtt-course read 1');
  return lesson;
}

/** The track meant: `--track`, else the folder we are in, else the remembered one. */
export function chosenTrack(
  asked: Track | undefined,
  opened: OpenWorkspace | undefined,
  state: State | undefined = opened?.state,
): Track {
  const here = opened && lessonAt(opened.workspace, currentFolder()).track;
  return chooseTrack(state, asked ?? here);
}
