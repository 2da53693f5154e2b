import { createInterface } from 'node:readline/promises'
import type { Host } from '#shared/host/host'
import { nodeFiles } from '#shared/host/node/files'
import { nodeProcesses } from '#shared/host/node/processes'
import { nodeWeb } from '#shared/host/node/web'
import type { ApprovalAnswer, ApprovalRequest, RuleOffer } from '#shared/protocol/approvals'
import type { Output } from './output'

/** Host for a terminal: asks where somebody can answer, says `unavailable` where nobody can. */
export function cliHost(output: Output, canAsk: boolean): Host {
  return {
    files: nodeFiles(),
    processes: nodeProcesses(),
    web: nodeWeb(),
    log: { write: () => undefined },
    now: () => Date.now(),
    async approve(request, signal) {
      return canAsk ? askForApproval(request, output, signal) : { kind: 'unavailable' }
    },
    async ask(question, signal) {
      output.note(`? ${question.question}${question.options.length > 0 ? ` [${question.options.join(' / ')}]` : ''}`)
      return canAsk ? readLine('> ', signal) : ''
    },
  }
}

async function askForApproval(request: ApprovalRequest, output: Output, signal: AbortSignal): Promise<ApprovalAnswer> {
  output.note(output.paint('yellow', `? ${request.tool}: ${request.title}`))
  output.note(`  ${request.reason}`)
  for (const [name, values] of effectRows(request)) output.note(`  ${name}: ${values.join(', ')}`)
  if (request.diff) output.note(request.diff.trimEnd())
  const rules = request.rules ?? []
  rules.forEach((offer, index) => {
    output.note(`  [${index + 1}] yes, and remember "${offer.rule}"${alsoAllowed(offer)}`)
  })
  const answer = await readLine('  [y]es, [n]o, [a]lways (auto mode), or tell kode what to do instead: ', signal)
  const chosen = rules[Number(answer.trim()) - 1]
  if (chosen) return { kind: 'remember', rule: chosen.rule }
  switch (answer.trim().toLowerCase()) {
    case 'y':
    case 'yes':
      return { kind: 'approve' }
    case 'a':
    case 'always':
      return { kind: 'always' }
    case '':
    case 'n':
    case 'no':
      return { kind: 'reject' }
    default:
      return { kind: 'reject', feedback: answer.trim() }
  }
}

/** Of a rule, before it is granted. */
function alsoAllowed({ also_allowed }: RuleOffer): string {
  if (also_allowed.length === 0) return ''
  const [first = ''] = also_allowed
  const more = also_allowed.length > 1 ? ` and ${also_allowed.length - 1} more` : ''
  return `, which would also have allowed: ${first}${more}`
}

function effectRows(request: ApprovalRequest): [string, string[]][] {
  const { programs, writes, network, outside_project } = request.effect
  const rows: [string, string[]][] = [
    ['runs', programs],
    ['writes', writes],
    ['network', network],
    ['outside the project', outside_project],
  ]
  return rows.filter(([, values]) => values.length > 0)
}

async function readLine(prompt: string, signal: AbortSignal): Promise<string> {
  const lines = createInterface({ input: process.stdin, output: process.stderr })
  try {
    return await lines.question(prompt, { signal })
  } catch (error) {
    // Cancelled while waiting: the same as no answer.
    if (signal.aborted) return ''
    throw error
  } finally {
    lines.close()
  }
}
