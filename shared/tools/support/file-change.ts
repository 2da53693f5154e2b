import { fail, ok, type Result } from '#shared/base/result'
import { buildChangeSet } from '#shared/edits/build-change-set'
import type { ChangeSet } from '#shared/edits/change-set'
import { resolveInProject } from '#shared/edits/project-path'
import { type Proposal, proposeFiles } from '#shared/edits/proposal'
import { hashOf } from '#shared/edits/text-file'
import type { ToolContext } from '../tool'

/** A proposal of a tool as a change set; an error is one line for the model. */
export async function changeFrom(proposal: Proposal, context: ToolContext): Promise<Result<ChangeSet, string>> {
  const built = await buildChangeSet(proposal, { root: context.root, files: context.files })
  return built.ok ? built : fail(built.error.map(problem => problem.message).join('\n'))
}

/** A whole file, new or replaced, with the path as it will be written. */
export async function wholeFileChange(
  path: string,
  text: string,
  mayReplace: boolean,
  context: ToolContext,
): Promise<Result<{ changes: ChangeSet; path: string; absolute: string; isNew: boolean }, string>> {
  const place = await resolveInProject(context.root, path, context.files)
  if (!place.ok) return fail(place.error.message)
  const stat = await context.files.lstat(place.value.absolute)
  if (stat.ok && !mayReplace) {
    return fail(`${path} exists already. Change it with Edit, or set overwrite to replace all of it.`)
  }
  const stale = stat.ok ? await staleness(place.value.absolute, path, context) : undefined
  if (stale) return fail(stale)
  const changes = await changeFrom(proposeFiles([{ path, text }]), context)
  return changes.ok ? ok({ changes: changes.value, ...place.value, isNew: !stat.ok }) : changes
}

/** Why an edit would build on what the model has not seen; undefined when it knows the file as it is or never read it. */
export async function staleness(absolute: string, path: string, context: ToolContext): Promise<string | undefined> {
  const seen = context.readLedger.seenHash(absolute)
  if (seen === undefined) return undefined
  const bytes = await context.files.read(absolute)
  if (!bytes.ok || hashOf(bytes.value) === seen) return undefined
  return `${path} changed since you read it. Read it again, then repeat the edit.`
}
