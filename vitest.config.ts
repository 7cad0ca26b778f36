import {defineConfig} from 'vitest/config'

// Every test process starts with the guard: traffic that would leave loopback fails the test that caused it.
export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    setupFiles: ['test/guard/setup.ts'],
    disableConsoleIntercept: true,
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
})
