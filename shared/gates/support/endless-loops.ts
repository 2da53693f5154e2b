import type { Problem } from '#shared/languages/language'

/** Where a loop without a condition begins, up to its body. Source: spec/kode.md §7.9. */
const HEADS: Readonly<Record<string, RegExp>> = {
  javascript: /\b(?:while\s*\(\s*(?:true|1|!0)\s*\)\s*(?=\{)|for\s*\(\s*;\s*;\s*\)\s*(?=[{;]))/g,
  go: /\bfor\s*(?:true\s*)?(?=\{)/g,
  rust: /\b(?:loop|while\s+true)\s*(?=\{)/g,
  python: /^[^\S\n]*while\s+(?:True|1)\s*:/gm,
}

/** Everything that may end a loop, or wait in it: also what is called, looked up or read, since that may fail. */
const WAY_OUT =
  /\b(?:break|return|throw|raise|yield|await|goto|select|panic|assert|debugger|del|import|with)\b|<-|\?|[[`]|[\w$)\]>!]\s*\(|\.\w/
/** They have brackets, and call nothing. */
const KEYWORDS_WITH_BRACKETS = /\b(?:if|else|elif|while|for|switch|match|and|or|not|in|is)\b/g
/** Programs without a system below them end by standing still. */
const STANDS_STILL = /\bno_std\b|->\s*!/

/** Loops that certainly never end: no condition, and nothing in them that could leave or wait. */
export async function findEndlessLoops(
  text: string,
  languageId: string,
  codeOf: () => Promise<string>,
): Promise<Problem[]> {
  const language = languageId === 'typescript' ? 'javascript' : languageId
  const head = HEADS[language]
  if (!head || (language === 'rust' && STANDS_STILL.test(text))) return []
  let masked: string | undefined
  const problems: Problem[] = []
  for (const match of text.matchAll(head)) {
    masked ??= await codeOf()
    const start = match.index
    const bodyStart = start + match[0].length
    if (masked.slice(start, bodyStart) !== match[0]) continue
    const bodyEnd = language === 'python' ? endOfIndented(masked, start, bodyStart) : endOfBlock(masked, bodyStart)
    if (bodyEnd === undefined) continue
    const body = masked.slice(bodyStart, bodyEnd).replaceAll(KEYWORDS_WITH_BRACKETS, ';')
    // What an f-string takes in is code too, and masked.
    if (WAY_OUT.test(body) || /\bf["']/i.test(text.slice(bodyStart, bodyEnd))) continue
    const shown = match[0].trim()
    problems.push({
      kind: 'endless-loop',
      certainty: 'likely',
      key: `endless-loop ${shown} ${body.replaceAll(/\s+/g, ' ')}`,
      start: start + match[0].indexOf(shown),
      end: bodyStart,
      message: `\`${shown}\` never ends: nothing in it can leave it`,
      suggestion: 'give it a condition or a `break`',
    })
  }
  return problems
}

/** @returns undefined where the brackets do not fit */
function endOfBlock(masked: string, start: number): number | undefined {
  if (masked[start] === ';') return start + 1
  let depth = 0
  for (let at = start; at < masked.length; at++) {
    if (masked[at] === '{') depth++
    else if (masked[at] === '}' && --depth === 0) return at + 1
  }
  return undefined
}

/** Where the lines end that stand deeper than the head. */
function endOfIndented(masked: string, headStart: number, bodyStart: number): number {
  const indent = /^[^\S\n]*/.exec(masked.slice(headStart))?.[0].length ?? 0
  const lineEnd = masked.indexOf('\n', bodyStart)
  let end = lineEnd < 0 ? masked.length : lineEnd
  while (end < masked.length) {
    const next = masked.indexOf('\n', end + 1)
    const line = masked.slice(end + 1, next < 0 ? masked.length : next)
    if (line.trim() !== '' && (/^[^\S\n]*/.exec(line)?.[0].length ?? 0) <= indent) break
    end = next < 0 ? masked.length : next
  }
  return end
}
