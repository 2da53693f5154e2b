// A flow of acpx with one step: it asks kode, and its answer is the result.
import { acp, defineFlow } from 'acpx/flows'

export default defineFlow({
  name: 'one-question',
  permissions: { requiredMode: 'approve-reads' },
  startAt: 'ask',
  nodes: { ask: acp({ profile: 'kode', prompt: () => 'what is there?', parse: text => ({ said: text }) }) },
  edges: [],
})
