import { clipLine } from '#shared/base/text'
import { redactSecrets } from '#shared/sandbox/redact-secrets'
import { withoutControlSequences } from '#shared/sandbox/terminal-filter'

/** More of one thing that a page says is read by nobody. */
const MAX_CHARS = 600
/** And nobody looks for secrets in books. */
const MAX_SAID_CHARS = 100_000

/** One line of what a page says, or a project about it, fit for terminals, models and reports. No page sees variables of the user. */
export function pageText(said: string): string {
  return clipLine(redactSecrets(withoutControlSequences(said.slice(0, MAX_SAID_CHARS)), {}), MAX_CHARS)
}
