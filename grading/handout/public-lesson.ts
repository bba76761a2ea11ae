import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { filesUnder, packageRoot } from '../../course/index.js';

/** A check that students do not get. */
export interface KeptBack {
  readonly lesson: string;
  readonly id: string;
  /** False where its code is woven into that of others: it is not run and not listed, but it is there. */
  readonly codeRemoved: boolean;
}

/**
 * Takes the code of checks out of a lesson's built hidden tests. What a check says when it fails goes
 * with it. A check that is made by a function which others need, too, cannot be taken out.
 * @returns the changed files by their path in the package
 */
export function stripChecks(
  lesson: string,
  ids: readonly string[],
): { readonly files: ReadonlyMap<string, string>; readonly kept: readonly KeptBack[] } {
  const folder = join(packageRoot(), 'dist', 'checker', 'lessons');
  const texts = new Map(
    [
      { name: `${lesson}.test.js`, path: join(folder, `${lesson}.test.js`) },
      ...filesUnder(join(folder, lesson), `${lesson}/`),
    ]
      .filter(({ name, path }) => name.endsWith('.js') && existsSync(path))
      .map(({ name, path }) => [`dist/checker/lessons/${name}`, readFileSync(path, 'utf8')]),
  );
  const changed = new Map<string, string>();
  const kept = ids.map(id => {
    // As the build prints it: a constant of its own, closed at the beginning of a line.
    const statement = new RegExp(
      `^((?:export )?const \\w+ = )check\\(\\{\\n  id: "${id}",[\\s\\S]*?^\\}\\);$`,
      'gm',
    );
    const holds = [...texts].filter(([, text]) => text.match(statement)?.length === 1);
    const [only] = holds;
    if (!only || holds.length > 1) return { lesson, id, codeRemoved: false };
    const [path, text] = only;
    const without = text.replace(statement, '$1undefined;');
    texts.set(path, without);
    changed.set(path, without);
    return { lesson, id, codeRemoved: true };
  });
  return { files: changed, kept };
}
