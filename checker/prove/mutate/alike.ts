import { execFile } from 'node:child_process';
import { extname } from 'node:path';
import { transform } from 'esbuild';
import { requirePython } from '../../program/python.js';

/** A file of a program, and what it says when its form is taken away; undefined: it does not compile. */
export type Meaning = string | undefined;

/**
 * What files mean, so that two that differ in form alone are one. A program is compiled, with what a
 * compiler knows to be the same; of a configuration the words count.
 */
export async function meaningsOf(
  files: readonly { readonly name: string; readonly text: string }[],
): Promise<Meaning[]> {
  const python = files.filter(one => extname(one.name) === '.py').map(one => one.text);
  const compiled = python.length > 0 ? await compiledPython(python) : [];
  let next = 0;
  return Promise.all(
    files.map(({ name, text }) => {
      if (extname(name) === '.py') return compiled[next++];
      return extname(name) === '.ts' ? compiledTypescript(text) : words(text);
    }),
  );
}

async function compiledTypescript(text: string): Promise<Meaning> {
  try {
    const { code } = await transform(text, {
      loader: 'ts',
      format: 'esm',
      target: 'node20.12',
      minifyWhitespace: true,
      minifySyntax: true,
      logLevel: 'silent',
    });
    return code;
  } catch {
    return undefined;
  }
}

/** Bytecode without line numbers. Nothing is run. */
const script = `
import json, sys
def digest(code):
    consts = [digest(c) if hasattr(c, "co_code") else repr(c) for c in code.co_consts]
    return repr((code.co_code.hex(), getattr(code, "co_exceptiontable", b"").hex(), consts,
                 code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars, code.co_flags))
def meaning(text):
    try:
        return digest(compile(text, "main.py", "exec", dont_inherit=True, optimize=2))
    except (SyntaxError, ValueError):
        return None
json.dump([meaning(text) for text in json.load(sys.stdin)], sys.stdout)
`;

/** @throws ProgramUnavailable where there is no Python */
async function compiledPython(texts: readonly string[]): Promise<Meaning[]> {
  const { command, args } = await requirePython();
  const out = await new Promise<string>((resolve, reject) => {
    const child = execFile(
      command,
      [...args, '-W', 'ignore', '-c', script],
      { maxBuffer: 1 << 28 },
      (error, stdout) => (error ? reject(error) : resolve(stdout)),
    );
    child.stdin?.end(JSON.stringify(texts));
  });
  return (JSON.parse(out) as (string | null)[]).map(one => one ?? undefined);
}

function words(text: string): string {
  const lines = text.split('\n').map(line => line.trim().replaceAll(/\s+/g, ' '));
  return lines.filter(line => line !== '').join('\n');
}
