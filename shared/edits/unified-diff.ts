import { fail, ok, type Result } from '#shared/base/result'
import type { EditProblem } from './change-set'
import type { LineHunk, PatchLine } from './line-hunks'

/** What a patch does to one file. */
export interface FilePatch {
  /** Where the file is before; absent when the patch creates it. */
  oldPath?: string
  /** Where it is after; absent when the patch deletes it. */
  newPath?: string
  /** Leaves the old file where it is. */
  isCopy?: boolean
  /** Permission bits after. */
  mode?: number
  hunks: LineHunk[]
}

/** Whether a text looks like a unified diff. */
export function looksLikeUnifiedDiff(text: string): boolean {
  return /^(diff --git |--- .+\r?\n\+\+\+ )/m.test(text) || /^@@ -\d/m.test(text)
}

/**
 * Reads a unified diff: what git writes (renames, copies, modes, new and deleted files, quoted names), what `diff -u`
 * writes, and what models write (wrong line counts, bare `@@`).
 */
export function readUnifiedDiff(text: string): Result<FilePatch[], EditProblem[]> {
  const reader = new DiffReader(text)
  const problems: EditProblem[] = []
  const patches: FilePatch[] = []
  while (!reader.isDone) {
    const patch = readFile(reader)
    if (patch === undefined) continue
    if (patch.ok) patches.push(patch.value)
    else problems.push(patch.error)
  }
  if (problems.length > 0) return fail(problems)
  if (patches.length > 0) return ok(patches)
  return fail([
    {
      kind: 'invalid-hunk',
      path: '',
      message: 'There are no valid diff headers in it: each file needs a --- and a +++ line.',
    },
  ])
}

class DiffReader {
  readonly #lines: string[]
  #at = 0

  constructor(text: string) {
    this.#lines = text.split('\n')
    if (this.#lines.at(-1) === '') this.#lines.pop()
    // A diff that went through a Windows editor: its own headers end in \r too.
    const headers = this.#lines.filter(line => /^(diff --git |--- |\+\+\+ |@@ )/.test(line))
    if (headers.length > 0 && headers.every(line => line.endsWith('\r'))) {
      this.#lines = this.#lines.map(line => line.replace(/\r$/, ''))
    }
  }

  get isDone(): boolean {
    return this.#at >= this.#lines.length
  }

  peek(ahead = 0): string | undefined {
    return this.#lines[this.#at + ahead]
  }

  take(): string {
    return this.#lines[this.#at++] ?? ''
  }
}

/** @returns `undefined` when the line in turn belongs to no file, such as a mail header */
function readFile(reader: DiffReader): Result<FilePatch, EditProblem> | undefined {
  const line = reader.take()
  if (/^diff --(cc|combined) /.test(line)) {
    return fail(
      problemWith(line.split(' ').slice(2).join(' '), 'is a combined diff of a merge. Make a diff against one parent.'),
    )
  }
  if (line.startsWith('diff --git ')) return readGitFile(reader, line)
  if (line.startsWith('--- ') && reader.peek()?.startsWith('+++ ')) {
    return readHunks(reader, withLabels({ hunks: [] }, line, reader.take()))
  }
  if (HUNK_HEADER.test(line))
    return fail(problemWith('', 'A hunk comes before any file: a --- and a +++ line are missing.'))
  return undefined
}

interface GitHeaders {
  patch: FilePatch
  isNew: boolean
  isDeleted: boolean
  problem?: EditProblem
}

function readGitFile(reader: DiffReader, header: string): Result<FilePatch, EditProblem> {
  const { hasPrefixes, ...names } = namesOfGitHeader(header.slice('diff --git '.length))
  const headers: GitHeaders = { patch: { ...names, hunks: [] }, isNew: false, isDeleted: false }
  while (!reader.isDone && readGitHeader(headers, reader.peek()!)) reader.take()
  const { patch, isNew, isDeleted, problem } = headers
  if (problem) return fail(problem)
  if (reader.peek()?.startsWith('--- ') && reader.peek(1)?.startsWith('+++ ')) {
    withLabels(patch, reader.take(), reader.take(), hasPrefixes)
  }
  if (isNew) delete patch.oldPath
  if (isDeleted) delete patch.newPath
  if (patch.oldPath === undefined && patch.newPath === undefined) {
    return fail(problemWith('', `The file of "${header}" cannot be told from its header.`))
  }
  return readHunks(reader, patch)
}

/** Takes one extended header line into account; false when the line is none. */
function readGitHeader(headers: GitHeaders, line: string): boolean {
  const match =
    /^(old mode|new mode|new file mode|deleted file mode|rename from|rename to|copy from|copy to|similarity index|dissimilarity index|index|Binary files|GIT binary patch)\b ?(.*)$/.exec(
      line,
    )
  if (!match) return false
  const [, name, value = ''] = match
  const { patch } = headers
  const path = patch.newPath ?? patch.oldPath ?? ''
  switch (name) {
    case 'new mode':
    case 'new file mode':
      headers.isNew ||= name === 'new file mode'
      noteMode(headers, value, path)
      break
    case 'deleted file mode':
      headers.isDeleted = true
      noteMode(headers, value, path)
      delete patch.mode
      break
    case 'copy from':
    case 'rename from':
      patch.isCopy = name === 'copy from'
      patch.oldPath = unquoted(value)
      break
    case 'copy to':
    case 'rename to':
      patch.newPath = unquoted(value)
      break
    case 'Binary files':
    case 'GIT binary patch':
      headers.problem = {
        kind: 'binary-file',
        path,
        message: `${path} is a binary file; only text files can be patched.`,
      }
      break
  }
  return true
}

function noteMode(headers: GitHeaders, value: string, path: string): void {
  const bits = Number.parseInt(value, 8)
  if (value.startsWith('100')) headers.patch.mode = bits & 0o777
  else if (value.startsWith('120'))
    headers.problem = problemWith(path, `${path} is a symbolic link; only text files can be patched.`)
  else if (value.startsWith('160'))
    headers.problem = problemWith(path, `${path} is a submodule; only text files can be patched.`)
}

interface HeaderNames {
  oldPath?: string
  newPath?: string
  hasPrefixes: boolean
}

/** `a/old b/new`, both quoted or not. Without quotes the two can only be told apart when they are the same. */
function namesOfGitHeader(names: string): HeaderNames {
  const pair = /^("(?:[^"\\]|\\.)*"|\S+) ("(?:[^"\\]|\\.)*"|\S+)$/.exec(names.trimEnd())
  if (pair) return headerNames(unquoted(pair[1]!), unquoted(pair[2]!))
  for (let at = names.indexOf(' '); at !== -1; at = names.indexOf(' ', at + 1)) {
    const found = headerNames(names.slice(0, at), names.slice(at + 1))
    if (found.oldPath === found.newPath) return found
  }
  return { hasPrefixes: true }
}

function headerNames(oldName: string, newName: string): HeaderNames {
  const hasPrefixes = arePrefixed(oldName, newName) || isSameBelow(oldName, newName)
  if (!hasPrefixes) return { oldPath: oldName, newPath: newName, hasPrefixes }
  return { oldPath: withoutPrefix(oldName), newPath: withoutPrefix(newName), hasPrefixes }
}

/** git marks the sides with different letters (a/ and b/, or i/, w/, c/ and o/); equal ones are folders. */
function arePrefixed(oldName: string, newName: string): boolean {
  const [oldMark, newMark] = [oldName, newName].map(name => /^([abciow12])\//.exec(name)?.[1])
  return oldMark !== undefined && newMark !== undefined && oldMark !== newMark
}

/** With prefixes of somebody's own choice: a header of git names one file twice. */
function isSameBelow(oldName: string, newName: string): boolean {
  return oldName !== newName && oldName.includes('/') && withoutPrefix(oldName) === withoutPrefix(newName)
}

function withLabels(patch: FilePatch, oldLabel: string, newLabel: string, headerHasPrefixes?: boolean): FilePatch {
  const oldName = pathOfLabel(oldLabel.slice('--- '.length))
  const newName = pathOfLabel(newLabel.slice('+++ '.length))
  const hasPrefixes = headerHasPrefixes ?? arePrefixed(oldName ?? 'a/', newName ?? 'b/')
  const plain = (name: string) => (hasPrefixes ? withoutPrefix(name) : name)
  // rename and copy lines are exact; labels of the same file only confirm them.
  const isMoved = patch.oldPath !== patch.newPath
  if (oldName === undefined) delete patch.oldPath
  else if (!isMoved) patch.oldPath = plain(oldName)
  if (newName === undefined) delete patch.newPath
  else if (!isMoved) patch.newPath = plain(newName)
  // `diff -u a.orig a`: without a rename header two names mean one file, the new one.
  if (!isMoved && patch.oldPath !== undefined && patch.newPath !== undefined) patch.oldPath = patch.newPath
  return patch
}

/** @returns `undefined` for /dev/null */
function pathOfLabel(label: string): string | undefined {
  const shown = label.replace(/\r$/, '')
  if (shown.startsWith('"')) return unquoted(/^"(?:[^"\\]|\\.)*"/.exec(shown)?.[0] ?? shown)
  // A tab ends the name, if it holds blanks; diff -u puts the date behind it.
  const tab = shown.indexOf('\t')
  const name = tab === -1 ? shown.trimEnd() : shown.slice(0, tab)
  return name === '/dev/null' ? undefined : name
}

function withoutPrefix(path: string): string {
  return path.slice(path.indexOf('/') + 1)
}

function unquoted(name: string): string {
  if (!name.startsWith('"') || !name.endsWith('"')) return name
  const bytes: Buffer[] = []
  for (const [piece] of name.slice(1, -1).matchAll(/\\[0-7]{3}|\\.|[^\\]+/gs)) {
    if (/^\\[0-7]{3}$/.test(piece)) bytes.push(Buffer.of(Number.parseInt(piece.slice(1), 8)))
    else bytes.push(Buffer.from(piece.startsWith('\\') ? (ESCAPES[piece[1]!] ?? piece[1]!) : piece))
  }
  return Buffer.concat(bytes).toString('utf8')
}

const ESCAPES: Record<string, string> = { n: '\n', t: '\t', r: '\r', a: '\x07', b: '\b', f: '\f', v: '\v' }

const HUNK_HEADER = /^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@/

function readHunks(reader: DiffReader, patch: FilePatch): Result<FilePatch, EditProblem> {
  while (!reader.isDone) {
    const header = reader.peek()!
    if (!header.startsWith('@@')) {
      // A blank line or a mail signature between files.
      if (/^(diff |--- |Index: |From )/.test(header)) break
      reader.take()
      continue
    }
    if (header.startsWith('@@@'))
      return fail(problemWith(patch.newPath ?? '', 'A combined diff of a merge cannot be applied.'))
    reader.take()
    const hunk = readHunk(reader, header)
    // A hunk that says nothing would be dropped without a word.
    if (hunk.lines.length === 0) return fail(problemWith(patch.newPath ?? '', `The hunk "${header}" is empty.`))
    patch.hunks.push(hunk)
  }
  return ok(patch)
}

function readHunk(reader: DiffReader, header: string): LineHunk {
  const match = HUNK_HEADER.exec(header)
  const lines: PatchLine[] = []
  let oldLeft = match ? Number(match[2] ?? 1) : Number.POSITIVE_INFINITY
  let newLeft = match ? Number(match[4] ?? 1) : Number.POSITIVE_INFINITY
  while (!reader.isDone) {
    const line = reader.peek()!
    if (line.startsWith('\\')) {
      const last = lines.at(-1)
      if (last) last.noNewline = true
      reader.take()
      continue
    }
    // Counts are exact in what programs write; where a model miscounted, the next header decides.
    if (oldLeft <= 0 && newLeft <= 0 && (!/^[ +-]/.test(line) || startsFile(reader) || line === '-- ')) break
    if (startsSomethingElse(reader, oldLeft, newLeft)) break
    const patchLine = readLine(line)
    if (!patchLine) break
    reader.take()
    lines.push(patchLine)
    if (patchLine.kind !== 'add') oldLeft--
    if (patchLine.kind !== 'delete') newLeft--
  }
  dropTrailingBlanks(lines, match)
  return match ? { oldStart: Number(match[1]), lines } : { lines }
}

/** Models leave blank lines behind the last hunk; read as context they would not fit. */
function dropTrailingBlanks(lines: PatchLine[], match: RegExpExecArray | null): void {
  const wanted = match ? Number(match[2] ?? 1) : undefined
  const isBlank = (line: PatchLine | undefined) => line?.kind === 'context' && line.text === ''
  const oldCount = () => lines.filter(line => line.kind !== 'add').length
  while (isBlank(lines.at(-1)) && (wanted === undefined || oldCount() > wanted)) lines.pop()
}

function startsFile(reader: DiffReader): boolean {
  return reader.peek()!.startsWith('--- ') && Boolean(reader.peek(1)?.startsWith('+++ '))
}

function startsSomethingElse(reader: DiffReader, oldLeft: number, newLeft: number): boolean {
  const line = reader.peek()!
  if (/^(@@ |@@$|diff --git )/.test(line)) return true
  // "--- " and "+++ " may be a deleted and an added line, "-- " and "++ " in the file; the counts tell.
  return startsFile(reader) && !(Number.isFinite(oldLeft) && oldLeft > 0 && newLeft > 0)
}

function readLine(line: string): PatchLine | undefined {
  if (line === '' || line === '\r') return { kind: 'context', text: line }
  if (line.startsWith(' ')) return { kind: 'context', text: line.slice(1) }
  if (line.startsWith('+')) return { kind: 'add', text: line.slice(1) }
  if (line.startsWith('-')) return { kind: 'delete', text: line.slice(1) }
  return undefined
}

function problemWith(path: string, message: string): EditProblem {
  return {
    kind: 'invalid-hunk',
    path,
    message: path === '' || message.startsWith(path) ? message : `${path} ${message}`,
  }
}
