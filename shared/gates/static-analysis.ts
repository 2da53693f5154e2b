import { ImportGraph } from '#shared/code-index/import-graph'
import type { Finding } from '#shared/protocol/gate-report'
import type { Gate, GateInput } from './gate'
import type { CheckerError } from './project-checker'
import { findingLine, toFinding } from './support/findings'

const GATE = 'static_analysis'

/** More files than this are not looked at beside the changed ones: the answer has to come while somebody waits. */
const MAX_IMPORTERS = 60

/**
 * The project's own checkers find no error that the change adds, in its files and in those that import them. Runs only where
 * checkers are handed in. Findings: `static_analysis/` and the checker's code.
 */
export const staticAnalysis: Gate = {
  name: GATE,
  budgetMs: 120_000,
  isWanted: input => (input.checkers?.length ?? 0) > 0,
  async judge(input) {
    const findings: Finding[] = []
    const notes: string[] = []
    let judged = 0
    for (const checker of input.checkers ?? []) {
      const changed = input.changes.files
        .flatMap(file => [file.path, file.oldPath ?? file.path])
        .filter(path => checker.appliesTo(path))
      if (changed.length === 0) continue
      const importers = (await importersOf(changed, input)).filter(path => checker.appliesTo(path))
      const result = await checker.newErrors(input.changes, [...new Set([...changed, ...importers])], input.signal)
      if (result.kind === 'unknown') {
        notes.push(`${checker.name}: not checked, ${result.reason}`)
        continue
      }
      judged++
      for (const error of result.errors) findings.push(await findingOf(error, input))
    }
    if (findings.length > 0) return { kind: 'fail', message: findingLine(findings[0]!), findings, notes }
    if (judged > 0) return { kind: 'pass', notes }
    return { kind: 'skip', reason: notes.join('; ') || 'no changed file has a checker' }
  },
}

async function importersOf(paths: readonly string[], input: GateInput): Promise<string[]> {
  const index = await input.index?.()
  if (!index) return []
  const graph = new ImportGraph(index, input.languages, input.project)
  const found: string[] = []
  for (const path of paths) found.push(...(await graph.importersOf(path)))
  return found.slice(0, MAX_IMPORTERS)
}

async function findingOf({ path, start, end, code, message }: CheckerError, input: GateInput): Promise<Finding> {
  const file = input.changes.files.find(each => each.path === path) ?? { path, kind: 'modify' as const, hunkIds: [] }
  const text = (await input.changedProject.read(path)) ?? ''
  return toFinding(
    GATE,
    { kind: code, certainty: 'certain', key: message, start, end, message: `${message} (${code})` },
    file,
    text,
  )
}
