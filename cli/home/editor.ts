import { spawn } from 'node:child_process';
import { basename } from 'node:path';
import { pathToFileURL } from 'node:url';
import { personsEnvironment } from '../../course/environment.js';
import { shellInUse, startable, variableName } from '../../course/system/index.js';
import type { Style } from '../render/style.js';

/** An editor that was found: how to start it, and whether it has a window of its own. */
export interface Editor {
  readonly command: string;
  readonly args: readonly string[];
  readonly window: boolean;
  /** Where it was found: `$VISUAL`. */
  readonly from: string;
}

const windowed =
  /^(code|code-insiders|codium|cursor|windsurf|subl|sublime_text|zed|zeditor|atom|idea|webstorm|pycharm|fleet|gvim|mvim|gedit|gnome-text-editor|kate|kwrite|mousepad|xed|mate|bbedit|notepad|notepad\+\+|open|xdg-open|start)$/i;

/** The learner's editor: `$VISUAL`, `$EDITOR`, else `code` inside the terminal of VS Code. */
export function findEditor(
  env: Readonly<Record<string, string | undefined>> = process.env,
  platform: NodeJS.Platform = process.platform,
): Editor | undefined {
  const shell = shellInUse({ platform, env });
  for (const name of ['VISUAL', 'EDITOR']) {
    const [command, ...args] = words(env[name] ?? '');
    if (command)
      return { command, args, window: hasWindow(command), from: variableName(shell, name) };
  }
  if (env['TERM_PROGRAM'] === 'vscode') {
    return { command: 'code', args: [], window: true, from: 'the terminal of VS Code' };
  }
  return undefined;
}

function hasWindow(command: string): boolean {
  return windowed.test(basename(command.replaceAll('\\', '/')).replace(/\.(exe|cmd|app)$/i, ''));
}

/** A command line in words; quotes keep spaces. */
function words(text: string): string[] {
  return [...text.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(
    ([, double, single, bare]) => double ?? single ?? bare ?? '',
  );
}

/**
 * Opens a file. An editor with a window is left alone; one in the terminal takes it over until it
 * ends.
 * @returns what went wrong, in a few words; undefined when it was opened
 */
export function openInEditor(editor: Editor, file: string): Promise<string | undefined> {
  return new Promise(resolve => {
    // On Windows editors are often batch files.
    const { command, args, verbatim } = startable(editor.command, [...editor.args, file]);
    const child = spawn(command, [...args], {
      stdio: editor.window ? 'ignore' : 'inherit',
      detached: editor.window,
      env: personsEnvironment(),
      // Of the batch file; an editor's own window is its own to show.
      windowsHide: editor.window && verbatim === true,
      ...(verbatim ? { windowsVerbatimArguments: true } : {}),
    });
    child.once('error', error =>
      resolve(`${editor.command} (${editor.from}) did not start: ${error.message}`),
    );
    if (editor.window) {
      child.once('spawn', () => {
        child.unref();
        resolve(undefined);
      });
    } else {
      child.once('exit', () => resolve(undefined));
    }
  });
}

/** A path that can be clicked where the terminal shows links. */
export function clickable(file: string, shown: string, style: Style): string {
  return style.link(style.underline(shown), pathToFileURL(file).href) ?? shown;
}
