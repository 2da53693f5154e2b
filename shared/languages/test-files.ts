/** Names and folders that mark a file of tests, in every language kode knows. */
const TEST_FILE =
  /(?:^|\/)(?:test_[^/]+\.pyi?|conftest\.py)$|_test\.(?:go|py|rs)$|\.(?:test|spec)\.[cm]?[jt]sx?$|(?:^|\/)(?:tests?|__tests__|spec)\//

/** Whether a path names a test. A Rust file with `#[test]` inside is both code and test. */
export function isTestFile(path: string): boolean {
  return TEST_FILE.test(path)
}
