import { structuredPatch } from 'diff'

/** A file as it was and as it is; an absent text means an absent file. */
export interface FilePair {
  path: string
  /** Where it was, if it was moved. */
  oldPath?: string
  before?: string
  after?: string
  /** Permission bits after the change, where they are known to differ; `LINK_MODE` for a symbolic link. */
  mode?: number
}

export const LINK_MODE = 0o120000

/** A run of changed lines with their surroundings. Lines count from 1. */
export interface DiffHunk {
  oldStart: number
  oldLines: number
  newStart: number
  newLines: number
  /** Each begins with ` `, `-` or `+`; `\ No newline at end of file` follows the line it is about. */
  lines: string[]
}

/** Beyond this many differing lines the text is shown as replaced; finding the shortest difference would take seconds. */
const MOST_EDITS = 4000

/** The differences between two texts, line by line, line ends included. */
export function diffLines(before: string, after: string, contextLines = 3): DiffHunk[] {
  if (before === after) return []
  const options = { context: contextLines, maxEditLength: MOST_EDITS }
  const patch = structuredPatch('', '', before, after, '', '', options)
  return patch ? patch.hunks : [replacedWhole(before, after)]
}

/** Changed files as one unified diff that `git apply` understands. Files without a difference are left out. */
export function unifiedDiff(files: readonly FilePair[], contextLines = 3): string {
  return files.map(file => fileDiff(file, contextLines)).join('')
}

/** What git says of a file before its contents: its names, and what becomes of it as a whole. */
export function fileHead(file: FilePair): string[] {
  const oldPath = file.oldPath ?? file.path
  return [`diff --git ${quoted(`a/${oldPath}`)} ${quoted(`b/${file.path}`)}`, ...extendedHeaders(file, oldPath)]
}

function fileDiff(file: FilePair, contextLines: number): string {
  const oldPath = file.oldPath ?? file.path
  const hunks = diffLines(file.before ?? '', file.after ?? '', contextLines)
  const lines = fileHead(file)
  if (hunks.length === 0 && lines.length === 1) return ''
  if (hunks.length > 0) {
    lines.push(`--- ${file.before === undefined ? '/dev/null' : labelled(`a/${oldPath}`)}`)
    lines.push(`+++ ${file.after === undefined ? '/dev/null' : labelled(`b/${file.path}`)}`)
    for (const hunk of hunks) lines.push(hunkHeader(hunk), ...hunk.lines)
  }
  return `${lines.join('\n')}\n`
}

function extendedHeaders(file: FilePair, oldPath: string): string[] {
  const mode = modeName(file.mode ?? 0o644)
  if (file.before === undefined) return [`new file mode ${mode}`]
  if (file.after === undefined) return [`deleted file mode ${mode}`]
  const headers: string[] = []
  if (file.mode !== undefined) headers.push(`old mode ${mode === '100755' ? '100644' : '100755'}`, `new mode ${mode}`)
  if (oldPath !== file.path) headers.push(`rename from ${quoted(oldPath)}`, `rename to ${quoted(file.path)}`)
  return headers
}

/** Git knows two kinds of files and links. */
function modeName(mode: number): string {
  if (mode === LINK_MODE) return '120000'
  return (mode & 0o111) !== 0 ? '100755' : '100644'
}

function hunkHeader(hunk: DiffHunk): string {
  // A range without lines names the line before it.
  const oldStart = hunk.oldLines === 0 ? hunk.oldStart - 1 : hunk.oldStart
  const newStart = hunk.newLines === 0 ? hunk.newStart - 1 : hunk.newStart
  return `@@ -${oldStart},${hunk.oldLines} +${newStart},${hunk.newLines} @@`
}

function replacedWhole(before: string, after: string): DiffHunk {
  const oldLines = marked('-', before)
  const newLines = marked('+', after)
  return {
    oldStart: 1,
    oldLines: oldLines.filter(line => line.startsWith('-')).length,
    newStart: 1,
    newLines: newLines.filter(line => line.startsWith('+')).length,
    lines: [...oldLines, ...newLines],
  }
}

function marked(mark: '-' | '+', text: string): string[] {
  if (text === '') return []
  const endsInNewline = text.endsWith('\n')
  const lines = (endsInNewline ? text.slice(0, -1) : text).split('\n').map(line => mark + line)
  return endsInNewline ? lines : [...lines, '\\ No newline at end of file']
}

/** A tab ends a name that holds blanks; otherwise readers would take the rest for a date. */
function labelled(path: string): string {
  const shown = quoted(path)
  return shown === path && path.includes(' ') ? `${path}\t` : shown
}

/** As git writes names that hold quotes, backslashes or control characters. */
function quoted(path: string): string {
  if (!/["\\\x00-\x1f\x7f]/.test(path)) return path
  const escaped = path.replace(/["\\\x00-\x1f\x7f]/g, character => {
    const short = SHORT_ESCAPES[character]
    return short ?? `\\${character.charCodeAt(0).toString(8).padStart(3, '0')}`
  })
  return `"${escaped}"`
}

const SHORT_ESCAPES: Record<string, string> = { '"': '\\"', '\\': '\\\\', '\n': '\\n', '\t': '\\t', '\r': '\\r' }
