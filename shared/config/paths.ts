import { homedir } from 'node:os'
import { join } from 'node:path'

/** Where kode keeps its files; all absolute. None of them is created by asking. */
export interface KodePaths {
  home: string
  /** `~/.config/kode`: settings, agents, skills, memory. */
  config: string
  /** Sessions, messages, keys; invisible to the sandbox. */
  db: string
  logs: string
  agents: string
  skills: string
  memory: string
  mcp: string
  /** What the user asked to remember of approvals; hidden from commands, like everything in `db`. */
  rules: string
  /** The administrator's rules for everybody on this machine. */
  policy: string
  /** Machine-made and replaceable: code index, compile cache. */
  cache: string
}

/**
 * The folders of one user, from `XDG_CONFIG_HOME` and `XDG_CACHE_HOME` where set, on Windows from `APPDATA`
 * and `LOCALAPPDATA`. `KODE_CONFIG_DIR` replaces the configuration folder as a whole.
 */
export function kodePaths(env: Readonly<Record<string, string | undefined>>): KodePaths {
  const home = env.HOME || homedir()
  const isWindows = process.platform === 'win32'
  const configBase = env.XDG_CONFIG_HOME || (isWindows && env.APPDATA) || join(home, '.config')
  const cacheBase = env.XDG_CACHE_HOME || (isWindows && env.LOCALAPPDATA) || join(home, '.cache')
  const config = env.KODE_CONFIG_DIR || join(configBase, 'kode')
  return {
    home,
    config,
    db: join(config, 'db'),
    logs: join(config, 'logs'),
    agents: join(config, 'agents'),
    skills: join(config, 'skills'),
    memory: join(config, 'memory.md'),
    mcp: join(config, 'mcp.json'),
    rules: join(config, 'db', 'rules'),
    policy: machinePolicy(env.PROGRAMDATA),
    cache: join(cacheBase, 'kode'),
  }
}

/** Where only an administrator writes; no variable that a user can set moves it on Linux and macOS. */
function machinePolicy(programData: string | undefined): string {
  if (process.platform === 'win32') return join(programData || 'C:\\ProgramData', 'kode', 'rules')
  return process.platform === 'darwin' ? '/Library/Application Support/kode/rules' : '/etc/kode/rules'
}
