import { withPlainLineEnds } from '#shared/base/text'

/** A file given whole. */
export interface WholeFile {
  path: string
  text: string
}

/** Whole files in a model's reply: fenced blocks with a path in the fence's first line or on the line before it. */
export function readWholeFiles(text: string): WholeFile[] {
  const files: WholeFile[] = []
  const lines = withPlainLineEnds(text).split('\n')
  for (let at = 0; at < lines.length; at++) {
    const fence = /^\s*(`{3,}|~{3,})(.*)$/.exec(lines[at]!)
    if (!fence) continue
    const end = closingFence(lines, at + 1, fence[1]!)
    const path = pathInFence(fence[2]!) ?? pathBefore(lines, at)
    if (path !== undefined)
      files.push({
        path,
        text: lines
          .slice(at + 1, end)
          .map(line => `${line}\n`)
          .join(''),
      })
    at = end
  }
  return files
}

function closingFence(lines: readonly string[], start: number, opening: string): number {
  const mark = opening[0]!
  for (let at = start; at < lines.length; at++) {
    const line = lines[at]!.trim()
    if (line.length >= opening.length && line === mark.repeat(line.length)) return at
  }
  return lines.length
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
  return isPath ? bare : undefined
}
