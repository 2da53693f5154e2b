import type ts from 'typescript'
import type { TypeScript } from './typescript-parser'

/**
 * Calls of `super` where no constructor is around them: JavaScript refuses the whole file, though the parser reads on.
 * Mostly the constructor's name is misspelt. Source: ECMA-262, early errors of SuperCall.
 */
export function straySuperCalls(compiler: TypeScript, tree: ts.SourceFile): ts.CallExpression[] {
  if (!/\bsuper\s*[(<]/.test(tree.text)) return []
  const found: ts.CallExpression[] = []
  const visit = (node: ts.Node, isAllowed: boolean): void => {
    const isCall = compiler.isCallExpression(node) && node.expression.kind === compiler.SyntaxKind.SuperKeyword
    if (isCall && !isAllowed) found.push(node)
    const inside = allowsInside(compiler, node, isAllowed)
    compiler.forEachChild(node, child => visit(child, inside))
  }
  visit(tree, false)
  return found
}

function allowsInside(compiler: TypeScript, node: ts.Node, isAllowed: boolean): boolean {
  if (compiler.isConstructorDeclaration(node)) return true
  // An arrow function has the `super` of what it stands in.
  if (compiler.isArrowFunction(node)) return isAllowed
  if (compiler.isFunctionLike(node) || compiler.isPropertyDeclaration(node)) return false
  return compiler.isClassStaticBlockDeclaration(node) ? false : isAllowed
}
