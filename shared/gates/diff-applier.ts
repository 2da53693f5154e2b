import type { EditProblem, FileChange } from '#shared/edits/change-set'
import type { Finding } from '#shared/protocol/gate-report'
import type { Gate, GateInput } from './gate'
import { fileFinding } from './support/findings'
import { headline } from './support/judge-files'

const GATE = 'diff_applier'

/**
 * The change fits the files as they are. Findings: `diff_applier/` and the kind of `EditProblem`, handed in by the readers of
 * hunks and patches; and what the change set itself shows: `stale`, `file-exists`, `file-missing`, `outside-project`,
 * `duplicate-path`, `case-clash`, `no-change`.
 */
export const diffApplier: Gate = {
  name: GATE,
  async judge(input) {
    const findings = [...input.editProblems.map(toFinding), ...(await misfits(input))]
    const errors = findings.filter(finding => finding.severity === 'error')
    if (errors.length > 0) return { kind: 'fail', message: headline(errors), findings }
    if (findings.length > 0) return { kind: 'warn', message: headline(findings), findings }
    return { kind: 'pass' }
  },
}

function toFinding(problem: EditProblem): Finding {
  return fileFinding(GATE, problem.kind, problem.path, problem.message, {
    ...(problem.line === undefined ? {} : { line: problem.line }),
    ...(problem.hunkId === undefined ? {} : { hunk_id: problem.hunkId }),
  })
}

async function misfits(input: GateInput): Promise<Finding[]> {
  const findings: Finding[] = []
  const seen = new Set<string>()
  for (const file of input.changes.files) {
    if (seen.has(file.path)) {
      findings.push(fileFinding(GATE, 'duplicate-path', file.path, 'the change holds this file twice'))
      continue
    }
    seen.add(file.path)
    const paths = file.oldPath === undefined ? [file.path] : [file.path, file.oldPath]
    const outside = paths.find(leadsOutside)
    if (outside !== undefined) {
      const message = `${outside} is not a path inside the project`
      findings.push(
        fileFinding(GATE, 'outside-project', file.path, message, { suggestion: 'name files relative to the project' }),
      )
      continue
    }
    findings.push(...(await misfitsOf(file, input)))
  }
  return findings
}

async function misfitsOf(file: FileChange, input: GateInput): Promise<Finding[]> {
  const { project, changes } = input
  const source = file.oldPath ?? file.path
  const finding = (kind: string, message: string, suggestion: string, severity: Finding['severity'] = 'error') =>
    fileFinding(GATE, kind, file.path, message, { suggestion, severity })

  if (file.before !== undefined) {
    const current = await project.read(source)
    if (current === undefined && (await project.kindOf(source)) === undefined) {
      return [finding('file-missing', `${source} does not exist`, 'create it, or name the file that exists')]
    }
    // Text in another encoding cannot be compared here; the writer compares hashes in any case.
    if (current !== undefined && current !== file.before) {
      return [finding('stale', `${source} changed since it was read`, 'read it again, then repeat the edit')]
    }
  }

  const found: Finding[] = []
  const comesToPlace = file.kind === 'create' || (file.kind === 'rename' && file.oldPath !== file.path)
  if (comesToPlace && !leavesPlace(changes.files, file.path) && (await project.kindOf(file.path)) !== undefined) {
    const isCaseOnly = file.oldPath?.toLowerCase() === file.path.toLowerCase()
    if (!isCaseOnly) found.push(finding('file-exists', `${file.path} exists already`, 'read it and edit it instead'))
  }
  if (comesToPlace) found.push(...(await caseClash(file, input)))
  if (file.kind === 'modify' && file.before === file.after && file.mode === undefined) {
    found.push(finding('no-change', `${file.path} would stay as it is`, 'leave it out, or check the edit', 'warning'))
  }
  return found
}

/** Two names that differ by case only are one file on macOS and Windows. */
async function caseClash(file: FileChange, input: GateInput): Promise<Finding[]> {
  const slash = file.path.lastIndexOf('/')
  const folder = slash < 0 ? '' : file.path.slice(0, slash)
  const name = file.path.slice(slash + 1)
  const names = await input.changedProject.list(folder)
  const twin = names.find(each => each !== name && each.toLowerCase() === name.toLowerCase())
  if (twin === undefined) return []
  const message = `${name} and ${twin} differ by upper and lower case only; on macOS and Windows they are one file`
  return [
    fileFinding(GATE, 'case-clash', file.path, message, { severity: 'warning', suggestion: 'choose another name' }),
  ]
}

/** Whether another part of the change removes what is there. */
function leavesPlace(files: readonly FileChange[], path: string): boolean {
  return files.some(
    file => (file.kind === 'rename' && file.oldPath === path) || (file.kind === 'delete' && file.path === path),
  )
}

function leadsOutside(path: string): boolean {
  if (path === '' || path.includes('\0') || path.includes('\\') || path.startsWith('/') || /^[a-z]:/i.test(path))
    return true
  return path.split('/').some(part => part === '..' || part === '.' || part === '')
}
