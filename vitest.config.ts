import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/vscode/**', '**/node_modules/**'],
    globalSetup: 'test/support/build-assets.ts',
    // Real processes (sandbox, ripgrep, git, the built CLI) take their time on a busy two-core machine.
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
})
