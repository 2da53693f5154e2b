import { type AgentDefinition, WRITING_TOOLS } from './definition'
import explorePrompt from './prompts/explore.md'
import planPrompt from './prompts/plan.md'
import verifyPrompt from './prompts/verify.md'

const COMMON = { source: 'built-in', trust: 'safe', disallowedTools: [], skipMemory: false } as const

/** kode itself; how much it may do, the user's settings say. */
export const DEFAULT_AGENT: AgentDefinition = {
  ...COMMON,
  name: 'default',
  trust: 'auto',
  description: 'works with the user on anything',
}

/** The agents that are always there; see spec/koda.md §13. */
export const BUILT_IN_AGENTS: readonly AgentDefinition[] = [
  DEFAULT_AGENT,
  { ...COMMON, name: 'task', description: 'does one piece of work by itself, in a copy of the project' },
  {
    ...COMMON,
    name: 'explore',
    trust: 'plan',
    description: 'finds things out in the project; changes nothing',
    systemPrompt: explorePrompt.trim(),
    skipMemory: true,
  },
  {
    ...COMMON,
    name: 'plan',
    trust: 'plan',
    description: 'works out how a change is to be made; changes nothing',
    systemPrompt: planPrompt.trim(),
  },
  {
    ...COMMON,
    name: 'verify',
    description: 'finds out whether something works, with tests and commands; edits nothing',
    systemPrompt: verifyPrompt.trim(),
    disallowedTools: WRITING_TOOLS,
  },
]
