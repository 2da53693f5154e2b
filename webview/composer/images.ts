import type { ImagePart } from '#shared/protocol/messages'

const MEDIA_TYPES: readonly ImagePart['media_type'][] = ['image/png', 'image/jpeg', 'image/gif', 'image/webp']
/** The strictest provider's limit for one image. */
const MAX_BYTES = 5_000_000

/** Reads pasted or dropped files as images of a message; names those that are none. */
export async function readImages(files: readonly File[]): Promise<{ parts: ImagePart[]; refused: string[] }> {
  const parts: ImagePart[] = []
  const refused: string[] = []
  for (const file of files) {
    const mediaType = MEDIA_TYPES.find(type => type === file.type)
    if (!mediaType || file.size > MAX_BYTES) refused.push(file.name)
    else parts.push({ type: 'image', media_type: mediaType, data: await base64Of(file) })
  }
  return { parts, refused }
}

function base64Of(file: File): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader()
    reader.onload = () => resolve(String(reader.result).replace(/^data:[^,]*,/, ''))
    reader.onerror = () => reject(reader.error ?? new Error(`${file.name} cannot be read`))
    reader.readAsDataURL(file)
  })
}
