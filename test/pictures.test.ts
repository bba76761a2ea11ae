import { expect, test } from 'vitest';
import { drawPicture, picturesOf } from '../checker/prove/pictures.js';
import { lessonIds } from '../course/index.js';

const pictures = lessonIds().flatMap(picturesOf);

/** `npm run pictures` draws them anew. */
test.concurrent.each(pictures)(
  'the picture in $lesson ($header) is what crosses the wire',
  async picture => {
    expect(picture.written).toBe(await drawPicture(picture));
  },
);
