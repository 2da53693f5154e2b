import { fail, ok, type Result } from '#shared/base/result'
import { withPlainLineEnds } from '#shared/base/text'
import type { EditProblem } from './change-set'

/** A file given whole. */
export interface WholeFile {
  path: string
  text: string
}

/** Whole files in a model's reply: fenced blocks with a path in the fence's first line or on the line before it. */
export function readWholeFiles(text: string): Result<WholeFile[], EditProblem[]> {
  const files: WholeFile[] = []
  const lines = withPlainLineEnds(text).split('\n')
  for (let at = 0; at < lines.length; at++) {
    const fence = /^\s*(`{3,}|~{3,})(.*)$/.exec(lines[at]!)
    if (!fence) continue
    const end = closingFence(lines, at + 1, fence[1]!)
    const path = pathInFence(fence[2]!) ?? pathBefore(lines, at)
    if (path !== undefined) {
      // A file that was cut off must not take the place of a whole one.
      if (end === undefined) return fail([neverEnds(path)])
      files.push({
        path,
        text: lines
          .slice(at + 1, end)
          .map(line => `${line}\n`)
          .join(''),
      })
    }
    at = end ?? lines.length
  }
  return ok(files)
}

function neverEnds(path: string): EditProblem {
  const message = `The block with ${path} is cut off: its fence is never closed. Send all of it, or fewer files at a time.`
  return { kind: 'invalid-hunk', path, message }
}

function closingFence(lines: readonly string[], start: number, opening: string): number | undefined {
  const mark = opening[0]!
  for (let at = start; at < lines.length; at++) {
    const line = lines[at]!.trim()
    if (line.length >= opening.length && line === mark.repeat(line.length)) return at
  }
  return undefined
}

/** ```` ```ts:src/a.ts ````, ```` ```src/a.ts ````, ```` ```ts path=src/a.ts ````, ```` ```ts title="src/a.ts" ```` */
function pathInFence(info: string): string | undefined {
  const named = /\b(?:path|file|filename|title)\s*[=:]\s*["']?([^"'\s]+)["']?/.exec(info)
  if (named) return named[1]
  const afterLanguage = /^\s*[\w+#-]*:([^\s:]+)\s*$/.exec(info)
  if (afterLanguage) return afterLanguage[1]
  const alone = info.trim()
  return /^[\w.@/-]+$/.test(alone) && /[./]/.test(alone) ? alone : undefined
}

function pathBefore(lines: readonly string[], fence: number): string | undefined {
  const previous = lines[fence - 1]?.trim() === '' ? lines[fence - 2] : lines[fence - 1]
  return previous === undefined ? undefined : pathOnLine(previous)
}

/** The path when a line is nothing but one, perhaps as a heading, in bold, in backticks, or after "File:". */
export function pathOnLine(line: string): string | undefined {
  const bare = line
    .trim()
    .replace(/^#+\s*/, '')
    .replace(/^(?:\/\/|--|\d+\.|[-*])\s+/, '')
    .replace(/^\*\*(.*?)\*\*:?$/, '$1')
    .replace(/^(?:file(?:name)?|path)\s*:\s*/i, '')
    .replace(/^`(.*?)`:?$/, '$1')
    .replace(/:$/, '')
  const isPath =
    /^[^\s<>"'`|*?]+$/.test(bare) && (/\.[\w-]+$/.test(bare) || bare.includes('/')) && !bare.includes('://')
  return isPath || NAMES_WITHOUT_DOT.test(bare) ? bare : undefined
}

/** Files that are known by a name which could be a word. */
const NAMES_WITHOUT_DOT =
  /^(?:[A-Z]\w*file|makefile|justfile|README|LICENSE|NOTICE|CHANGELOG|AUTHORS|CODEOWNERS|VERSION|BUILD|WORKSPACE)$/
