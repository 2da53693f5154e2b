import { joinSignals } from '#shared/base/cancel'
import type { ModelInfo } from './provider'
import { createProvider, type Env } from './registry'

/** A model server found running on this machine. */
export interface LocalServer {
  provider: string
  baseUrl: string
  /** Empty while it has nothing loaded. */
  models: ModelInfo[]
}

/** Loopback answers at once or not at all; what takes time is loading the SDK on a busy machine. */
const PROBE_MS = 1500

/**
 * Looks for LM Studio, Ollama and vLLM where they usually listen, in that order; or for a server where the user says one
 * is (`KODE_LOCAL_URL`). Contacts nobody else.
 */
export async function findLocalServers(
  env: Env,
  signal: AbortSignal,
  places: Readonly<Record<string, string>> = env.KODE_LOCAL_URL ? { vllm: env.KODE_LOCAL_URL } : USUAL_PLACES,
): Promise<LocalServer[]> {
  const probes = Object.entries(places).map(async ([name, baseUrl]) => {
    const made = createProvider({ provider: name, baseUrl }, env)
    if (!made.ok) return undefined
    const listed = await made.value.listModels(joinSignals(signal, AbortSignal.timeout(PROBE_MS)))
    return 'models' in listed ? { provider: name, baseUrl, models: listed.models } : undefined
  })
  return (await Promise.all(probes)).filter(found => found !== undefined)
}

const USUAL_PLACES = {
  'lm-studio': 'http://127.0.0.1:1234/v1',
  ollama: 'http://127.0.0.1:11434/v1',
  vllm: 'http://127.0.0.1:8000/v1',
}
