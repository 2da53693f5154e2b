import { fileURLToPath } from 'node:url'
import type { ContentBlock } from '@agentclientprotocol/sdk'
import { fail, ok, type Result } from '#shared/base/result'
import type { ImagePart, UserPart } from '#shared/protocol/messages'

const IMAGE_TYPES: readonly ImagePart['media_type'][] = ['image/png', 'image/jpeg', 'image/gif', 'image/webp']

/**
 * A prompt of the client as parts of the user's message. Blobs other than images become a note,
 * so that the model knows what it cannot see.
 *
 * @returns one line about what was not promised at `initialize`, such as audio
 */
export function userParts(prompt: readonly ContentBlock[]): Result<UserPart[], string> {
  const parts: UserPart[] = []
  for (const block of prompt) {
    const part = userPart(block)
    if (!part.ok) return part
    parts.push(part.value)
  }
  return parts.length === 0 ? fail('the prompt is empty') : ok(parts)
}

function userPart(block: ContentBlock): Result<UserPart, string> {
  switch (block.type) {
    case 'text':
      return ok({ type: 'text', text: block.text })
    case 'image': {
      const mediaType = IMAGE_TYPES.find(each => each === block.mimeType)
      if (!mediaType) return fail(`images of type ${block.mimeType} are not understood: send ${IMAGE_TYPES.join(', ')}`)
      return ok({ type: 'image', media_type: mediaType, data: block.data })
    }
    case 'audio':
      return fail('audio is not understood: send text, images or resources')
    case 'resource_link':
      return ok({ type: 'text', text: `@${placeOf(block.uri)}` })
    case 'resource': {
      const { resource } = block
      if ('text' in resource) return ok({ type: 'text', text: attached(resource.uri, resource.text) })
      const mediaType = IMAGE_TYPES.find(each => each === resource.mimeType)
      if (mediaType) return ok({ type: 'image', media_type: mediaType, data: resource.blob })
      const kind = resource.mimeType ?? 'unknown type'
      return ok({ type: 'text', text: attached(resource.uri, `(binary content of ${kind}, not shown)`) })
    }
  }
}

/** A text that comes with the prompt, framed so that it is not taken for the user's own words. */
function attached(uri: string, text: string): string {
  const name = placeOf(uri).replaceAll('"', '%22')
  return `<attached name="${name}">\n${text.replaceAll('</attached>', '<\\/attached>')}\n</attached>`
}

/** The path of a file address; other addresses as they are. */
function placeOf(uri: string): string {
  try {
    return uri.startsWith('file://') ? fileURLToPath(uri) : uri
  } catch {
    // Not a path of this system; the address still tells the model what was meant.
    return uri
  }
}
