import type { SyntaxNode } from './tree-sitter'

/**
 * Two words in a row, neither of them a keyword, where a grammar is at a loss: a misspelt keyword, which forgiving parsers take for a name.
 *
 * @returns what is wrong with it
 */
export function strayWord(
  broken: readonly SyntaxNode[],
  text: string,
  keywords: ReadonlySet<string>,
): string | undefined {
  for (const { start } of broken) {
    const line = text.slice(text.lastIndexOf('\n', start - 1) + 1, start)
    const rest = text.slice(start, start + 200)
    const before = /(?<![\w'#$])[A-Za-z_]\w*(?=[ \t]+$)/.exec(line)?.[0]
    const first = /^[A-Za-z_]\w*/.exec(rest)?.[0]
    const second = /^[A-Za-z_]\w*[ \t]+([A-Za-z_]\w*)/.exec(rest)?.[1]
    for (const [one, other] of [
      [before, first],
      [first, second],
    ])
      if (one && other && !keywords.has(one) && !keywords.has(other))
        return `Expected something else than \`${other}\` behind \`${one}\``
  }
  return undefined
}
