import { isSecretName } from './environment'

/** Shorter values (`1`, `true`, `default`) would redact ordinary text. */
const MIN_SECRET_LENGTH = 8

const REDACTED = '[redacted]'

/** Shapes that are secrets whatever they are called. Each is specific enough never to hit ordinary text. */
const SECRET_SHAPES: readonly RegExp[] = [
  /\bgh[pousr]_[A-Za-z0-9]{36,}/g,
  /\bgithub_pat_[A-Za-z0-9_]{50,}/g,
  /\bglpat-[A-Za-z0-9_-]{20,}/g,
  /\bsk-(?:ant-|proj-|or-)?[A-Za-z0-9_-]{32,}/g,
  /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g,
  /\bAIza[A-Za-z0-9_-]{35}/g,
  /\bxox[abeprs]-[A-Za-z0-9-]{20,}/g,
  /\bnpm_[A-Za-z0-9]{36}\b/g,
  /\bpypi-[A-Za-z0-9_-]{50,}/g,
  /\b[rs]k_live_[A-Za-z0-9]{20,}/g,
  /-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----[\s\S]*?(?:-----END (?:[A-Z]+ )*PRIVATE KEY-----|$)/g,
]

/** The text without the values of secret variables and without what has the shape of a well-known secret. */
export function redactSecrets(text: string, env: Readonly<Record<string, string | undefined>>): string {
  let clean = text
  for (const value of secretValues(env)) clean = clean.replaceAll(value, REDACTED)
  for (const shape of SECRET_SHAPES) clean = clean.replace(shape, REDACTED)
  return clean
}

/** The longest piece without a blank that is held back: longer than any secret of a known shape but a private key. */
const MAX_HELD = 512
/** A private key that has not ended yet, or what may become its first line. */
const OPEN_KEY =
  /-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----(?![\s\S]*-----END (?:[A-Z]+ )*PRIVATE KEY-----)|-----BEGIN[A-Z ]*-{0,5}$/
const ENDED_KEY = /-----END (?:[A-Z]+ )*PRIVATE KEY-----$/
const MAX_KEY_CHARS = 16_384

/** Redacts text that comes in pieces: what may be the beginning of a secret waits for the rest. */
export class SecretFilter {
  readonly #env: Readonly<Record<string, string | undefined>>
  #held = ''

  constructor(env: Readonly<Record<string, string | undefined>>) {
    this.#env = env
  }

  /** @returns what can be shown by now */
  take(text: string): string {
    const all = this.#held + text
    const key = OPEN_KEY.exec(all)
    const keyAt = key && all.length - key.index < MAX_KEY_CHARS ? key.index : all.length
    // Its last line holds blanks: a cut there would leave the rest of it behind.
    const blank = ENDED_KEY.test(all) ? all.length : lastWordAt(all)
    const cut = Math.min(keyAt, all.length - blank > MAX_HELD ? all.length : blank)
    this.#held = all.slice(cut)
    return redactSecrets(all.slice(0, cut), this.#env)
  }

  /** @returns what was held back */
  end(): string {
    const rest = redactSecrets(this.#held, this.#env)
    this.#held = ''
    return rest
  }
}

/** Where the last word begins. From the back: an expression that ends in `$` tries every place, again and again. */
function lastWordAt(text: string): number {
  let at = text.length
  while (at > 0 && text.length - at <= MAX_HELD && !/\s/.test(text[at - 1]!)) at--
  return at
}

/** Longest first, so that a value that contains another goes as a whole. */
function secretValues(env: Readonly<Record<string, string | undefined>>): string[] {
  const values = Object.entries(env).flatMap(([name, value = '']) => [
    ...(isSecretName(name) ? [value] : []),
    ...urlPasswords(value),
  ])
  return values.filter(value => value.length >= MIN_SECRET_LENGTH).sort((a, b) => b.length - a.length)
}

function urlPasswords(value: string): string[] {
  const found = /^[a-z][a-z0-9+.-]*:\/\/[^/\s:@]*:([^/\s@]+)@/i.exec(value)
  return found ? [found[1]!] : []
}
