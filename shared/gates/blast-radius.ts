import { ImportGraph } from '#shared/code-index/import-graph'
import type { FileChange } from '#shared/edits/change-set'
import type { FileFacts } from '#shared/languages/language'
import type { Finding } from '#shared/protocol/gate-report'
import type { Gate, GateInput } from './gate'
import { type Affected, affectedBy, type ChangedSurface, surfaceOf } from './support/dependents'
import { fileFinding } from './support/findings'

const GATE = 'blast_radius'
const SHOWN_FILES = 20

/**
 * How much depends on what the change alters. `maxBlastRadius` limits the files downstream that were not changed themselves,
 * `maxFilesTouched` the files of the change. Findings: `blast_radius/too-many-dependents`, `blast_radius/too-many-files`, and as a
 * warning `blast_radius/broken-dependent`, where a file left alone imports a name the change removes.
 */
export const blastRadius: Gate = {
  name: GATE,
  async judge(input) {
    const { settings, changes } = input
    const findings: Finding[] = []
    const limit = settings.maxFilesTouched
    if (limit !== undefined && changes.files.length > limit) {
      const message = `the change touches ${changes.files.length} files, more than the ${limit} allowed`
      const suggestion = 'split the change, or raise max_files_touched'
      findings.push(fileFinding(GATE, 'too-many-files', changes.files[0]!.path, message, { suggestion }))
    }
    const surfaces = (await surfacesOf(input)).filter(concernsOthers)
    const affected = surfaces.length === 0 ? [] : await affectedOutside(surfaces, input)
    if (!affected) {
      if (findings.length > 0) return { kind: 'fail', message: findings[0]!.message, findings }
      return { kind: 'skip', reason: 'the project is not indexed, so nobody knows what depends on the change' }
    }
    findings.push(...affected.filter(each => each.missing.length > 0).map(brokenDependent))

    const notes = notesOn(affected)
    const radius = settings.maxBlastRadius
    if (radius !== undefined && radius > 0 && affected.length > radius) {
      const message = `blast radius: ${affected.length} downstream ${affected.length === 1 ? 'file' : 'files'} affected (threshold: ${radius})`
      const suggestion = 'keep what they use as it is, split the change, or raise max_blast_radius'
      findings.unshift(
        ...surfaces.map(({ path }) => fileFinding(GATE, 'too-many-dependents', path, message, { suggestion })),
      )
    }
    const errors = findings.filter(finding => finding.severity === 'error')
    if (errors.length > 0) return { kind: 'fail', message: errors[0]!.message, findings, notes }
    if (findings.length > 0) return { kind: 'warn', message: findings[0]!.message, findings, notes }
    return { kind: 'pass', notes }
  },
}

/** Files that the change leaves alone and that depend on what it alters; undefined without an index. */
async function affectedOutside(
  surfaces: readonly ChangedSurface[],
  { changes, index, languages, project, signal }: GateInput,
): Promise<Affected[] | undefined> {
  const known = await index?.()
  if (!known) return undefined
  const touched = new Set(changes.files.flatMap(file => [file.path, file.oldPath ?? file.path]))
  const affected = await affectedBy(surfaces, new ImportGraph(known, languages, project), known, signal)
  return affected.filter(({ path }) => !touched.has(path))
}

async function surfacesOf(input: GateInput): Promise<ChangedSurface[]> {
  const surfaces: ChangedSurface[] = []
  for (const file of input.changes.files) {
    // What is new has no users yet.
    if (file.before === undefined) continue
    const path = file.oldPath ?? file.path
    const language = await input.languages.languageOf(path)
    if (!language?.code) continue
    const before = await language.code.factsOf({ path, text: file.before })
    const after = await factsAfter(file, input)
    if (before.kind === 'unknown' || after === 'unknown') {
      surfaces.push({ path, names: 'all', members: new Set(), removed: new Set() })
      continue
    }
    const isCompatible = language.code.areCompatible ?? ((old, next) => old.shape === next.shape)
    const surface = surfaceOf(path, before, after, isCompatible)
    // A file that went away concerns whoever loads it, even for nothing but its effects.
    const isGone = file.after === undefined || file.oldPath !== undefined
    surfaces.push(isGone ? { ...surface, names: 'all' } : surface)
  }
  return surfaces
}

async function factsAfter(file: FileChange, input: GateInput): Promise<FileFacts | undefined | 'unknown'> {
  if (file.after === undefined || file.oldPath !== undefined) return undefined
  const language = await input.languages.languageOf(file.path)
  const facts = await language?.code?.factsOf({ path: file.path, text: file.after })
  return facts?.kind === 'facts' ? facts : 'unknown'
}

function concernsOthers({ names, members }: ChangedSurface): boolean {
  return names === 'all' || names.size > 0 || members.size > 0
}

function brokenDependent({ path, trail, missing }: Affected): Finding {
  const names = missing.map(name => `\`${name}\``).join(', ')
  const message = `${path} still imports ${names}, which this change takes away from ${trail.at(-2)}`
  return fileFinding(GATE, 'broken-dependent', path, message, {
    severity: 'warning',
    suggestion: 'change it too, or keep the name',
  })
}

function notesOn(affected: readonly Affected[]): string[] {
  if (affected.length === 0) return ['nothing outside the change depends on what it alters']
  const shown = affected.slice(0, SHOWN_FILES).map(({ trail }) => trail.join(' → '))
  const notes = [`${affected.length} downstream:`, ...shown]
  if (affected.length > SHOWN_FILES) notes.push(`and ${affected.length - SHOWN_FILES} more`)
  if (affected.some(each => each.hasDynamicAccess)) notes.push('uses through computed names are not seen')
  return notes
}
