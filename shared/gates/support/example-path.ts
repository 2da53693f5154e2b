/** Whether a file is a test, an example or a document: such files need things that look real, and servers nobody vouches for. */
export function isExamplePath(path: string): boolean {
  return EXAMPLE_PATH.test(path)
}

const EXAMPLE_PATH =
  /(?:^|\/)(?:__)?(?:tests?|specs?|fixtures?|testdata|testing|mocks?|examples?|samples?|docs?|snapshots?|cassettes|e2e|stubs?)(?:__)?\/|[._-](?:test|spec|mock|fixture|example|sample)s?\.|(?:^|\/)test_|_test\.|\.(?:md|rst|adoc|snap|lock)$|\.example$/i
