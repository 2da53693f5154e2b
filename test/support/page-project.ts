import {
  constants,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { onTestFinished } from 'vitest'
import { findBrowser } from '#shared/gates/browser/find-browser'
import { type PageWish, projectPage } from '#shared/gates/browser/project-page'
import type { PageProgress } from '#shared/gates/browser/visit'
import { runGates } from '#shared/gates/run-gates'
import { projectViewOf } from '#shared/gates/support/project-view'
import { readAsset } from '#shared/host/node/assets'
import { nodeFiles } from '#shared/host/node/files'
import { nodeProcesses } from '#shared/host/node/processes'
import { Languages } from '#shared/languages/registry'
import type { GateResult } from '#shared/protocol/gate-report'
import { CheckingRoom } from '#shared/sandbox/checking-room'
import { openSandbox } from '#shared/sandbox/open'
import { changeSetOf } from './memory-project'

/** Serves the files of its folder on $PORT. */
export const SERVER = `
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { extname } from 'node:path'
const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css' }
createServer(async (request, response) => {
  const path = request.url === '/' ? '/index.html' : request.url
  try {
    const body = await readFile('.' + path)
    response.writeHead(200, { 'content-type': TYPES[extname(path)] ?? 'text/plain' }).end(body)
  } catch {
    response.writeHead(404).end('none')
  }
}).listen(process.env.PORT, '127.0.0.1')
`

/** A page on which a name is typed and greeted. */
export const PAGE = {
  'server.mjs': SERVER,
  'index.html': `<!doctype html><title>Shop</title>
<h1>Shop</h1><input id="name"><select id="size"><option>S</option><option>L</option></select>
<button id="go">Greet</button><p id="out"></p>
<script type="module" src="/src/app.js"></script>
`,
  'src/app.js': `import { words } from './words.js'

const out = document.querySelector('#out')
document.querySelector('#go').addEventListener('click', () => {
  out.textContent = words.hello + ' ' + document.querySelector('#name').value
})
`,
  'src/words.js': `export const words = { hello: 'Hello' }\n`,
}

export const SERVE = 'node server.mjs'
export const GREET = 'fill: #name | Ann; click: #go; verifytext: Hello Ann'

const files = nodeFiles()
const languages = new Languages(readAsset)

/** A project on the disk whose page is looked at, with the real sandbox and a real browser. */
export class PageProject {
  /** Absolute, links resolved. */
  readonly root: string
  readonly progress: PageProgress[] = []
  readonly #outside: string
  readonly #texts: Readonly<Record<string, string>>

  constructor(texts: Readonly<Record<string, string>>) {
    this.#outside = realpathSync(mkdtempSync(join(tmpdir(), 'kode-page-')))
    onTestFinished(() => rmSync(this.#outside, { recursive: true, force: true, maxRetries: 5 }))
    this.root = join(this.#outside, 'project')
    this.#texts = texts
    for (const [path, text] of Object.entries(texts)) {
      mkdirSync(dirname(join(this.root, path)), { recursive: true })
      writeFileSync(join(this.root, path), text)
    }
  }

  /** Installs packages of this checkout, and what they need, where the sandbox sees them: it sees no checkout below /tmp. */
  install(...names: string[]): void {
    const installed = join(dirname(this.#openRoom(true).project), 'installed/node_modules')
    for (const name of withDependencies(names)) {
      cpSync(join(PACKAGES, name), join(installed, name), { recursive: true, mode: constants.COPYFILE_FICLONE })
      const { bin = {} } = manifestOf(name)
      for (const [command, path] of Object.entries(typeof bin === 'string' ? { [name]: bin } : bin)) {
        mkdirSync(join(installed, '.bin'), { recursive: true })
        symlinkSync(join('..', name, path), join(installed, '.bin', command))
      }
    }
    symlinkSync(installed, join(this.root, 'node_modules'))
  }

  #openRoom(useSandbox: boolean): CheckingRoom {
    const common = { stateFolder: join(this.#outside, 'state'), processes: nodeProcesses(), env: process.env }
    return new CheckingRoom({
      root: this.root,
      cacheFolder: join(this.#outside, 'cache'),
      name: 'page',
      isWanted: () => true,
      files,
      openSandbox: root => openSandbox({ ...common, root, net: 'loopback', useSandbox }),
    })
  }

  /** What the gate says of a change; null deletes a file. */
  async judge(
    change: Record<string, string | null>,
    wish: Partial<PageWish> = {},
    more: Tools = {},
  ): Promise<GateResult> {
    const page = projectPage(
      {
        path: '/',
        instructions: [],
        areStepsDemanded: false,
        onProgress: progress => this.progress.push(progress),
        ...wish,
      },
      files,
      {
        root: this.root,
        browser: 'browser' in more ? more.browser : findBrowser(this.root, homedir(), process.env),
        openRoom: () => this.#openRoom(more.useSandbox ?? true),
      },
    )
    const report = await runGates(
      changeSetOf(this.#texts, change),
      projectViewOf(files, this.root),
      { blockArchitecture: false, architectureRules: [], runAll: true, only: ['browser'] },
      new AbortController().signal,
      { languages, page, now: () => performance.now() },
    )
    const [result] = report.results
    if (!result) throw new Error('the gate did not take part')
    return result
  }
}

const PACKAGES = realpathSync(join(import.meta.dirname, '../../node_modules'))

/** Those that are here: the ones for other machines are not. */
function withDependencies(names: readonly string[]): Set<string> {
  const all = new Set(names)
  for (const name of all) {
    const { dependencies, optionalDependencies } = manifestOf(name)
    for (const each of Object.keys({ ...dependencies, ...optionalDependencies }))
      if (existsSync(join(PACKAGES, each))) all.add(each)
  }
  return all
}

interface Manifest {
  bin?: string | Record<string, string>
  dependencies?: object
  optionalDependencies?: object
}

function manifestOf(name: string): Manifest {
  return JSON.parse(readFileSync(join(PACKAGES, name, 'package.json'), 'utf8'))
}

interface Tools {
  browser?: string | undefined
  useSandbox?: boolean
}
