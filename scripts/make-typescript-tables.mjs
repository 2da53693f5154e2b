// Writes shared/languages/support/typescript-builtins.data.json: what JavaScript, browsers, workers and Node offer by themselves.
// Source: the declaration files of the pinned TypeScript and @types/node, and the running Node. Run it after updating either.
import { writeFileSync } from 'node:fs'
import { builtinModules, createRequire } from 'node:module'
import { join } from 'node:path'
import ts from 'typescript'

const root = join(import.meta.dirname, '..')
const entry = join(root, 'entry.ts')
const options = {
  target: ts.ScriptTarget.ESNext,
  lib: [
    'lib.esnext.full.d.ts',
    'lib.webworker.importscripts.d.ts',
    'lib.scripthost.d.ts',
    'lib.dom.asynciterable.d.ts',
  ],
  types: ['node'],
  typeRoots: [join(root, 'node_modules/@types')],
  module: ts.ModuleKind.NodeNext,
  noEmit: true,
}
const host = ts.createCompilerHost(options)
const { getSourceFile, fileExists } = host
host.getSourceFile = (path, ...rest) =>
  path === entry ? ts.createSourceFile(path, 'export {}', options.target) : getSourceFile(path, ...rest)
host.fileExists = path => path === entry || fileExists(path)
const program = ts.createProgram([entry], options, host)
const checker = program.getTypeChecker()
const source = program.getSourceFile(entry)
const require = createRequire(import.meta.url)

const values = checker.getSymbolsInScope(source, ts.SymbolFlags.Value)
const types = checker.getSymbolsInScope(source, ts.SymbolFlags.Type)
const nameOf = symbol => symbol.name
const isPlain = name => /^[\w$]+$/.test(name)
const propertiesOf = type => type.getApparentProperties().map(nameOf).filter(isPlain).sort()

/** Members of what is reached by a global name: `Math.max`, `Array.isArray`. */
const statics = {}
for (const symbol of values) {
  const name = symbol.name
  if (!/^[A-Z]/.test(name) && !['console', 'process', 'crypto', 'performance'].includes(name)) continue
  const type = checker.getTypeOfSymbol(symbol)
  const isHostOnly = symbol.declarations?.every(each =>
    /lib\.(dom|webworker|scripthost)/.test(each.getSourceFile().fileName),
  )
  if (isHostOnly || type.flags & ts.TypeFlags.Any) continue
  statics[name] = [...new Set([...propertiesOf(type), ...runtimeNames(globalThis[name])])].sort()
}

/** Members of a value whose type is written down: `text: string`, `new Map()`. */
const INSTANCES = (
  'String Number Boolean BigInt Symbol Array ReadonlyArray Map Set WeakMap WeakSet Promise Date RegExp Error URL URLSearchParams ' +
  'Headers Response Request AbortController AbortSignal FormData TextEncoder TextDecoder ArrayBuffer DataView Uint8Array Buffer'
).split(' ')
const instances = {}
for (const name of INSTANCES) {
  const symbol = types.find(each => each.name === name)
  const runtime = globalThis[name]?.prototype
  const members = symbol ? propertiesOf(checker.getDeclaredTypeOfSymbol(symbol)) : []
  instances[name] = [...new Set([...members, ...runtimeNames(runtime)])].sort()
}

/** What can be imported from each module of Node; types included. */
const modules = {}
for (const ambient of checker.getAmbientModules()) {
  const name = ambient.name.replaceAll('"', '').replace(/^node:/, '')
  const exported = checker.getExportsOfModule(ambient).map(nameOf)
  modules[name] = new Set([...(modules[name] ?? []), ...exported])
}
for (const id of builtinModules) {
  const name = id.replace(/^node:/, '')
  if (name.startsWith('_')) continue
  modules[name] = new Set([...(modules[name] ?? []), ...runtimeNames(require(`node:${name}`))])
}

/** Gone from Node, but older versions have them. */
const REMOVED = {
  crypto: ['createCipher', 'createDecipher', 'DEFAULT_ENCODING', 'fips'],
  tls: ['createSecurePair', 'parseCertString'],
  util: [
    'isArray',
    'isBoolean',
    'isBuffer',
    'isDate',
    'isError',
    'isFunction',
    'isNull',
    'isNullOrUndefined',
    'isNumber',
    'isObject',
    'isPrimitive',
    'isRegExp',
    'isString',
    'isSymbol',
    'isUndefined',
    'log',
    '_extend',
    'print',
    'puts',
    'debug',
    'error',
    'pump',
  ],
  fs: ['SyncWriteStream', 'exists', 'lchmod', 'lchmodSync', 'F_OK', 'R_OK', 'W_OK', 'X_OK'],
  buffer: ['SlowBuffer', 'INSPECT_MAX_BYTES'],
  module: [
    '_debug',
    '_load',
    '_resolveFilename',
    '_extensions',
    '_cache',
    '_nodeModulePaths',
    '_findPath',
    '_initPaths',
    'globalPaths',
  ],
  timers: ['enroll', 'unenroll', 'active', '_unrefActive'],
  os: ['tmpDir', 'getNetworkInterfaces', 'EOL'],
  process: ['binding', 'assert', 'mainModule'],
  assert: ['CallTracker'],
  async_hooks: ['currentId', 'triggerId'],
  path: ['_makeLong', 'exists', 'existsSync'],
  net: ['_setSimultaneousAccepts'],
  http: ['createClient', '_connectionListener'],
}
for (const [name, names] of Object.entries(REMOVED)) for (const each of names) modules[name]?.add(each)

const table = {
  source: `TypeScript ${ts.version}, @types/node ${require('@types/node/package.json').version}, Node ${process.version}`,
  globals: [...new Set([...values, ...types].map(nameOf).concat(Object.getOwnPropertyNames(globalThis)))]
    .filter(isPlain)
    .sort(),
  statics,
  instances,
  nodeModules: Object.fromEntries(
    Object.entries(modules)
      .sort()
      .map(([name, names]) => [name, [...names].filter(isPlain).sort()]),
  ),
}
writeFileSync(
  join(root, 'shared/languages/support/typescript-builtins.data.json'),
  `{\n${Object.entries(table)
    .map(([key, value]) => `  ${JSON.stringify(key)}: ${JSON.stringify(value)}`)
    .join(',\n')}\n}\n`,
)

function runtimeNames(value) {
  const names = []
  for (let at = value; at && at !== Object.prototype && at !== Function.prototype; at = Object.getPrototypeOf(at)) {
    names.push(...Object.getOwnPropertyNames(at))
  }
  return names.filter(isPlain)
}
