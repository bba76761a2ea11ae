import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';

/** A folder of its own for one test; removed afterwards. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'mqtt-course-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export function put(root: string, files: Record<string, string>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
}

export function lessonText(title: string, extra = ''): string {
  return `---
title: ${title}
minutes: 10
summary: About ${title}.
${extra}hints:
  typescript: [ts question, ts place, ts line]
  python: [py question, py place, py line]
---

# ${title}

Text of ${title}.
`;
}

/** A course of three small lessons, with exercises in both tracks. */
export function smallCourse(): string {
  const root = temporaryFolder();
  put(root, {
    'package.json': '{"name":"mqtt-course","version":"9.9.9"}',
    'lessons/01-first-connection.md': lessonText('First connection'),
    'lessons/02-publish-a-reading.md': lessonText('Publish a reading'),
    'lessons/05-wildcards.md': lessonText('Wildcards', 'timers: true\n'),
    'lessons/README.md': 'not a lesson',
    'exercises/kit/kit.ts': 'export const kit = 1;\n',
    'exercises/kit/mqttkit.py': 'kit = 1\n',
  });
  for (const id of ['01-first-connection', '02-publish-a-reading', '05-wildcards']) {
    put(root, {
      [`exercises/${id}/typescript/main.ts`]: `// stub of ${id}\n`,
      [`exercises/${id}/python/main.py`]: `# stub of ${id}\n`,
      [`solutions/${id}/typescript/main.ts`]: `// solution of ${id}\n`,
      [`solutions/${id}/python/main.py`]: `# solution of ${id}\n`,
    });
  }
  return root;
}
