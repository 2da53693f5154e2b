import type { Problem } from '#shared/languages/language'

/**
 * Characters that make code read otherwise than it runs.
 *
 * @param codeOf what of the text runs; asked only where such characters are
 */
export async function findTextTricks(
  text: string,
  languageId: string | undefined,
  codeOf: () => Promise<string>,
): Promise<Problem[]> {
  if (!/[\u0370-\u03ff\u0400-\u04ff\u200b-\u200d\u2028-\u202e\u2060\u2066-\u2069\ufeff]/.test(text)) return []
  const problems: Problem[] = []
  const isCode = languageId !== undefined && CODE.has(languageId)
  for (const match of text.matchAll(/[\u202a-\u202e\u2066-\u2069]/g))
    problems.push(
      problemAt(
        'bidi-control',
        isCode ? 'certain' : 'likely',
        match.index,
        match[0],
        'an invisible character reverses the direction of what follows',
        'remove it',
      ),
    )
  if (!isCode) return problems
  const masked = await codeOf()
  for (const match of masked.matchAll(/[\w$](?:[\u200b-\u200d\u2060\ufeff])+[\w$]/g))
    problems.push(
      problemAt(
        'invisible-character',
        'certain',
        match.index,
        match[0],
        'an invisible character stands inside a name',
        'remove it',
      ),
    )
  for (const match of masked.matchAll(/[\p{L}\p{N}_$]+/gu)) {
    const [word] = match
    if (
      /[A-Za-z]/.test(word) &&
      /[\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u0456\u0458\u0455\u04bb\u0501\u051b\u051d\u0410\u0412\u0415\u041a\u041c\u041d\u041e\u0420\u0421\u0422\u0425\u0405\u0406\u0408]/.test(
        word,
      )
    )
      problems.push(
        problemAt(
          'lookalike-letter',
          'certain',
          match.index,
          word,
          'this name mixes Latin letters with Cyrillic ones that look the same',
          'type it anew',
        ),
      )
    else if (
      /[A-Za-z]{2}/.test(word) &&
      /[\u03bf\u0391\u0392\u0395-\u0397\u0399\u039a\u039c\u039d\u039f\u03a1\u03a4\u03a5\u03a7]/.test(word)
    )
      problems.push(
        problemAt(
          'lookalike-letter',
          'likely',
          match.index,
          word,
          'this name mixes Latin letters with Greek ones that look the same',
          'type it anew',
        ),
      )
  }
  return problems
}

const CODE = new Set(['typescript', 'javascript', 'vue', 'svelte', 'python', 'go', 'rust'])

function problemAt(
  kind: string,
  certainty: Problem['certainty'],
  start: number,
  text: string,
  message: string,
  suggestion: string,
): Problem {
  return {
    kind,
    certainty,
    key: `${kind} ${encodeURIComponent(text)}`,
    start,
    end: start + text.length,
    message,
    suggestion,
  }
}
