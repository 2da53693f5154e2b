// The parser of `typescript` alone: a sixth of the compiler, loaded in a sixth of its time. The compiler ships as one file in which
// everything hangs together for a bundler; its statements tell what they need.
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const LIBRARY = 'shared/languages/support/typescript-library.ts'
const COMPILER = 'node_modules/typescript/lib/typescript.js'
/** Gives nodes their methods, such as `getText`. */
const SETS_UP_NODES = 'setObjectAllocator'

/** For esbuild: whatever imports `typescript` gets the parser, except the thread that needs the checker. */
export function typeScriptParserOnly(root, wholeCompilerFor) {
  return {
    name: 'typescript-parser-only',
    setup(build) {
      build.onResolve({ filter: /^typescript$/ }, async ({ importer }) =>
        importer.endsWith(wholeCompilerFor) ? undefined : { path: await cachedParser(root) },
      )
    },
  }
}

/** The path of the parser, made once for a version of the compiler and what is wanted of it. */
async function cachedParser(root) {
  const wanted = wantedNames(readFileSync(join(root, LIBRARY), 'utf8'))
  const compiler = readFileSync(join(root, COMPILER), 'utf8')
  const script = readFileSync(import.meta.filename)
  const key = createHash('sha256').update(wanted.join()).update(compiler).update(script).digest('hex').slice(0, 16)
  const path = join(root, `dist/cache/typescript-parser-${key}.mjs`)
  if (existsSync(path)) return path
  mkdirSync(join(root, 'dist/cache'), { recursive: true })
  // Another build may be at it too.
  const temporary = `${path}.${process.pid}`
  writeFileSync(temporary, await parserOf(compiler, wanted))
  renameSync(temporary, path)
  return path
}

/** What a source file lists of the compiler, in its type `ParserName`. */
export function wantedNames(source) {
  const list = /type ParserName =(?<names>[^;]+?)\n\n/.exec(source)?.groups?.names ?? ''
  return [...list.matchAll(/'(\w+)'/g)].map(([, name]) => name)
}

/** The statements of the compiler that the wanted names need, as a module that exports them. */
export async function parserOf(compiler, wanted) {
  const { default: ts } = await import('typescript')
  const text = compiler.slice(
    compiler.indexOf('"use strict";') + '"use strict";'.length,
    compiler.indexOf('// Annotate the CommonJS export names'),
  )
  const tree = ts.createSourceFile('typescript.js', text, ts.ScriptTarget.ESNext, false, ts.ScriptKind.JS)
  const byName = new Map()
  const queue = [...wanted]
  const needed = new Set()
  const need = statement => {
    if (needed.has(statement)) return
    needed.add(statement)
    queue.push(...namesUsed(ts, statement))
  }
  for (const statement of tree.statements) {
    for (const name of namesMade(ts, statement)) byName.set(name, [...(byName.get(name) ?? []), statement])
    if (text.slice(statement.pos, statement.end).includes(`\n${SETS_UP_NODES}(`)) need(statement)
  }
  const known = new Set()
  for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
    if (known.has(name)) continue
    known.add(name)
    for (const statement of byName.get(name) ?? []) need(statement)
  }
  const missing = wanted.filter(name => !byName.has(name))
  if (missing.length > 0) throw new Error(`typescript has no ${missing.join(', ')}`)
  const kept = tree.statements.filter(statement => needed.has(statement))
  return `${kept.map(({ pos, end }) => text.slice(pos, end)).join('')}\nexport { ${wanted.join(', ')} }\n`
}

/** What a statement declares, fills (`((Debug2) => …)(Debug || (Debug = {}))`) or sets a part of. */
function namesMade(ts, statement) {
  if (ts.isFunctionDeclaration(statement) || ts.isClassDeclaration(statement)) return [statement.name.text]
  if (ts.isVariableStatement(statement))
    return statement.declarationList.declarations.flatMap(({ name }) => boundNames(ts, name))
  if (!ts.isExpressionStatement(statement)) return []
  const { expression } = statement
  const filled = ts.isCallExpression(expression) ? expression.arguments[0] : expression
  return filled && ts.isBinaryExpression(filled) ? [leftmost(ts, filled.left)].filter(Boolean) : []
}

function boundNames(ts, name) {
  if (ts.isIdentifier(name)) return [name.text]
  return name.elements.flatMap(element => (ts.isBindingElement(element) ? boundNames(ts, element.name) : []))
}

function leftmost(ts, node) {
  if (ts.isPropertyAccessExpression(node)) return leftmost(ts, node.expression)
  return ts.isIdentifier(node) ? node.text : undefined
}

/** Every identifier that may be a variable; too many cost size, too few would break. */
function namesUsed(ts, node, found = new Set()) {
  if (ts.isIdentifier(node)) found.add(node.text)
  else if (ts.isPropertyAccessExpression(node)) namesUsed(ts, node.expression, found)
  else if (ts.isPropertyAssignment(node) && !ts.isComputedPropertyName(node.name))
    namesUsed(ts, node.initializer, found)
  else ts.forEachChild(node, child => void namesUsed(ts, child, found))
  return found
}
