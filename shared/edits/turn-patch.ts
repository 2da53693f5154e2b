import { isUtf8 } from 'node:buffer'
import { type FilePair, fileHead, LINK_MODE, unifiedDiff } from '#shared/base/diff'
import { ok, type Result } from '#shared/base/result'
import type { EditProblem } from './change-set'
import { ABSENT, type FileImage, isSameImage } from './file-image'
import { binaryPatch } from './git-binary'
import { landedImages } from './landed'
import type { Door } from './write'

/** What turns changed, all together. */
export interface TurnPatch {
  /** `git apply` takes it on the files as they were before the first of the turns. */
  text: string
  /** Files that are not in it: their content was too large to keep. */
  leftOut: string[]
}

/** The net change that stands of turns, the shell's included: a file that was changed twice is in it once. */
export async function patchOfTurns(turnIds: readonly string[], door: Door): Promise<Result<TurnPatch, EditProblem>> {
  const images = await landedImages(turnIds, door)
  if (!images.ok) return images
  const patch: TurnPatch = { text: '', leftOut: [] }
  for (const [path, change] of [...images.value].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const text = fileText(path, withoutFolder(change.before), withoutFolder(change.after))
    if (text === undefined) patch.leftOut.push(path)
    else patch.text += text
  }
  return ok(patch)
}

/** Git knows no folders. */
function withoutFolder(image: FileImage): FileImage {
  return image.kind === 'folder' ? ABSENT : image
}

/** @returns undefined where a content is not known */
function fileText(path: string, before: FileImage, after: FileImage): string | undefined {
  if (isSameImage(before, after)) return ''
  const isOtherKind = before.kind !== after.kind && before.kind !== 'absent' && after.kind !== 'absent'
  if (isOtherKind) {
    const [gone, come] = [fileText(path, before, ABSENT), fileText(path, ABSENT, after)]
    return gone === undefined || come === undefined ? undefined : gone + come
  }
  const [old, now] = [contentOf(before), contentOf(after)]
  if (old === undefined || now === undefined) return undefined
  const isText = isPatchable(old) && isPatchable(now)
  const shown = (content: Buffer) => (isText ? content.toString('utf8') : '')
  const pair: FilePair = {
    path,
    ...(old && { before: shown(old) }),
    ...(now && { after: shown(now) }),
    ...modeOf(before, after),
  }
  return isText ? unifiedDiff([pair]) : `${fileHead(pair).join('\n')}\n${binaryPatch(old, now)}`
}

/** @returns null for what is absent, undefined for what is not known */
function contentOf(image: FileImage): Buffer | null | undefined {
  if (image.kind === 'link') return Buffer.from(image.target)
  if (image.kind !== 'file') return null
  return image.bytes && Buffer.from(image.bytes.buffer, image.bytes.byteOffset, image.bytes.byteLength)
}

function isPatchable(content: Buffer | null): boolean {
  return content === null || (isUtf8(content) && !content.includes(0))
}

function modeOf(before: FileImage, after: FileImage): Pick<FilePair, 'mode'> {
  const image = after.kind === 'absent' ? before : after
  if (image.kind === 'link') return { mode: LINK_MODE }
  if (image.kind !== 'file' || image.mode === undefined) return {}
  const isKept = before.kind === 'file' && after.kind === 'file' && !isRunnable(before.mode) === !isRunnable(after.mode)
  return isKept ? {} : { mode: image.mode }
}

function isRunnable(mode: number | undefined): boolean {
  return ((mode ?? 0) & 0o111) !== 0
}
