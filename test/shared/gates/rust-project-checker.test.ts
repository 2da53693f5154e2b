import { execFileSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { rustChecker } from '#shared/gates/support/rust-project-checker'
import { nodeFiles } from '#shared/host/node/files'
import { findProgram } from '#shared/sandbox/find-program'
import { DeepProject, findingLines } from '../../support/deep-project'

const MANIFEST = (name: string, more = '') =>
  `[package]\nname = "${name}"\nversion = "0.1.0"\nedition = "2021"\n${more}`
const PROJECT = {
  'Cargo.toml': '[workspace]\nresolver = "2"\nmembers = ["cart", "desk", "old"]\n',
  'cart/Cargo.toml': MANIFEST('cart'),
  'cart/src/lib.rs':
    'pub struct Cart {\n    pub items: Vec<String>,\n}\n\nimpl Cart {\n    pub fn size(&self) -> usize {\n        self.items.len()\n    }\n}\n\n#[cfg(test)]\nmod tests {\n    #[test]\n    fn empty() {\n        assert_eq!(super::Cart { items: vec![] }.size(), 0);\n    }\n}\n',
  'desk/Cargo.toml': MANIFEST('desk', '\n[dependencies]\ncart = { path = "../cart" }\n'),
  'desk/build.rs':
    'fn main() {\n    std::fs::write("/var/tmp/kode-was-here", "").ok();\n    println!("cargo:rustc-env=DESK=till");\n}\n',
  'desk/src/lib.rs':
    'pub const NAME: &str = env!("DESK");\n\npub fn count(cart: &cart::Cart) -> usize {\n    cart.size()\n}\n',
  'old/Cargo.toml': MANIFEST('old'),
  'old/src/lib.rs': 'pub fn total() -> u32 {\n    "text"\n}\n',
  'far/Cargo.toml': MANIFEST('far', '\n[workspace]\n\n[dependencies]\nno-such-crate-anywhere = "1"\n'),
  'far/src/lib.rs': 'pub use no_such_crate_anywhere::Far;\n',
}
const CART = PROJECT['cart/src/lib.rs']
const DESK = PROJECT['desk/src/lib.rs']

const installed = {
  program: findProgram('cargo', process.env.PATH, '/nowhere'),
  homes: [process.env.CARGO_HOME ?? join(homedir(), '.cargo')],
}
let project: DeepProject
let keepsGoing = false
beforeAll(() => {
  expect(installed.program, 'these tests need cargo: scripts/setup.sh test').toBeDefined()
  keepsGoing = execFileSync(installed.program ?? '', ['check', '--help'], { encoding: 'utf8' }).includes('--keep-going')
  project = new DeepProject(PROJECT)
})
afterAll(() => project.remove())

test.each<[string, Record<string, string | null>, string[]]>([
  [
    'a misspelt method of another crate',
    { 'desk/src/lib.rs': DESK.replace('cart.size()', 'cart.sise()') },
    ['E0599 desk/src/lib.rs:4 no method named `sise` found'],
  ],
  [
    'a value of the wrong type behind letters of more than one byte',
    { 'desk/src/lib.rs': DESK.replace('cart.size()', '/* größer */ "x"') },
    ['E0308 desk/src/lib.rs:4 mismatched types'],
  ],
  [
    'a change that breaks a crate it does not touch, and tests',
    { 'cart/src/lib.rs': CART.replace('fn size', 'fn length') },
    ['E0599 cart/src/lib.rs:15 no method named `size`', 'E0599 desk/src/lib.rs:4 no method named `size`'],
  ],
  [
    'a second error beside one that was there',
    { 'old/src/lib.rs': `// It moves.\n${PROJECT['old/src/lib.rs']}\npub fn rest() -> bool {\n    1\n}\n` },
    ['E0308 old/src/lib.rs:7 mismatched types'],
  ],
])('%s fails', { timeout: 60_000 }, async (_, change, expected) => {
  const result = await judge(change)
  expect(result?.status, JSON.stringify(result)).toBe('FAIL')
  const found = findingLines(result)
  for (const line of found)
    expect(
      expected.some(each => line.includes(each)),
      line,
    ).toBe(true)
  // A cargo that does not go on after an error may find only one of two broken crates.
  if (keepsGoing) expect(found).toHaveLength(expected.length)
})

test.each<[string, Record<string, string | null>]>([
  ['a sound change', { 'desk/src/lib.rs': DESK.replace('cart.size()', 'cart.size() * 2') }],
  ['an error that was there before', { 'old/src/lib.rs': `// It moves.\n${PROJECT['old/src/lib.rs']}` }],
  [
    'a new module',
    {
      'desk/src/till.rs': 'pub fn open() {}\n',
      'desk/src/lib.rs': `mod till;\n${DESK}pub fn day() { till::open() }\n`,
    },
  ],
  ['a warning', { 'desk/src/lib.rs': `${DESK}fn unused() {}\n` }],
])('%s passes', { timeout: 60_000 }, async (_, change) => {
  const result = await judge(change)
  expect(result?.status, JSON.stringify(result)).toBe('PASS')
})

test('what a repaired crate uncovers in those that need it is not counted', { timeout: 60_000 }, async () => {
  const broken = new DeepProject({
    ...PROJECT,
    'cart/src/lib.rs': CART.replace('usize {', 'u8 {'),
    'desk/src/lib.rs': DESK.replace('size', 'sise'),
  })
  const result = await broken.judge(rustChecker(broken.root, installed, broken.room, nodeFiles()), {
    'cart/src/lib.rs': CART,
  })
  broken.remove()
  expect(result?.status, JSON.stringify(result)).toBe('PASS')
})

test('a dependency that is not downloaded is not checked, and no network is asked', { timeout: 60_000 }, async () => {
  const result = await judge({ 'far/src/lib.rs': `${PROJECT['far/src/lib.rs']}\n` })
  expect(result?.status).toBe('SKIP')
  expect(result?.message).toContain('not downloaded')
})

test('without cargo the gate says so', async () => {
  const result = await judge({ 'desk/src/lib.rs': `${DESK}\n` }, { ...installed, program: undefined })
  expect(result?.status).toBe('SKIP')
  expect(result?.message).toContain('no cargo command')
})

test('build scripts run, but the project and the machine stay as they are', { timeout: 60_000 }, async () => {
  const listed = () => readdirSync(project.root, { recursive: true }).sort()
  const before = listed()
  const result = await judge({ 'desk/src/lib.rs': `${DESK}// The end.\n` })
  expect(result?.status, JSON.stringify(result)).toBe('PASS')
  expect(listed()).toEqual(before)
  expect(readdirSync('/var/tmp')).not.toContain('kode-was-here')
})

function judge(change: Record<string, string | null>, cargo = installed) {
  return project.judge(rustChecker(project.root, cargo, project.room, nodeFiles()), change)
}
