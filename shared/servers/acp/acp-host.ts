import type {
  AgentContext,
  ClientCapabilities,
  ElicitationPropertySchema,
  PermissionOption,
  RequestPermissionOutcome,
} from '@agentclientprotocol/sdk'
import { methods } from '@agentclientprotocol/sdk'
import type { Host } from '#shared/host/host'
import type { ApprovalAnswer, ApprovalRequest, UserQuestion } from '#shared/protocol/approvals'
import { toolKind, type UpdateTranslator } from './updates'

/** Whom a session's questions go to. */
export interface Asked {
  client: AgentContext
  capabilities: ClientCapabilities
  sessionId(): string
  translator: UpdateTranslator
}

const ONCE: readonly PermissionOption[] = [
  { optionId: 'approve', name: 'Allow', kind: 'allow_once' },
  { optionId: 'reject', name: 'Reject', kind: 'reject_once' },
]
const ALWAYS: readonly PermissionOption[] = [
  { optionId: 'approve', name: 'Allow', kind: 'allow_once' },
  { optionId: 'always_allow', name: 'Allow such calls in this conversation', kind: 'allow_always' },
  { optionId: 'reject', name: 'Reject', kind: 'reject_once' },
  { optionId: 'always_reject', name: 'Reject such calls in this conversation', kind: 'reject_always' },
]

/** The machine, with a person behind an editor to ask. Answers that are to be remembered last as long as the session. */
export function acpHost(machine: Omit<Host, 'approve' | 'ask'>, asked: Asked): Host {
  const remembered = new Map<string, ApprovalAnswer>()
  return {
    ...machine,
    async approve(request, signal) {
      const kind = kindOf(request)
      const known = kind === undefined ? undefined : remembered.get(kind)
      if (known) return known
      const outcome = await answerOrAbort(requestPermission(request, kind !== undefined, asked), signal)
      const answer = answerOf(outcome)
      const isLasting = outcome?.outcome === 'selected' && outcome.optionId.startsWith('always_')
      if (kind !== undefined && isLasting) remembered.set(kind, answer)
      return answer
    },
    async ask(question, signal) {
      if (!asked.capabilities.elicitation?.form) return ''
      return (await answerOrAbort(elicit(question, asked), signal)) ?? ''
    },
  }
}

/** What calls must share for one answer to hold for both; undefined where every call is asked for anew. */
function kindOf({ tool, effect }: ApprovalRequest): string | undefined {
  if (effect.class === 'destructive' || effect.outside_project.length > 0) return undefined
  return JSON.stringify([tool.toLowerCase(), effect.class, effect.programs.toSorted(), effect.network.toSorted()])
}

async function requestPermission(
  request: ApprovalRequest,
  canRemember: boolean,
  { client, sessionId, translator }: Asked,
): Promise<RequestPermissionOutcome> {
  const { outcome } = await client.request(methods.client.session.requestPermission, {
    sessionId: sessionId(),
    toolCall: {
      toolCallId: request.call_id,
      title: `${request.tool} ${request.title}`.trim(),
      kind: toolKind(request.tool),
      status: 'pending',
      content: [
        ...translator.diffs(request.files ?? []),
        { type: 'content', content: { type: 'text', text: request.reason } },
      ],
      rawInput: { effect: request.effect, reason: request.reason },
    },
    options: [...(canRemember ? ALWAYS : ONCE)],
  })
  return outcome
}

/** Whatever is not a clear yes is a no. */
function answerOf(outcome: RequestPermissionOutcome | undefined): ApprovalAnswer {
  if (outcome === undefined || outcome.outcome === 'cancelled') return { kind: 'reject', feedback: 'cancelled' }
  return outcome.optionId === 'approve' || outcome.optionId === 'always_allow'
    ? { kind: 'approve' }
    : { kind: 'reject' }
}

async function elicit(question: UserQuestion, { client, sessionId }: Asked): Promise<string> {
  const answer = await client.request(methods.client.elicitation.create, {
    mode: 'form',
    sessionId: sessionId(),
    message: question.question,
    requestedSchema: {
      type: 'object',
      properties: {
        answer: answerSchema(question),
      },
      required: ['answer'],
    },
  })
  if (answer.action !== 'accept' || !('content' in answer)) return ''
  const { content } = answer
  if (typeof content !== 'object' || content === null || !('answer' in content)) return ''
  if (Array.isArray(content.answer)) return content.answer.join('\n')
  return typeof content.answer === 'string' ? content.answer : ''
}

function answerSchema({ options, multiple, default: fallback }: UserQuestion): ElicitationPropertySchema {
  const title = 'Answer'
  if (multiple && options.length > 0) {
    const known = options.filter(option => option === fallback)
    return {
      type: 'array',
      title,
      items: { type: 'string', enum: options },
      ...(known.length > 0 && { default: known }),
    }
  }
  return {
    type: 'string',
    title,
    ...(options.length > 0 && { enum: options }),
    ...(fallback !== undefined && (options.length === 0 || options.includes(fallback)) && { default: fallback }),
  }
}

/** A client that fails, vanishes or answers after the turn was cancelled has not answered. */
async function answerOrAbort<T>(answer: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  const aborted = new Promise<undefined>(resolve => {
    if (signal.aborted) resolve(undefined)
    signal.addEventListener('abort', () => resolve(undefined), { once: true })
  })
  return Promise.race([answer.catch(() => undefined), aborted])
}
