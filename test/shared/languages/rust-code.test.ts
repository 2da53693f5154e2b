import { describe, expect, test } from 'vitest'
import { readAsset } from '#shared/host/node/assets'
import { createRust } from '#shared/languages/rust'
import { judgeCode } from '../../support/judge-code'
import { memoryProject } from '../../support/memory-project'

const PROJECT = {
  'Cargo.toml':
    '[package]\nname = "my-shop"\nversion = "1.0.0"\nedition = "2021"\n\n[dependencies]\nserde = "1"\nserde-json = { package = "serde_json", version = "1" }\njson5 = { workspace = true }\n\n[dev-dependencies]\nproptest = "1"\n\n[target.\'cfg(windows)\'.dependencies]\nwinapi = "0.3"\n',
  'src/lib.rs': 'pub mod cart;\nmod util;\npub use cart::Cart;\n',
  'src/cart/mod.rs': 'pub mod item;\npub struct Cart;\npub fn total(tax: i32) -> i32 { tax }\n',
  'src/cart/item.rs': 'pub struct Item;\n',
  'src/util.rs': 'pub fn round(value: f64) -> f64 { value }\n',
  'src/extra/deep.rs': '',
}

describe('Rust imports that lead somewhere', () => {
  test.each([
    ['src/util.rs', 'use std::collections::HashMap;\nuse core::fmt;\n'],
    ['src/util.rs', 'use serde::{Deserialize, Serialize as S};\nuse serde_json::Value;\nuse json5;\nuse winapi::um;\n'],
    ['src/util.rs', 'use crate::cart::{self, item::Item, Cart, total};\nuse crate::Cart as C;\n'],
    ['src/cart/item.rs', 'use super::{total, Cart};\nuse super::super::util;\n'],
    ['src/util.rs', 'mod inner { pub fn f() {} }\nuse inner::f;\nuse self::inner::f as g;\n'],
    ['src/util.rs', 'enum Kind { A, B }\nuse Kind::{A, B};\n'],
    ['tests/shop.rs', 'use my_shop::cart;\nuse proptest::prelude::*;\n'],
    ['src/lib.rs', 'pub mod cart;\nmod util;\n#[path = "extra/deep.rs"]\nmod odd;\n'],
    ['src/util.rs', '#[cfg(test)]\nmod tests {\n    use super::*;\n    #[test]\n    fn works() {}\n}\n'],
    ['src/util.rs', '#[cfg(feature = "fancy")]\nuse fancy_crate::Thing;\n'],
    ['src/util.rs', '// use invented::Thing;\n'],
  ])('%s: %j', async (path, text) => {
    expect(await judgeCode('imports', path, text, PROJECT)).toEqual([])
  })

  test('without Cargo.toml nothing is known of crates', async () => {
    expect(await judgeCode('imports', 'a.rs', 'use invented::Thing;\n')).toEqual([])
  })
})

describe('Rust imports that lead nowhere', () => {
  test.each([
    ['src/util.rs', 'use serd::Serialize;\n', ['unknown-package `serd::Serialize`; did you mean `serde`?']],
    ['src/util.rs', 'use hyperfast_json::parse;\n', ['unknown-package `hyperfast_json::parse`']],
    ['src/util.rs', 'extern crate tokioo;\n', ['unknown-package `extern crate tokioo;`']],
    ['src/lib.rs', 'pub mod cart;\nmod util;\nmod utill;\n', ['unknown-module `utill`; did you mean `util`?']],
    ['src/cart/mod.rs', 'pub mod items;\n', ['unknown-module `items`; did you mean `item`?']],
    ['src/util.rs', '#[path = "nowhere.rs"]\nmod odd;\n', ['unknown-module `odd`']],
    ['src/util.rs', 'use crate::crat::Cart;\n', ['unknown-name `crate::crat::Cart`; did you mean `cart`?']],
    ['src/util.rs', 'use crate::cart::Basket;\n', ['unknown-name `crate::cart::Basket`']],
    ['src/cart/item.rs', 'use super::totl;\n', ['unknown-name `super::totl`; did you mean `total`?']],
  ])('%s: %j', async (path, text, expected) => {
    expect(await judgeCode('imports', path, text, PROJECT)).toEqual(expected)
  })
})

describe('Rust calls that may stand', () => {
  test.each([
    'fn f(a: i32) {}\nfn g() { f(1); println!("{}", h(2)); }\nfn h(a: i32) -> i32 { a }\n',
    'fn g(run: impl Fn(i32)) { run(1); let add = |x| x; add(2); }\n',
    'struct A(i32);\nenum E { V(i32) }\nuse E::V;\nfn g() { A(1); V(2); Some(3); drop(4); }\n',
    'use crate::util::*;\nfn g() { round(1.0); }\n',
    'use other::things::*;\nfn g() { anything(1); }\n',
    'make_functions!(one);\nfn g() { made(1); }\n',
    'extern "C" { fn printf(format: *const u8, ...); }\nfn g() { unsafe { printf(a, b, c) } }\n',
    'fn f() {}\nmod inner { pub fn f(a: i32) {} }\nfn g() { f(); }\n',
  ])('%j', async text => {
    expect(await judgeCode('calls', 'src/more.rs', text, PROJECT)).toEqual([])
  })
})

describe('Rust calls that cannot compile', () => {
  test.each([
    ['fn total() {}\nfn g() { totl(); }\n', ['unknown-function `totl`; did you mean `total`?']],
    ['fn g() { println!("{}", compute(1)); }\n', ['unknown-function `compute`']],
    ['use crate::util::*;\nfn g() { ruond(1.0); }\n', ['unknown-function `ruond`']],
    ['fn f(a: i32, b: i32) {}\nfn g() { f(1); }\n', ['wrong-arguments `f`; it is `fn f(a: i32, b: i32)`']],
  ])('%j', async (text, expected) => {
    expect(await judgeCode('calls', 'src/more.rs', text, PROJECT)).toEqual(expected)
  })
})

describe('what the index is told of Rust', () => {
  const { code } = createRust(readAsset)

  test('modules and paths are scanned and lead to files', async () => {
    const text = 'mod util;\npub use crate::cart::{item, Cart};\nuse std::fmt;\n'
    expect(code?.scanImports({ path: 'src/lib.rs', text })).toEqual([
      'self::util',
      'crate::cart',
      'crate::cart::item',
      'crate::cart::Cart',
    ])
    const project = memoryProject(PROJECT)
    expect(await code?.resolveToFiles('self::util', 'src/lib.rs', project)).toEqual(['src/util.rs'])
    expect(await code?.resolveToFiles('crate::cart::item', 'src/util.rs', project)).toEqual(['src/cart/item.rs'])
    expect(await code?.resolveToFiles('super::total', 'src/cart/item.rs', project)).toEqual(['src/cart/mod.rs'])
  })

  test('a body may change without changing what users rely on; a parameter may not', async () => {
    const shapeOf = async (text: string) => {
      const facts = await code?.factsOf({ path: 'a.rs', text })
      return facts?.kind === 'facts' ? facts.declarations.find(each => each.name === 'f')?.shape : undefined
    }
    const before = await shapeOf('pub fn f(a: i32) -> i32 { a }\n')
    expect(before).toBe('pub fn f(a: i32) -> i32')
    expect(await shapeOf('pub fn f(a: i32) -> i32 {\n    a + 1\n}\n')).toBe(before)
    expect(await shapeOf('pub fn f(a: i64) -> i32 { 1 }\n')).not.toBe(before)
  })
})
