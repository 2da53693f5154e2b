import type ts from 'typescript'
import type { Judgement, Problem } from '../language'
import { syntaxProblem } from './syntax-verdict'
import { loadTypeScript, parseErrorsOf, type TypeScript } from './typescript-parser'
import { straySuperCalls } from './typescript-super'

/** What does not parse in this file; in JavaScript also syntax that only TypeScript has. */
export async function typeScriptSyntaxProblems(tree: ts.SourceFile): Promise<Judgement> {
  const compiler = await loadTypeScript()
  const problems = firstOfEachLine(tree).map(error => toProblem(compiler, error, tree))
  if (problems.length > 0) return { kind: 'judged', problems }
  return { kind: 'judged', problems: straySuperCalls(compiler, tree).map(call => superProblem(call, tree)) }
}

/** Octal escapes, octal numbers and numbers with leading zeros: old JavaScript allows them outside strict mode. */
const SLOPPY_MODE = new Set([1085, 1121, 1487, 1488, 1489])

/** What follows on the same line is mostly the parser finding its way back. */
function firstOfEachLine(tree: ts.SourceFile): ts.DiagnosticWithLocation[] {
  const seenLines = new Set<number>()
  const isScript = /\.c?jsx?$/.test(tree.fileName)
  return parseErrorsOf(tree).filter(error => {
    if (isScript && SLOPPY_MODE.has(error.code)) return false
    const { line } = tree.getLineAndCharacterOfPosition(error.start)
    return !seenLines.has(line) && seenLines.add(line)
  })
}

function superProblem(call: ts.CallExpression, tree: ts.SourceFile): Problem {
  return syntaxProblem('`super()` is called outside of a constructor', call.getStart(tree), call.expression.end)
}

function toProblem(compiler: TypeScript, error: ts.DiagnosticWithLocation, tree: ts.SourceFile): Problem {
  const message = compiler.flattenDiagnosticMessageText(error.messageText, ' ')
  return {
    kind: 'parse-error',
    // Tools write `export = function f(): string;` into declaration files, where nothing else has a body either.
    certainty: tree.isDeclarationFile && message === "'{' expected." ? 'likely' : 'certain',
    key: `${error.code} ${message}`,
    start: error.start,
    end: error.start + Math.max(error.length, 1),
    message,
  }
}
