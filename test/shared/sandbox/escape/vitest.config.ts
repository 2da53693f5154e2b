import { defineConfig } from 'vitest/config'

/** `npm run test:escape`: takes a minute or two, so it is no part of `npm run test:unit`. */
export default defineConfig({
  test: { include: ['test/shared/sandbox/escape/*.suite.ts'], hookTimeout: 300_000 },
})
