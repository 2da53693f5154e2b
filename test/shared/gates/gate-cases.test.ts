import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import * as v from 'valibot'
import { afterAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { CodeIndex } from '#shared/code-index/code-index'
import type { ChangeSet, EditProblem } from '#shared/edits/change-set'
import type { GateSettings } from '#shared/gates/gate'
import { runGates } from '#shared/gates/run-gates'
import { projectViewOf } from '#shared/gates/support/project-view'
import { readAsset } from '#shared/host/node/assets'
import { nodeFiles } from '#shared/host/node/files'
import { Languages } from '#shared/languages/registry'
import { diffSubject } from '#shared/pipelines/support/diff-subject'
import { GATE_NAMES } from '#shared/protocol/gate-report'
import { fillHoles } from '../../support/fill-holes'
import { changeSetOf } from '../../support/memory-project'

/**
 * Every case under test/gate-cases/ is data: `<gate>/<table>.yaml` holds many. `given` is the project before, `change` what becomes
 * of its files (`null`: deleted; `{ from, text }`: renamed), `verdict` what the gate must say. In `finds`, each line is a finding's
 * id, then its place, then words of its message or suggestion: "imports/unknown-name src/a.ts:1 readFileSync".
 *
 * Two short forms: `diff` is a unified diff instead of `change`, and `text` is what becomes of the table's `path`. `~hex32~` in a
 * text is 32 random characters, so that no text that looks like a credential stands in the repository.
 */
const CASES = join(import.meta.dirname, '../../gate-cases')

const Texts = v.record(v.string(), v.string())
const Change = v.record(
  v.string(),
  v.nullable(v.union([v.string(), v.strictObject({ from: v.string(), text: v.optional(v.string()) })])),
)
const Rule = v.strictObject({
  from: v.string(),
  to: v.string(),
  kind: v.picklist(['forbid', 'allow']),
  severity: v.picklist(['error', 'warning']),
  message: v.string(),
})
const Case = v.strictObject({
  title: v.string(),
  given: v.optional(Texts, {}),
  change: v.optional(Change),
  diff: v.optional(v.string()),
  text: v.optional(v.string()),
  settings: v.optional(
    v.strictObject({
      maxBlastRadius: v.optional(v.number()),
      maxFilesTouched: v.optional(v.number()),
      blockArchitecture: v.optional(v.boolean()),
      architectureRules: v.optional(v.array(Rule)),
    }),
    {},
  ),
  verdict: v.picklist(['PASS', 'FAIL', 'WARN', 'SKIP']),
  finds: v.optional(v.array(v.string()), []),
})
const Table = v.strictObject({ given: v.optional(Texts, {}), path: v.optional(v.string()), cases: v.array(Case) })

const NEED_INDEX: readonly string[] = ['blast_radius', 'architecture']

const languages = new Languages(readAsset)
const workspace = mkdtempSync(join(tmpdir(), 'kode-gate-cases-'))
let projectCount = 0
afterAll(() => rmSync(workspace, { recursive: true }))

for (const gate of GATE_NAMES) {
  for (const name of tablesOf(gate)) {
    const table = v.parse(Table, parse(fillHoles(readFileSync(join(CASES, gate, name), 'utf8'))))
    describe(`${gate}: ${name.replace('.yaml', '')}`, () => {
      test.each(table.cases)('$title', async ({ given, settings, verdict, finds, ...each }) => {
        const before = { ...table.given, ...given }
        const gateSettings: GateSettings = {
          blockArchitecture: true,
          architectureRules: [],
          runAll: true,
          only: [gate],
          ...settings,
        }
        const root = writeProject(before)
        const index = new CodeIndex({ root, files: nodeFiles(), languages })
        if (NEED_INDEX.includes(gate)) await index.refresh()
        const { changes, problems: editProblems } = await changesOf(each, table.path, before, root)
        const report = await runGates(
          changes,
          projectViewOf(nodeFiles(), root),
          gateSettings,
          new AbortController().signal,
          { languages, index: async () => index, editProblems, now: () => performance.now() },
        )
        const [result] = report.results
        const found = (result?.findings ?? []).map(
          ({ id, file, line, message, suggestion = '' }) => `${id} ${file}:${line} ${message} ${suggestion}`,
        )
        expect({ status: result?.status, found, message: result?.message }).toMatchObject({ status: verdict })
        if (verdict === 'FAIL' || verdict === 'WARN') expect(finds.length).toBeGreaterThan(0)
        expect(found).toHaveLength(finds.length)
        for (const [index, expected] of finds.entries()) expectFinding(found[index]!, expected)
      })
    })
  }
}

type ChangeInCase = Pick<v.InferOutput<typeof Case>, 'change' | 'diff' | 'text'>

async function changesOf(
  { change, diff, text }: ChangeInCase,
  path: string | undefined,
  before: Record<string, string>,
  root: string,
): Promise<{ changes: ChangeSet; problems: readonly EditProblem[] }> {
  if (diff !== undefined) return diffSubject(diff, 'case.diff', { files: nodeFiles(), root })
  if (change) return { changes: changeSetOf(before, change), problems: [] }
  if (path === undefined || text === undefined)
    throw new Error('a case has `change`, `diff`, or `text` and its table a `path`')
  return { changes: changeSetOf(before, { [path]: text }), problems: [] }
}

function writeProject(texts: Record<string, string>): string {
  const root = join(workspace, `case-${++projectCount}`)
  mkdirSync(root)
  for (const [path, text] of Object.entries(texts)) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  return root
}

function expectFinding(found: string, expected: string): void {
  const [id, place, ...words] = expected.split(' ')
  const [foundId, foundPlace, ...foundWords] = found.split(' ')
  expect([foundId, foundPlace]).toEqual([id, place])
  expect(foundWords.join(' ')).toContain(words.join(' '))
}

function tablesOf(gate: string): string[] {
  const gates = readdirSync(CASES)
  return gates.includes(gate) ? readdirSync(join(CASES, gate)).filter(name => name.endsWith('.yaml')) : []
}
