import { join } from 'node:path'
import { landFor, type ToolCallServices } from '#shared/agent/tool-call'
import type { ChangeSet } from '#shared/edits/change-set'
import { decodeText } from '#shared/edits/text-file'
import { mergeTexts } from '#shared/edits/three-way-merge'
import type { FilePreview } from '#shared/protocol/approvals'
import type { ChangedFile } from '#shared/protocol/events'
import type { ToolCall } from '#shared/protocol/messages'
import { effectOfFiles } from '#shared/trust/effects'
import type { CopiedChange, WorkingCopy } from './working-copy'

/** Where work comes home to. */
export interface Home {
  /** Absolute. */
  root: string
  calls: ToolCallServices
  propose(files: readonly { path: string; after?: string }[]): Promise<{
    changes: ChangeSet
    problems: readonly { path: string; message: string }[]
  }>
}

/** What became of the work in a copy. */
export interface Homecoming {
  landed: { changes: ChangedFile[]; diff: string }
  /** For whoever gave the work; empty when nothing was changed. */
  report: string
  isComplete: boolean
}

/** Somebody else may write between looking and landing; this often it is tried again. */
const MAX_TRIES = 5

/**
 * Lands what was changed in a copy: merged with what others changed meanwhile, through trust, gates and the one door.
 * Nothing is overwritten and nothing is lost: what cannot land is kept as a patch and told.
 */
export async function bringHome(
  copy: WorkingCopy,
  home: Home,
  call: ToolCall,
  signal: AbortSignal,
): Promise<Homecoming> {
  const none = { changes: [], diff: '' }
  const changed = await copy.changes()
  if (!changed.ok) {
    await copy.keep(changed.error)
    const report = `What it changed cannot be told: ${changed.error}. It stays in ${copy.root}.`
    return { landed: none, report, isComplete: false }
  }
  if (changed.value.length === 0) return { landed: none, report: '', isComplete: true }

  let refusal = ''
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const { files, left } = await mergeInto(home, changed.value)
    if (files.length === 0) return settle(copy, none, left, '')
    const proposed = await home.propose(files)
    const problems = proposed.problems.map(({ path, message }) => ({ path, reason: message }))
    // The texts were merged with what was there a moment ago.
    const isStale = proposed.changes.files.some(
      file => file.before !== files.find(each => each.path === file.path)?.before,
    )
    if (isStale) continue
    const paths = proposed.changes.files.map(file => file.path)
    const prepared = {
      kind: 'change',
      title: copy.title,
      changes: withModes(proposed.changes, changed.value),
      effect: effectOfFiles(
        'write',
        paths.map(path => join(home.root, path)),
        home.calls.context.scope,
      ),
      done: () => ({ text: '' }),
    } as const
    const landing = await landFor(call, prepared, home.calls, signal)
    if (landing.status === 'ok') {
      return settle(copy, { changes: landing.changes, diff: landing.diff }, [...left, ...problems], landing.text)
    }
    refusal = landing.text
    if (!landing.isStale) break
  }
  const all = changed.value.map(({ path }) => ({ path, reason: '' }))
  return settle(copy, none, all, refusal)
}

/** A file that stays out, and why. */
interface Left {
  path: string
  reason: string
}

async function settle(
  copy: WorkingCopy,
  landed: Homecoming['landed'],
  left: readonly Left[],
  words: string,
): Promise<Homecoming> {
  const lines: string[] = []
  if (landed.changes.length > 0) {
    lines.push(`Its changes landed: ${landed.changes.map(({ path, status }) => `${path} (${status})`).join(', ')}.`)
  }
  if (words.trim() !== '') lines.push(words.trim())
  if (left.length === 0) return { landed, report: lines.join('\n'), isComplete: true }
  const reasons = left.map(({ path, reason }) => (reason === '' ? path : `${path} (${reason})`))
  const kept = await copy.keep(reasons.join('; '))
  lines.push(`Not landed: ${reasons.join('; ')}. ${whereKept(kept)}`.trim())
  return { landed, report: lines.join('\n'), isComplete: false }
}

function whereKept(kept: Awaited<ReturnType<WorkingCopy['keep']>>): string {
  if (!kept.ok) return `Beware: ${kept.error}.`
  if (!kept.value) return ''
  return `Its whole change is kept in ${kept.value.kept}: change.patch, and each file as it became in files/.`
}

/** The files as they would be at home, and those that cannot be. */
async function mergeInto(
  home: Home,
  changes: readonly CopiedChange[],
): Promise<{ files: FilePreview[]; left: Left[] }> {
  const files: FilePreview[] = []
  const left: Left[] = []
  for (const change of changes) {
    const merged = await mergeFile(home, change)
    if (merged === undefined) continue
    if ('reason' in merged) left.push(merged)
    else files.push(merged)
  }
  return { files, left }
}

/** @returns undefined when it is at home already */
async function mergeFile(home: Home, { path, before, after }: CopiedChange): Promise<FilePreview | Left | undefined> {
  const { files } = home.calls.context
  const bytes = await files.read(join(home.root, path))
  const isThere = (await files.lstat(join(home.root, path))).ok
  const ours = bytes.ok ? decodeText(bytes.value)?.text : undefined
  if (after && bytes.ok && after.link === undefined && Buffer.compare(after.bytes, bytes.value) === 0) return undefined
  if (!after && !isThere) return undefined
  if ((before && before.text === undefined) || (after && after.text === undefined) || (isThere && ours === undefined)) {
    return { path, reason: 'is no text' }
  }
  const was = before?.text
  const becomes = after?.text
  if (was === becomes) return { path, reason: 'only its permissions changed' }
  if (becomes === undefined) {
    if (ours === was) return { path, before: ours ?? '' }
    return { path, reason: 'removed there, changed here meanwhile' }
  }
  if (was === undefined) {
    if (!isThere) return { path, after: becomes }
    return { path, reason: 'made here too meanwhile, with other text' }
  }
  if (ours === undefined) return { path, reason: 'changed there, removed here meanwhile' }
  const merged = mergeTexts(was, ours, becomes)
  if (merged.kind === 'merged') return { path, before: ours, after: merged.text }
  const places = merged.places.map(({ firstLine, lastLine }) =>
    firstLine === lastLine ? `${firstLine}` : `${firstLine}-${lastLine}`,
  )
  return { path, reason: `others changed the same lines meanwhile: ${places.join(', ')}` }
}

/** New files that can be run stay so. */
function withModes(changes: ChangeSet, copied: readonly CopiedChange[]): ChangeSet {
  const modes = new Map(copied.map(({ path, before, after }) => [path, before ? undefined : after?.mode]))
  const files = changes.files.map(file => {
    const mode = modes.get(file.path)
    return mode === undefined || (mode & 0o111) === 0 ? file : { ...file, mode }
  })
  return { ...changes, files }
}
