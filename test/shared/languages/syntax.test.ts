import { describe, expect, test } from 'vitest'
import { readAsset } from '#shared/host/node/assets'
import { Languages } from '#shared/languages/registry'

const languages = new Languages(readAsset)

/** What a file of this name and text is: valid, or the place and message of its first problem, or why it was not judged. */
async function verdictOn(path: string, text: string): Promise<string> {
  const language = await languages.languageOf(path)
  if (!language) return 'no language'
  const verdict = await language.checkSyntax({ path, text })
  if (verdict.kind === 'unknown') return `unknown: ${verdict.reason}`
  const [first] = verdict.problems
  if (!first) return 'valid'
  const lines = text.slice(0, first.start).split('\n')
  const mark = first.certainty === 'likely' ? '? ' : ''
  return `${mark}${lines.length}:${lines.at(-1)!.length + 1} ${first.message}`
}

describe('what does not parse is found where it is', () => {
  test.each([
    ['a.py', 'def f(:\n    pass\n', '1:7 Expected a parameter or the end of the parameter list'],
    ['a.py', 'x = 1\n  y = 2\n', '2:1 Unexpected indentation'],
    ['a.py', 'def f():\nreturn 1\n', '2:1 Expected an indented block after function definition'],
    ['a.py', 'print "hello"\n', '1:7 Simple statements must be separated by newlines or semicolons'],
    ['a.py', 'café = "ü"\nx = é(\n', '3:1 Unexpected EOF while parsing'],
    ['a.py', 'naïve = 1; x = = 2\n', '1:16 Expected an expression'],
    ['a.pyi', 'def f(x: int -> str: ...\n', '1:14 Expected `)`, found `->`'],
    ['a.go', 'package a\nfunc f( {\n}\n', "2:9 Expected ')', found '{'"],
    ['a.go', 'package a\nvar é, x = "ü", 1 2\n', "2:19 Expected ';', found 2"],
    ['a.go', 'func f() {}\n', "1:1 Expected 'package' and a name at the top of the file"],
    ['a.go', '', "1:1 Expected 'package' and a name at the top of the file"],
    ['a.rs', 'fn f() {\n    let x = (1, 2;\n}\n', '3:1 Mismatched `}`: expected `)`'],
    ['a.rs', 'fn f() -> i32 {\n    1\n', '1:15 Unclosed `{`: expected `}`'],
    ['a.rs', 'fn f( { }\n', '1:5 Unclosed `(`: expected `)`'],
    ['a.rs', 'struct A { a: i32 b: i32 }\n', '1:19 Unexpected Identifier, expected "," or "}"'],
    ['a.rs', 'fn f() {\n    let x = 1\n    let y = 2;\n}\n', '2:14 Expected `;`'],
    ['a.json', '{"a": 1,, "b": 2}', '1:9 Property name expected'],
    ['package.json', '{"a": 1,}', '1:9 JSON has no trailing commas'],
    [
      'a.yaml',
      'a: [1, 2\nb: 3\n',
      '2:1 Flow sequence in block collection must be sufficiently indented and end with a ]',
    ],
    ['a.toml', 'a = 1\nb = \n', '2:5 invalid value'],
    ['a.css', 'a { color: red;\n', '1:3 Unclosed `{`'],
    ['a.css', 'a { color: red; } }\n', '1:19 Unexpected closing `}`'],
    ['a.html', '<p>one</p><img src="x', '1:22 The file ends inside a tag'],
    [
      'a.md',
      '---\ntitle: [a\n---\ntext\n',
      '3:1 Flow sequence in block collection must be sufficiently indented and end with a ]',
    ],
    ['a.vue', '<template/>\n<script lang="ts">\nconst a: = 1\n</script>\n', '3:10 Type expected.'],
    ['a.svelte', '<script>\nlet a = (\n</script>\n', '2:10 Expression expected.'],
  ])('%s: %j', async (path, text, expected) => {
    expect(await verdictOn(path, text)).toBe(expected)
  })
})

describe('what is valid passes, however unusual', () => {
  test.each([
    ['a.py', 'match x:\n    case {"a": [1, *rest]}: pass\n'],
    ['a.py', 'type Pair[T] = tuple[T, T]\ndef f[**P](x): ...\n'],
    ['a.py', 'x = t"{name}"; y = f"{d["a"]}"\n'],
    ['a.py', 'def f():\n\tif x:\n\t\treturn 1\r\n'],
    ['a.py', ''],
    ['a.go', 'package a\n\nfunc F[T ~int | ~string](x T) (y T) { for i := range 10 { _ = i }; return x }\n'],
    ['a.go', '// just a comment\npackage a // and another\r\n'],
    ['a.go', 'package a\n\nfunc (r *R) N[Int intType](n Int) Int { return n }\n', /^unknown: newer Go/],
    ['a.rs', 'fn f() { let Some(x) = y else { return }; if let Some(a) = b && c {} }\n'],
    ['a.rs', 'unsafe extern "C" {\n    pub safe fn sqrt(x: f64) -> f64;\n}\n', /^valid$|^unknown: it uses Rust newer/],
    ['a.rs', 'fn f<\'a>(c: char) -> &\'a str { match c { \'{\' => "}", \'\\\'\' => r#"""#, _ => "" } }\n'],
    ['tsconfig.json', '{ // comment\n "a": [1, 2,], }'],
    ['.vscode/settings.json', '{ "a": 1, /* last */ }'],
    ['a.jsonc', '{ "a": 1, }'],
    ['a.yaml', 'a: &x {b: 1}\nc: *x\n---\n- !Ref foo\n- "on": {}\n'],
    [
      '.github/workflows/a.yml',
      `on: push
jobs:
  a:
    env: { A: '\${{ x }}' }
`,
    ],
    ['templates/a.yaml', '{{- if .Values.on }}\na: {{ .x }}\n{{ end }}\n', /^unknown: it looks like a template/],
    ['a.toml', '[a]\nb = 1979-05-27T07:32:00Z\n[[c]]\nd = 9_007_199_254_740_993\n'],
    ['a.css', '.a { &:hover { color: color-mix(in srgb, red, #fff 20%) } @media (width > 1px) { b: c } }'],
    ['a.html', '<!doctype html><ul><li>a<li>b</ul><script>if (a < b) {}</script>'],
    ['a.md', '---\n\nnot a header\n\n---\n'],
    ['a.vue', '<template><p>{{ a }}</p></template><script setup lang="ts">const a: number = 1</script>'],
    ['a.svelte', '<script module>export const a = 1</script>{#if a}<p/>{/if}'],
  ] as [string, string, RegExp?][])('%s: %j', async (path, text, expected = /^valid$/) => {
    expect(await verdictOn(path, text)).toMatch(expected)
  })

  test.each([
    ['settings.json', '{ "a": 1, // why\n}', '? 1:11 JSON has no comments'],
    ['a.yaml', 'a: 1\na: 2\n', '? 2:1 This key is there twice'],
  ])('%s with a habit that many readers accept is a warning', async (path, text, expected) => {
    expect(await verdictOn(path, text)).toBe(expected)
  })
})

describe('what cannot be judged is said so, in time', () => {
  const deep = (open: string, close: string) => open.repeat(20_000) + close.repeat(20_000)
  const UNKNOWN = /^unknown: /
  const DEFINED = /^valid$|^unknown: /
  test.each([
    ['a.py', 'x = 1\0\n', UNKNOWN],
    ['a.py', `x = ${deep('(', ')')}\n`, UNKNOWN],
    ['a.go', `package a\n\nvar x = ${deep('(', ')')}\n`, DEFINED],
    ['a.rs', `fn f() { ${deep('(', ')')} }\n`, DEFINED],
    ['a.rs', '{[(<'.repeat(25_000), UNKNOWN],
    ['a.go', '{[(<'.repeat(25_000), UNKNOWN],
    ['a.rs', `fn f() { ${'{[(<'.repeat(1_200)}`, /./],
    ['a.json', deep('[', ']'), DEFINED],
    ['a.yaml', deep('[', ']'), DEFINED],
    ['a.toml', `a = ${deep('[', ']')}`, UNKNOWN],
    ['a.css', deep('(', ')'), DEFINED],
    ['a.html', '<div>'.repeat(20_000), DEFINED],
    ['a.py', `x = [${'1,'.repeat(500_000)}]\n`, /^valid$/],
    ['a.go', `package a\n\nvar x = []int{${'1,'.repeat(500_000)}}\n`, /^valid$/],
    ['a.rs', `const X: [u8; 400000] = [${'1,'.repeat(400_000)}];\n`, /^valid$/],
    ['a.json', `[${'1,'.repeat(500_000)}1]`, /^valid$/],
    ['a.css', `a{${'b:c;'.repeat(250_000)}}`, /^valid$/],
    ['a.py', '# generated\n'.repeat(900_000), UNKNOWN],
    ['a.go', `package a\n${'// generated\n'.repeat(900_000)}`, UNKNOWN],
    ['a.rs', '// generated\n'.repeat(900_000), UNKNOWN],
    ['a.yaml', 'a: 1\n'.repeat(900_000), UNKNOWN],
  ])('%s with %.20j…', async (path, text, expected) => {
    // Of the processor's time: others may want it too.
    const start = process.cpuUsage()
    expect(await verdictOn(path, text)).toMatch(expected)
    const { user, system } = process.cpuUsage(start)
    expect((user + system) / 1000).toBeLessThan(12_000)
  })

  test('a parser that trapped judges the next file as if nothing had been', async () => {
    expect(await verdictOn('a.go', `package a\n\nvar x = ${'('.repeat(3_000)} = ${')'.repeat(3_000)}\n`)).toMatch(
      UNKNOWN,
    )
    expect(await verdictOn('a.go', 'package a\nfunc f( {\n}\n')).toBe("2:9 Expected ')', found '{'")
  })
})
