import { defineConfig } from 'vitest/config'

export default defineConfig({
  plugins: [
    {
      name: 'prompts-as-text',
      transform: (code, id) => (id.endsWith('.md') ? `export default ${JSON.stringify(code)}` : null),
    },
  ],
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/vscode/**', '**/node_modules/**'],
    globalSetup: 'test/support/set-up.ts',
    // Real processes (sandbox, ripgrep, git, the built CLI) take their time on a busy two-core machine.
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
})
