import { expect, test } from 'vitest'
import { openModel } from '#shared/agent/open-model'
import { openSmallModel } from '#shared/agent/small-model'
import type { Settings } from '#shared/config/settings'

const KEYS = { ANTHROPIC_API_KEY: 'a', OPENAI_API_KEY: 'o' }
const OPUS = 'anthropic/claude-opus-4-5'
const HAIKU = 'anthropic/claude-haiku-4-5'

interface Case {
  project?: Settings['project']
  flags?: Partial<Settings>
  env?: Record<string, string>
}

test.each<[string, Case, string, RegExp?]>([
  ['nobody names one', { project: { model: OPUS } }, 'anthropic: claude-opus-4-5'],
  ['of the same provider', { project: { model: OPUS, small_model: HAIKU } }, 'anthropic: claude-haiku-4-5'],
  [
    'the user goes before the project',
    { project: { model: OPUS, small_model: HAIKU }, env: { KODE_SMALL_MODEL: 'claude-sonnet-4-5' } },
    'anthropic: claude-sonnet-4-5',
  ],
  [
    'of another provider, where the project chooses both',
    { project: { model: OPUS, small_model: 'openai/gpt-4o-mini' } },
    'openai: gpt-4o-mini',
  ],
  [
    'of another provider than the user chose: a project sends nothing there',
    { project: { small_model: 'openai/gpt-4o-mini' }, flags: { model: OPUS } },
    'anthropic: claude-opus-4-5',
    /openai\/gpt-4o-mini is not of anthropic, which was chosen for this run/,
  ],
  [
    'of another provider, where an earlier conversation chose whom to ask',
    { project: { small_model: 'openai/gpt-4o-mini' }, flags: { saved: { provider: 'anthropic', model: OPUS } } },
    'anthropic: claude-opus-4-5',
    /was chosen for this run/,
  ],
  [
    'the user may ask anybody',
    { flags: { model: OPUS }, env: { KODE_SMALL_MODEL: 'openai/gpt-4o-mini' } },
    'openai: gpt-4o-mini',
  ],
  [
    "at the user's own endpoint every name stays, and nobody else is asked",
    { project: { small_model: HAIKU }, env: { KODE_LLM_ENDPOINT: 'http://127.0.0.1:9/v1', KODE_LLM_MODEL: 'm' } },
    'openai-compatible: anthropic/claude-haiku-4-5',
  ],
  [
    'without a key for it',
    { project: { model: OPUS, small_model: 'groq/llama-3.1-8b-instant' } },
    'anthropic: claude-opus-4-5',
    /groq.*asked instead/i,
  ],
  [
    'without a known price, where the main model has one: the budget would be lost',
    { project: { model: OPUS, small_model: 'anthropic/claude-unheard-of' } },
    'anthropic: claude-opus-4-5',
    /the price of anthropic\/claude-unheard-of is not known/,
  ],
])('%s', (_, { project = {}, flags = {}, env = {} }, expected, note) => {
  const settings: Settings = { ...SETTINGS, ...flags, project }
  const main = openModel(settings, { ...KEYS, ...env })
  if (!main.ok) throw new Error(main.error)
  const small = openSmallModel(settings, { ...KEYS, ...env }, main.value)
  expect(`${small.model.providerName}: ${small.model.model}`).toBe(expected)
  if (note) expect(small.note).toMatch(note)
  else expect(small.note).toBeUndefined()
})

const SETTINGS: Settings = {
  useSandbox: true,
  allowNet: [],
  maxTurns: 1,
  disallowedTools: [],
  isBare: false,
  isEphemeral: false,
  isFailFast: false,
  project: {},
}
