import * as v from 'valibot'
import { shellWord } from '#shared/base/shell-word'
import type { FileSystem } from '#shared/host/host'
import type { Unknown } from '#shared/languages/language'
import { unknown } from '#shared/languages/support/syntax-verdict'
import type { CheckingRoom } from '#shared/sandbox/checking-room'
import type { CheckerError, ProjectChecker } from '../project-checker'
import { newAmong, offsetIn, ProjectState, statesOf } from './change-states'

/**
 * Pyright over the files of a change and those that import them. A project that does not configure pyright was not written for it: there
 * only what fails when it runs counts.
 *
 * @param program absolute; undefined when there is none
 */
export function pythonChecker(
  root: string,
  program: string | undefined,
  room: CheckingRoom,
  files: FileSystem,
): ProjectChecker {
  const check = async (
    paths: readonly string[],
    state: ProjectState,
    signal: AbortSignal,
  ): Promise<Answer | Unknown> => {
    const present: string[] = []
    for (const path of paths) if (await state.has(path)) present.push(path)
    if (present.length === 0) return { kind: 'judged', errors: [] }
    const interpreter = await interpreterOf(root, files)
    const command = [
      `exec ${shellWord(program ?? 'pyright')} --outputjson --level error`,
      ...(interpreter ? [`--pythonpath ${shellWord(interpreter)}`] : []),
      ...present.map(shellWord),
    ].join(' ')
    const ran = await room.run({ texts: state.texts, command, folder: '', timeoutMs: TIMEOUT_MS, signal })
    if (!ran.ok) return unknown(ran.error)
    return readAnswer(ran.value, room.project, await isConfigured(state))
  }
  return {
    name: 'Python',
    appliesTo: path => /\.pyi?$/.test(path),
    async newErrors(changes, paths, signal) {
      if (program === undefined) return unknown('there is no pyright on this machine')
      const { before, after } = statesOf(changes)
      const changed = new ProjectState(root, after, files)
      const now = await check(paths, changed, signal)
      if (now.kind === 'unknown' || now.errors.length === 0) return now.kind === 'unknown' ? now : NO_ERRORS
      const then = await check(paths, new ProjectState(root, before, files), signal)
      if (then.kind === 'unknown') return then
      const errors: CheckerError[] = []
      for (const error of newAmong(now.errors, then.errors, ({ path, rule, message }) => `${path} ${rule} ${message}`))
        errors.push(placed(error, await changed.read(error.path)))
      return { kind: 'judged', errors }
    },
    close: () => room.close(),
  }
}

/** What pyright is shown: code, and what configures it. */
export function isReadByPyright(path: string): boolean {
  return /\.(?:pyi?|toml|cfg|json|ini|typed|pth)$/.test(path)
}

const TIMEOUT_MS = 110_000
const NO_ERRORS = { kind: 'judged', errors: [] } as const

interface PyrightError {
  path: string
  rule: string
  message: string
  /** From 0, in UTF-16 units. */
  start: Position
  end: Position
}

interface Answer {
  kind: 'judged'
  errors: readonly PyrightError[]
}

const Position = v.object({ line: v.number(), character: v.number() })
type Position = v.InferOutput<typeof Position>

const Output = v.object({
  generalDiagnostics: v.array(
    v.object({
      file: v.string(),
      severity: v.string(),
      message: v.string(),
      rule: v.optional(v.string()),
      range: v.optional(v.object({ start: Position, end: Position })),
    }),
  ),
})

function readAnswer(
  { exitCode, answer, stderr }: { exitCode: number; answer: string; stderr: string },
  project: string,
  isConfigured: boolean,
): Answer | Unknown {
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), Output), answer.slice(Math.max(0, answer.indexOf('{'))))
  if (exitCode > 1 || !parsed.success)
    return unknown(stderr.trim().split('\n').at(-1)?.trim() || `pyright ended with ${exitCode}`)
  const errors = parsed.output.generalDiagnostics.flatMap(({ file, severity, message, rule, range }) => {
    if (severity !== 'error' || !range || !file.startsWith(`${project}/`)) return []
    // What is installed where it runs is not known here; the imports gate judges that.
    if (rule !== undefined && (/^reportMissing/.test(rule) || !(isConfigured || FAILS_WHEN_RUN.has(rule)))) return []
    return [
      { path: file.slice(project.length + 1), rule: rule ?? 'syntax', message: message.replace(/\s+/g, ' '), ...range },
    ]
  })
  return { kind: 'judged', errors }
}

/** Rules about what does not exist or cannot be called so; the others are about what annotations promise. */
const FAILS_WHEN_RUN = new Set([
  'reportUndefinedVariable',
  'reportAttributeAccessIssue',
  'reportCallIssue',
  'reportAbstractUsage',
  'reportUnhashable',
])

function placed({ path, rule, message, start, end }: PyrightError, text: string): CheckerError {
  const offsetOf = ({ line, character }: Position) => offsetIn(text, line, () => character)
  return { path, start: offsetOf(start), end: Math.max(offsetOf(start) + 1, offsetOf(end)), code: rule, message }
}

/** A virtual environment of the project says what is installed. */
async function interpreterOf(root: string, files: FileSystem): Promise<string | undefined> {
  for (const name of ['.venv/bin/python', 'venv/bin/python', 'env/bin/python'])
    if ((await files.stat(`${root}/${name}`)).ok) return `${root}/${name}`
  return undefined
}

async function isConfigured(state: ProjectState): Promise<boolean> {
  if (await state.has('pyrightconfig.json')) return true
  return /^\s*\[tool\.(?:based)?pyright\b/m.test(await state.read('pyproject.toml'))
}
