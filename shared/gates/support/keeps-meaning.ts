import type { ChangeSet, FileChange } from '#shared/edits/change-set'
import type { GateInput } from '../gate'
import { surfaceOf } from './dependents'

const answers = new WeakMap<ChangeSet, Promise<boolean>>()

/**
 * Whether a change leaves alone what the rest of its files rely on: nothing comes, goes or moves, no manifest changes, and what is
 * exported stays usable as it was. Then a file's untouched imports and calls mean what they meant, and need not be judged again.
 */
export function keepsMeaning(input: GateInput): Promise<boolean> {
  const known = answers.get(input.changes) ?? allKeepMeaning(input)
  answers.set(input.changes, known)
  return known
}

async function allKeepMeaning(input: GateInput): Promise<boolean> {
  const { files } = input.changes
  if (files.some(file => file.kind !== 'modify' || file.before === undefined || file.after === undefined)) return false
  for (const file of files) {
    const code = (await input.languages.languageOf(file.path))?.code
    // Data may be a manifest of any language.
    if (!code || code.isManifest(file.path)) return false
    if (files.length > 1 && !(await keepsExports(file, input))) return false
  }
  return true
}

async function keepsExports({ path, before = '', after = '' }: FileChange, input: GateInput): Promise<boolean> {
  const code = (await input.languages.languageOf(path))?.code
  const old = await code?.factsOf({ path, text: before })
  const next = await code?.factsOf({ path, text: after })
  if (!code || old?.kind !== 'facts' || next?.kind !== 'facts') return false
  const surface = surfaceOf(path, old, next, code.areCompatible ?? ((a, b) => a.shape === b.shape))
  return surface.names !== 'all' && surface.names.size === 0 && surface.members.size === 0
}
