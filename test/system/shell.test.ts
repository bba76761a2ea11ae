import { describe, expect, test } from 'vitest';
import { lostDashes } from '../../cli/lost-dashes.js';
import {
  feedLines,
  quoteFor,
  setVariable,
  shellInUse,
  variableName,
} from '../../course/system/shell.js';

const windows = {
  ProgramFiles: 'C:\\Program Files',
  SystemRoot: 'C:\\WINDOWS',
  PSModulePath:
    'C:\\Program Files\\WindowsPowerShell\\Modules;C:\\WINDOWS\\system32\\WindowsPowerShell\\v1.0\\Modules',
};
const powershell = {
  ...windows,
  PSModulePath: `C:\\Users\\ada\\Documents\\WindowsPowerShell\\Modules;${windows.PSModulePath}`,
};

describe('the shell that is in use', () => {
  test.each([
    ['on Linux', 'linux', { SHELL: '/bin/bash' }, 'posix'],
    ['on macOS', 'darwin', { SHELL: '/bin/zsh' }, 'posix'],
    ['cmd: only the machine has modules', 'win32', windows, 'cmd'],
    ['nothing is known', 'win32', {}, 'cmd'],
    ['Windows PowerShell puts the own folder before', 'win32', powershell, 'powershell'],
    [
      'PowerShell 7 in a folder of OneDrive',
      'win32',
      {
        ...windows,
        PSModulePath: `D:\\OneDrive\\Documents\\PowerShell\\Modules;C:\\Program Files\\PowerShell\\Modules;${windows.PSModulePath}`,
      },
      'powershell',
    ],
    [
      'a product that added modules for everybody is no PowerShell',
      'win32',
      {
        ...windows,
        PSModulePath: `${windows.PSModulePath};C:\\Program Files (x86)\\Microsoft SQL Server\\150\\Tools\\PowerShell\\Modules\\`,
      },
      'cmd',
    ],
    ['Git Bash', 'win32', { ...windows, MSYSTEM: 'MINGW64' }, 'posix'],
    ['another bash', 'win32', { SHELL: 'C:\\msys64\\usr\\bin\\bash.exe' }, 'posix'],
  ] as const)('%s', (_, platform, env, shell) => {
    expect(shellInUse({ platform, env })).toBe(shell);
  });
});

test.each([
  ['program.exe', 'program.exe', 'program.exe', 'program.exe'],
  ['.\\program.exe', "'.\\program.exe'", '.\\program.exe', '.\\program.exe'],
  ['two words', "'two words'", '"two words"', "'two words'"],
  ["it's", "'it'\\''s'", '"it\'s"', "'it''s'"],
  ['#', "'#'", '"#"', "'#'"],
  ['100%', '100%', '"100%"', '100%'],
  ['@file', '@file', '@file', "'@file'"],
  ['a,b', 'a,b', '"a,b"', "'a,b'"],
])('the word %s as each shell wants it', (word, posix, cmd, other) => {
  expect(quoteFor('posix', word)).toBe(posix);
  expect(quoteFor('cmd', word)).toBe(cmd);
  expect(quoteFor('powershell', word)).toBe(other);
});

test('variables and lines, as each shell has them', () => {
  expect(setVariable('posix', 'VISUAL', 'code')).toBe('export VISUAL=code');
  expect(setVariable('cmd', 'VISUAL', 'code')).toBe('set VISUAL=code');
  expect(setVariable('powershell', 'VISUAL', 'code')).toBe("$env:VISUAL = 'code'");
  expect(variableName('posix', 'VISUAL')).toBe('$VISUAL');
  expect(variableName('cmd', 'VISUAL')).toBe('%VISUAL%');
  expect(variableName('powershell', 'VISUAL')).toBe('$env:VISUAL');
  const lines = ['wait SUBACK', 'cut'];
  expect(feedLines('posix', lines, 'x')).toBe("printf 'wait SUBACK\\ncut\\n' | x");
  expect(feedLines('cmd', lines, 'x')).toBe('(echo wait SUBACK& echo cut) | x');
  expect(feedLines('powershell', lines, 'x')).toBe("'wait SUBACK', 'cut' | x");
});

describe('a -- that PowerShell took away', () => {
  const machine = { platform: 'win32', env: powershell } as const;

  test.each([
    [['check', '1', 'program.exe', '--fast'], 'check 1 -- program.exe --fast'],
    [['watch', '5', 'node', '.\\my main.mjs'], "watch 5 -- node '.\\my main.mjs'"],
    [['run', '.\\start.cmd'], 'run -- .\\start.cmd'],
  ])('%j', (args, right) => {
    expect(lostDashes(args, machine)).toContain(`write: npx.cmd mqtt-course ${right}`);
  });

  test.each([
    [['check', '1', '--', 'program.exe']],
    [['check', '1', '2', '--track', 'python']],
    [['check', 'exercises\\05-wildcards\\python\\main.py']],
    [['list', 'program.exe']],
  ])('nothing is lost in %j', args => {
    expect(lostDashes(args, machine)).toBeUndefined();
  });

  test('elsewhere no shell takes it away', () => {
    expect(lostDashes(['check', '1', 'main.py'], { platform: 'darwin' })).toBeUndefined();
  });
});
