import type { CrashReport } from './stderr.js';

/**
 * What a crash leaves on standard error in the languages that have no track of their own: the error
 * and the first place in the program's own source. Each pattern takes a time that grows with the
 * line and no faster.
 */
export function readOtherCrash(lines: readonly string[]): CrashReport | undefined {
  for (const read of [jvm, go, rust, ruby, cpp, assertion, memory, dotnet, loader, perl]) {
    const found = read(lines);
    if (found) return found;
  }
  return undefined;
}

type Kind = CrashReport['kind'];

function report(error: string, where?: string, kind: Kind = 'exception'): CrashReport {
  const message = error.slice(0, 400);
  return {
    error: message,
    text: where === undefined ? message : `${message}\n  ${where}`,
    kind,
    ...(where === undefined ? {} : { where }),
  };
}

const baseName = (path: string) => path.split(/[\\/]/).at(-1) ?? path;

function found(lines: readonly string[], pattern: RegExp): [RegExpExecArray, number] | undefined {
  for (const [at, line] of lines.entries()) {
    const match = pattern.exec(line);
    if (match) return [match, at];
  }
  return undefined;
}

/** The first line below that matches, as `file:line`. */
function placeBelow(lines: readonly string[], at: number, pattern: RegExp, others: RegExp) {
  for (const line of lines.slice(at + 1, at + 60)) {
    const [, file, number] = pattern.exec(line) ?? [];
    if (file !== undefined && !others.test(line)) return `${baseName(file)}:${number}`;
  }
  return undefined;
}

function jvm(lines: readonly string[]) {
  const hit = found(lines, /^Exception in thread "[^"]{0,200}" (\S.*)$/);
  if (hit) {
    const [[, error = ''], at] = hit;
    const frame = /^\s+at .*\(([\w$]+\.(?:java|kt|scala|groovy|clj)):(\d+)\)$/;
    return report(
      error,
      placeBelow(lines, at, frame, /^\s+at (?:java|jdk|sun|org\.eclipse\.paho)\./),
    );
  }
  const missing = found(
    lines,
    /^(Error: (?:Could not find or load main class|Unable to access jarfile|LinkageError occurred).*)$/,
  );
  return missing ? report(missing[0][1] ?? '', undefined, 'import') : undefined;
}

function go(lines: readonly string[]) {
  const hit = found(lines, /^((?:panic|fatal error): .*)$/);
  if (!hit || !lines.some(line => /^goroutine \d+ /.test(line))) return undefined;
  const [[, error = ''], at] = hit;
  const others = /\/(?:src\/runtime|pkg\/mod|src\/net|src\/encoding)\//;
  return report(error, placeBelow(lines, at, /^\s+(\S+\.go):(\d+)/, others));
}

function rust(lines: readonly string[]) {
  const hit = found(lines, /^thread '[^']{0,200}'(?: \(\d+\))? panicked at (.*)$/);
  if (!hit) return undefined;
  const [[, rest = ''], at] = hit;
  const place = /([^\s',]+\.rs):(\d+):\d+:?$/.exec(rest);
  const said = /^'(.*)', /.exec(rest)?.[1] ?? lines[at + 1] ?? '';
  return report(`panicked: ${said}`, place ? `${baseName(place[1] ?? '')}:${place[2]}` : undefined);
}

function ruby(lines: readonly string[]) {
  const hit = found(lines, /^(\S[^:]*):(\d+):in .*: (\S.*) \(((?:[A-Z]\w*(?:::)?)+)\)$/);
  if (!hit) return undefined;
  const [[, file = '', line, said = '', error = ''], at] = hit;
  const inside = /\/(?:gems|rubygems|ruby\/\d)|^<internal/;
  const where = inside.test(file)
    ? placeBelow(lines, at, /^\s*from (\S[^:]*):(\d+):in /, inside)
    : `${baseName(file)}:${line}`;
  return report(`${error}: ${said}`, where, error === 'LoadError' ? 'import' : 'exception');
}

function cpp(lines: readonly string[]) {
  const hit = found(
    lines,
    /^terminate called (?:after throwing an instance of '(.*)'|without .*)$/,
  );
  if (!hit) return undefined;
  const [[line, type], at] = hit;
  const what = /^ {2}what\(\): +(.*)$/.exec(lines[at + 1] ?? '')?.[1];
  return report(type === undefined ? line : `${type}${what === undefined ? '' : `: ${what}`}`);
}

function assertion(lines: readonly string[]) {
  const hit = found(lines, /^[^:]{1,300}: ([^:]{1,300}):(\d+): .*(Assertion .* failed\.?)$/);
  if (!hit) return undefined;
  const [[, file = '', line, said = '']] = hit;
  return report(said, `${baseName(file)}:${line}`);
}

function memory(lines: readonly string[]) {
  const hit = found(
    lines,
    /^(\*\*\* (?:stack smashing|buffer overflow) detected \*\*\*.*|(?:free|malloc|realloc|munmap_chunk|double free|corrupted|malloc_consolidate)\b.*(?:invalid|corrupt|corruption|size).*|.*ERROR: \w+Sanitizer: .*)$/,
  );
  if (!hit) return undefined;
  const [[, said = ''], at] = hit;
  return report(said, placeBelow(lines, at, /\s(\S+\.(?:c|cc|cpp|cxx|h|hpp)):(\d+)/, /^$/));
}

function dotnet(lines: readonly string[]) {
  const hit = found(lines, /^Unhandled exception\. (\S.*)$/);
  if (!hit) return undefined;
  const [[, said = ''], at] = hit;
  return report(said, placeBelow(lines, at, / in (\S+\.(?:cs|fs|vb)):line (\d+)$/, /^$/));
}

function loader(lines: readonly string[]) {
  const hit = found(lines, /error while loading shared libraries: (.*)$/);
  return hit ? report(hit[0][1] ?? '', undefined, 'import') : undefined;
}

function perl(lines: readonly string[]) {
  const hit = found(lines, /^(\S.*) at (\S+\.(?:pl|pm)) line (\d+)\.$/);
  if (!hit) return undefined;
  const [[, said = '', file = '', line]] = hit;
  const missing = /^Can't locate .* in @INC/.test(said);
  return report(said, `${baseName(file)}:${line}`, missing ? 'import' : 'exception');
}
