import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import type { ProjectChecker } from '#shared/gates/project-checker'
import { readAsset } from '#shared/host/node/assets'
import { type GrammarName, parseTree, type SyntaxNode, visitTree } from '#shared/languages/support/tree-sitter'
import { seeded } from '../../test/support/seeded'
import type { Project } from './corpus'
import { FAULT_ROWS, type Fault, type FaultRow, injected } from './faults'
import { treeFaults } from './faults-tree'
import { typeScriptFaults } from './faults-typescript'
import { rustCrateIn } from './rust-crate'
import { judge, pathsBelow, percent, readText, sample, table, viewOf } from './support'

export interface FaultSource {
  language: string
  projects: readonly Project[]
  extension: RegExp
  grammar?: GrammarName
  /** Judges with the language's own checker too; then only these faults are tried. */
  deep?: { checkers: readonly ProjectChecker[]; rows: readonly FaultRow[] }
}

interface Attempt {
  project: Project
  path: string
  text: string
  fault: Fault
}

export interface Tally {
  tried: number
  found: number
  warned: number
  missed: string[]
}

/** Generated texts, fixtures and code that is meant to be wrong; and files that nobody edits by hand. */
const NOT_WRITTEN =
  /(?:^|\/)(?:tests?|testdata|__tests__|fixtures?|vendor|dist|build|cjs|esm|umd|_?esm\w*|lib-esm|benches|examples?|ui|node_modules|bench|templates?)\/|\.d\.[mc]?ts$|\.min\.js$|\.pb\.go$|_generated|generated_|zz_/
const MAX_CHARS = 80_000
const FAST = ['syntax', 'imports', 'calls'] as const
const DEEP = [...FAST, 'static_analysis'] as const

/** Puts seeded faults into files that had none, one at a time, and counts those that fail the fast gates. */
export async function measureDetection(
  sources: readonly FaultSource[],
  each: number,
  seed: number,
): Promise<Map<string, Map<FaultRow, Tally>>> {
  const tallies = new Map<string, Map<FaultRow, Tally>>()
  for (const source of sources) {
    const attempts = await attemptsIn(source, each, seeded(seed))
    const isFault = await faultsByCompiler(source.language, attempts)
    const rows = new Map<FaultRow, Tally>()
    tallies.set(source.language, rows)
    for (const [index, attempt] of attempts.entries()) {
      if (!isFault(index)) continue
      const { project, path, text, fault } = attempt
      const after = injected(text, fault.place)
      const edit = { path, before: text, after }
      const report = source.deep
        ? await judge(viewOf(project.root), [edit], DEEP, undefined, source.deep.checkers)
        : await judge(viewOf(project.root), [edit], FAST)
      const tally = rows.get(fault.row) ?? { tried: 0, found: 0, warned: 0, missed: [] }
      rows.set(fault.row, tally)
      tally.tried++
      if (report.status === 'FAIL') tally.found++
      else {
        if (report.status === 'WARN') tally.warned++
        const { start, end, text: instead } = fault.place
        const line = text.slice(0, start).split('\n').length
        const what = `${text.slice(Math.max(0, start - 30), start)}⟦${text.slice(start, Math.min(end, start + 40))}→${instead}⟧${text.slice(end, end + 20)}`
        tally.missed.push(
          `${report.status} ${fault.kind}: ${project.name}/${path}:${line} ${what.replaceAll(/\s+/g, ' ')}`,
        )
      }
    }
  }
  return tallies
}

export function detectionTable(tallies: ReadonlyMap<string, ReadonlyMap<FaultRow, Tally>>): string {
  const languages = [...tallies.keys()]
  const cell = (tally: Tally | undefined) => (tally ? `${percent(tally.found, tally.tried)} of ${tally.tried}` : '–')
  return table([
    ['fault', ...languages],
    ...FAULT_ROWS.map(row => [row, ...languages.map(language => cell(tallies.get(language)?.get(row)))]),
  ])
}

async function attemptsIn(source: FaultSource, each: number, random: () => number): Promise<Attempt[]> {
  const all: { project: Project; path: string }[] = []
  for (const project of source.projects) {
    const isWanted = (path: string) => source.extension.test(path) && !NOT_WRITTEN.test(path)
    // No project counts more than others because it is large.
    const found = sample(await pathsBelow(project.root, { isWanted }), 120, random)
    all.push(...found.map(path => ({ project, path })))
  }
  const counts = new Map<FaultRow, number>()
  const attempts: Attempt[] = []
  // Not every fault is one in every language.
  let offered = source.deep?.rows ?? FAULT_ROWS
  for (const { project, path } of sample(all, all.length, random)) {
    const open = offered.filter(row => (counts.get(row) ?? 0) < each)
    if (open.length === 0) break
    const text = await readText(project.root, path)
    if (
      text === undefined ||
      text.length > MAX_CHARS ||
      text.length < 200 ||
      /@generated|DO NOT EDIT/i.test(text.slice(0, 600))
    )
      continue
    const faults = await faultsIn(source, project, path, text, random)
    if (!faults) continue
    offered = source.deep?.rows ?? [...faults.keys()]
    const found = open.map(row => faults.get(row)?.()).filter(fault => fault !== undefined)
    if (found.length === 0) continue
    const edit = { path, before: undefined, after: text }
    if ((await judge(viewOf(project.root), [edit], FAST)).status === 'FAIL') continue
    attempts.push(...found.map(fault => ({ project, path, text, fault })))
    for (const { row } of found) counts.set(row, (counts.get(row) ?? 0) + 1)
  }
  return attempts
}

async function faultsIn(
  { grammar }: FaultSource,
  project: Project,
  path: string,
  text: string,
  random: () => number,
): Promise<ReturnType<typeof treeFaults> | undefined> {
  const folder = dirname(join(project.root, path))
  if (!grammar) {
    return typeScriptFaults(path, text, random, specifier => {
      const at = join(folder, specifier)
      const found = [at.replace(/\.js$/, '.ts'), `${at}.ts`, `${at}.tsx`, join(at, 'index.ts')].find(
        file => /\.tsx?$/.test(file) && existsSync(file),
      )
      return found && readFileSync(found, 'utf8')
    })
  }
  const tree = await parseTree(grammar, text, readAsset)
  if (!tree || tree.broken.length > 0) return undefined
  const nodes: SyntaxNode[] = []
  visitTree(tree.root, node => {
    nodes.push(node)
    return true
  })
  const siblings = new Map<string, string>()
  if (grammar === 'go') {
    for (const name of readdirSync(folder))
      if (name.endsWith('.go') && name !== basename(path)) siblings.set(name, readFileSync(join(folder, name), 'utf8'))
  }
  const crate = grammar === 'rust' ? rustCrateIn(project.root) : undefined
  if (crate && !crate.isBuilt(path)) return undefined
  const goModule = grammar === 'go' ? goModuleAround(project.root, dirname(path)) : ''
  return treeFaults(
    { language: grammar, path, text, nodes, goModule, siblings, isRootOpen: crate?.isRootOpen ?? false },
    random,
  )
}

/** Examples are often modules of their own inside of another. */
function goModuleAround(root: string, folder: string): string {
  const manifest = join(root, folder, 'go.mod')
  if (!existsSync(manifest)) return folder === '.' ? '' : goModuleAround(root, dirname(folder))
  return /^module\s+(\S+)/m.exec(readFileSync(manifest, 'utf8'))?.[1] ?? ''
}

/** Where the language's own compiler is at hand, it says whether a syntax fault is one. */
async function faultsByCompiler(language: string, attempts: readonly Attempt[]): Promise<(index: number) => boolean> {
  if (language !== 'Python') return () => true
  const chosen = attempts.flatMap(({ fault, text }, index) =>
    fault.row === 'syntax' ? [{ index, text: injected(text, fault.place) }] : [],
  )
  try {
    const valid: unknown = JSON.parse(
      execFileSync('python3', ['-W', 'ignore', '-c', COMPILE], {
        input: JSON.stringify(chosen),
        maxBuffer: 1e8,
        stdio: ['pipe', 'pipe', 'ignore'],
      }).toString(),
    )
    const right = new Set(Array.isArray(valid) ? valid : [])
    return index => !right.has(index)
  } catch {
    console.log('  (no python3 here: the faults in Python are not confirmed by its compiler)')
    return () => true
  }
}

const COMPILE = `
import json, sys
valid = []
for each in json.load(sys.stdin):
    try:
        compile(each["text"], "a.py", "exec")
        valid.append(each["index"])
    except (SyntaxError, ValueError):
        pass
print(json.dumps(valid))
`
