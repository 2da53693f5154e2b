import { describe, expect, test } from 'vitest'
import { readAsset } from '#shared/host/node/assets'
import { createGo } from '#shared/languages/go'
import { judgeCode } from '../../support/judge-code'
import { memoryProject } from '../../support/memory-project'

const PROJECT = {
  'go.mod':
    'module example.com/shop\n\ngo 1.22\n\nrequire (\n\tgithub.com/acme/kit/v2 v2.1.0\n\tgithub.com/acme/log v1.0.0 // indirect\n)\n\nreplace github.com/acme/log => ./third/log\n',
  'cart/cart.go':
    'package cart\n\ntype Cart struct {\n\tItems []string\n\tbase\n}\n\ntype base struct{ ID int }\n\nfunc (b *base) Key() int { return b.ID }\n\nfunc New(name string, sizes ...int) *Cart { return &Cart{} }\n\nfunc (c *Cart) Add(item string, count int) {}\n\nfunc hidden() {}\n\nconst Max = 3\n',
  'cart/cart_windows.go': 'package cart\n\nfunc Native() {}\n',
  'cart/internal/store/store.go': 'package store\n\nfunc Open() {}\n',
  'third/log/go.mod': 'module github.com/acme/log\n',
  'third/log/log.go': 'package log\n\nfunc Info(text string) {}\n',
  'docs/readme.txt': 'no Go here\n',
}

const file = (imports: string, body = '') =>
  `package main\n\nimport (\n${imports
    .split(' ')
    .map(each => `\t${each.replace('=', ' ')}`)
    .join('\n')}\n)\n\nfunc main() {\n\t${body}\n}\n`

describe('Go imports that lead somewhere', () => {
  test.each([
    ['"fmt"', 'fmt.Println()'],
    ['"math/rand/v2"', 'rand.IntN(3)'],
    ['"net/http"', 'var c http.Client; _ = c'],
    ['"example.com/shop/cart"', 'cart.New("a"); _ = cart.Max; cart.Native()'],
    ['c="example.com/shop/cart"', 'c.New("a")'],
    ['"github.com/acme/kit/v2/sub/pkg"', 'pkg.Anything()'],
    ['"github.com/acme/log"', 'log.Info("a")'],
    ['"C"', 'C.free(nil)'],
    ['"unsafe"', '_ = unsafe.Sizeof(1)'],
    ['_="embed"', ''],
    ['"strings"', 'strings := load(); strings.Whatever()'],
    ['"syscall"', 'syscall.Anything()'],
  ])('%s: %s', async (imports, body) => {
    expect(await judgeCode('imports', 'main.go', file(imports, body), PROJECT)).toEqual([])
  })

  test('a package may import what is internal to its own tree', async () => {
    const text = 'package cart\n\nimport "example.com/shop/cart/internal/store"\n\nfunc f() { store.Open() }\n'
    expect(await judgeCode('imports', 'cart/more.go', text, PROJECT)).toEqual([])
  })

  test('without go.mod nothing is known', async () => {
    expect(await judgeCode('imports', 'main.go', file('"github.com/a/b"'))).toEqual([])
  })

  test('modules of a workspace see each other', async () => {
    const project = {
      'go.work': 'go 1.22\n\nuse (\n\t./a\n\t./b\n)\n',
      'a/go.mod': 'module example.com/a\n\nrequire example.com/x v1.0.0\n',
      'b/go.mod': 'module example.com/b\n',
      'b/util/util.go': 'package util\n\nfunc Do() {}\n',
    }
    expect(await judgeCode('imports', 'a/main.go', file('"example.com/b/util"', 'util.Do()'), project)).toEqual([])
    expect(await judgeCode('imports', 'a/main.go', file('"example.com/b/utl"'), project)).toEqual([
      'unknown-package `"example.com/b/utl"`; did you mean `util`?',
    ])
  })
})

describe('Go imports that lead nowhere', () => {
  test.each([
    ['"fmtt"', '', ['unknown-package `"fmtt"`; did you mean `fmt`?']],
    ['"encoding/jsn"', '', ['unknown-package `"encoding/jsn"`; did you mean `encoding/json`?']],
    ['"github.com/nobody/invented"', '', ['unknown-package `"github.com/nobody/invented"`; add its module to go.mod']],
    [
      '"github.com/acme/kit2"',
      '',
      ['unknown-package `"github.com/acme/kit2"`; did you mean `github.com/acme/kit/v2`?'],
    ],
    ['"example.com/shop/crat"', '', ['unknown-package `"example.com/shop/crat"`; did you mean `cart`?']],
    ['"github.com/acme/log/deep"', '', ['unknown-package `"github.com/acme/log/deep"`']],
    ['"example.com/shop/cart/internal/store"', '', ['hidden-package `"example.com/shop/cart/internal/store"`']],
    ['"internal/abi"', '', ['unknown-package `"internal/abi"`']],
    ['"unique"', '', ['? too-new `"unique"`']],
    ['"strings"', 'strings.ToUper("a")', ['unknown-name `ToUper`; did you mean `ToUpper`?']],
    ['"net/http"', 'var c http.Clent; _ = c', ['unknown-name `Clent`; did you mean `Client`?']],
    ['"example.com/shop/cart"', 'cart.Nwe("a")', ['unknown-name `Nwe`; did you mean `New`?']],
    ['"example.com/shop/cart"', 'cart.hidden()', ['unknown-name `hidden`']],
  ])('%s: %s', async (imports, body, expected) => {
    const found = await judgeCode('imports', 'main.go', file(imports, body), PROJECT)
    expect(found).toEqual(expected)
  })

  test('with a vendor folder, what is declared but not there warns', async () => {
    const project = { ...PROJECT, 'vendor/modules.txt': '', 'vendor/github.com/acme/kit/v2/a/a.go': 'package a\n' }
    expect(await judgeCode('imports', 'main.go', file('"github.com/acme/kit/v2/a"'), project)).toEqual([])
    expect(await judgeCode('imports', 'main.go', file('"github.com/acme/kit/v2/b"'), project)).toEqual([
      '? not-vendored `"github.com/acme/kit/v2/b"`; run `go mod vendor`',
    ])
  })
})

describe('Go calls that may stand', () => {
  test.each([
    'hidden(); New("a"); New("a", 1, 2); Native()',
    'c := &Cart{}; c.Add("a", 1); c.Key()',
    'f := func(a int) {}; f(1)',
    'New(pair()); New(names...)',
    'var c Other; c.Whatever()',
    'x := any(1); _ = string(rune(2)); _ = len("a"); _ = x',
    'for _, run := range tasks { run() }',
    'c := load(); c.Whatever()',
  ])('%s', async body => {
    const text = `package cart\n\nfunc g(load func() *Cart, pair func() (string, int), tasks []func(), names []int) {\n\t${body}\n}\n`
    expect(await judgeCode('calls', 'cart/more.go', text, PROJECT)).toEqual([])
  })

  test('a name that is a package here and a variable there is not judged', async () => {
    const text = 'package cart\n\nimport "io/fs"\n\nfunc a(fs Cart) {}\n\nfunc b() { fs.ValidPath("x") }\n'
    expect(await judgeCode('calls', 'cart/more.go', text, PROJECT)).toEqual([])
  })

  test('what a generator will declare is not missed', async () => {
    const text = 'package cart\n\n//go:generate stringer\n\nfunc g() { made() }\n'
    expect(await judgeCode('calls', 'cart/more.go', text, PROJECT)).toEqual([])
  })
})

describe('Go calls that cannot compile', () => {
  test.each([
    ['hiden()', ['unknown-function `hiden`; did you mean `hidden`?']],
    ['computeEverything(1)', ['unknown-function `computeEverything`']],
    ['New()', ['wrong-arguments `New`; it is `func New(name string, sizes ...int) *Cart`']],
    ['hidden(1)', ['wrong-arguments `hidden`; it is `func hidden()`']],
    ['c := &Cart{}; c.Ad("a", 1)', ['unknown-method `Ad`; did you mean `Add`?']],
    ['c := Cart{}; c.Add("a")', ['wrong-arguments `Add`; it is `func (c *Cart) Add(item string, count int)`']],
    ['var c *Cart; c.Kee()', ['unknown-method `Kee`; did you mean `Key`?']],
  ])('%s', async (body, expected) => {
    const text = `package cart\n\nfunc g() {\n\t${body}\n}\n`
    expect(await judgeCode('calls', 'cart/more.go', text, PROJECT)).toEqual(expected)
  })

  test('arguments of an imported function are counted', async () => {
    const text = file('"example.com/shop/cart"', 'cart.New()')
    expect(await judgeCode('calls', 'main.go', text, PROJECT)).toEqual([
      'wrong-arguments `New`; it is `func New(name string, sizes ...int) *Cart`',
    ])
  })
})

describe('what the index is told of Go', () => {
  const { code } = createGo(readAsset)

  test('imports are scanned and lead to the files of their package', async () => {
    const text = 'package a\n\nimport "fmt"\nimport (\n\tc "example.com/shop/cart"\n\t// "not/this"\n\t_ "embed"\n)\n'
    expect(code?.scanImports({ path: 'a.go', text })).toEqual(['fmt', 'example.com/shop/cart', 'embed'])
    const files = await code?.resolveToFiles('example.com/shop/cart', 'main.go', memoryProject(PROJECT))
    expect(files).toEqual(['cart/cart.go', 'cart/cart_windows.go'])
    expect(await code?.visibleWithoutImport?.('cart/cart.go', memoryProject(PROJECT))).toEqual(['cart/cart_windows.go'])
  })

  test('a body may change without changing what users rely on; a parameter may not', async () => {
    const shapeOf = async (text: string) => {
      const facts = await code?.factsOf({ path: 'a.go', text })
      return facts?.kind === 'facts' ? facts.declarations.find(each => each.name === 'F')?.shape : undefined
    }
    const before = await shapeOf('package a\n\nfunc F(a int) int { return a }\n')
    expect(before).toBe('func F(a int) int')
    expect(await shapeOf('package a\n\nfunc F(a int) int {\n\treturn 2\n}\n')).toBe(before)
    expect(await shapeOf('package a\n\nfunc F(a string) int { return 1 }\n')).not.toBe(before)
  })
})
