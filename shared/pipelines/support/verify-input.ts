import * as v from 'valibot'
import { countOf } from '#shared/base/count-of'
import { messageOf } from '#shared/base/message-of'
import { checkHunks } from '#shared/edits/hunks'
import type { ProjectSource } from '#shared/edits/project-file'
import { proposeFiles, proposeHunks } from '#shared/edits/proposal'
import { applyInMemory, unreadable } from '#shared/edits/proposed'
import { projectViewOf } from '#shared/gates/support/project-view'
import type { FileSystem } from '#shared/host/host'
import type { ProjectView } from '#shared/languages/project-view'
import type { VerifySubject } from '../verify'
import { CommandInputError } from './input-error'

/** A patch to verify together with what surrounds it. */
export interface VerifyRequest extends VerifySubject {
  /** The project before the change. */
  project: ProjectView
  /** Where it came from, for the log. */
  source: string
  blockArchitecture: boolean
  architectureRules: readonly ArchitectureRuleInput[]
}

/** An architecture rule in either spelling, as in `.kode/kode.json`. */
export type ArchitectureRuleInput = v.InferOutput<typeof ruleSchema>

export interface SubjectSource {
  root: string
  files: FileSystem
}

/** Rule keys are understood in any case and with or without underscores. */
const ruleSchema = v.union([
  v.object({
    from: v.string(),
    to: v.string(),
    kind: v.optional(v.picklist(['forbid', 'allow'])),
    message: v.optional(v.string()),
  }),
  v.object({
    ForbiddenImportPrefix: v.string(),
    AllowedInPackages: v.optional(v.array(v.string())),
    ErrorMessage: v.optional(v.string()),
  }),
])

/** path → text; a list is taken for a record otherwise. */
const texts = v.pipe(
  v.unknown(),
  v.check(value => !Array.isArray(value), 'an object of paths and texts'),
  v.record(v.string(), v.string()),
)

const inputSchema = v.object({
  hunks: v.optional(v.array(v.unknown())),
  original_files: v.optional(texts),
  files: v.optional(texts),
  block_architecture: v.optional(v.boolean()),
  architecture_rules: v.optional(v.array(v.pipe(v.unknown(), v.transform(withKnownKeys), ruleSchema))),
})

/** Reads the input of `kode verify --input`: an object with hunks or whole files, or a bare array of hunks. */
export async function readVerifyInput(text: string, name: string, source: SubjectSource): Promise<VerifyRequest> {
  const input = parseInput(text, name)
  const shown: ProjectSource = { ...source, ...(input.original_files && { originals: input.original_files }) }
  const isFileMode = Object.keys(input.files ?? {}).length > 0
  const common = {
    project: originalView(source, input.original_files),
    source: name,
    blockArchitecture: input.block_architecture ?? false,
    architectureRules: input.architecture_rules ?? [],
  }
  if (isFileMode) {
    const files = Object.entries(input.files ?? {}).map(([path, body]) => ({ path, text: body }))
    const left = input.hunks?.length ?? 0
    const unjudged = left > 0 ? [`${countOf(left, 'hunk')} beside whole files: not judged`] : []
    return { ...(await applyInMemory(proposeFiles(files), shown)), ...common, mode: 'files', unjudged }
  }
  if (!input.hunks || input.hunks.length === 0) {
    throw new CommandInputError(`${name}: nothing to verify: it has neither "hunks" nor "files"`)
  }
  const hunks = checkHunks(input.hunks)
  const proposed = hunks.ok ? await applyInMemory(proposeHunks(hunks.value), shown) : unreadable(hunks.error)
  return { ...proposed, ...common, mode: 'hunks' }
}

function parseInput(text: string, name: string): v.InferOutput<typeof inputSchema> {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (error) {
    throw new CommandInputError(`${name} is not valid JSON: ${messageOf(error)}`)
  }
  const parsed = v.safeParse(inputSchema, Array.isArray(json) ? { hunks: json } : json)
  if (parsed.success) return parsed.output
  const issue = parsed.issues[0]
  throw new CommandInputError(
    `${name}: ${v.getDotPath(issue) ?? 'input'}: expected ${issue.expected ?? issue.message}, found ${issue.received}`,
  )
}

/** The project with the given texts in place of those on the disk. */
function originalView({ files, root }: SubjectSource, originals: Record<string, string> | undefined): ProjectView {
  const disk = projectViewOf(files, root)
  if (!originals) return disk
  return {
    ...disk,
    read: path => (path in originals ? Promise.resolve(originals[path]) : disk.read(path)),
    kindOf: path => (path in originals ? Promise.resolve('file') : disk.kindOf(path)),
  }
}

const KNOWN_KEYS = ['ForbiddenImportPrefix', 'AllowedInPackages', 'ErrorMessage', 'from', 'to', 'kind', 'message']

function withKnownKeys(rule: unknown): unknown {
  if (typeof rule !== 'object' || rule === null) return rule
  const plain = (key: string) => key.replaceAll('_', '').toLowerCase()
  return Object.fromEntries(
    Object.entries(rule).map(([key, value]) => [KNOWN_KEYS.find(known => plain(known) === plain(key)) ?? key, value]),
  )
}
