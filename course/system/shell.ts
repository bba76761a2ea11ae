/** The shell that a person types into: what is right to type differs. */
export type Shell = 'posix' | 'cmd' | 'powershell';

/** A machine, as far as words and paths depend on it. Default: this one. */
export interface Machine {
  readonly platform?: NodeJS.Platform;
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/**
 * Which shell is in use. On Windows nothing says so outright: Git Bash and its like name
 * themselves, PowerShell puts folders of its own before the machine's in PSModulePath, and what is
 * left is taken for cmd.
 */
export function shellInUse({
  platform = process.platform,
  env = process.env,
}: Machine = {}): Shell {
  if (platform !== 'win32') return 'posix';
  if (env['MSYSTEM'] || /\bsh(?:\.exe)?$|\b(?:ba|z|fi)sh(?:\.exe)?$/.test(env['SHELL'] ?? '')) {
    return 'posix';
  }
  const machines = [env['ProgramFiles'], env['ProgramFiles(x86)'], env['SystemRoot'], env['windir']]
    .flatMap(folder => (folder ? [folder.toLowerCase()] : []))
    .concat('c:\\program files', 'c:\\windows');
  const own = (env['PSModulePath'] ?? '')
    .toLowerCase()
    .split(';')
    .filter(folder => /powershell\\modules\\?$/.test(folder))
    .some(folder => !machines.some(machine => folder.startsWith(machine)));
  return own ? 'powershell' : 'cmd';
}

/** A word of a command line, quoted where this shell would take it apart. */
export function quoteFor(shell: Shell, word: string): string {
  if (/^[\w@%+=:,./-]+$/.test(word) && !(shell === 'cmd' && /[%,=]/.test(word))) {
    return shell === 'powershell' && /^[@%]|,/.test(word) ? `'${word}'` : word;
  }
  if (shell === 'posix') return `'${word.replaceAll("'", `'\\''`)}'`;
  if (/^[\w.:\\/-]+$/.test(word)) return word;
  return shell === 'powershell'
    ? `'${word.replaceAll("'", "''")}'`
    : `"${word.replaceAll('"', '""')}"`;
}

/** The line that sets a variable for what is started next: `export VISUAL=code`. */
export function setVariable(shell: Shell, name: string, value: string): string {
  if (shell === 'cmd') return `set ${name}=${value}`;
  if (shell === 'powershell') return `$env:${name} = '${value.replaceAll("'", "''")}'`;
  return `export ${name}=${quoteFor(shell, value)}`;
}

/** A variable as this shell's people write it: `$VISUAL`, `%VISUAL%`, `$env:VISUAL`. */
export function variableName(shell: Shell, name: string): string {
  if (shell === 'cmd') return `%${name}%`;
  return shell === 'powershell' ? `$env:${name}` : `$${name}`;
}

/** A command that is given lines: `printf 'a\nb\n' | command`. */
export function feedLines(shell: Shell, lines: readonly string[], command: string): string {
  if (shell === 'cmd') {
    return `(${lines.map(line => `echo ${line}`).join('& ')}) | ${command}`;
  }
  if (shell === 'powershell') {
    return `${lines.map(line => `'${line.replaceAll("'", "''")}'`).join(', ')} | ${command}`;
  }
  return `printf '${lines.map(line => `${line}\\n`).join('')}' | ${command}`;
}
