/**
 * The TypeScript compiler on a thread of its own, kept warm between questions: one language service per tsconfig.json.
 * Imports nothing of the project, so that it runs from its source as well as from a bundle.
 */
import { existsSync, readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { parentPort } from 'node:worker_threads'
import ts from 'typescript'

/** Texts by absolute path; null: the file is not there. */
interface State {
  texts: Record<string, string | null>
}

interface Question {
  id: number
  /** Absolute; where the search for a configuration ends. */
  root: string
  /** Absolute paths to ask about. */
  paths: string[]
  before: State
  after: State
}

interface FoundError {
  path: string
  start: number
  end: number
  code: number
  message: string
}

interface Service {
  languageService: ts.LanguageService
  /** Makes the service see a state; files not named are as on the disk. */
  show(state: State): void
}

const services = new Map<string, Service | undefined>()

parentPort?.on('message', (question: Question) => {
  parentPort?.postMessage({ id: question.id, ...answer(question) })
})

function answer({ root, paths, before, after }: Question): { errors: FoundError[] } | { reason: string } {
  const errors: FoundError[] = []
  const byConfig = new Map<string, string[]>()
  for (const path of paths) {
    const config = configOf(path, root)
    if (config === undefined) return { reason: `no tsconfig.json for ${path}` }
    byConfig.set(config, [...(byConfig.get(config) ?? []), path])
  }
  for (const [config, group] of byConfig) {
    if (!services.has(config)) services.set(config, startService(config))
    const service = services.get(config)
    if (!service) return { reason: 'the project has no TypeScript library files; install its dependencies' }
    service.show(before)
    const known = new Map<string, number>()
    for (const error of group.flatMap(path => errorsIn(service, path)))
      known.set(keyOf(error), (known.get(keyOf(error)) ?? 0) + 1)
    service.show(after)
    for (const error of group.flatMap(path => errorsIn(service, path))) {
      const left = known.get(keyOf(error)) ?? 0
      if (left > 0) known.set(keyOf(error), left - 1)
      else errors.push(error)
    }
    service.show({ texts: {} })
  }
  return { errors }
}

function keyOf({ path, code, message }: FoundError): string {
  return `${path}\0${code}\0${message}`
}

function errorsIn({ languageService }: Service, path: string): FoundError[] {
  if (!languageService.getProgram()?.getSourceFile(path)) return []
  return [...languageService.getSyntacticDiagnostics(path), ...languageService.getSemanticDiagnostics(path)]
    .filter(({ category }) => category === ts.DiagnosticCategory.Error)
    .map(({ start = 0, length = 0, code, messageText }) => {
      const message = ts.flattenDiagnosticMessageText(messageText, ' ')
      return { path, start, end: start + length, code, message }
    })
}

function configOf(path: string, root: string): string | undefined {
  for (let folder = dirname(path); folder.startsWith(root); folder = dirname(folder)) {
    const config = join(folder, 'tsconfig.json')
    if (existsSync(config)) return config
    if (dirname(folder) === folder) break
  }
  return undefined
}

function startService(config: string): Service | undefined {
  const libraries = libraryFolder(dirname(config))
  if (libraries === undefined) return undefined
  let shown: State = { texts: {} }
  let round = 0
  const versions = new Map<string, number>()
  const exists = (path: string) => (path in shown.texts ? shown.texts[path] !== null : ts.sys.fileExists(path))
  const read = (path: string) => (path in shown.texts ? (shown.texts[path] ?? undefined) : ts.sys.readFile(path))
  const parseConfig = () =>
    ts.parseJsonConfigFileContent(
      ts.readConfigFile(config, path => ts.sys.readFile(path)).config,
      ts.sys,
      dirname(config),
      undefined,
      config,
    )
  let parsed = parseConfig()
  const languageService = ts.createLanguageService({
    getCompilationSettings: () => parsed.options,
    getScriptFileNames: () => [...new Set([...parsed.fileNames, ...Object.keys(shown.texts)])].filter(exists),
    getScriptVersion: path => (path in shown.texts ? `shown ${versions.get(path) ?? 0}` : diskVersion(path)),
    getScriptSnapshot(path) {
      const text = read(path)
      return text === undefined ? undefined : ts.ScriptSnapshot.fromString(text)
    },
    getCurrentDirectory: () => dirname(config),
    getDefaultLibFileName: options => join(libraries, ts.getDefaultLibFileName(options)),
    getProjectVersion: () => `${round}`,
    fileExists: exists,
    readFile: read,
    directoryExists: ts.sys.directoryExists,
    getDirectories: ts.sys.getDirectories,
    readDirectory: ts.sys.readDirectory,
    ...(ts.sys.realpath ? { realpath: ts.sys.realpath } : {}),
  })
  return {
    languageService,
    show(state) {
      for (const path of new Set([...Object.keys(shown.texts), ...Object.keys(state.texts)])) {
        if (shown.texts[path] !== state.texts[path]) versions.set(path, (versions.get(path) ?? 0) + 1)
      }
      shown = state
      parsed = parseConfig()
      round++
    },
  }
}

function diskVersion(path: string): string {
  const stat = statSync(path, { throwIfNoEntry: false })
  return stat ? `${stat.mtimeMs} ${stat.size}` : 'gone'
}

/** Only declaration files are taken from the project's compiler, never its code. */
function libraryFolder(folder: string): string | undefined {
  for (let at = folder; ; at = dirname(at)) {
    const libraries = join(at, 'node_modules/typescript/lib')
    if (existsSync(join(libraries, 'lib.d.ts')) && readFileSync(join(libraries, 'lib.d.ts')).length > 0)
      return libraries
    if (dirname(at) === at) return undefined
  }
}
