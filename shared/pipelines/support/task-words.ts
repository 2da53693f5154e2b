/** What a task says, as far as it can be searched for. */
export interface TaskWords {
  /** Lower case, endings cut off; best first. */
  stems: readonly string[]
}

const MAX_STEMS = 16

/** The words worth searching for: identifiers, also in their parts, and content words without their endings. */
export function taskWords(task: string): TaskWords {
  const weights = new Map<string, number>()
  for (const word of task.match(/[\p{L}_$][\p{L}\p{N}_$-]*/gu) ?? []) {
    const isIdentifier = /[a-z][A-Z]|_|\$/.test(word)
    const parts = partsOf(word)
    if (isIdentifier) note(word.toLowerCase(), 12)
    for (const part of parts) if (!COMMON_WORDS.has(part)) note(stemOf(part), isIdentifier ? 2 : 4)
  }
  function note(stem: string, weight: number): void {
    if (stem.length >= 3) weights.set(stem, (weights.get(stem) ?? 0) + weight + stem.length / 4)
  }
  const ranked = [...weights].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
  return { stems: ranked.slice(0, MAX_STEMS).map(([stem]) => stem) }
}

/** The words an identifier is made of, lower case. */
export function partsOf(word: string): string[] {
  return word
    .replace(/([\p{Ll}\p{N}])(\p{Lu})/gu, '$1 $2')
    .replace(/(\p{Lu}+)(\p{Lu}\p{Ll})/gu, '$1 $2')
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter(part => part.length >= 3)
}

/** `parsing`, `parsed`, `parses` → `pars`: short enough to be found in all of them. */
export function stemOf(word: string): string {
  const rules: readonly [RegExp, string][] = [
    [/(?:ations?|ating|ated)$/, 'at'],
    [/ies$/, 'y'],
    [/(?:ings?|ed|es)$/, ''],
    [/s$/, ''],
  ]
  for (const [ending, replacement] of rules) {
    const stem = word.replace(ending, replacement)
    if (stem !== word && stem.length >= 4) return stem
  }
  return word
}

const COMMON_WORDS = new Set(
  `the and for with from that this into when then than have has had add adds added use uses used all any not but its are
was were new old file files code can cannot must should will please change changes changed update updates fix fixes fixed
also like such only each some more most out our your you get set let var const instead existing where which while about
after before between what who whose whom there their them they makes make made now one two via per does done being been
every over under without within still never always allow allows support supports improve remove removes removed tests test
because how why too very just even both other another same since until here way first last`.split(/\s+/),
)
