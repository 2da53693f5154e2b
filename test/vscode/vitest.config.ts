import { defineConfig } from 'vitest/config'
import type { Reporter } from 'vitest/node'

/** Ends the output with one line that tools can read. */
const countLine: Reporter = {
  onTestRunEnd(modules, errors) {
    const tests = modules.flatMap(module => [...module.children.allTests()])
    const passed = tests.filter(test => test.result().state === 'passed').length
    // A file that does not load has failed too.
    const broken = modules.filter(module => module.errors().length > 0).length
    const failed = tests.filter(test => test.result().state !== 'passed').length + broken + errors.length
    console.log(`${passed} passed, ${failed} failed`)
  },
}

export default defineConfig({
  test: {
    root: `${import.meta.dirname}/../..`,
    include: [
      'test/vscode/*.test.ts',
      ...(process.argv.includes('screenshots.ts') ? ['test/vscode/screenshots.ts'] : []),
      ...(process.argv.includes('panel.ts') ? ['bench/vscode/panel.ts'] : []),
    ],
    reporters: ['verbose', countLine],
    // One VS Code at a time: each takes a server, an extension host and a browser.
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 180_000,
  },
})
