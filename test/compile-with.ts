/** What the compiler says when a source is changed; no file is touched. */
import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import ts from 'typescript';

const root = join(import.meta.dirname, '..');
const parsed = new Map<string, ts.SourceFile | undefined>();

function optionsOfProject(): ts.CompilerOptions {
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile);
  return ts.parseJsonConfigFileContent({ ...config, files: [], include: [] }, ts.sys, root).options;
}

export interface Edit {
  /** From the root of the project: `wire/faults.ts`. */
  readonly file: string;
  /** Must stand in it once. */
  readonly find: string;
  readonly put: string;
}

/**
 * Compiles `entries` and all that they import, with one edit.
 * @returns the files with errors, from the root of the project, each once and in order
 */
export function filesThatFail(entries: readonly string[], edit?: Edit): string[] {
  const options = optionsOfProject();
  const host = ts.createCompilerHost(options);
  const plain = host.getSourceFile.bind(host);
  const edited = edit && join(root, edit.file);
  host.getSourceFile = (name, version) => {
    if (edit && name === edited) {
      const text = readFileSync(name, 'utf8');
      if (text.split(edit.find).length !== 2) {
        throw new Error(`${edit.file} does not hold this once: ${edit.find}`);
      }
      return ts.createSourceFile(name, text.replace(edit.find, edit.put), version);
    }
    // The libraries' declarations are most of the work, and always the same.
    if (!parsed.has(name)) parsed.set(name, plain(name, version));
    return parsed.get(name);
  };
  const program = ts.createProgram(
    entries.map(entry => join(root, entry)),
    options,
    host,
  );
  const failing = ts
    .getPreEmitDiagnostics(program)
    .map(one => (one.file ? relative(root, one.file.fileName) : 'the project'));
  return [...new Set(failing)].sort();
}
