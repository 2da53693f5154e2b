import type { CallToolResult, ContentBlock } from '@modelcontextprotocol/client'
import { cutMiddle, RESULT_LIMIT_CHARS } from '#shared/base/cut'
import type { ImagePart } from '#shared/protocol/messages'
import { redactSecrets } from '#shared/sandbox/redact-secrets'
import type { ToolOutput } from '#shared/tools/tool'
import { plainText } from './server-text'

/** Kept of a result for RecallContext and the surfaces. */
const MAX_FULL_CHARS = 2_000_000
const MAX_IMAGES = 8
/** Base64 characters of one image; providers take no more than 5 MB. */
const MAX_IMAGE_CHARS = 6_500_000

const IMAGE_TYPES = ['image/png', 'image/jpeg', 'image/gif', 'image/webp'] as const

/** What the model is told of a call's result; see spec/koda.md §14.7. */
export function outputOf(
  result: CallToolResult,
  contextFactor: number,
  env: Readonly<Record<string, string | undefined>>,
): ToolOutput {
  const images: ImagePart[] = []
  const texts = result.content.map(block => textOf(block, images))
  if (result.content.length === 0 && result.structuredContent !== undefined) {
    texts.push(JSON.stringify(result.structuredContent, null, 2))
  }
  const whole = redactSecrets(plainText(texts.filter(text => text !== '').join('\n')), env)
  const fullText = cutMiddle(whole === '' && images.length === 0 ? '(no output)' : whole, MAX_FULL_CHARS)
  const shown = cutMiddle(fullText, Math.floor(RESULT_LIMIT_CHARS * contextFactor))
  return {
    text: shown,
    ...(shown !== fullText && { fullText }),
    ...(result.isError && { isError: true }),
    ...(images.length > 0 && { images }),
  }
}

/** A block as text; images are put aside. */
export function textOf(block: ContentBlock, images: ImagePart[]): string {
  switch (block.type) {
    case 'text':
      return block.text
    case 'image':
      return imageOr(block.mimeType, block.data, images, 'an image')
    case 'audio':
      return `[a sound, ${block.mimeType}, ${bytesOf(block.data)} bytes: it cannot be heard here]`
    case 'resource_link':
      return `[resource ${block.name}: ${block.uri}${block.mimeType ? `, ${block.mimeType}` : ''}]`
    case 'resource': {
      const { resource } = block
      if ('text' in resource) return `<resource uri="${resource.uri}">\n${resource.text}\n</resource>`
      return imageOr(resource.mimeType ?? '', resource.blob, images, `the resource ${resource.uri}`)
    }
    default:
      return '[content of an unknown kind]'
  }
}

function imageOr(mimeType: string, data: string, images: ImagePart[], what: string): string {
  const media_type = IMAGE_TYPES.find(type => type === mimeType)
  if (media_type && data.length <= MAX_IMAGE_CHARS && images.length < MAX_IMAGES) {
    images.push({ type: 'image', media_type, data })
    return ''
  }
  return `[${what}, ${mimeType || 'unknown type'}, ${bytesOf(data)} bytes: not shown]`
}

function bytesOf(base64: string): number {
  return Math.floor((base64.length * 3) / 4)
}
