import * as v from 'valibot'
import { fail, ok, type Result } from '#shared/base/result'
import type { Finding } from '#shared/protocol/gate-report'
import { fileFinding } from './findings'

/** A security scanner of somebody else's, started by whoever hands it in. */
export interface SecurityScanner {
  readonly name: string
  /**
   * Scans one text under the name of its file; resolves to what the scanner printed: a JSON array as `readScannerReport` takes it.
   * Fails with the reason when it is missing, crashed or took too long.
   */
  scan(path: string, text: string, signal: AbortSignal): Promise<Result<string, string>>
}

const Report = v.array(
  v.object({
    ruleId: v.string(),
    line: v.number(),
    column: v.optional(v.number(), 1),
    severity: v.string(),
    cweId: v.nullish(v.string()),
    suppressed: v.optional(v.boolean(), false),
  }),
)

/** The findings in a scanner's output. High and critical ones are errors, the others warnings; its snippets are not kept. */
export function readScannerReport(name: string, path: string, output: string): Result<Finding[], string> {
  let parsed: unknown
  try {
    parsed = JSON.parse(output)
  } catch {
    return fail(`${name} did not print JSON`)
  }
  const report = v.safeParse(Report, parsed)
  if (!report.success) return fail(`${name} printed something else than a list of findings`)
  return ok(
    report.output
      .filter(each => !each.suppressed)
      .map(each => {
        const cwe = each.cweId ? ` [${each.cweId}]` : ''
        const isSevere = /^(?:high|critical)$/i.test(each.severity)
        return {
          ...fileFinding('security', 'scanner', path, `${name}: ${each.ruleId}${cwe}`, {
            line: Math.max(1, each.line),
            severity: isSevere ? 'error' : 'warning',
          }),
          column: Math.max(1, each.column),
        }
      }),
  )
}
