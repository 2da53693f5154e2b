import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { failedTests } from '#shared/pipelines/support/failed-tests'

const UNITTEST_NAMES = [
  'test_broken',
  'test_shop.TestSetup.setUpClass',
  'test_shop.TestShop.test_breaks',
  'test_shop.TestShop.test_sub',
  'test_shop.TestShop.test_total',
]

/** Outputs of real runs, and the tests that failed in them. */
test.each<[string, string[]]>([
  ['go', ['TestBad', 'TestTable', 'TestTable/one_two']],
  ['go-build', ['example.com/a']],
  ['cargo', ['tests::panics_not', 'tests::bad']],
  ['pytest', ['test_a.py::TestShop::test_total', 'test_a.py::test_n[2]', 'test_a.py::test_setup']],
  ['pytest-q', ['test_a.py::TestShop::test_total', 'test_a.py::test_n[2]', 'test_a.py::test_setup']],
  ['unittest', UNITTEST_NAMES],
  ['unittest-3.9-v', UNITTEST_NAMES],
  ['jest', ['shop › adds up', 'shop › inner (deep) › 1) fails too']],
  ['mocha', ['shop adds up', 'shop inner (deep) 1) fails too']],
  ['mocha-dot', ['shop adds up', 'shop inner (deep) 1) fails too']],
  ['node-spec', ['adds up', 'top level']],
  ['node-tap', ['adds up', 'top level']],
  ['vitest-default', ['shop.test.ts > shop > adds up', 'shop.test.ts > top > level']],
  ['vitest-verbose', ['shop.test.ts > shop > adds up', 'shop.test.ts > top > level']],
  ['junit', ['test_a.TestShop.test_total', 'test_a.test_n[2]', 'test_a.test_setup']],
  ['surefire', ['com.example.ShopTest.addsUp', 'com.example.ShopTest.reads']],
  ['gradle', ['com.example.ShopTest > addsUp()', 'com.example.ShopTest > inner > reads(String)']],
  ['green', []],
])('failed tests in the output of %s', (name, expected) => {
  const output = readFileSync(join(import.meta.dirname, 'data/test-output', `${name}.txt`), 'utf8')
  expect(failedTests(output)).toEqual(expected)
})

test('an output of megabytes is read in a moment, and names are bounded', () => {
  const output = Array.from({ length: 50_000 }, (_, at) => `    --- FAIL: TestTable/case_${at} (0.00s)`).join('\n')
  expect(failedTests(`--- FAIL: TestTable\n${output}`)).toHaveLength(50)
})
