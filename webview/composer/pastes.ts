import type { UserPart } from '#shared/protocol/messages'
import { t } from '../l10n'

/** A longer paste becomes a reference beside the prompt instead of filling the box. */
export const LARGE_PASTE_CHARACTERS = 500
/** As much of one paste is sent. */
const SENT_CHARACTERS = 40_000

/** A pasted text as the model gets it, with its length. */
export function pastePart(text: string): UserPart {
  const shown =
    text.length > SENT_CHARACTERS ? `${text.slice(0, SENT_CHARACTERS)}\n[cut: ${text.length} characters in all]` : text
  return { type: 'text', text: `<reference type="pasted" chars="${text.length}">\n${shown}\n</reference>` }
}

/** What stands on the chip of a paste. */
export function pasteLabel(text: string): string {
  const lines = text.trimEnd().split('\n').length
  return lines > 1 ? t('Pasted {0} lines', lines) : t('Pasted {0} characters', text.length)
}
