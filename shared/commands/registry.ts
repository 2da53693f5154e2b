import type { Command } from './command'

/** Every command, loaded when it is asked for. Adding one: its file, and its line here. */
const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  run: async () => (await import('./run')).runCommand,
  generate: async () => (await import('./generate')).generateCommand,
  loop: async () => (await import('./loop')).loopCommand,
  plan: async () => (await import('./plan')).planCommand,
  critique: async () => (await import('./critique')).critiqueCommand,
  verify: async () => (await import('./verify')).verifyCommand,
  blindfold: async () => (await import('./blindfold')).blindfoldCommand,
  undo: async () => (await import('./undo')).undoCommand,
  sessions: async () => (await import('./sessions')).sessionsCommand,
  purge: async () => (await import('./purge')).purgeCommand,
  agents: async () => (await import('./agents')).agentsCommand,
  skills: async () => (await import('./skills')).skillsCommand,
  memory: async () => (await import('./memory')).memoryCommand,
  replay: async () => (await import('./replay')).replayCommand,
  sandbox: async () => (await import('./sandbox')).sandboxCommand,
  trust: async () => (await import('./trust')).trustCommand,
  stats: async () => (await import('./stats')).statsCommand,
  explain: async () => (await import('./explain')).explainCommand,
  init: async () => (await import('./init')).initCommand,
  ci: async () => (await import('./ci')).ciCommand,
  mcp: async () => (await import('./mcp')).mcpCommand,
  doctor: async () => (await import('./doctor')).doctorCommand,
  providers: async () => (await import('./providers')).providersCommand,
  models: async () => (await import('./models')).modelsCommand,
  'debug-bundle': async () => (await import('./debug-bundle')).debugBundleCommand,
  upgrade: async () => (await import('./upgrade')).upgradeCommand,
  completion: async () => (await import('./completion')).completionCommand,
}

/** Other spellings. */
const ALIASES: Readonly<Record<string, string>> = { 'verify-hunks': 'verify', auth: 'providers' }

export function isCommandName(name: string): boolean {
  return name in COMMANDS || name in ALIASES
}

export async function loadCommand(name: string): Promise<Command | undefined> {
  return COMMANDS[ALIASES[name] ?? name]?.()
}

/** All of them, for help and menus. */
export function loadAllCommands(): Promise<Command[]> {
  return Promise.all(Object.values(COMMANDS).map(load => load()))
}
