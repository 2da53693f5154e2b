import { proposePatch } from '#shared/edits/proposal'
import { applyInMemory, unreadable } from '#shared/edits/proposed'
import { readUnifiedDiff } from '#shared/edits/unified-diff'
import { projectViewOf } from '#shared/gates/support/project-view'
import type { SubjectSource, VerifyRequest } from './verify-input'

/** A unified diff over the files as they are now. */
export async function diffSubject(text: string, name: string, source: SubjectSource): Promise<VerifyRequest> {
  const common = {
    project: projectViewOf(source.files, source.root),
    source: name,
    blockArchitecture: false,
    architectureRules: [],
    mode: 'hunks' as const,
  }
  const patches = readUnifiedDiff(text)
  if (!patches.ok) return { ...unreadable(patches.error), ...common }
  return { ...(await applyInMemory(proposePatch(patches.value, 'unified-diff'), source)), ...common }
}
