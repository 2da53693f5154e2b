import * as vscode from 'vscode'
import type { Settings } from '#shared/config/settings'
import type { TrustMode } from '#shared/protocol/approvals'
import type { Keys } from './secrets'

/** The editor's settings as kode's; what the user did not set is left to the core's own defaults. */
export async function readSettings(keys: Keys): Promise<Partial<Settings>> {
  const settings = vscode.workspace.getConfiguration('kode')
  const text = (name: string) => settings.get<string>(name)?.trim() || undefined
  const number = (name: string) => settings.get<number | null>(name) ?? undefined
  const provider = text('provider')
  const model = text('model')
  const baseUrl = text('baseUrl')
  const apiKey = await keys.get(provider ?? DEFAULT_PROVIDER)
  const maxCostUsd = number('maxCostUsd')
  const effort = EFFORTS.find(each => each === text('reasoningEffort'))
  return {
    ...(provider && { provider }),
    ...(model && { model }),
    ...(baseUrl && { baseUrl }),
    ...(apiKey && { apiKey }),
    ...(maxCostUsd !== undefined && { maxCostUsd }),
    ...(effort && { reasoningEffort: effort }),
    useSandbox: settings.get<boolean>('sandbox', true),
    maxTurns: settings.get<number>('maxTurns', 200),
  }
}

/** The model that the settings name; empty where they name none. */
export function chosenModel(): string {
  return vscode.workspace.getConfiguration('kode').get<string>('model', '').trim()
}

/** The mode a new conversation starts in. */
export function initialMode(): TrustMode {
  const set = vscode.workspace.getConfiguration('kode').get<string>('mode')
  return MODES.find(mode => mode === set) ?? 'safe'
}

/** Whether the prompt is edited as in vim. */
export function usesVim(): boolean {
  return vscode.workspace.getConfiguration('kode').get<boolean>('input.vim', false)
}

/** Whether the output of calls is shown as it comes. */
export function isVerbose(): boolean {
  return vscode.workspace.getConfiguration('kode').get<boolean>('chat.verbose', false)
}

/** Whose key is meant while no provider is set. */
export const DEFAULT_PROVIDER = 'openai'

const EFFORTS = ['low', 'medium', 'high'] as const
const MODES = ['plan', 'safe', 'auto'] as const
