import { mkdirSync, readFileSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { parseBundle } from '../../checker/replay/index.js';
import type { CheckJob, StoredOutcome } from '../../cli/check/job.js';
import { createScreen } from '../../cli/terminal/screen.js';
import { createApp } from '../../cli/watch/app.js';
import { watchFiles } from '../../cli/watch/files.js';
import { silentFileSystem } from '../../cli/watch/mounts.js';
import type { Watcher, WatchView } from '../../cli/watch/watcher.js';
import { createWorkspace, findLesson, readState } from '../../course/index.js';
import { temporaryFolder } from '../course/fixture.js';
import { emulator } from './terminal/emulator.js';

vi.setConfig({ testTimeout: 60_000 });

describe('file systems that tell of no changes', () => {
  const mounts = [
    'overlay / overlay rw 0 0',
    'C:\\134 /mnt/c 9p rw,aname=drvfs 0 0',
    'nas:/home /home/ada/My\\040Course nfs4 rw 0 0',
    '/dev/sda1 /home/ada ext4 rw 0 0',
    'host /workspaces fuse.grpcfuse rw 0 0',
    '/dev/sdb1 /media/stick fuseblk rw 0 0',
  ].join('\n');

  test.each([
    ['/mnt/c/course/exercises', '9p'],
    ['/mnt/course', undefined],
    ['/home/ada/course', undefined],
    ['/home/ada/My Course/exercises', 'nfs4'],
    ['/home/ada/My Course 2', undefined],
    ['/workspaces', 'fuse.grpcfuse'],
    ['/media/stick/course', undefined],
    ['\\\\wsl$\\Debian\\home\\ada', 'network'],
  ])('%s: %s', (folder, type) => {
    expect(silentFileSystem(folder, mounts)).toBe(type);
  });

  test('no list of mounts: changes are told', () => {
    expect(silentFileSystem('/anywhere', '')).toBeUndefined();
  });
});

describe('files', () => {
  interface Told {
    next(): Promise<readonly string[]>;
    readonly all: (readonly string[])[];
    readonly files: ReturnType<typeof watchFiles>;
    readonly folder: string;
  }

  const watching = async (poll: boolean): Promise<Told> => {
    const folder = join(temporaryFolder(), 'exercise');
    mkdirSync(folder);
    writeFileSync(join(folder, 'main.ts'), '1');
    writeFileSync(join(folder, 'acl'), '1');
    const all: (readonly string[])[] = [];
    let heard: (() => void) | undefined;
    let read = 0;
    const files = watchFiles({
      folder,
      delivered: new Set(['main.ts', 'acl']),
      poll,
      onChange: names => {
        all.push(names);
        heard?.();
      },
      onSilent: () => undefined,
    });
    onTestFinished(() => files.close());
    const next = async () => {
      while (all.length <= read) await new Promise<void>(resolve => (heard = resolve));
      return all[read++] ?? [];
    };
    return { next, all, files, folder };
  };

  for (const poll of [false, true]) {
    describe(poll ? 'looked at again and again' : 'told', () => {
      test('a save, a rename over it, a configuration file', async () => {
        const { next, folder } = await watching(poll);
        writeFileSync(join(folder, 'main.ts'), '22');
        expect(await next()).toEqual(['main.ts']);
        writeFileSync(join(folder, 'main.ts.tmp'), '333');
        renameSync(join(folder, 'main.ts.tmp'), join(folder, 'main.ts'));
        expect(await next()).toEqual(['main.ts']);
        writeFileSync(join(folder, 'acl'), '22');
        expect(await next()).toEqual(['acl']);
      });

      test('deleted, and there again', async () => {
        const { next, folder } = await watching(poll);
        rmSync(join(folder, 'main.ts'));
        expect(await next()).toEqual(['main.ts']);
        writeFileSync(join(folder, 'main.ts'), '22');
        expect(await next()).toEqual(['main.ts']);
      });
    });
  }

  test('many writes at once are one change; what editors leave is none', async () => {
    const { next, all, folder } = await watching(false);
    for (let i = 0; i < 20; i++) writeFileSync(join(folder, 'main.ts'), 'x'.repeat(i));
    for (const name of ['.main.ts.swp', 'main.ts~', '4913', '#main.ts#', 'main.new.ts']) {
      writeFileSync(join(folder, name), 'x');
    }
    expect(await next()).toEqual(['main.ts']);
    writeFileSync(join(folder, 'acl'), '22');
    expect(await next()).toEqual(['acl']);
    expect(all).toHaveLength(2);
  });

  test('what a program writes beside itself while it is checked is no save; a module is', async () => {
    const { next, all, folder, files } = await watching(false);
    files.checkBegins();
    writeFileSync(join(folder, 'state.json'), '{}');
    mkdirSync(join(folder, 'parts'));
    writeFileSync(join(folder, 'parts', 'other.ts'), 'x');
    expect(await next()).toEqual(['parts/other.ts']);
    files.checkEnds();
    // Written by the learner, later.
    writeFileSync(join(folder, 'notes.txt'), 'x');
    utimesSync(join(folder, 'notes.txt'), new Date(), new Date(Date.now() + 5000));
    expect(await next()).toEqual(['notes.txt']);
    expect(all).toHaveLength(2);
  });

  test('the whole folder is taken away and comes back', async () => {
    const { next, folder } = await watching(false);
    renameSync(folder, `${folder}.away`);
    expect(await next()).toEqual(['acl', 'main.ts']);
    renameSync(`${folder}.away`, folder);
    expect(await next()).toEqual(['acl', 'main.ts']);
    writeFileSync(join(folder, 'main.ts'), '22');
    expect(await next()).toEqual(['main.ts']);
  });
});

const bundle = (name: string) =>
  parseBundle(
    readFileSync(join(import.meta.dirname, 'failures/recorded', `${name}.bundle`), 'utf8'),
  );

const told = (name: string): StoredOutcome => {
  const stored = bundle(name);
  return {
    result: stored.result,
    bundle: stored,
    first: false,
    hintsShown: 0,
    attempts: 1,
    stops: [],
  };
};

describe('the loop on a terminal', () => {
  const started = async (options: { rows?: number; plain?: boolean; inHome?: boolean } = {}) => {
    const opened = createWorkspace(join(temporaryFolder(), 'w'));
    const term = emulator(options.rows);
    const screen = createScreen(term, options.plain ?? false);
    let view: WatchView | undefined;
    const asked: string[] = [];
    let lesson = findLesson('6');
    const app = createApp({
      opened,
      track: 'typescript',
      screen,
      titleOf: id => `the title of ${id}`,
      ...(options.inHome ? { inHome: true } : {}),
      clock: () => new Date(2026, 0, 1, 14, 3, 22),
      watcher: given => {
        view = given;
        const watcher: Watcher = {
          get lesson() {
            return lesson;
          },
          shown: 'exercises/here',
          polling: undefined,
          check: why => asked.push(why),
          turnTo: async next => {
            lesson = next;
          },
          close: async () => undefined,
        };
        return watcher;
      },
    });
    screen.enter();
    if (!view) throw new Error('nothing watches');
    const job = {
      lesson,
      shown: 'exercises/here/main.ts',
      request: {
        lesson: lesson.id,
        track: 'typescript',
        program: { kind: 'file', path: '/nowhere/main.ts' },
      },
    } as const satisfies CheckJob;
    const see = (text: string | RegExp) =>
      vi.waitFor(() => expect(term.shown()).toMatch(text), { timeout: 20_000 });
    return { app, view, term, see, job, asked, opened, current: () => lesson };
  };

  test('checking, each verdict as it comes, then the whole screen; keys are always shown', async () => {
    const { view, term, see, job } = await started();
    view.checking('main.ts changed');
    expect(term.shown()).toContain('checking … (main.ts changed)');
    expect(term.shown()).toContain('saved 14:03:22');
    view.progress({ type: 'check', title: 'T2 the first that is known', state: 'failed' });
    expect(term.shown()).toContain('✗ failed  T2 the first that is known');
    view.result(told('field-qos'), job);
    await see(/T2 telemetry at QoS 1/);
    expect(term.shown()).toMatch(/h hint · s solution · t trace · l list/);
  });

  test('a failure that is certain stands there in full while the rest is found out', async () => {
    const { view, term, see, job } = await started();
    const { result, bundle: stored } = told('field-qos');
    const failed = result.checks.filter(one => one.status === 'failed').slice(0, 1);
    const early = { ...result, checks: failed };
    view.checking('main.ts changed');
    view.firstFailure({ result: early, bundle: { ...stored, result: early } }, job);
    await see(/T2 telemetry at QoS 1[\s\S]*Expected[\s\S]*Seen[\s\S]*Why[\s\S]*Try/);
    expect(term.shown()).toContain('checking … (main.ts changed)');
    view.progress({ type: 'check', title: 'T9 comes later', state: 'passed' });
    expect(term.shown().split('T2 telemetry at QoS 1')).toHaveLength(2);
    // A newer save: what was said of the old one is gone.
    view.checking('main.ts changed');
    expect(term.shown()).not.toContain('T2 telemetry');
    view.result(told('field-qos'), job);
    await see(/T1, T8, T9: 3 checks passed/);
  });

  test('a small window folds; w shows it whole, and it scrolls', async () => {
    const { app, view, term, see, job } = await started();
    view.checking('');
    view.result(told('field-qos'), job);
    await see(/T1, T8, T9: 3 checks passed/);
    app.key('w');
    await see(/↓ \d+ more lines/);
    expect(term.shown()).toContain('T9 it reports what was delivered');
    app.key('end');
    await see(/↑ \d+ lines above/);
    expect(term.shown()).toContain('seed 7f3a');
    app.key('home');
    await see(/T1 each line becomes a message/);
  });

  test('keys during a check wait for it, and are done in their order', async () => {
    const { app, view, term, see, job } = await started();
    view.checking('');
    app.key('t');
    app.key('s');
    expect(term.shown()).toContain('after this check: t trace, s solution');
    view.result(told('field-qos'), job);
    await see(/06-qos-handshakes is not passed yet/);
    app.key('escape');
    await see(/T2 telemetry at QoS 1/);
    app.key('t');
    await see(/one of each/);
  });

  test('a hint does not wait; the result comes behind it', async () => {
    const { app, view, see, job, opened } = await started();
    view.checking('');
    app.key('h');
    await see(/hint 1 of 3: a question/);
    view.result(told('field-qos'), job);
    await see(/failed: ESC shows the result/);
    app.key('h');
    await see(/hint 2 of 3/);
    app.key('escape');
    await see(/T2 telemetry at QoS 1/);
    expect(readState(opened.workspace.meta).state.lessons['06-qos-handshakes']?.hintsShown).toEqual(
      { typescript: 2 },
    );
  });

  test('the solution before a pass is a choice, and is remembered', async () => {
    const { app, view, see, job, opened } = await started();
    view.checking('');
    view.result(told('field-qos'), job);
    await see(/T2 telemetry/);
    const shown = () =>
      readState(opened.workspace.meta).state.lessons['06-qos-handshakes']?.solutionShown ?? {};
    app.key('s');
    await see(/y shows the solution all the same/);
    app.key('q');
    await see(/T2 telemetry/);
    expect(shown()).toEqual({});
    app.key('s');
    await see(/y shows the solution all the same/);
    app.key('y');
    await see(/\+\+\+ solution: main\.ts/);
    expect(Object.keys(shown())).toEqual(['typescript']);
  });

  test('a save while something is open: the check is what is seen', async () => {
    const { app, view, see } = await started();
    view.checking('');
    app.key('l');
    await see(/of \d+ lessons passed/);
    view.checking('main.ts changed');
    await see(/checking … \(main\.ts changed\)/);
  });

  test('a result that comes after the next check began is not shown', async () => {
    const { view, term, see, job } = await started();
    view.checking('first');
    view.result(told('field-qos'), job);
    view.checking('second');
    await see(/checking … \(second\)/);
    await new Promise(resolve => setImmediate(resolve));
    expect(term.shown()).not.toContain('T2 telemetry');
  });

  test('n goes on only when it is pressed, and checks nothing by itself', async () => {
    const { app, view, see, job, asked, current } = await started();
    view.checking('');
    view.result(told('passed'), job);
    await see(/12 passed/);
    expect(current().id).toBe('06-qos-handshakes');
    app.key('n');
    await see(/Lesson 7: /);
    expect(current().id).toBe('07-duplicates');
    expect(asked).toEqual([]);
    app.key('r');
    expect(asked).toEqual(['r was pressed']);
  });

  test('a file that is not there is said, and what waited is forgotten', async () => {
    const { app, view, term, see } = await started();
    view.checking('');
    app.key('t');
    view.stuck('main.ts is not there. Watching goes on.');
    await see(/main\.ts is not there/);
    expect(term.shown()).not.toContain('after this check');
  });

  test('q and Ctrl-C end it; ESC only in the home', async () => {
    const first = await started();
    first.app.key('escape');
    first.app.key('q');
    expect(await first.app.ended).toBe('quit');
    const second = await started();
    second.app.key('ctrl-c');
    expect(await second.app.ended).toBe('interrupted');
    const third = await started({ inHome: true });
    third.app.key('escape');
    expect(await third.app.ended).toBe('quit');
  });

  test('plain: one below the other, nothing is cleared', async () => {
    const { view, term, see, job } = await started({ plain: true });
    view.checking('main.ts changed');
    view.progress({ type: 'check', title: 'T1 one', state: 'passed' });
    view.progress({ type: 'check', title: 'T2 two', state: 'failed' });
    view.result(told('field-qos'), job);
    await see(/failed {2}T2 telemetry/);
    expect(term.shown()).toContain('Keys: h hint, s solution');
    expect(term.shown()).toContain('and save it');
    expect(term.written).not.toContain('\u001B');
    expect(term.written.match(/T1 one/g)).toHaveLength(1);
  });
});
