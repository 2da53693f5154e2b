import type { AssetLoader } from '../language'
import type { ProjectView } from '../project-view'
import type { GoTypeHint } from './go-file'
import { resolveGoImport } from './go-imports'
import { type GoOutline, type GoPackage, goPackageIn } from './go-project'

/** A type of the project, and the package that declares it. */
export interface GoNamedType {
  readonly name: string
  readonly package: GoPackage
}

/** What a type has. */
export interface GoMemberSet {
  readonly methods: GoOutline['methods'][number][]
  /** Fields, and methods of an interface, with where their types are to be looked up. */
  readonly names: Map<string, { hint: GoTypeHint | undefined; file: GoOutline; package: GoPackage }>
  /** All of it is in sight: nothing is embedded from elsewhere. */
  isWhole: boolean
}

/** Looks up types of one project by what is known of them, and what they have. */
export class GoTypes {
  readonly #project: ProjectView
  readonly #loadAsset: AssetLoader

  constructor(project: ProjectView, loadAsset: AssetLoader) {
    this.#project = project
    this.#loadAsset = loadAsset
  }

  /** @param file where the hint stands, in that package */
  async find(hint: GoTypeHint, file: GoOutline, around: GoPackage, hops = 0): Promise<GoNamedType | undefined> {
    const home = hint.package === undefined ? around : await this.#packageBehind(hint.package, file)
    if (!home || hops > MAX_HOPS) return undefined
    const declared = declarationsOf(hint.name, home)
    const [only] = declared
    if (!only || declared.length > 1) return undefined
    if (hint.result === undefined) return only.kind === 'type' ? { name: hint.name, package: home } : undefined
    const result = only.results?.[hint.result]
    return result && this.find(result, only.file, home, hops + 1)
  }

  /** undefined when the type is declared more than once, or stands for another one. */
  async membersOf({ name, package: home }: GoNamedType, hops = 0): Promise<GoMemberSet | undefined> {
    const declared = declarationsOf(name, home)
    const [only] = declared
    if (!only?.members || declared.length > 1 || hops > MAX_HOPS) return undefined
    const methods = home.files.flatMap(file => file.methods.filter(method => method.receiver === name))
    const found: GoMemberSet = { methods, names: new Map(), isWhole: !home.isOpen }
    for (const [member, hint] of only.members.names) found.names.set(member, { hint, file: only.file, package: home })
    for (const embedded of only.members.embedded) {
      const type = embedded && (await this.find(embedded, only.file, home))
      const inner = type && (await this.membersOf(type, hops + 1))
      if (!inner?.isWhole) found.isWhole = false
      // An outer member hides the inner one of its name.
      for (const [member, place] of inner?.names ?? []) if (!found.names.has(member)) found.names.set(member, place)
      methods.push(...(inner?.methods ?? []).filter(each => !methods.some(own => own.name === each.name)))
    }
    return found
  }

  async #packageBehind(local: string, file: GoOutline): Promise<GoPackage | undefined> {
    for (const each of file.imports) {
      if (each.alias !== undefined && each.alias !== local) continue
      const target = await resolveGoImport(each.path, file.path, this.#project)
      if (target.kind !== 'folder') continue
      const { files, ...rest } = await goPackageIn(target.folder, this.#project, this.#loadAsset)
      const own = files.filter(other => !other.packageName.endsWith('_test'))
      if (each.alias === local || own[0]?.packageName === local) return { ...rest, files: own }
    }
    return undefined
  }
}

/** How many times a type is handed on before it counts as unknown. */
const MAX_HOPS = 6

function declarationsOf(name: string, { files }: GoPackage) {
  return files.flatMap(file => (file.declarations.get(name) ?? []).map(each => ({ ...each, file })))
}
