/**
 * How well a path answers what was typed: letters in order, in any case. Starting with it counts 100, a letter next to
 * the last one 10, a letter at the start of a word 5, any other 1.
 *
 * @returns undefined when it does not match
 */
export function fuzzyScore(query: string, path: string): number | undefined {
  const wanted = query.toLowerCase()
  const text = path.toLowerCase()
  let score = text.startsWith(wanted) ? 100 : 0
  let at = -1
  for (const letter of wanted) {
    const found = text.indexOf(letter, at + 1)
    if (found < 0) return undefined
    score += 1
    if (at >= 0 && found === at + 1) score += 10
    if (found > 0 && /[_\-./]/.test(text[found - 1]!)) score += 5
    at = found
  }
  return score
}

/** The best matches first; equals by name. */
export function bestMatches(query: string, paths: readonly string[], limit: number): string[] {
  return paths
    .flatMap(path => {
      // The name itself counts as much as the path it stands in.
      const scores = [
        fuzzyScore(query, path),
        fuzzyScore(query, path.slice(path.lastIndexOf('/', path.length - 2) + 1)),
      ]
      const found = scores.filter(score => score !== undefined)
      return found.length > 0 ? [{ path, score: Math.max(...found) }] : []
    })
    .sort((left, right) => right.score - left.score || left.path.localeCompare(right.path))
    .slice(0, limit)
    .map(match => match.path)
}
