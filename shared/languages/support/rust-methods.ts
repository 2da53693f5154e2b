import type { ProjectView } from '../project-view'
import { isSlipOf } from './nearest-name'
import type { RustCall, RustFile } from './rust-file'
import { parentOf } from './rust-modules'
import { crateAround } from './rust-project'
import { sourcesOf } from './rust-sources'

/** A method that was certainly meant, and the type that has it. */
export interface MeantMethod {
  readonly type: string
  readonly name: string
}

/**
 * What a misspelt method was meant to be. Traits of other crates may give any type any method: a name is wrong only where neither the
 * crate nor the standard library has it, and the type has one of which it is a slip.
 */
export async function methodMeant(
  call: RustCall,
  file: RustFile,
  path: string,
  project: ProjectView,
): Promise<MeantMethod | undefined> {
  const { name, receiverType: type } = call
  if (type === undefined || file.mentioned.has(name) || file.functions.some(each => each.name === name))
    return undefined
  if (comesFromOutside(type, file)) return undefined
  if ((await import('./rust-std')).hasStandardName(name)) return undefined
  const crate = await crateAround(parentOf(path), project)
  const sources = crate && (await sourcesOf(crate, project))
  const meant = [...(sources?.methodsOf(type) ?? []), ...OF_MOST_TYPES].find(each => isSlipOf(each, name))
  return meant === undefined || sources?.has(name, path) ? undefined : { type, name: meant }
}

/** From traits of the standard library that most types have, by an attribute or for nothing. */
const OF_MOST_TYPES = ['clone', 'to_string', 'to_owned', 'into', 'try_into', 'as_ref', 'as_mut', 'borrow', 'borrow_mut']

function comesFromOutside(type: string, file: RustFile): boolean {
  return file.uses.some(({ local, path }) => local === type && !/^(?:crate|self|super)$/.test(path[0] ?? ''))
}
