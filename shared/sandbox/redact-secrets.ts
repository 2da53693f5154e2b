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
