/** Programs of a class that are alike. */
export { collectPrograms } from './collect.js';
export { makeOutFolder } from './out.js';
export { similarCsv, similarHtml } from './page.js';
export { type Handed, type SimilarPair, similarPairs, THRESHOLD } from './pairs.js';
