import { defineConfig } from 'vitest/config';

/** The sandbox against programs that attack it: minutes of work, so beside the other tests. */
export default defineConfig({
  test: {
    globalSetup: 'test/machine.ts',
    include: ['test/grading/sandbox*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    fileParallelism: false,
  },
});
