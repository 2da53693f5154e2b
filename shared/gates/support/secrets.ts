import type { Problem } from '#shared/languages/language'
import { isExamplePath } from './example-path'
import { SECRET_RULES, type SecretRule } from './secret-rules'

/** Credentials in a text. Nothing that is returned holds any part of one. */
export function findSecrets(text: string, path: string): Problem[] {
  const lower = text.toLowerCase()
  const isExample = isExamplePath(path)
  const problems: Problem[] = []
  for (const rule of SECRET_RULES) {
    if (!lower.includes(rule.hint)) continue
    for (const match of text.matchAll(rule.pattern)) {
      const secret = match.groups?.secret ?? match[0]
      const start = match.index + match[0].indexOf(secret)
      if (isPlaceholder(secret, rule) || problems.some(each => each.start < start + secret.length && start < each.end))
        continue
      problems.push({
        kind: rule.kind,
        certainty: rule.isLikely || isExample ? 'likely' : 'certain',
        key: `${rule.kind} ${fingerprint(secret)}`,
        start,
        end: start + secret.length,
        message: `this looks like ${rule.name}`,
        suggestion: 'read it from the environment or a secret store, and revoke it if it was ever real',
      })
    }
  }
  return problems
}

/** What people write where a secret belongs. */
const PLACEHOLDER =
  /example|sample|placeholder|change[_-]?me|change[_-]?this|replace|your[_-]|[_-]your|my[_-]?(?:secret|password|token|key)|dummy|fake|mock|test|todo|xxx|\*\*\*|\.\.\.|redacted|removed|hidden|insert|enter|undefined|null|none|secret|passw|foobar|lorem|1234567|abcdefg|qwerty|deadbeef|(.)\1{5}|(\w{2,4})\2{3}|^[<[{(%$#@].*|\$\{|\{\{|%\(|<%|process\.env|os\.environ|getenv/i
/** Fixed formats are rarely typed by hand, so only the plainest marks count against them. */
const PLAIN_PLACEHOLDER =
  /example|placeholder|your[_-]?|x{6}|X{6}|\*{3}|\.{3}|0{8}|1234567890|abcdefghij|(.)\1{7}|redacted|dummy|fake[_-]|\$\{|\{\{|<[a-z]/i

function isPlaceholder(secret: string, rule: SecretRule): boolean {
  const value = secret.replace(/^[\w-]*?[_-](?=.{16})/, '')
  const marks =
    rule.isLikely || rule.kind === 'url-password' || rule.kind === 'authorization-header'
      ? PLACEHOLDER
      : PLAIN_PLACEHOLDER
  if (marks.test(secret)) return true
  if (rule.minEntropy !== undefined && entropy(value) < rule.minEntropy) return true
  // Words joined by dots, dashes or capitals are names of things, not random.
  return (
    rule.kind === 'generic-secret' &&
    (!/\d/.test(secret) ||
      /^[a-z]+(?:[._/:-][a-z]+)*\d{0,2}$/i.test(secret) ||
      /[\s(){}<>\\]|^https?:|^[./~]/.test(secret))
  )
}

/** Shannon's, in bits a character. */
function entropy(text: string): number {
  const counts = new Map<string, number>()
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1)
  let bits = 0
  for (const count of counts.values()) bits -= (count / text.length) * Math.log2(count / text.length)
  return bits
}

/** FNV-1a: tells two secrets apart without keeping either. */
function fingerprint(secret: string): string {
  let hash = 0x811c9dc5
  for (let at = 0; at < secret.length; at++) hash = Math.imul(hash ^ secret.charCodeAt(at), 0x01000193)
  return (hash >>> 0).toString(16)
}
