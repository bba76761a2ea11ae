import type { Machine } from '../../course/machine/shell.js';

/** What programs of Windows look for: folders, the machine, and how to find a command. */
const windows =
  /^(SYSTEMDRIVE|WINDIR|HOMEDRIVE|HOMEPATH|USERNAME|USERDOMAIN|COMPUTERNAME|OS|PROGRAMFILES(\(X86\))?|PROGRAMW6432|COMMONPROGRAMFILES(\(X86\))?|PROGRAMDATA|ALLUSERSPROFILE|PUBLIC|NUMBER_OF_PROCESSORS|PROCESSOR_\w+|PSMODULEPATH)$/i;

/** Variables of the machine that a program may see; the rest is the contract of the lesson. */
const seen =
  /^(PATH|HOME|USER|LANG|LC_\w+|TZ|TMPDIR|TEMP|TMP|SYSTEMROOT|APPDATA|LOCALAPPDATA|USERPROFILE|PATHEXT|COMSPEC|VIRTUAL_ENV|PYENV_\w+|LD_LIBRARY_PATH)$/i;

/** What a program sees of the machine's environment. */
export function passedOn(
  env: NodeJS.ProcessEnv,
  { platform = process.platform }: Machine = {},
): Record<string, string> {
  const given = (name: string) => seen.test(name) || (platform === 'win32' && windows.test(name));
  return Object.fromEntries(
    Object.entries(env).filter(
      (pair): pair is [string, string] => pair[1] !== undefined && given(pair[0]),
    ),
  );
}
