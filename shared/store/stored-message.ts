import type { ChangedFile } from '#shared/protocol/events'
import type { AssistantPart, ImagePart, Message, ToolMessage, UserPart } from '#shared/protocol/messages'
import type { Blobs } from './blobs'
import { isObject } from './json'

/** What is kept beside a message. */
export interface MessageDetails {
  /** The whole output of a tool, where the message holds a shortened one. */
  fullText?: string
  /** Files the call landed. */
  changes?: ChangedFile[]
  /** Who wrote it, when that is not the session's own agent. */
  agent?: string
}

/** A message as it was saved. */
export interface StoredMessage extends MessageDetails {
  /** Milliseconds since 1970. */
  at: number
  message: Message
  /** Insert it behind this message instead of at the end. */
  after?: string
}

/** Longer texts go to files of their own: a journal is read whole when a session is opened. */
const LONGEST_TEXT_INLINE = 64 * 1024

/** Makes a value that JSON can hold; images and long texts are put into the blobs. */
export function encodeMessage(stored: StoredMessage, blobs: Blobs): unknown {
  return {
    ...stored,
    ...(stored.fullText !== undefined && { fullText: encodeText(stored.fullText, blobs) }),
    message: encodeParts(stored.message, blobs),
  }
}

function encodeParts(message: Message, blobs: Blobs): unknown {
  if (message.role === 'assistant') return message
  if (message.role === 'user') {
    return {
      ...message,
      parts: message.parts.map(part =>
        part.type === 'image' ? encodeImage(part, blobs) : { ...part, text: encodeText(part.text, blobs) },
      ),
    }
  }
  return {
    ...message,
    text: encodeText(message.text, blobs),
    ...(message.images && { images: message.images.map(image => encodeImage(image, blobs)) }),
  }
}

function encodeImage(image: ImagePart, blobs: Blobs): unknown {
  return { ...image, data: { blob: blobs.put(Buffer.from(image.data, 'base64')) } }
}

function encodeText(text: string, blobs: Blobs): unknown {
  return text.length > LONGEST_TEXT_INLINE ? { blob: blobs.put(Buffer.from(text)) } : text
}

/**
 * Reads what `encodeMessage` made; `undefined` when it is no message. A missing blob leaves a note in its place.
 *
 * @param withFullText reads the whole output of a tool too
 */
export function decodeMessage(value: unknown, blobs: Blobs, withFullText: boolean): StoredMessage | undefined {
  if (!isObject(value) || typeof value.at !== 'number') return undefined
  const message = decodeParts(value.message, blobs)
  if (!message) return undefined
  return {
    at: value.at,
    message,
    ...(withFullText && value.fullText !== undefined && { fullText: decodeText(value.fullText, blobs) }),
    ...(isChanges(value.changes) && { changes: value.changes }),
    ...(typeof value.agent === 'string' && { agent: value.agent }),
    ...(typeof value.after === 'string' && { after: value.after }),
  }
}

/** The blobs that a stored record names. */
export function blobsOf(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(blobsOf)
  if (!isObject(value)) return []
  if (typeof value.blob === 'string' && Object.keys(value).length === 1) return [value.blob]
  return Object.values(value).flatMap(blobsOf)
}

function decodeParts(value: unknown, blobs: Blobs): Message | undefined {
  if (!isObject(value) || typeof value.id !== 'string') return undefined
  if (value.role === 'assistant') return isAssistant(value) ? value : undefined
  if (value.role === 'user' && Array.isArray(value.parts) && isOrigin(value.origin)) {
    const parts = value.parts.map(part => decodeUserPart(part, blobs))
    return { role: 'user', id: value.id, parts, origin: value.origin }
  }
  if (value.role === 'tool' && typeof value.call_id === 'string' && typeof value.name === 'string') {
    if (!isToolStatus(value.status)) return undefined
    const images = Array.isArray(value.images) ? value.images.map(image => decodeUserPart(image, blobs)) : []
    const kept = images.filter(part => part.type === 'image')
    const lost = images.filter(part => part.type === 'text').map(part => `\n${part.text}`)
    return {
      role: 'tool',
      id: value.id,
      call_id: value.call_id,
      name: value.name,
      text: decodeText(value.text, blobs) + lost.join(''),
      ...(kept.length > 0 && { images: kept }),
      status: value.status,
    }
  }
  return undefined
}

function decodeUserPart(part: unknown, blobs: Blobs): UserPart {
  if (isObject(part) && part.type === 'image' && isImageType(part.media_type)) {
    const bytes = isObject(part.data) && typeof part.data.blob === 'string' ? blobs.get(part.data.blob) : undefined
    return bytes
      ? { type: 'image', media_type: part.media_type, data: bytes.toString('base64') }
      : { type: 'text', text: '[an image that was here is lost]' }
  }
  return { type: 'text', text: decodeText(isObject(part) ? part.text : undefined, blobs) }
}

function decodeText(value: unknown, blobs: Blobs): string {
  if (typeof value === 'string') return value
  const bytes = isObject(value) && typeof value.blob === 'string' ? blobs.get(value.blob) : undefined
  return bytes?.toString() ?? '[a text that was here is lost]'
}

function isAssistant(
  value: Record<string, unknown>,
): value is Record<string, unknown> & Extract<Message, { role: 'assistant' }> {
  return (
    value.role === 'assistant' &&
    typeof value.id === 'string' &&
    typeof value.model === 'string' &&
    typeof value.stop === 'string' &&
    Array.isArray(value.parts) &&
    value.parts.every(isAssistantPart)
  )
}

function isAssistantPart(part: unknown): part is AssistantPart {
  if (!isObject(part)) return false
  if (part.type === 'text' || part.type === 'thinking') return typeof part.text === 'string'
  return (
    part.type === 'tool_call' &&
    typeof part.id === 'string' &&
    typeof part.name === 'string' &&
    typeof part.arguments === 'string'
  )
}

function isOrigin(value: unknown): value is Extract<Message, { role: 'user' }>['origin'] {
  return typeof value === 'string' && ['typed', 'steering', 'summary', 'task', 'reminder'].includes(value)
}

function isToolStatus(value: unknown): value is ToolMessage['status'] {
  return typeof value === 'string' && ['ok', 'error', 'denied', 'interrupted'].includes(value)
}

function isImageType(value: unknown): value is ImagePart['media_type'] {
  return typeof value === 'string' && ['image/png', 'image/jpeg', 'image/gif', 'image/webp'].includes(value)
}

function isChanges(value: unknown): value is ChangedFile[] {
  return Array.isArray(value) && value.every(each => isObject(each) && typeof each.path === 'string')
}
