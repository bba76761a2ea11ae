import type { Failure } from '../check.js';

/** A line that begins with it, in the forms that tutorials have. */
const call =
  /^(?:(?:const|let|var|import)\s+([\w$]+|\{[^}]*\})(?:\s*:[^=]+)?\s*=\s*)?.*?\brequire\(\s*(['"`])([^'"`]+)\2\s*\)(.*)$/;

const builtin =
  /^(?:assert|buffer|child_process|crypto|dns|events|fs|http|https|net|os|path|process|readline|stream|string_decoder|timers|tls|tty|url|util|v8|vm|worker_threads|zlib)(?:\/.*)?$/;

interface RequireCall {
  readonly line: number;
  readonly text: string;
  /** What does the same in this file. */
  readonly instead: string;
}

/** The first call of `require` in a TypeScript file; undefined when there is none. */
export function findRequire(source: string): RequireCall | undefined {
  for (const [at, line] of source.split('\n').entries()) {
    const text = line.trim();
    const found = text.startsWith('//') ? undefined : call.exec(text);
    if (found) return { line: at + 1, text, instead: importFor(found) };
  }
  return undefined;
}

function importFor([, binding, , name = '', rest = '']: RegExpExecArray): string {
  const from = `from '${builtin.test(name) ? `node:${name}` : name}';`;
  if (binding === undefined) return `import ${nameFor(name)} ${from}`;
  if (binding.startsWith('{')) return `import ${binding.replaceAll(/\s*:\s*/g, ' as ')} ${from}`;
  const member = /^\s*\.\s*([\w$]+)\s*;?\s*(?:\/\/.*)?$/.exec(rest)?.[1];
  // What is called at once keeps its own name: the package gets one of its own.
  if (member === undefined && /^\s*[.(]/.test(rest)) return `import ${nameFor(name)} ${from}`;
  if (member === undefined || member === 'default') return `import ${binding} ${from}`;
  return `import { ${member === binding ? member : `${member} as ${binding}`} } ${from}`;
}

function nameFor(name: string): string {
  return (name.split('/').at(-1) ?? name).replace(/\.\w+$/, '').replaceAll(/\W/g, '_');
}

/** `require` in the TypeScript track: the line that does the same. */
export function requireFailure(error: string, source: string): Failure | undefined {
  if (!/^Error: Dynamic require of |^ReferenceError: require is not defined/.test(error)) {
    return undefined;
  }
  const found = findRequire(source);
  return {
    mistake: 'require',
    expected: 'import, as in the stub',
    seen: found ? `line ${found.line}: ${found.text}` : 'a call of require',
    why: 'your file is an ES module, where require does not exist; many texts on the web are older than that',
    try: found
      ? `write this instead: ${found.instead}`
      : 'import the package at the top of the file',
  };
}
