/** How each test runner names a failed test on a line of its output. */
const FAILURE_LINES: readonly RegExp[] = [
  /^\s*--- FAIL: (\S+)/, // go test
  /^test (\S+) \.\.\. FAILED$/, // cargo test
  /^FAILED (\S+::\S+)/, // pytest
  /^not ok \d+ - (.+?)(?: # .*)?$/, // TAP: node:test, tap
  /^\s*✖ (.+?)(?: \([\d.]+ ?m?s\))?$/, // node:test, spec reporter
  /^\s*(?:×|✗|✕) (.+?)(?: \(?[\d.]+ ?m?s\)?)?$/, // vitest, jest
  /^\s*● (.+ › .+)$/, // jest
  /^\s*FAIL\s+(\S+ > .+)$/, // vitest
  /^\s*\d+\) (.+)$/, // mocha
  /<testcase [^>]*name="([^"]+)"[^>]*>\s*<failure/, // JUnit
]

const MAX_NAMES = 50

/** Names of failed tests in the output of a test run; empty when no known runner wrote it. */
export function failedTests(output: string): string[] {
  const names = new Set<string>()
  for (const line of output
    .replaceAll('\x1b', '')
    .replace(/\[\d+(;\d+)*m/g, '')
    .split('\n')) {
    for (const pattern of FAILURE_LINES) {
      const name = pattern.exec(line)?.[1]?.trim()
      if (name && !/^failing tests:?$/i.test(name)) names.add(name)
    }
  }
  return [...names].slice(0, MAX_NAMES)
}
