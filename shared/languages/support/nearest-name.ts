/** "did you mean `readFileSync`?", or nothing when no known name is near. */
export function didYouMean(wrong: string, known: Iterable<string>): string | undefined {
  const name = nearestName(wrong, known)
  return name === undefined ? undefined : `did you mean \`${name}\`?`
}

/**
 * The known name a misspelt one was probably meant to be: few swapped, missing, doubled or wrong letters, or other case.
 *
 * @returns undefined when nothing is near; the first of equals, so that answers are stable
 */
export function nearestName(wrong: string, known: Iterable<string>): string | undefined {
  const lower = wrong.toLowerCase()
  // One slip in three letters is a guess, in ten a certainty.
  const allowed = wrong.length < 4 ? 1 : wrong.length < 8 ? 2 : 3
  let best: string | undefined
  let bestDistance = allowed + 1
  for (const name of known) {
    if (name === wrong || Math.abs(name.length - wrong.length) >= bestDistance) continue
    const distance = editDistance(lower, name.toLowerCase(), bestDistance)
    if (distance >= bestDistance) continue
    best = name
    bestDistance = distance
  }
  return best
}

/**
 * Whether a name was meant, but two of its letters are swapped, or one of the middle is left out or doubled: nobody calls two things so.
 * Singular and plural, `get` and `set`, `lock` and `unlock` are no slips.
 */
export function isSlipOf(name: string, wrong: string): boolean {
  if (wrong.length < 4 || name === wrong) return false
  let at = 0
  while (at < wrong.length && name[at] === wrong[at]) at++
  const [meant, written] = [name.slice(at), wrong.slice(at)]
  if (meant.length === written.length) return meant === `${written[1]}${written[0]}${written.slice(2)}`
  if (at === 0) return false
  if (meant.length === written.length + 1) return written !== '' && meant.slice(1) === written
  return written[0] === wrong[at - 1] && written.slice(1) === meant
}

/** Damerau and Levenshtein's distance (adjacent swaps count once), or `limit` when it is at least that. */
function editDistance(a: string, b: string, limit: number): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let row = 1; row <= a.length; row++) {
    const current = [row]
    let smallest = row
    for (let column = 1; column <= b.length; column++) {
      const isSame = a[row - 1] === b[column - 1]
      let cost = Math.min(last[column]! + 1, current[column - 1]! + 1, last[column - 1]! + (isSame ? 0 : 1))
      if (row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]) {
        cost = Math.min(cost, beforeLast[column - 2]! + 1)
      }
      current.push(cost)
      smallest = Math.min(smallest, cost)
    }
    if (smallest >= limit) return limit
    beforeLast = last
    last = current
  }
  return Math.min(last[b.length]!, limit)
}
