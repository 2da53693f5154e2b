import type ts from 'typescript'
import type { Declared } from './typescript-members'
import type { TypeScript } from './typescript-parser'

export interface ArgumentRange {
  min: number
  max: number
}

/** How many arguments calls of a function may have; undefined where that cannot be seen. */
export function callRanges(compiler: TypeScript, declared: Declared): ArgumentRange[] | undefined {
  const signatures: ts.SignatureDeclaration[] = []
  for (const node of declared.nodes) {
    if (compiler.isFunctionDeclaration(node)) signatures.push(node)
    else if (compiler.isVariableDeclaration(node) && !node.type && node.initializer) {
      const value = node.initializer
      if (!compiler.isArrowFunction(value) && !compiler.isFunctionExpression(value)) return undefined
      signatures.push(value)
    } else return undefined
  }
  return rangesOf(compiler, signatures, declared.tree)
}

/** How many arguments `new` of a class may have; undefined where that cannot be seen. */
export function constructorRanges(compiler: TypeScript, declared: Declared): ArgumentRange[] | undefined {
  const [node] = declared.nodes
  if (declared.nodes.length !== 1 || !node || !compiler.isClassLike(node)) return undefined
  const constructors = node.members.filter(member => compiler.isConstructorDeclaration(member))
  if (constructors.length > 0) return rangesOf(compiler, constructors, declared.tree)
  return node.heritageClauses?.length || node.modifiers?.some(each => each.kind === compiler.SyntaxKind.Decorator)
    ? undefined
    : [{ min: 0, max: 0 }]
}

/** Of overloads, those without a body are what callers see. */
function rangesOf(
  compiler: TypeScript,
  signatures: readonly ts.SignatureDeclaration[],
  tree: ts.SourceFile,
): ArgumentRange[] {
  const overloads = signatures.filter(each => !('body' in each) || each.body === undefined)
  return (overloads.length > 0 ? overloads : signatures).map(signature => {
    const generics = new Set(signature.typeParameters?.map(each => each.name.text))
    const parameters = signature.parameters.filter(
      each => !(compiler.isIdentifier(each.name) && each.name.text === 'this'),
    )
    const max = parameters.some(each => each.dotDotDotToken) ? Number.POSITIVE_INFINITY : parameters.length
    const min = parameters.findLastIndex(each => !isOptional(each, generics, tree)) + 1
    return { min, max }
  })
}

function isOptional(parameter: ts.ParameterDeclaration, generics: ReadonlySet<string>, tree: ts.SourceFile): boolean {
  if (parameter.questionToken || parameter.initializer || parameter.dotDotDotToken) return true
  // `void` may be left out, and a type parameter may turn out to be it.
  const type = parameter.type?.getText(tree) ?? ''
  return /\bvoid\b/.test(type) || (type.match(/[\w$]+/g) ?? []).some(word => generics.has(word) && word === type)
}

/** A declaration as it is written, up to its body. */
export function headOf(declared: Declared): string {
  const [node] = declared.nodes
  const text = node?.getText(declared.tree).replaceAll(/\s+/g, ' ') ?? ''
  const end = text.search(/\s*(?:=>|\{)\s/)
  const head = end > 0 ? text.slice(0, end) : text
  return head.length > 140 ? `${head.slice(0, 139)}…` : head
}

/** "1 argument", "2 or 3 to 4 arguments". */
export function describeRanges(ranges: readonly ArgumentRange[]): string {
  const each = ranges.map(({ min, max }) => {
    if (max === Number.POSITIVE_INFINITY) return `at least ${min}`
    return min === max ? `${min}` : `${min} to ${max}`
  })
  const [only] = each
  return `${[...new Set(each)].join(' or ')} argument${ranges.length === 1 && only === '1' ? '' : 's'}`
}
