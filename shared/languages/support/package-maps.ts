import { isRecord } from './node-packages'

/** Every file an `exports` or `imports` map may lead to for a key, whatever the conditions; types first. */
export function exportTargets(map: unknown, key: string): string[] {
  const isTable =
    isRecord(map) && Object.keys(map).some(each => /^[.#]/.test(each) || matchPattern(each, key) !== undefined)
  if (!isTable) return key === '.' ? leavesOf(map) : []
  const matches = Object.entries(map)
    .map(([pattern, target]) => ({ pattern, target, rest: matchPattern(pattern, key) }))
    .filter(each => each.rest !== undefined)
    .sort((a, b) => b.pattern.length - a.pattern.length)
  return matches
    .slice(0, 1)
    .flatMap(({ target, rest }) => leavesOf(target).map(leaf => leaf.replaceAll('*', rest ?? '')))
}

function leavesOf(target: unknown): string[] {
  if (typeof target === 'string') return [target]
  if (Array.isArray(target)) return target.flatMap(leavesOf)
  if (!isRecord(target)) return []
  const conditions = Object.entries(target)
  const typed = conditions.filter(([condition]) => condition.startsWith('types'))
  return [...typed, ...conditions.filter(each => !typed.includes(each))].flatMap(([, each]) => leavesOf(each))
}

/** What the star of a pattern stands for; '' for an exact match, undefined for none. */
export function matchPattern(pattern: string, text: string): string | undefined {
  const star = pattern.indexOf('*')
  if (star < 0) {
    if (pattern === text) return ''
    return pattern.endsWith('/') && text.startsWith(pattern) ? text.slice(pattern.length) : undefined
  }
  const head = pattern.slice(0, star)
  const tail = pattern.slice(star + 1)
  const fits = text.length >= head.length + tail.length && text.startsWith(head) && text.endsWith(tail)
  return fits ? text.slice(head.length, text.length - tail.length) : undefined
}

/** `@scope/name/sub` → `@scope/name`; undefined for what cannot be a package. */
export function packageNameOf(specifier: string): string | undefined {
  return /^(?:@[\w.~-]+\/[\w.~-]+|[\w~-][\w.~-]*)(?=\/|$)/.exec(specifier)?.[0]
}
