import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const PACKAGE_NAME = 'mqtt-course';

interface Found {
  readonly root: string;
  readonly version: string;
}

let found: Found | undefined;

function locate(): Found {
  if (found) return found;
  let folder = dirname(fileURLToPath(import.meta.url));
  for (;;) {
    const file = join(folder, 'package.json');
    if (existsSync(file)) {
      const { name, version } = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
      if (name === PACKAGE_NAME) {
        found = { root: folder, version: typeof version === 'string' ? version : '0.0.0' };
        return found;
      }
    }
    const parent = dirname(folder);
    if (parent === folder)
      throw new Error(`no package.json of ${PACKAGE_NAME} above ${import.meta.url}`);
    folder = parent;
  }
}

/**
 * The folder of the package, where `lessons/`, `exercises/` and `solutions/` are. The same from the
 * sources and from `dist/`.
 */
export function packageRoot(): string {
  return locate().root;
}

/** Version of the course, as in its package.json. */
export function packageVersion(): string {
  return locate().version;
}
