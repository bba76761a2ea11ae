/*
 * The rule for what a terminal, a tool or a company has put into the environment. It is stated for
 * users in docs/environment.md, and made true here and nowhere else:
 *
 * 1. What is there for every Node program of this machine (`NODE_OPTIONS`, `DEBUG`, a proxy, …) is
 *    not for the course: it is taken out of its process before anything of it is loaded.
 * 2. What the course starts (threads, programs, Pythons) sees what `passedOn` lets through.
 *    A command in another language sees the person's own: see `forCommands`.
 * 3. What belongs to the person (an editor, a pager) is started in the environment as it was.
 * 4. `FORCE_COLOR` decides about colour; without it, `NO_COLOR`; without both, the terminal.
 */

/** For all Node programs, or for all that speak to the network: nothing that a lesson is about. */
const forOthers =
  /^(NODE_(?!COMPILE_CACHE|DISABLE_COMPILE_CACHE|V8_COVERAGE)\w+|DEBUG|DEBUG_\w+|(https?|all|no|ftp|socks)_proxy|SSLKEYLOGFILE|SSL_CERT_(FILE|DIR)|OPENSSL_CONF)$/i;

/** Variables of the machine that a program may see; the rest is the contract of the lesson. */
const seen =
  /^(PATH|HOME|USER|LANG|LC_\w+|TZ|TMPDIR|TEMP|TMP|SYSTEMROOT|APPDATA|LOCALAPPDATA|USERPROFILE|PATHEXT|COMSPEC|VIRTUAL_ENV|PYENV_\w+|LD_LIBRARY_PATH|LD_PRELOAD|FAKETIME\w*|DONT_FAKE_\w+)$/i;

/** What programs of Windows look for: folders, the machine, and how to find a command. */
const seenOnWindows =
  /^(SYSTEMDRIVE|WINDIR|HOMEDRIVE|HOMEPATH|USERNAME|USERDOMAIN|COMPUTERNAME|OS|PROGRAMFILES(\(X86\))?|PROGRAMW6432|COMMONPROGRAMFILES(\(X86\))?|PROGRAMDATA|ALLUSERSPROFILE|PUBLIC|NUMBER_OF_PROCESSORS|PROCESSOR_\w+|PSMODULEPATH)$/i;

type Environment = Readonly<Record<string, string | undefined>>;

let asGiven: Readonly<Record<string, string>> | undefined;

/**
 * Takes out of this process's environment what is not for the course. To be called first: many
 * libraries read it when they are loaded.
 */
export function settleEnvironment(): void {
  asGiven ??= only(process.env, () => true);
  for (const name of Object.keys(process.env)) if (forOthers.test(name)) delete process.env[name];
  // Node itself says aloud that one of the two is ignored.
  if (process.env['FORCE_COLOR'] !== undefined) delete process.env['NO_COLOR'];
}

/** The environment as the person has it: for what they chose, such as their editor. */
export function personsEnvironment(): Readonly<Record<string, string>> {
  return asGiven ?? only(process.env, () => true);
}

/** What was taken out of this process's environment, by name. */
export function namesForOthers(): readonly string[] {
  return Object.keys(personsEnvironment()).filter(name => forOthers.test(name));
}

/** What a program that is checked sees of the machine's environment. */
export function passedOn(
  env: Environment = process.env,
  platform: NodeJS.Platform = process.platform,
): Record<string, string> {
  const windows = platform === 'win32';
  return only(env, name => seen.test(name) || (windows && seenOnWindows.test(name)));
}

/** Of the course, of the tool that started it, or of a contract: a scenario says these itself. */
const notForCommands = /^(MQTT_\w+|npm_\w+|INIT_CWD)$/i;

/**
 * What a command in any language sees: the person's environment, as a language and its libraries are
 * set up there, without what is for all Node programs and without what a contract says.
 */
export function forCommands(env: Environment = process.env): Record<string, string> {
  return only(env, name => !forOthers.test(name) && !notForCommands.test(name));
}

/** What a thread of the course sees: what programs may see, and the settings of the course. */
export function forThreads(env: Environment = process.env): Record<string, string> {
  const shown = passedOn(env);
  return only(env, name => name in shown || /^(MQTT_COURSE_\w+|NODE_V8_COVERAGE)$/i.test(name));
}

function only(env: Environment, wanted: (name: string) => boolean): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).filter(
      (pair): pair is [string, string] => pair[1] !== undefined && wanted(pair[0]),
    ),
  );
}
