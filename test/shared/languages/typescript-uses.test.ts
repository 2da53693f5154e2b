import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import type { FileUses } from '#shared/languages/language'
import { loadTypeScript } from '#shared/languages/support/typescript-parser'
import { typeScriptUses } from '#shared/languages/support/typescript-uses'
import { typescript } from '#shared/languages/typescript'

const compiler = await loadTypeScript()

describe('what a file uses, read from its tokens', () => {
  test.each([
    [
      'imports of every form',
      `import a, { b as c, type D } from './x'\nimport * as e from 'y'\nimport 'z'\nuse(a, c, e)`,
    ],
    ['a type of its own name', `import type { A } from './a'\nimport type B from './b'\nexport type { A, B as C }`],
    ['names that are given on', `export { a, b as c } from './x'\nexport * from './y'\nexport * as z from './z'`],
    ['imports that are exported', `import { a } from './x'\nimport * as y from './y'\nexport { a, y as z }`],
    ['loads anywhere', `const a = require('./x')\nconst b = () => import('./y')\nlet c: import('./z').C`],
    [
      'statements without semicolons',
      `let a\ntry { f() } catch {}\nconst b = a\n  .map(g)\nfunction h() {}\n;[1].map(h)`,
    ],
    ['two on one line', `class A {} export const b = c; function d() {} var e = 1, f = g(e), h`],
    [
      'types that go on',
      `type A<T> =\n  | B\n  | C<T, D>\ntype E = { f: G }\nconst x: Map<A, E> = new Map<A, E>(), y = z`,
    ],
    [
      'heads with braces',
      `function f(a: { b: C }): { d: E } { return g }\nfunction h(x: unknown): x is { i: I } { return j }`,
    ],
    [
      'overloads',
      `export function a(x: B): C\nexport function a(x: D): E\nexport function a(x: unknown) { return f }\nconst g = a`,
    ],
    ['slashes', `const a = b / c / d\nconst e = [/[/'"]/g, f]\nconst h = i() / 2`],
    ['templates', `const a = \`x \${b({ c: \`\${d}\` })} y\`\nconst e = f\`g\``],
    [
      'classes',
      `@Dec({ a: B })\nexport default class C<T> extends D<T> implements E {\n  @f() #g = h\n  get i(): J { return k }\n}`,
    ],
    ['defaults', `const a = 1\nexport default a`],
    ['a default without a name', `import { f } from './f'\nexport default () => f()`],
    ['destructuring', `const { a, b: c } = require('./x')\nexport const d = a(c)`],
    ['a script', `function a() { return b }\nvar c = a`],
  ])('says the same as the tree: %s', async (_, text) => {
    const source = { path: 'a.ts', text }
    const uses = typeScriptUses(compiler, source)
    expect(uses && comparable(uses)).toEqual(await comparableTree(source))
  })

  test.each([
    ['a[b]', true],
    ['a?.[b]', true],
    ["a['b']", false],
    ['[a][0]', false],
    ['a.b', false],
  ])('knows access that no name shows: %s', (text, isDynamic) => {
    expect(typeScriptUses(compiler, { path: 'a.ts', text })?.hasDynamicAccess).toBe(isDynamic)
  })

  test.each([
    ['a.tsx', 'const a = <B c={d} />'],
    ['a.js', 'const a = () => <b>{"</c>"}</b>'],
    ['a.d.ts', 'export declare const a: B'],
    ['a.ts', 'namespace A { export const b = c }'],
    ['a.ts', 'declare global { var a: B }'],
    ['a.ts', 'const [a, { b }] = c'],
    ['a.ts', 'if (a) /b"/.test(c)'],
    ['a.ts', 'const a = (b'],
    ['a.ts', 'const a = b < c, d = e'],
    ['a.ts', "const require = createRequire(here)\nexport const a = require('b')"],
    ['a.js', "define(require => { require('b') })"],
  ])('is left to the parser: %s %s', (path, text) => {
    expect(typeScriptUses(compiler, { path, text })).toBeUndefined()
  })

  test('of kode’s own sources is what their trees say', async () => {
    const names = readdirSync('shared', { recursive: true, encoding: 'utf8' }).filter(name => name.endsWith('.ts'))
    let left = 0
    for (const name of names.filter((_, at) => at % 3 === 0)) {
      const source = { path: name, text: readFileSync(`shared/${name}`, 'utf8') }
      const uses = typeScriptUses(compiler, source)
      if (uses) expect(comparable(uses), name).toEqual(await comparableTree(source))
      else left++
    }
    expect(left).toBeLessThan(names.length / 50)
  })
})

async function comparableTree(source: { path: string; text: string }) {
  const facts = await typescript.code?.factsOf(source)
  return facts?.kind === 'facts' ? comparable(facts) : facts
}

/** What both ways can tell; words that are names only in some places, and words that never are, do not count. */
function comparable({ imports, declarations, topLevelUses }: FileUses) {
  const names = (uses: Iterable<string>) => [...uses].filter(name => !WORDS.has(name)).sort()
  const byName = new Map<string, { isExported: boolean; as: string[]; uses: string[] }>()
  for (const each of declarations.filter(({ container }) => container === undefined)) {
    const uses = new Set([...(byName.get(each.name)?.uses ?? []), ...names(each.uses)])
    byName.set(each.name, {
      isExported: each.isExported,
      as: [...new Set(each.exportedAs)].sort(),
      uses: [...uses].sort(),
    })
  }
  return {
    imports: [
      ...new Set(
        imports.map(each => JSON.stringify([each.imported, each.isReExport, each.names.map(n => [n.name, n.local])])),
      ),
    ].sort(),
    declarations: Object.fromEntries([...byName].sort(([a], [b]) => (a < b ? -1 : 1))),
    topLevelUses: names(topLevelUses),
  }
}

const WORDS = new Set(
  Object.keys(compiler.SyntaxKind).flatMap(name => /^(\w+)Keyword$/.exec(name)?.[1]?.toLowerCase() ?? []),
)
