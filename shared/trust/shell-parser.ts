import type { Language, Node, Parser } from 'web-tree-sitter'
import { fail, ok, type Result } from '#shared/base/result'
import { startTreeSitter, type TreeSitterRuntime } from '#shared/host/tree-sitter-runtime'
import { readShell, type Unreadable } from './shell-reader'
import { type Script, simpleCommandsOf } from './shell-syntax'

/** Bytes of a file that ships with kode; see host/node/assets.ts. Rejects when the package is incomplete. */
export type AssetLoader = (name: string) => Promise<Uint8Array>

/** Longer lines are not judged: nobody could review them, and neither should we pretend to. */
const MAX_LENGTH = 128 * 1024

/**
 * Reads command lines by two independent parsers that must agree: our own, which knows where `sh` and `bash` differ,
 * and tree-sitter-bash, which is widely used but overlooks backticks in here-documents and splits joined lines.
 * A line only one of them understands counts as not understood.
 */
export class ShellParser {
  readonly #loadAsset: AssetLoader
  #witness: Promise<Witness> | undefined
  /** Kept, since freeing one that threw would trap. */
  readonly #abandoned: Witness[] = []

  /** Nothing is loaded before the first line. */
  constructor(loadAsset: AssetLoader) {
    this.#loadAsset = loadAsset
  }

  /** @returns why not, when any part is unclear */
  async parse(text: string): Promise<Result<Script, Unreadable>> {
    const odd = oddityOf(text)
    if (odd) return fail({ message: odd })
    const script = readShell(text)
    if (!script.ok) return script
    this.#witness ??= loadWitness(this.#loadAsset)
    const witness = await this.#witness
    try {
      const objection = objectionOf(witness, text, script.value)
      return objection ? fail({ message: objection }) : ok(script.value)
    } catch {
      // Its recursion ran out of stack; the next line gets a parser of its own.
      this.#abandoned.push(witness)
      this.#witness = undefined
      witness.runtime.recover()
      return fail({ message: 'the parser gave up' })
    }
  }
}

function oddityOf(text: string): string | undefined {
  if (text.length > MAX_LENGTH) return `it is ${text.length} characters long`
  if (/[\0-\x08\x0b-\x1f\x7f]/.test(text)) return 'it holds control characters'
  if (/\ufffd|\p{Surrogate}/u.test(text)) return 'it is not valid UTF-8'
  // Unicode blanks, marks of direction and zero width: what a reviewer sees is not what runs.
  if (/[\u0085\u00a0\u1680\u2000-\u200f\u2028-\u202f\u205f-\u2064\u2066-\u2069\u3000\ufeff]/.test(text)) {
    return 'it holds invisible characters'
  }
  if (/(^|[\s"'=])(?:[A-Za-z]:\\[\w.$%*]|\\\\\\\\\w)/.test(text)) return 'it holds Windows paths'
  if (/(^|[;&|]\s*)(?:[A-Z][a-z]+-[A-Z][A-Za-z]+)\b/.test(text)) return 'it calls PowerShell commands'
  return undefined
}

interface Witness {
  runtime: TreeSitterRuntime
  parser: Parser
  language: Language
}

async function loadWitness(loadAsset: AssetLoader): Promise<Witness> {
  const [runtime, grammar] = await Promise.all([
    startTreeSitter(() => loadAsset('web-tree-sitter.wasm')),
    loadAsset('tree-sitter-bash.wasm'),
  ])
  const { Parser, Language } = runtime.library
  const language = await Language.load(grammar)
  const parser = new Parser()
  parser.setLanguage(language)
  return { runtime, parser, language }
}

/** What tree-sitter holds against our reading: an error, or a command that we did not see. */
function objectionOf({ parser }: Witness, text: string, script: Script): string | undefined {
  const tree = parser.parse(text)
  if (!tree) return 'the parser gave up'
  try {
    if (tree.rootNode.hasError) return 'it is not a well-formed command line'
    // `time { ls; }`: keywords that tree-sitter takes for programs.
    const known = new Set(['time', 'coproc', '}'])
    for (const command of simpleCommandsOf(script)) known.add(command.words[0]?.text ?? '')
    for (const name of tree.rootNode.descendantsOfType('command_name')) {
      if (name && isPlain(name) && !known.has(name.text)) return `${JSON.stringify(name.text)} can be read in two ways`
    }
    return undefined
  } finally {
    tree.delete()
  }
}

function isPlain(name: Node): boolean {
  return name.namedChildCount === 1 && name.firstNamedChild?.type === 'word'
}
