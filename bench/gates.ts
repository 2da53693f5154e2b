/**
 * The gates on TypeScript and JavaScript: how long they take, which faults they find, how often they are wrong.
 * Usage: npm run bench:gates -- [--project DIR] [--valid DIR…]
 * The project (default: kode's own sources) is edited and broken by seeded mutations; every source below the `--valid` folders
 * (default: what npm installed here) is judged as if it were new, and must not fail.
 */
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import ts from 'typescript'
import { CodeIndex } from '#shared/code-index/code-index'
import type { ChangeSet } from '#shared/edits/change-set'
import type { GateSettings } from '#shared/gates/gate'
import { runGates } from '#shared/gates/run-gates'
import { projectViewOf } from '#shared/gates/support/project-view'
import { readAsset } from '#shared/host/node/assets'
import { nodeFiles } from '#shared/host/node/files'
import { Languages } from '#shared/languages/registry'
import type { GateName, GateReport } from '#shared/protocol/gate-report'

const { values } = parseArgs({
  options: {
    project: { type: 'string', default: '.' },
    valid: { type: 'string', multiple: true },
    step: { type: 'string', default: '1' },
  },
})
const root = resolve(values.project)
const files = nodeFiles()
const languages = new Languages(readAsset)
const index = new CodeIndex({ root, files, languages })
const random = seeded(20_260)

const coldStart = performance.now()
await index.refresh()
const coldMs = performance.now() - coldStart
const warmStart = performance.now()
await index.refresh()
console.log(
  `project ${root}: ${index.size} files indexed in ${ms(coldMs)}, looked at again in ${ms(performance.now() - warmStart)}`,
)

const sources = await sourcesBelow(
  root,
  path => /\.tsx?$/.test(path) && !path.endsWith('.d.ts') && !path.includes('gate-cases'),
)
await latency()
await detection()
await falseAlarms(values.valid ?? [join(root, 'node_modules')])

async function latency(): Promise<void> {
  const cold = performance.now()
  await judge([editOf(sources[0]!)])
  console.log(`first verdict of the process (loads the compiler): ${ms(performance.now() - cold)}`)
  for (const [title, count, rounds] of [
    ['one file', 1, 300],
    ['ten files', 10, 60],
  ] as const) {
    const times: number[] = []
    const cpuTimes: number[] = []
    const byGate = new Map<string, number[]>()
    for (let round = 0; round < rounds + 10; round++) {
      const edits = pick(sources, count).map(editOf)
      const cpuStart = process.cpuUsage()
      const report = await judge(edits)
      const { user, system } = process.cpuUsage(cpuStart)
      // The first few warm the caches that an editing session would have warm.
      if (round < 10) continue
      times.push(report.duration_ms)
      cpuTimes.push((user + system) / 1000)
      for (const { check_name, duration_ms } of report.results)
        byGate.set(check_name, [...(byGate.get(check_name) ?? []), duration_ms])
    }
    const gates = [...byGate].map(([gate, each]) => `${gate} ${quantile(each, 0.5).toFixed(2)}`).join(', ')
    console.log(
      `${title}: p50 ${ms(quantile(times, 0.5))}, p95 ${ms(quantile(times, 0.95))}; of the processor alone p50 ${ms(quantile(cpuTimes, 0.5))}, p95 ${ms(quantile(cpuTimes, 0.95))}; ${rounds} changes; p50 by gate: ${gates}`,
    )
  }
}

/** A function's body grows by a statement, as in most edits. */
function editOf(path: string): Edit {
  const before = readFileSync(join(root, path), 'utf8')
  const tree = parse(path, before)
  const bodies = tree.statements.flatMap(each =>
    ts.isFunctionDeclaration(each) && each.body ? [each.body.getStart() + 1] : [],
  )
  const at = bodies[Math.floor(random() * bodies.length)] ?? before.length
  return { path, before, after: `${before.slice(0, at)}\n  void 0\n${before.slice(at)}` }
}

function parse(path: string, text: string): ts.SourceFile {
  return ts.createSourceFile(
    path,
    text,
    ts.ScriptTarget.ESNext,
    true,
    path.endsWith('x') ? ts.ScriptKind.TSX : ts.ScriptKind.TS,
  )
}

async function detection(): Promise<void> {
  const kinds: [string, GateName, (tree: ts.SourceFile) => Mutation[]][] = [
    ['a bracket, quote or brace is missing', 'syntax', brackets],
    [
      'invented relative path',
      'imports',
      tree =>
        specifiers(
          tree,
          text => text.startsWith('.') || text.startsWith('#'),
          text => `${text}-helpers`,
        ),
    ],
    [
      'invented package',
      'imports',
      tree =>
        specifiers(
          tree,
          text => /^[a-z@]/.test(text) && !text.startsWith('node:'),
          text => `${text.split('/')[0]}-extras-kit`,
        ),
    ],
    ['invented named import', 'imports', namedImports],
    ['invented free function', 'calls', freeCalls],
    ['too many arguments', 'calls', extraArguments],
    ['misspelt method', 'calls', methods],
  ]
  for (const [title, gate, mutationsOf] of kinds) {
    let tried = 0
    let failed = 0
    let warned = 0
    for (const path of pick(sources, 120)) {
      const before = readFileSync(join(root, path), 'utf8')
      const tree = parse(path, before)
      for (const { start, end, text } of pick(mutationsOf(tree), 3)) {
        const report = await judge([{ path, before, after: before.slice(0, start) + text + before.slice(end) }], [gate])
        tried++
        if (report.status === 'FAIL') failed++
        else if (report.status === 'WARN') warned++
        else if (process.env.MISSES) console.log(`  missed (${title}) ${path}: ${before.slice(start, end)} → ${text}`)
      }
    }
    console.log(`${title}: ${failed} of ${tried} fail (${percent(failed, tried)}), ${warned} warn`)
  }
}

interface Edit {
  path: string
  before: string | undefined
  after: string
}

interface Mutation {
  start: number
  end: number
  text: string
}

function brackets(tree: ts.SourceFile): Mutation[] {
  const found: Mutation[] = []
  const scanner = ts.createScanner(ts.ScriptTarget.ESNext, true, ts.LanguageVariant.Standard, tree.text)
  for (let kind = scanner.scan(); kind !== ts.SyntaxKind.EndOfFileToken; kind = scanner.scan()) {
    // Templates and regular expressions confuse a bare scanner; what comes after them is left alone.
    if (kind === ts.SyntaxKind.TemplateHead || kind === ts.SyntaxKind.SlashToken) break
    if (/^[(){}[\]]$/.test(scanner.getTokenText()))
      found.push({ start: scanner.getTokenStart(), end: scanner.getTokenEnd(), text: '' })
  }
  return found
}

function specifiers(
  tree: ts.SourceFile,
  isWanted: (text: string) => boolean,
  rename: (text: string) => string,
): Mutation[] {
  return tree.statements.filter(ts.isImportDeclaration).flatMap(({ moduleSpecifier: specifier }) => {
    if (!ts.isStringLiteral(specifier) || !isWanted(specifier.text)) return []
    return [{ start: specifier.getStart() + 1, end: specifier.end - 1, text: rename(specifier.text) }]
  })
}

function namedImports(tree: ts.SourceFile): Mutation[] {
  return tree.statements.filter(ts.isImportDeclaration).flatMap(({ importClause }) => {
    const bindings = importClause?.namedBindings
    if (!bindings || !ts.isNamedImports(bindings)) return []
    return bindings.elements.map(({ name, propertyName }) => {
      const imported = propertyName ?? name
      const wrong = `${misspell(imported.text)}`
      return { start: imported.getStart(), end: imported.end, text: propertyName ? wrong : `${wrong} as ${name.text}` }
    })
  })
}

function calls(tree: ts.SourceFile): ts.CallExpression[] {
  const found: ts.CallExpression[] = []
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node)) found.push(node)
    ts.forEachChild(node, visit)
  }
  visit(tree)
  return found
}

function freeCalls(tree: ts.SourceFile): Mutation[] {
  return calls(tree).flatMap(({ expression }) =>
    ts.isIdentifier(expression)
      ? [{ start: expression.getStart(), end: expression.end, text: `${expression.text}Safely` }]
      : [],
  )
}

/** Calls of functions that the file declares or imports from the project. */
function extraArguments(tree: ts.SourceFile): Mutation[] {
  const known = new Set<string>()
  for (const statement of tree.statements) {
    if (
      ts.isFunctionDeclaration(statement) &&
      statement.name &&
      !statement.parameters.some(each => each.dotDotDotToken)
    )
      known.add(statement.name.text)
    if (!ts.isImportDeclaration(statement) || !ts.isStringLiteral(statement.moduleSpecifier)) continue
    const bindings = statement.importClause?.namedBindings
    if (!/^[.#]/.test(statement.moduleSpecifier.text) || !bindings || !ts.isNamedImports(bindings)) continue
    for (const element of bindings.elements) known.add(element.name.text)
  }
  return calls(tree).flatMap(call => {
    const isKnown = ts.isIdentifier(call.expression) && known.has(call.expression.text)
    if (!isKnown || call.arguments.some(ts.isSpreadElement)) return []
    const end = call.end - 1
    const text = call.arguments.length > 0 && !call.arguments.hasTrailingComma ? ', 1, 2, 3, 4, 5' : '1, 2, 3, 4, 5, 6'
    return [{ start: end, end, text }]
  })
}

function methods(tree: ts.SourceFile): Mutation[] {
  return calls(tree).flatMap(({ expression }) => {
    if (!ts.isPropertyAccessExpression(expression) || expression.name.text.length < 4) return []
    return [{ start: expression.name.getStart(), end: expression.name.end, text: misspell(expression.name.text) }]
  })
}

function misspell(name: string): string {
  const at = Math.max(1, Math.floor(name.length / 2))
  const swapped = name.slice(0, at - 1) + (name[at] ?? '') + name[at - 1] + name.slice(at + 1)
  return swapped === name ? `${name}e` : swapped
}

async function falseAlarms(folders: readonly string[]): Promise<void> {
  const step = Number(values.step)
  for (const folder of folders) {
    const base = resolve(folder)
    const all = await sourcesBelow(base, path => /\.(?:[mc]?[jt]s|[jt]sx)$/.test(path), true)
    const counts = new Map<string, number>()
    const wrong: string[] = []
    const start = performance.now()
    const chosen = all.filter((_, position) => position % step === 0)
    let judged = 0
    for (const batch of batches(chosen, 200)) {
      const project = projectViewOf(files, base)
      for (const path of batch) {
        const after = await project.read(path)
        if (after === undefined) continue
        const changes: ChangeSet = { id: 'valid', files: [{ path, kind: 'modify', after, hunkIds: [] }] }
        const report = await runGates(changes, project, settings(['syntax', 'imports', 'calls']), never(), {
          languages,
          now,
        })
        judged++
        for (const { findings } of report.results) {
          for (const { id, severity } of findings)
            counts.set(`${severity} ${id}`, (counts.get(`${severity} ${id}`) ?? 0) + 1)
        }
        const failed = report.results.find(result => result.status === 'FAIL')
        if (failed) wrong.push(`  ${failed.message}`)
      }
    }
    console.log(
      `${judged} files below ${base}: ${wrong.length} fail (${percent(wrong.length, judged)}) in ${ms(performance.now() - start)}`,
    )
    console.log(wrong.slice(0, 40).join('\n'))
    console.log([...counts].map(([id, count]) => `  ${id}: ${count}`).join('\n'))
  }
}

function judge(edits: readonly Edit[], only?: readonly GateName[]): Promise<GateReport> {
  const changes: ChangeSet = {
    id: 'bench',
    files: edits.map(({ path, before, after }) => ({
      path,
      kind: before === undefined ? 'create' : 'modify',
      ...(before === undefined ? {} : { before }),
      after,
      hunkIds: [],
    })),
  }
  return runGates(changes, projectViewOf(files, root), settings(only), never(), { languages, index, now })
}

function settings(only?: readonly GateName[]): GateSettings {
  return { blockArchitecture: false, architectureRules: [], runAll: true, ...(only ? { only } : {}) }
}

async function sourcesBelow(
  folder: string,
  isWanted: (path: string) => boolean,
  withModules = false,
): Promise<string[]> {
  const walked = await files.walk(folder, {
    enters: path => withModules || !/(?:^|\/)(?:node_modules|dist|\.git|\.kode)$/.test(path),
    includes: isWanted,
  })
  return walked.ok ? walked.value.map(each => each.path).sort() : []
}

function pick<T>(from: readonly T[], count: number): T[] {
  const rest = [...from]
  const picked: T[] = []
  while (picked.length < count && rest.length > 0) picked.push(...rest.splice(Math.floor(random() * rest.length), 1))
  return picked
}

function* batches<T>(all: readonly T[], size: number): Generator<T[]> {
  for (let at = 0; at < all.length; at += size) yield all.slice(at, at + size)
}

/** The same numbers in every run. */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32
    return state / 2 ** 32
  }
}

function quantile(numbers: readonly number[], part: number): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length * part)] ?? 0
}

function percent(part: number, whole: number): string {
  return whole === 0 ? 'none tried' : `${((100 * part) / whole).toFixed(2)} %`
}

function ms(duration: number): string {
  return `${duration.toFixed(1)} ms`
}

function now(): number {
  return performance.now()
}

function never(): AbortSignal {
  return new AbortController().signal
}
