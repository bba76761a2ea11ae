import { defineConfig } from 'vitest/config';

/** The packed course with every package manager: minutes of installing, so beside the other tests. */
export default defineConfig({
  test: {
    globalSetup: 'test/machine.ts',
    include: ['test/packages/*.test.ts'],
    testTimeout: 300_000,
    hookTimeout: 120_000,
    fileParallelism: false,
  },
});
