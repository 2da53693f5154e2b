/** What the platform itself offers; see scripts/make-typescript-tables.mjs. */
export interface TypeScriptBuiltins {
  isGlobal(name: string): boolean
  globals: readonly string[]
  /** `max` of `Math`; undefined for what is no global with known members. */
  staticsOf(name: string): readonly string[] | undefined
  /** `trim` of `String`. */
  instanceMembersOf(type: string): readonly string[] | undefined
  /** `readFile` of `fs`; undefined for what is no module of Node. */
  exportsOfNodeModule(name: string): readonly string[] | undefined
  nodeModules: readonly string[]
}

let loading: Promise<TypeScriptBuiltins> | undefined

/** Loads the table once. */
export function loadTypeScriptBuiltins(): Promise<TypeScriptBuiltins> {
  loading ??= import('./typescript-builtins.data.json').then(({ default: table }) => {
    const globals = new Set(table.globals)
    const statics = new Map<string, string[]>(Object.entries(table.statics))
    const instances = new Map<string, string[]>(Object.entries(table.instances))
    const modules = new Map<string, string[]>(Object.entries(table.nodeModules))
    return {
      isGlobal: name => globals.has(name),
      globals: table.globals,
      staticsOf: name => statics.get(name),
      instanceMembersOf: type => instances.get(type),
      exportsOfNodeModule: name => modules.get(name),
      nodeModules: [...modules.keys()],
    }
  })
  return loading
}
