import { countOf } from '#shared/base/count-of'
import type { PythonCall, PythonFunction, PythonModule } from './python-module'
import type { SyntaxNode } from './tree-sitter'

/** What is called with arguments: a function, a method or a class by its `__init__`. */
export interface Callable {
  parameters: PythonFunction['parameters']
}

/** The one undecorated function or plain class of this name at the top of a module. */
export function callableIn(module: PythonModule, name: string): Callable | undefined {
  const bindings = module.bindings.get(name) ?? []
  if (bindings.length !== 1 || bindings[0]!.scope !== 'module') return undefined
  // Replaced from outside, as in `module.f = g` or `global f`, it would be bound twice.
  const found = module.functions.find(each => each.name === name && each.scope === 'module')
  if (found)
    return found.decorators.length === 0 && !isConditional(found.node) ? { parameters: found.parameters } : undefined
  const owner = module.classes.find(each => each.name === name)
  if (!owner || owner.decorators.length > 0 || owner.hasKeywords || owner.bases.some(base => base !== 'object'))
    return undefined
  const own = module.functions.filter(each => each.container === owner)
  if (own.some(each => each.name === '__new__')) return undefined
  const inits = own.filter(each => each.name === '__init__')
  const [init] = inits
  if (inits.length > 1 || (init && (init.decorators.length > 0 || isConditional(init.node)))) return undefined
  if (!init) return { parameters: [] }
  const parameters = withoutSelf(init.parameters)
  return parameters && { parameters }
}

function isConditional(node: SyntaxNode): boolean {
  const holder = node.parent?.type === 'decorated_definition' ? node.parent.parent : node.parent
  return holder?.type === 'block' && !/^(?:class|function)_definition$/.test(holder.parent?.type ?? '')
}

/** The parameters that callers of a method fill; undefined when it does not even take its object. */
export function withoutSelf(parameters: PythonFunction['parameters']): PythonFunction['parameters'] | undefined {
  const [first] = parameters
  if (!first) return undefined
  return first.kind === 'rest' ? parameters : parameters.slice(1)
}

/** A body that only says that subclasses bring one: their parameters may differ. */
export function isAbstract(method: PythonFunction, text: string): boolean {
  const body = method.node.child('body')
  return (
    body === undefined ||
    /NotImplemented|^\s*(?:(?:r?"""[\s\S]*?"""|'''[\s\S]*?''')\s*)?(?:pass|\.\.\.|return(?: None)?)?\s*$/.test(
      text.slice(body.start, body.end),
    )
  )
}

/** What is wrong with the arguments, if it is certain. */
export function objectionTo(call: PythonCall, parameters: PythonFunction['parameters']): string | undefined {
  const byPosition = parameters.filter(each => each.kind === 'ordinary' || each.kind === 'positional-only')
  const takesRest = parameters.some(each => each.kind === 'rest')
  const takesKeywords = parameters.some(each => each.kind === 'keywords')
  if (call.positional > byPosition.length && !takesRest)
    return `takes ${countOf(byPosition.length, 'positional argument')}, not ${call.positional}`
  const unknownKeyword = call.keywords.find(
    keyword =>
      !parameters.some(each => each.name === keyword && (each.kind === 'ordinary' || each.kind === 'keyword-only')),
  )
  if (unknownKeyword !== undefined && !takesKeywords) return `has no parameter \`${unknownKeyword}\``
  const twice = byPosition
    .slice(0, call.positional)
    .find(each => each.kind === 'ordinary' && call.keywords.includes(each.name))
  if (twice) return `gets \`${twice.name}\` twice`
  const missing = [
    ...byPosition.slice(call.positional).filter(each => !each.hasDefault && !call.keywords.includes(each.name)),
    ...parameters.filter(
      each => each.kind === 'keyword-only' && !each.hasDefault && !call.keywords.includes(each.name),
    ),
  ]
  return missing.length > 0 ? `also needs ${missing.map(each => `\`${each.name}\``).join(', ')}` : undefined
}

/** The declaration, for whoever called it wrongly. */
export function signatureOf(name: string, parameters: PythonFunction['parameters']): string {
  const prefix = { rest: '*', keywords: '**' }
  const written = parameters.map(each => {
    const mark = each.kind === 'rest' || each.kind === 'keywords' ? prefix[each.kind] : ''
    return `${mark}${each.name}${each.hasDefault ? '=…' : ''}`
  })
  return `it is \`${name}(${written.join(', ')})\``
}
