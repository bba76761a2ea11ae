/**
 * What others use of the checker. `replay/` has a face of its own: a check starts without it.
 * Rooms: `harness` (scenarios, checks, verdicts), `program`, `check`, `replay`, `prove`, `practice`,
 * and `lessons`, the hidden tests.
 */
export * from './check/index.js';
export * from './harness/result.js';
export * from './practice/index.js';
export * from './program/index.js';
export * from './prove/index.js';
export { type StoredBundle, sealBundle, type Versions, versionsOf } from './replay/bundle.js';
