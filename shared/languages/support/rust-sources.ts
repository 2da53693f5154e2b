import type { ProjectView } from '../project-view'
import { rustCode } from './delimiters'
import { inFolder, parentOf } from './rust-modules'
import type { RustCrate } from './rust-project'

/** All texts of one crate, for questions that only a name that looks invented raises. */
export interface RustSources {
  /** Rules of a macro that this crate defines, and of those it uses; undefined when it comes from elsewhere. */
  macroRules(name: string): string | undefined
  /** A `#[path = "…"]` says where a module of this name lies. */
  movesModule(name: string): boolean
  /** Functions of a type or trait, in any `impl` of this crate. */
  methodsOf(type: string): ReadonlySet<string>
  /** Files in which an item of this kind and name is written. */
  filesDeclaring(kind: string, name: string): string[]
  /** Files that say by `#[path = "…"]` that another one is a module of theirs. */
  filesPathing(path: string): string[]
  /** Whether a file of the crate has the word; where it is followed by `::` it is used, not declared. */
  has(name: string, except?: string): boolean
}

const known = new WeakMap<ProjectView, Map<string, Promise<RustSources | undefined>>>()

/** @returns undefined when the crate is too large to be read for one name */
export function sourcesOf({ folder }: RustCrate, project: ProjectView): Promise<RustSources | undefined> {
  const ofProject = known.get(project) ?? new Map<string, Promise<RustSources | undefined>>()
  known.set(project, ofProject)
  const found = ofProject.get(folder) ?? readSources(folder, project)
  ofProject.set(folder, found)
  return found
}

/** Larger than all but a handful of published crates; read in about half a second. */
const MAX_CHARS = 24_000_000
const MAX_FILES = 2_500
/** Links may lead in circles. */
const MAX_FOLDERS = 2_500

async function readSources(folder: string, project: ProjectView): Promise<RustSources | undefined> {
  const texts = new Map<string, string>()
  const folders = [folder]
  let chars = 0
  let looked = 0
  for (let at = folders.pop(); at !== undefined; at = folders.pop()) {
    if (++looked > MAX_FOLDERS) return undefined
    for (const name of await project.list(at)) {
      const path = inFolder(at, name)
      if (name.endsWith('.rs')) {
        const text = await project.read(path)
        chars += text?.length ?? 0
        if (text === undefined || texts.size >= MAX_FILES || chars > MAX_CHARS) return undefined
        texts.set(path, text)
      } else if (!/\.|^target$|^node_modules$/.test(name) && (await project.kindOf(path)) === 'directory')
        folders.push(path)
    }
  }
  return new CrateTexts(texts)
}

class CrateTexts implements RustSources {
  readonly #texts: ReadonlyMap<string, string>
  readonly #macros = new Map<string, string>()
  #methods: Map<string, Set<string>> | undefined

  constructor(texts: ReadonlyMap<string, string>) {
    this.#texts = texts
    for (const text of texts.values())
      for (const match of text.matchAll(/\bmacro_rules!\s*(\w+)|^\s*(?:pub(?:\([^)]*\))?\s+)?macro\s+(\w+)/gm)) {
        const name = match[1] ?? match[2] ?? ''
        this.#macros.set(name, `${this.#macros.get(name) ?? ''}\n${bodyAfter(text, match.index)}`)
      }
  }

  macroRules(name: string): string | undefined {
    const own = this.#macros.get(name)
    if (own === undefined) return undefined
    const all = new Map([[name, own]])
    // A map is walked on to what is added meanwhile.
    for (const rules of all.values())
      for (const [, used = ''] of rules.matchAll(/\b(\w+)\s*!\s*[({[]/g)) {
        const more = this.#macros.get(used)
        if (more !== undefined) all.set(used, more)
      }
    return [...all.values()].join('\n')
  }

  movesModule(name: string): boolean {
    const moved = new RegExp(
      `\\bpath\\s*=\\s*"[^"]*"\\s*\\)?\\]\\s*(?:#\\[[^\\]\\n]*\\]\\s*)?[\\w()\\s]{0,40}\\bmod\\s+${name}\\b`,
    )
    return [...this.#texts.values()].some(text => text.includes('path') && text.includes(name) && moved.test(text))
  }

  methodsOf(type: string): ReadonlySet<string> {
    this.#methods ??= readMethods(this.#texts.values())
    return this.#methods.get(type) ?? new Set()
  }

  filesDeclaring(kind: string, name: string): string[] {
    const declares = new RegExp(`\\b${kind}\\s+${name}\\b`)
    return [...this.#texts].flatMap(([path, text]) => (text.includes(name) && declares.test(text) ? [path] : []))
  }

  filesPathing(path: string): string[] {
    const name = path.slice(path.lastIndexOf('/') + 1)
    return [...this.#texts].flatMap(([from, text]) => {
      const named = text.includes(name) ? [...text.matchAll(/\bpath\s*=\s*"([^"]+\.rs)"/g)] : []
      return named.some(match => joined(parentOf(from), match[1]!) === path) ? [from] : []
    })
  }

  has(name: string, except?: string): boolean {
    const word = new RegExp(`\\b${name}\\b(?!\\s*::)`)
    for (const [path, text] of this.#texts)
      if (path !== except && text.includes(name) && word.test(text.replace(/\/\/.*$/gm, ''))) return true
    return false
  }
}

function readMethods(texts: Iterable<string>): Map<string, Set<string>> {
  const methods = new Map<string, Set<string>>()
  for (const text of texts) {
    const code = rustCode(text)
    for (const match of code.matchAll(/\b(?:impl|trait)\b[^{};]*\{/g)) {
      const type = ownerIn(match[0])
      const known = methods.get(type) ?? new Set()
      const body = bodyAfter(code, match.index + match[0].length - 1)
      for (const [, name = ''] of body.matchAll(/\bfn\s+(\w+)/g)) known.add(name)
      methods.set(type, known)
    }
  }
  return methods
}

/** `Cart` of `impl<T: Into<u8>> fmt::Display for shop::Cart<T> where …` and of `trait Cart: Clone`. */
function ownerIn(head: string): string {
  const plain = head.replace(/\bwhere\b[\s\S]*/, '').replace(/->/g, '')
  let flat = plain
  for (let before = ''; before !== flat; ) {
    before = flat
    flat = flat.replace(/<[^<>]*>/g, '')
  }
  return (
    /(?:\bfor\b|\bimpl\b|\btrait\b)\s*(?![\s\S]*\bfor\b)[&\s]*(?:mut\s+|dyn\s+)?(?:\w+\s*::\s*)*(\w+)/.exec(
      flat,
    )?.[1] ?? ''
  )
}

function joined(folder: string, path: string): string {
  const parts = folder === '' ? [] : folder.split('/')
  for (const part of path.split('/'))
    if (part === '..') parts.pop()
    else if (part !== '.') parts.push(part)
  return parts.join('/')
}

/** From the first bracket to the one that closes it; brackets in strings are rare enough. */
function bodyAfter(text: string, start: number): string {
  let depth = 0
  for (let at = start; at < text.length; at++) {
    const char = text[at]!
    if ('([{'.includes(char)) depth++
    else if (')]}'.includes(char) && --depth <= 0) return text.slice(start, at + 1)
  }
  return text.slice(start)
}
