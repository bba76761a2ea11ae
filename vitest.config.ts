import { availableParallelism } from 'node:os';
import { configDefaults, defineConfig } from 'vitest/config';

/**
 * The project's own tests. The hidden tests of the lessons are run by `mqtt-course check` and
 * `verify`, those of the sandbox by `npm run sandbox`, those of package managers by `npm run packages`.
 */
export default defineConfig({
  test: {
    globalSetup: 'test/machine.ts',
    include: ['test/**/*.test.ts'],
    exclude: [...configDefaults.exclude, 'test/grading/sandbox*.test.ts', 'test/packages/**'],
    // Tests mostly wait, for programs that start and for timers: one file more than processors.
    maxWorkers: availableParallelism() + 1,
    testTimeout: 30_000,
    hookTimeout: 30_000,
  },
});
