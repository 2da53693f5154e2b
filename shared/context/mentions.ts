import { isAbsolute, join } from 'node:path'
import { imageTypeOf } from '#shared/edits/image-type'
import { decodeText } from '#shared/edits/text-file'
import type { FileSystem } from '#shared/host/host'
import { isInside } from '#shared/host/inside'
import { mentionsIn, withoutSentenceEnd } from '#shared/protocol/mentions'
import type { UserPart } from '#shared/protocol/messages'

/** Where mentions lead. */
export interface MentionSource {
  /** Absolute, links resolved. */
  root: string
  files: FileSystem
  /** What changed since the last commit, unstaged and staged; empty where there is nothing. */
  diff(): Promise<string>
  /** What `server:uri` leads to; undefined where nothing does. */
  resource(target: string): Promise<UserPart[] | undefined>
}

/** Of one file. Source: spec/koda.md §3.3. */
const MAX_FILE_BYTES = 40_000
const MAX_IMAGE_BYTES = 5_000_000
/** Source: spec/koda.md §3.2. */
const MAX_DIFF_CHARS = 30_000
const MAX_ENTRIES = 200

/**
 * The user's words as they are, and after them what they mention with `@`: files, folders, images, `@diff`, and
 * resources of MCP servers as `@server:uri`.
 * What is missing, unreadable or outside the project stays a word like any other; so does `a@b`.
 */
export async function withMentions(text: string, source: MentionSource): Promise<UserPart[]> {
  const found: UserPart[] = []
  let words = text
  for (const { name, start, end } of mentionsIn(text)) {
    const part = name === 'diff' ? await diffPart(source) : await partFor(name, source)
    const parts = part ? [part] : ((await source.resource(name)) ?? [])
    if (parts.length === 0) continue
    words = words.replace(text.slice(start, end), '')
    for (const each of parts) {
      if (!found.some(known => JSON.stringify(known) === JSON.stringify(each))) found.push(each)
    }
  }
  if (found.length === 0) return [{ type: 'text', text }]
  const isBare = words.trim() === ''
  const wish = found.every(part => part.type === 'image') ? 'Describe the image.' : 'Explain the files.'
  return [{ type: 'text', text: isBare ? `${text}\n\n${wish}` : text }, ...found]
}

async function partFor(target: string, source: MentionSource): Promise<UserPart | undefined> {
  for (const path of new Set([target, withoutSentenceEnd(target)])) {
    const part = path === '' ? undefined : await partAt(path, source)
    if (part) return part
  }
  return undefined
}

async function partAt(path: string, { root, files }: MentionSource): Promise<UserPart | undefined> {
  const real = await files.realpath(isAbsolute(path) ? path : join(root, path))
  if (!real.ok) return undefined
  if (!isInside(real.value, root)) return undefined
  const stat = await files.stat(real.value)
  if (!stat.ok) return undefined
  if (stat.value.type === 'directory') return folderPart(path, real.value, files)
  return stat.value.type === 'file' ? filePart(path, real.value, stat.value.size, files) : undefined
}

async function filePart(path: string, real: string, size: number, files: FileSystem): Promise<UserPart | undefined> {
  const start = await files.readRange(real, 0, Math.min(size, MAX_IMAGE_BYTES))
  if (!start.ok) return undefined
  const imageType = imageTypeOf(start.value)
  if (imageType) {
    if (size > MAX_IMAGE_BYTES) return undefined
    return { type: 'image', media_type: imageType, data: Buffer.from(start.value).toString('base64') }
  }
  const text = decodeText(wholeCharacters(start.value.subarray(0, MAX_FILE_BYTES)))?.text
  if (text === undefined) return undefined
  const cut = size > MAX_FILE_BYTES ? `\n[cut: the file has ${size} bytes]` : ''
  return { type: 'text', text: `<file path="${path}">\n${text}${cut}\n</file>` }
}

/** Without the first bytes of a UTF-8 character whose rest was cut off. */
function wholeCharacters(bytes: Uint8Array): Uint8Array {
  let end = bytes.length
  while (end > 0 && ((bytes[end - 1] ?? 0) & 0xc0) === 0x80) end--
  const lead = bytes[end - 1] ?? 0
  const length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1
  return end - 1 + length <= bytes.length ? bytes : bytes.subarray(0, end - 1)
}

async function folderPart(path: string, real: string, files: FileSystem): Promise<UserPart | undefined> {
  const entries = await files.list(real)
  if (!entries.ok) return undefined
  const names = entries.value.map(entry => (entry.type === 'directory' ? `${entry.name}/` : entry.name)).sort()
  const more = names.length > MAX_ENTRIES ? [`[… ${names.length - MAX_ENTRIES} more]`] : []
  return {
    type: 'text',
    text: [`<folder path="${path}">`, ...names.slice(0, MAX_ENTRIES), ...more, '</folder>'].join('\n'),
  }
}

async function diffPart({ diff }: MentionSource): Promise<UserPart | undefined> {
  const text = await diff()
  if (text === '') return undefined
  const cut = text.length > MAX_DIFF_CHARS ? `${text.slice(0, MAX_DIFF_CHARS)}\n[cut: ${text.length} characters]` : text
  return { type: 'text', text: `<diff>\n${cut}\n</diff>` }
}
