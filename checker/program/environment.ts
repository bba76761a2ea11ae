/** Variables of the machine that a program may see; the rest is the contract of the lesson. */
const seen =
  /^(PATH|HOME|USER|LANG|LC_\w+|TZ|TMPDIR|TEMP|TMP|SYSTEMROOT|APPDATA|LOCALAPPDATA|USERPROFILE|PATHEXT|COMSPEC|VIRTUAL_ENV|PYENV_\w+|LD_LIBRARY_PATH)$/i;

/** What a program sees of the machine's environment. */
export function passedOn(env: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).filter(
      (pair): pair is [string, string] => pair[1] !== undefined && seen.test(pair[0]),
    ),
  );
}
