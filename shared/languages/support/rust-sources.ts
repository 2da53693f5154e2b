import type { ProjectView } from '../project-view'
import { inFolder } from './rust-modules'
import type { RustCrate } from './rust-project'

/** All texts of one crate, for questions that only a name that looks invented raises. */
export interface RustSources {
  /** Rules of a macro that this crate defines; undefined when it comes from elsewhere. */
  macroRules(name: string): string | undefined
  /** A `#[path = "…"]` says where a module of this name lies. */
  movesModule(name: string): boolean
  /** Some macro makes names out of parts. */
  readonly joinsNames: boolean
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
  readonly joinsNames: boolean

  constructor(texts: ReadonlyMap<string, string>) {
    this.#texts = texts
    this.joinsNames = [...texts.values()].some(text => /\bpaste(?:::\w+)?!|\bconcat_idents!/.test(text))
    for (const text of texts.values())
      for (const match of text.matchAll(/\bmacro_rules!\s*(\w+)|^\s*(?:pub(?:\([^)]*\))?\s+)?macro\s+(\w+)/gm)) {
        const name = match[1] ?? match[2] ?? ''
        this.#macros.set(name, `${this.#macros.get(name) ?? ''}\n${bodyAfter(text, match.index)}`)
      }
  }

  macroRules(name: string): string | undefined {
    return this.#macros.get(name)
  }

  movesModule(name: string): boolean {
    const moved = new RegExp(
      `\\bpath\\s*=\\s*"[^"]*"\\s*\\)?\\]\\s*(?:#\\[[^\\]\\n]*\\]\\s*)?[\\w()\\s]{0,40}\\bmod\\s+${name}\\b`,
    )
    return [...this.#texts.values()].some(text => text.includes('path') && text.includes(name) && moved.test(text))
  }

  has(name: string, except?: string): boolean {
    const word = new RegExp(`\\b${name}\\b(?!\\s*::)`)
    for (const [path, text] of this.#texts)
      if (path !== except && text.includes(name) && word.test(text.replace(/\/\/.*$/gm, ''))) return true
    return false
  }
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
