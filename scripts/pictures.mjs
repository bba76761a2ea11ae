/** Draws the pictures in the lessons anew, from real runs: `npm run pictures` for all, or with lessons behind it. */
import { readFileSync, writeFileSync } from 'node:fs';
import {
  drawPicture,
  lessonFile,
  picturesOf,
  replacePictures,
} from '../dist/checker/prove/pictures.js';
import { findLesson, lessonIds } from '../dist/course/index.js';

const wanted = process.argv.slice(2).map(name => findLesson(name).id);
for (const lesson of wanted.length > 0 ? wanted : lessonIds()) {
  const drawn = new Map();
  for (const picture of picturesOf(lesson)) drawn.set(picture.header, await drawPicture(picture));
  if (drawn.size === 0) continue;
  const file = lessonFile(lesson);
  writeFileSync(file, replacePictures(readFileSync(file, 'utf8'), drawn));
  console.log(`${lesson}: ${drawn.size} drawn`);
}
