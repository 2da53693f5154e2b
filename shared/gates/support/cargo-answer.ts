import * as v from 'valibot'
import type { Unknown } from '#shared/languages/language'
import { unknown } from '#shared/languages/support/syntax-verdict'
import type { RoomAnswer } from '#shared/sandbox/checking-room'

/** What `cargo check` said about one state of some crates. */
export interface CargoAnswer {
  kind: 'judged'
  errors: readonly CargoError[]
  /** Libraries, programs and tests that were compiled without an error. */
  compiled: ReadonlySet<string>
}

/** Lines and columns count from 1, columns in code points. */
export interface CargoError {
  crate: string
  target: string
  /** In the project. */
  path: string
  line: number
  column: number
  endLine: number
  endColumn: number
  /** `E0425`; `rustc` where the compiler gives none. */
  code: string
  message: string
}

/** Tells the parts of a crate apart. */
export function targetOf({ crate, target }: Pick<CargoError, 'crate' | 'target'>): string {
  return `${crate} ${target}`
}

/**
 * Reads the messages of one run.
 *
 * @param project where the project is for cargo, absolute
 * @param workspace where cargo ran, in the project
 */
export function readCargoAnswer(
  { exitCode, answer, stderr }: RoomAnswer,
  project: string,
  workspace: string,
): CargoAnswer | Unknown {
  // A library is compiled again for its tests.
  const errors = new Map<string, CargoError>()
  const compiled = new Set<string>()
  for (const line of answer.split('\n')) {
    const message = parseMessage(line)
    if (!message) continue
    const place = { crate: message.package_id, target: message.target.name }
    if (message.reason === 'compiler-artifact') compiled.add(targetOf(place))
    else if (message.message.level === 'error') {
      const span = placeIn(message.message.spans, project, workspace)
      if (!span) continue
      const found = { ...place, ...span, code: message.message.code?.code ?? 'rustc', message: message.message.message }
      errors.set(`${found.path}:${found.line}:${found.column} ${found.message}`, found)
    }
  }
  if (exitCode !== 0 && errors.size === 0) return unknown(reasonIn(stderr))
  return { kind: 'judged', errors: [...errors.values()], compiled }
}

const Span: v.GenericSchema<Span> = v.object({
  file_name: v.string(),
  line_start: v.number(),
  column_start: v.number(),
  line_end: v.number(),
  column_end: v.number(),
  is_primary: v.boolean(),
  expansion: v.nullable(v.object({ span: v.lazy(() => Span) })),
})

interface Span {
  file_name: string
  line_start: number
  column_start: number
  line_end: number
  column_end: number
  is_primary: boolean
  /** Where the macro was used whose text this is. */
  expansion: { span: Span } | null
}

const Target = { package_id: v.string(), target: v.object({ name: v.string() }) }
const Message = v.variant('reason', [
  v.object({ reason: v.literal('compiler-artifact'), ...Target }),
  v.object({
    reason: v.literal('compiler-message'),
    ...Target,
    message: v.object({
      level: v.string(),
      message: v.string(),
      code: v.nullable(v.object({ code: v.string() })),
      spans: v.array(Span),
    }),
  }),
])

/** Other lines are of other kinds, or what a build script printed. */
function parseMessage(line: string): v.InferOutput<typeof Message> | undefined {
  if (!line.startsWith('{')) return undefined
  let data: unknown
  try {
    data = JSON.parse(line)
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
  const parsed = v.safeParse(Message, data)
  return parsed.success ? parsed.output : undefined
}

/** The first place in the project that an error is about; inside of a macro of others, where the macro is used. */
function placeIn(
  spans: readonly Span[],
  project: string,
  workspace: string,
): Pick<CargoError, 'path' | 'line' | 'column' | 'endLine' | 'endColumn'> | undefined {
  for (const primary of spans.filter(span => span.is_primary))
    for (let span: Span | undefined = primary; span; span = span.expansion?.span) {
      const path = pathIn(span.file_name, project, workspace)
      if (path === undefined) continue
      const { line_start, column_start, line_end, column_end } = span
      return { path, line: line_start, column: column_start, endLine: line_end, endColumn: column_end }
    }
  return undefined
}

function pathIn(name: string, project: string, workspace: string): string | undefined {
  if (name.startsWith(`${project}/`)) return name.slice(project.length + 1)
  if (/^[/<]/.test(name) || name.startsWith('../')) return undefined
  return workspace === '' ? name : `${workspace}/${name}`
}

export const NOT_DOWNLOADED = 'its dependencies are not downloaded: run `cargo fetch`'

/** Why cargo judged nothing, from its last words. */
export function reasonIn(stderr: string): string {
  if (/--offline|offline mode|unable to update registry|failed to (?:get|load source for)/i.test(stderr))
    return NOT_DOWNLOADED
  const error = /^error(?:\[\w+\])?: (.+)$/m.exec(stderr)?.[1]
  return error ?? (stderr.trim().split('\n').at(-1)?.trim() || 'cargo failed without a word')
}
