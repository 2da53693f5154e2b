import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import ts from 'typescript'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import type { TypeScript } from '#shared/languages/support/typescript-parser'
import { parserOf, wantedNames } from '../../scripts/typescript-parser.mjs'

// Reading the compiler's nine megabytes takes its time on a busy machine.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

const root = join(import.meta.dirname, '../..')
const folder = mkdtempSync(join(tmpdir(), 'kode-parser-'))
afterAll(() => rmSync(folder, { recursive: true }))

let parser: TypeScript
beforeAll(async () => {
  const compiler = readFileSync(join(root, 'node_modules/typescript/lib/typescript.js'), 'utf8')
  const wanted = wantedNames(readFileSync(join(root, 'shared/languages/support/typescript-library.ts'), 'utf8'))
  const path = join(folder, 'parser.mjs')
  writeFileSync(path, await parserOf(compiler, wanted))
  parser = await import(pathToFileURL(path).href)
})

test('the parser that ships reads every source of kode as the whole compiler does', () => {
  const paths = readdirSync(join(root, 'shared'), { recursive: true, encoding: 'utf8' }).filter(path =>
    path.endsWith('.ts'),
  )
  expect(paths.length).toBeGreaterThan(300)
  for (const path of paths) {
    const text = readFileSync(join(root, 'shared', path), 'utf8')
    expect(outlineOf(parser, path, text), path).toEqual(outlineOf(ts, path, text))
  }
})

test.each([
  ['a.ts', 'export const a: number = (1\nfunction f(x) { return x.y( }'],
  ['a.tsx', 'export const view = <div class="a">{text}</p>\n'],
  ['a.js', '/** @param {string} a @returns {Promise<void>} */\nfunction f(a) { return a as string }\n'],
  [
    'a.ts',
    '@decorated() class A<in T> { accessor #x = 1; static { await 1 } }\nimport x from "x" with { type: "json" }\n',
  ],
  ['a.ts', 'const r = /(?<a>[)/u; const t = `${`${`'],
  ['a.mts', 'enum E { A = 1 << 2, B = }\nnamespace N.M { export = 1 }\nabstract class { abstract x() {} }\n'],
  ['a.jsx', '<<<<<<< ours\nconst a = 1\n=======\nconst a = 2\n>>>>>>> theirs\n'],
])('%s: %j has the same errors', (path, text) => {
  expect(outlineOf(parser, path, text)).toEqual(outlineOf(ts, path, text))
})

/** Every node with its place and text, and what the parser complains about. */
function outlineOf(compiler: TypeScript, path: string, text: string): unknown {
  const kind = path.endsWith('x') ? compiler.ScriptKind.TSX : path.endsWith('.js') ? compiler.ScriptKind.JS : undefined
  const tree = compiler.createSourceFile(path, text, compiler.ScriptTarget.ESNext, false, kind)
  const nodes: string[] = []
  const visit = (node: ts.Node) => {
    nodes.push(`${node.kind} ${node.getStart(tree)} ${node.end} ${node.flags} ${node.getText(tree).length}`)
    compiler.forEachChild(node, visit)
  }
  visit(tree)
  const errors = 'parseDiagnostics' in tree && Array.isArray(tree.parseDiagnostics) ? tree.parseDiagnostics : []
  return {
    nodes,
    errors: errors.map(({ start, length, code, messageText }) => [
      start,
      length,
      code,
      compiler.flattenDiagnosticMessageText(messageText, ' '),
    ]),
  }
}
