import { dirname } from 'node:path'
import { ImportGraph } from '#shared/code-index/import-graph'
import { isTestFile } from '#shared/languages/test-files'
import type { Gate, GateInput } from './gate'
import { fileFinding } from './support/findings'

const GATE = 'sandbox'

/** More would be the whole suite, which `kode loop` runs. */
const MAX_TESTS = 40

/**
 * The tests that a change touches pass before it lands: those in it, and those that import what it changes. Runs only where
 * somebody is handed in who can run them. What failed before is not held against it. Findings: `sandbox/test-failed`.
 */
export const touchedTests: Gate = {
  name: GATE,
  budgetMs: 300_000,
  isWanted: input => input.tests !== undefined,
  async judge(input) {
    const paths = await testsAround(input)
    if (paths.length === 0) return { kind: 'skip', reason: 'no test covers the change' }
    if (paths.length > MAX_TESTS) return { kind: 'skip', reason: `${paths.length} files of tests cover the change` }
    const run = await input.tests?.run(input.changes, paths, input.signal)
    if (!run || run.kind === 'unknown') return { kind: 'skip', reason: run?.reason ?? 'nobody can run tests here' }
    const notes = [`${run.command}: ${run.kind}`]
    if (run.kind === 'passed') return { kind: 'pass', notes }
    const message = `tests fail with the change: ${run.command}`
    const place = input.changes.files[0]?.path ?? ''
    const findings = [fileFinding(GATE, 'test-failed', place, message, { suggestion: 'read the output of the tests' })]
    return { kind: 'fail', message, findings, notes: [...notes, run.output] }
  },
}

/** Sorted. */
async function testsAround({ changes, index, languages, project, changedProject }: GateInput): Promise<string[]> {
  const changed = changes.files.filter(file => file.after !== undefined).map(file => file.path)
  const around = new Set(changed.filter(isTestFile))
  const known = await index?.()
  if (known) {
    const graph = new ImportGraph(known, languages, project)
    for (const path of changed) for (const importer of await graph.importersOf(path)) around.add(importer)
    // A test of Go is part of the package that it tests.
    const folders = new Set(changed.filter(path => path.endsWith('.go')).map(path => dirname(path)))
    for (const path of known.paths) if (path.endsWith('_test.go') && folders.has(dirname(path))) around.add(path)
  }
  // A test of Rust may stand beside what it tests, in the same file.
  for (const path of changed) if (path.endsWith('.rs')) around.add(path)
  const present: string[] = []
  for (const path of around) {
    const isTest = isTestFile(path) || path.endsWith('.rs')
    if (isTest && (await changedProject.kindOf(path)) === 'file') present.push(path)
  }
  return present.sort()
}
