import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { findEditor, openInEditor } from '../../cli/home/editor.js';
import { temporaryFolder } from '../course/fixture.js';

test.each([
  [
    { VISUAL: 'code --wait', EDITOR: 'vi' },
    { command: 'code', args: ['--wait'], window: true },
  ],
  [{ EDITOR: 'vi' }, { command: 'vi', args: [], window: false }],
  [
    { EDITOR: '"/opt/My Editor/subl" -n' },
    { command: '/opt/My Editor/subl', args: ['-n'], window: true },
  ],
  [{ VISUAL: 'C:\\bin\\Code.exe' }, { command: 'C:\\bin\\Code.exe', window: true }],
  [
    { VISUAL: '', TERM_PROGRAM: 'vscode' },
    { command: 'code', window: true },
  ],
  [
    { EDITOR: 'nano', TERM_PROGRAM: 'vscode' },
    { command: 'nano', window: false },
  ],
])('%j', (env, editor) => {
  expect(findEditor(env)).toMatchObject(editor);
});

test('no editor is named: none is guessed', () => {
  expect(findEditor({})).toBeUndefined();
});

test.skipIf(process.platform === 'win32')('an editor in the terminal is waited for', async () => {
  const file = join(temporaryFolder(), 'a file.txt');
  const args = ['-c', 'echo edited > "$0"'];
  const editor = { command: 'sh', args, window: false, from: '$EDITOR' };
  expect(await openInEditor(editor, file)).toBeUndefined();
  expect(readFileSync(file, 'utf8')).toBe('edited\n');
});

test('an editor that is not there: what went wrong, and nothing is thrown', async () => {
  for (const window of [true, false]) {
    const editor = { command: 'no-such-editor-here', args: [], window, from: '$VISUAL' };
    expect(await openInEditor(editor, '/tmp/x')).toMatch(
      /^no-such-editor-here \(\$VISUAL\) did not start/,
    );
  }
});
