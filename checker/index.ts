export * from './check.js';
export { corpus, type CorpusProgram, type Role } from './corpus.js';
export { hiddenTestFile } from './engine.js';
export { type Python, findPython } from './program/python.js';
export * from './result.js';
export { type Proof, type VerifyOutcome, type VerifyRequest, verifyLessons } from './verify.js';
export { type PracticeRequest, type PracticeSession, practise } from './practice.js';
