import type { CheckProgress } from '../../checker/index.js';
import {
  type LessonRef,
  nextOpenLesson,
  type OpenWorkspace,
  readState,
  rememberLesson,
  type Track,
} from '../../course/index.js';
import { errorText } from '../../wire/error-text.js';
import { type EarlyFailure, earlyFailure } from '../check/first-failure.js';
import { contextOf, type StoredOutcome } from '../check/job.js';
import { printable } from '../render/layout.js';
import { separator, statusMark, statusWord } from '../render/style.js';
import { renderResult, renderVerdict, type VerdictContext } from '../render/verdict.js';
import type { Screen, Scroll } from '../terminal/screen.js';
import * as panels from './panels.js';
import type { Watcher, WatchView } from './watcher.js';

export interface AppOptions {
  readonly opened: OpenWorkspace;
  readonly track: Track;
  readonly screen: Screen;
  /** The lesson's title, for the first lines. */
  readonly titleOf: (lesson: string) => string;
  /** Makes what watches and checks; it tells the view. */
  readonly watcher: (view: WatchView) => Watcher;
  /** In the home, ESC goes back to the menu as q does. */
  readonly inHome?: boolean;
  /** Stops this process for a while, as Ctrl-Z does. */
  readonly suspend?: () => void;
  readonly clock?: () => Date;
}

/** What ended the watching: `q`, or a key that interrupts. */
export type WatchEnd = 'quit' | 'interrupted';

export interface App {
  /** A key, by its name. */
  key(key: string): void;
  resized(): void;
  /** Settles when the person leaves. */
  readonly ended: Promise<WatchEnd>;
  /** The last result, if there is one. */
  readonly told: () => StoredOutcome | undefined;
  readonly lesson: () => LessonRef;
}

/** Keys that open something; those that look at a result wait for it. */
const names: Readonly<Record<string, string>> = {
  h: 'hint',
  s: 'solution',
  t: 'trace',
  l: 'list',
  o: 'lesson',
  n: 'next',
  w: 'whole screen',
};
const waiting = new Set(['s', 't', 'n', 'w']);

const scrolls: Readonly<Record<string, Scroll>> = {
  up: 'up',
  k: 'up',
  down: 'down',
  j: 'down',
  space: 'page-down',
  'page-down': 'page-down',
  'page-up': 'page-up',
  b: 'page-up',
  home: 'home',
  g: 'home',
  end: 'end',
  G: 'end',
};

type Phase =
  | {
      readonly is: 'checking';
      readonly why: string;
      readonly lines: string[];
      /** Certain already, while the rest is found out. */
      failure?: EarlyFailure;
    }
  | { readonly is: 'result'; readonly told: StoredOutcome; readonly context: VerdictContext }
  | {
      readonly is: 'text';
      readonly name: string;
      lines: readonly string[];
      /** Makes the lines again, for another width of the window. */
      readonly make?: Make;
    };

type Make = () => Promise<readonly string[]>;

interface Panel {
  readonly name: string;
  lines: readonly string[];
  readonly make: Make;
  /** Waits for y: whatever else is pressed leaves it. */
  readonly question?: true;
}

/** The loop of the watching on a terminal: what it shows, and what each key does. */
export function createApp(options: AppOptions): App {
  const { opened, track, screen } = options;
  const clock = options.clock ?? (() => new Date());
  let phase: Phase = { is: 'text', name: 'begin', lines: [] };
  let panel: Panel | undefined;
  let last: StoredOutcome | undefined;
  let whole = false;
  /** The window is too small for the whole result. */
  let folds = false;
  let scenes = 0;
  /** Checks that began: a result that comes after the next check began is an old one. */
  let checks = 0;
  let notice = '';
  let savedAt = '';
  /** Keys that wait for the result, in the order in which they were pressed. */
  let queue: string[] = [];
  let busy: Promise<void> = Promise.resolve();
  let leave: (how: WatchEnd) => void = () => undefined;
  const ended = new Promise<WatchEnd>(resolve => {
    leave = resolve;
  });

  const draw = () => {
    const { style } = screen;
    const lines = panel?.lines ?? body();
    const state = phase.is === 'checking' ? 'checking' : 'watching';
    const facts = [
      ...(queue.length > 0
        ? [`after this check: ${queue.map(key => `${key} ${names[key]}`).join(', ')}`]
        : []),
      ...(panel && phase.is === 'result'
        ? [`${statusWord(phase.told.result.status)}: ESC shows the result`]
        : []),
      ...(notice ? [notice] : []),
      `${state} ${watcher.shown}`,
      ...(savedAt ? [`${savedAt}`] : []),
      ...(watcher.polling ? [`looking again and again (${watcher.polling})`] : []),
    ];
    screen.show({
      name: panel ? `panel ${panel.name}` : `${phase.is} ${scenes}`,
      lines,
      status: facts.join(separator(style)),
      keys: keysShown(),
    });
  };

  const keysShown = () => {
    if (panel?.question) return ['y show it', 'ESC back'];
    return [
      'h hint',
      's solution',
      't trace',
      'l list',
      'o lesson',
      'n next',
      ...(phase.is === 'result' && !panel && folds ? [whole ? 'w brief' : 'w whole'] : []),
      'r again',
      ...(panel ? ['ESC back'] : []),
      options.inHome ? 'q menu' : 'q quit',
    ];
  };

  const body = (): readonly string[] => {
    const { style } = screen;
    if (phase.is === 'text') return phase.lines;
    if (phase.is === 'checking') {
      const title = [style.bold(watcher.lesson.id), options.titleOf(watcher.lesson.id)];
      const dots = style.plain ? '...' : '…';
      const head = `checking ${dots}${phase.why ? ` (${phase.why})` : ''}`;
      const { failure, lines } = phase;
      const early = failure ? [...renderVerdict(failure.verdict, style, failure.evidence), ''] : [];
      return [title.join(separator(style)), head, '', ...early, ...lines];
    }
    const full = renderResult(phase.told.result, style, {
      ...phase.context,
      watched: 'keys' as const,
    });
    const unsaved = phase.told.unsaved ? ['', style.yellow(phase.told.unsaved)] : [];
    folds = full.length + unsaved.length > screen.room;
    if (whole || !folds) return [...full, ...unsaved];
    const brief = { ...phase.context, watched: 'keys' as const, brief: true };
    return [...renderResult(phase.told.result, style, brief), ...unsaved];
  };

  const view: WatchView = {
    checking: why => {
      // A save is why people look: what was open goes.
      panel = undefined;
      phase = { is: 'checking', why, lines: [] };
      scenes++;
      checks++;
      savedAt = why ? `saved ${time(clock())}` : '';
      draw();
    },
    progress: event => {
      if (phase.is !== 'checking') return;
      const line = progressLine(event);
      if (line === undefined) return;
      phase.lines.push(line);
      draw();
    },
    firstFailure: (outcome, job) => {
      const mine = phase;
      earlyFailure(job, opened, outcome).then(
        failure => {
          if (!failure || mine !== phase || mine.is !== 'checking') return;
          mine.failure = failure;
          draw();
        },
        // It is told with the rest.
        () => undefined,
      );
    },
    result: (told, job) => {
      last = told;
      const mine = checks;
      after(async () => {
        const context = await contextOf(job, told, opened);
        if (mine !== checks) return;
        phase = { is: 'result', told, context };
        scenes++;
        draw();
        const keys = queue;
        queue = [];
        for (const key of keys) await act(key);
      });
    },
    stuck: text => {
      phase = { is: 'text', name: 'stuck', lines: wrapped(text) };
      scenes++;
      queue = [];
      draw();
    },
    notice: text => {
      notice = text;
      draw();
    },
  };

  const wrapped = (text: string) => {
    const { style } = screen;
    return [style.bold(watcher.lesson.id), '', text];
  };

  const progressLine = (event: CheckProgress): string | undefined => {
    if (event.type !== 'check') return undefined;
    return `${statusMark(event.state, screen.style)} ${printable(event.title).text}`;
  };

  /** Things that take a moment are done one after the other. */
  const after = (work: () => Promise<void>) => {
    busy = busy.then(work).catch((error: unknown) => {
      notice = errorText(error).split('\n')[0] ?? '';
      draw();
    });
  };

  const input = (): panels.PanelInput => ({
    opened,
    lesson: watcher.lesson,
    track,
    style: screen.style,
    told: last?.result.lesson === watcher.lesson.id ? last : undefined,
  });

  /** `make` is asked again for another width of the window. */
  const open = async (name: string, make: Make, question?: true) => {
    panel = { name, lines: await make(), make, ...(question ? { question } : {}) };
    draw();
  };

  const hintAgain = () => {
    let level: number | undefined;
    return async () => {
      const hint = await panels.hintPanel(input(), level);
      level = hint.level;
      return hint.lines;
    };
  };

  const next = async () => {
    const { state } = readState(opened.workspace.meta);
    const following = nextOpenLesson(state, watcher.lesson.id);
    if (!following) return open('no next', async () => ['Every other lesson is passed.']);
    const from = last ? `${last.result.lesson} ${last.result.status}` : watcher.lesson.id;
    await watcher.turnTo(following);
    rememberLesson(opened.workspace, following.id);
    last = undefined;
    notice = '';
    savedAt = '';
    panel = undefined;
    const make = () => panels.introPanel(input(), from);
    phase = { is: 'text', name: 'intro', lines: await make(), make };
    scenes++;
    draw();
  };

  const act = async (key: string): Promise<void> => {
    switch (key) {
      case 'h':
        // Each hint is a scene of its own, also when it follows another.
        return open(`hint ${++scenes}`, hintAgain());
      case 's': {
        const make = () => panels.solutionPanel(input(), false);
        return (await make())
          ? open('solution', async () => (await make()) ?? [])
          : open('early solution', async () => panels.earlySolution(input()), true);
      }
      case 't':
        return open('trace', () => panels.tracePanel(input()));
      case 'l':
        return open('list', () => panels.listPanel(input()));
      case 'o':
        return open('lesson', () => panels.lessonPanel(input()));
      case 'n':
        return next();
      case 'w':
        panel = undefined;
        whole = !whole;
        scenes++;
        return draw();
      default:
        return undefined;
    }
  };

  const answer = (key: string) => {
    panel = undefined;
    if (key !== 'y' && key !== 'Y') return draw();
    after(async () =>
      open('solution', async () => (await panels.solutionPanel(input(), true)) ?? []),
    );
  };

  const press = (key: string) => {
    if (key === 'ctrl-c' || key === 'ctrl-d') return leave('interrupted');
    if (key === 'ctrl-z') return options.suspend?.();
    if (panel?.question) return answer(key);
    if (key === 'q') return leave('quit');
    const scroll = scrolls[key];
    if (scroll) return screen.scroll(scroll);
    if (key === 'escape' || key === 'backspace' || key === 'enter') {
      if (panel) {
        panel = undefined;
        draw();
      } else if (key === 'escape' && options.inHome) leave('quit');
      return;
    }
    if (key === 'r') return watcher.check('r was pressed');
    if (!names[key]) return;
    if (phase.is === 'checking' && waiting.has(key)) {
      if (!queue.includes(key)) queue.push(key);
      return draw();
    }
    after(() => act(key));
  };

  const watcher = options.watcher(view);
  return {
    key: press,
    resized: () => {
      screen.resized();
      draw();
      const shown = panel ?? (phase.is === 'text' ? phase : undefined);
      if (!shown?.make) return;
      const { make } = shown;
      after(async () => {
        const lines = await make();
        if (shown !== panel && shown !== phase) return;
        shown.lines = lines;
        draw();
      });
    },
    ended,
    told: () => last,
    lesson: () => watcher.lesson,
  };
}

function time(date: Date): string {
  return date.toTimeString().slice(0, 8);
}
