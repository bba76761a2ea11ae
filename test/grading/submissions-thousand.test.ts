import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { parseTable } from '../../grading/csv.js';
import { rosterOf } from '../../grading/roster.js';
import { listSubmissions, unpackSubmission } from '../../grading/submissions/index.js';
import { tarOf, zipOf } from './archives.js';
import { temporary } from './handed-in.js';

it('a class of 1,000 is listed and unpacked, and nothing is left behind', async () => {
  const folder = temporary();
  const into = temporary();
  const rows = ['id,canvas'];
  for (let number = 0; number < 1000; number++) {
    const canvas = 10_000 + number;
    rows.push(`l${number},${canvas}`);
    const file = {
      name: 'exercises/05-wildcards/typescript/main.ts',
      data: `export const number = ${number};\n`,
    };
    const path = join(folder, `learner_${canvas}_${90_000 + number}_work`);
    if (number % 100 === 7) writeFileSync(`${path}.zip`, 'PK broken');
    else if (number % 3 === 0) writeFileSync(`${path}.zip`, zipOf([file]));
    else if (number % 3 === 1) writeFileSync(`${path}.tgz`, gzipSync(tarOf([file])));
    else {
      mkdirSync(path);
      writeFileSync(join(path, 'main.ts'), file.data);
    }
  }
  rows.push('absent,1');
  const roster = rosterOf(parseTable(rows.join('\n'), 'roster.csv'), 'roster.csv');
  const list = await listSubmissions(folder, { roster });
  expect(list.submissions).toHaveLength(1000);
  expect(list.absent).toEqual(['absent']);
  expect(list.unexpected).toEqual([]);

  const hashes = new Set<string>();
  let broken = 0;
  for (const submission of list.submissions) {
    try {
      const unpacked = await unpackSubmission(submission, { lessons: ['05-wildcards'], into });
      const exercise = unpacked.exercises.get('05-wildcards');
      if (exercise) hashes.add(exercise.hash);
      await unpacked.dispose();
    } catch {
      broken += 1;
    }
  }
  expect(hashes.size).toBe(990);
  expect(broken).toBe(10);
  expect(readdirSync(into)).toEqual([]);
}, 120_000);
