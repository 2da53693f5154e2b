import type ts from 'typescript'
import { blank } from './blank'
import type { TypeScript } from './typescript-parser'

/** A file with the inside of strings, templates, regular expressions, comments and the text of elements blanked; see `codeOf`. */
export function withoutText(compiler: TypeScript, tree: ts.SourceFile, text: string): string {
  const { SyntaxKind } = compiler
  const literals = new Set([
    SyntaxKind.StringLiteral,
    SyntaxKind.NoSubstitutionTemplateLiteral,
    SyntaxKind.TemplateHead,
    SyntaxKind.TemplateMiddle,
    SyntaxKind.TemplateTail,
    SyntaxKind.RegularExpressionLiteral,
  ])
  const said: { start: number; end: number }[] = []
  const waiting: ts.Node[] = [tree]
  for (let node = waiting.pop(); node; node = waiting.pop()) {
    if (literals.has(node.kind)) said.push({ start: node.getStart(tree) + 1, end: node.end })
    else if (node.kind === SyntaxKind.JsxText) said.push({ start: node.pos, end: node.end })
    else compiler.forEachChild(node, child => void waiting.push(child))
  }
  let code = ''
  let at = 0
  for (const { start, end } of said.sort((a, b) => a.start - b.start)) {
    code += withoutComments(text.slice(at, start)) + blank(text.slice(start, end))
    at = end
  }
  return code + withoutComments(text.slice(at))
}

/** Without strings, two slashes always begin a comment. */
function withoutComments(code: string): string {
  return code.replace(
    /\/\/[^\n\r\u2028\u2029]*|\/\*[\s\S]*?\*\/|^#![^\n]*/g,
    comment => comment[0] + blank(comment.slice(1)),
  )
}
