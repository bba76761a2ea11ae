import type { PracticeRequest } from '../../checker/index.js';

/** What is run; who shows it adds what it wants to be told. */
export type RunRequest = Omit<PracticeRequest, 'onEntry' | 'onOutput' | 'onEnd'>;
