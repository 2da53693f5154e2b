import type { ImagePart } from '#shared/protocol/messages'

/** What kind of image some bytes are, by how they begin; undefined for anything else. */
export function imageTypeOf(bytes: Uint8Array): ImagePart['media_type'] | undefined {
  const start = Buffer.from(bytes.subarray(0, 12)).toString('latin1')
  if (start.startsWith('\x89PNG\r\n')) return 'image/png'
  if (start.startsWith('\xff\xd8\xff')) return 'image/jpeg'
  if (start.startsWith('GIF8')) return 'image/gif'
  if (start.startsWith('RIFF') && start.endsWith('WEBP')) return 'image/webp'
  return undefined
}
