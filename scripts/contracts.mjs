/**
 * Writes the contracts into the texts: `npm run contracts` for all, or with lessons behind it.
 * What all lessons share goes into docs/any-language.md.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import {
  findLesson,
  lessonIds,
  loadCommonContract,
  loadContract,
  packageRoot,
  withContract,
} from '../dist/course/index.js';

const root = packageRoot();

function write(file, contract) {
  const before = readFileSync(file, 'utf8');
  const after = withContract(before, contract, relative(root, file));
  if (after === before) return;
  writeFileSync(file, after);
  console.log(`${relative(root, file)}: written`);
}

const wanted = process.argv.slice(2).map(name => findLesson(name).id);
for (const id of wanted.length > 0 ? wanted : lessonIds()) {
  const contract = loadContract(id);
  if (contract) write(findLesson(id).file, contract);
}
const shared = join(root, 'docs', 'any-language.md');
if (wanted.length === 0 && existsSync(shared)) write(shared, loadCommonContract());
