import type { AssetLoader, Judgement, Problem, SourceFile } from '../language'
import type { ProjectView } from '../project-view'
import { didYouMean } from './nearest-name'
import { mayArriveIn } from './rust-declares'
import { type RustCall, type RustFile, readRustFile } from './rust-file'
import { methodMeant } from './rust-methods'
import { unknown } from './syntax-verdict'
import { treeOf } from './tree-sitter'

/** What needs no `use`. */
const PRELUDE = new Set([
  'Some',
  'None',
  'Ok',
  'Err',
  'drop',
  'Box',
  'String',
  'Vec',
  'Self',
  'self',
  'super',
  'crate',
  'size_of',
  'size_of_val',
  'align_of',
  'align_of_val',
  // In attributes among the tokens of a macro.
  'cfg',
  'not',
  'any',
  'all',
])

/** Calls of functions that nothing declares or imports, of misspelt methods, and with too few or too many arguments. */
export async function checkRustCalls(
  source: SourceFile,
  project: ProjectView,
  loadAsset: AssetLoader,
): Promise<Judgement> {
  const tree = await treeOf('rust', source.text, loadAsset)
  if (!tree.ok) return tree.error
  const file = readRustFile(tree.value)
  if (file.isBroken) return unknown('parts of the file are newer than its grammar')
  const bare = file.calls.filter(call => call.receiver === undefined)
  const problems = bare.flatMap(call => judgeArguments(call, file))
  const undeclared = bare.filter(call => !file.mentioned.has(call.name) && !PRELUDE.has(call.name))
  for (const call of undeclared) {
    const { name, start: at, depth, module } = call
    const question = { name, at, depth, module, isModule: false, path: source.path, declared: file.mentioned }
    if (await mayArriveIn(file, question, project, loadAsset)) continue
    const names = [
      ...file.functions.filter(each => !each.container).map(each => each.name),
      ...file.uses.map(each => each.local),
      ...PRELUDE,
    ]
    problems.push(
      problemAt(
        call,
        'unknown-function',
        `\`${call.name}\` is declared nowhere in this file and not imported`,
        didYouMean(call.name, names),
      ),
    )
  }
  for (const call of file.calls) {
    const meant = await methodMeant(call, file, source.path, project)
    if (!meant) continue
    const message = `\`${meant.type}\` has no method \`${call.name}\``
    problems.push(problemAt(call, 'unknown-method', message, `did you mean \`${meant.name}\`?`))
  }
  return { kind: 'judged', problems: problems.sort((a, b) => a.start - b.start) }
}

function judgeArguments(call: RustCall, file: RustFile): Problem[] {
  if (call.argumentCount === undefined) return []
  const declared = file.functions.filter(each => each.name === call.name && each.container === undefined)
  const [only] = declared
  // The name must mean this function everywhere: no import, no variable, no second function behind a `cfg`.
  if (!only || declared.length > 1 || file.uses.some(each => each.local === call.name || each.local === '*')) return []
  if (
    new RegExp(`\\b(?:let|mut|for|ref)\\s+${call.name}\\b|[|(,]\\s*(?:mut\\s+)?${call.name}\\s*[:|,]|\\.\\.\\.`).test(
      file.text,
    )
  )
    return []
  if (
    file.text.match(new RegExp(`\\bfn\\s+${call.name}\\b`, 'g'))?.length !== 1 ||
    call.argumentCount === only.parameterCount
  )
    return []
  // Which parameters there are may depend on the platform.
  if (only.node.child('parameters')?.children.some(each => each.type === 'attribute_item')) return []
  const head = file.text
    .slice(only.node.start, only.node.child('body')?.start ?? only.node.end)
    .replace(/\s+/g, ' ')
    .trim()
  const message = `\`${call.name}\` takes ${only.parameterCount} argument${only.parameterCount === 1 ? '' : 's'}, not ${call.argumentCount}`
  return [problemAt(call, 'wrong-arguments', message, `it is \`${head}\``)]
}

function problemAt(call: RustCall, kind: string, message: string, suggestion: string | undefined): Problem {
  return {
    kind,
    certainty: 'certain',
    key: `${kind} ${message}`,
    start: call.start,
    end: call.end,
    message,
    ...(suggestion ? { suggestion } : {}),
  }
}
