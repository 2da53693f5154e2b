import { cutMiddle } from '#shared/base/cut'
import type { KodeEvent, TurnEnd } from '#shared/protocol/events'
import type { AssistantMessage, Message, ToolCall, ToolMessage, UserMessage } from '#shared/protocol/messages'
import type { ModelRequest, Provider, ProviderFailure } from '#shared/providers/provider'
import type { BoardDesk, TaskReport } from '#shared/tools/task-desk'
import type { Spending, TurnLimits } from './limits'
import { LoopGuard } from './loop-guard'
import { type BrokenReply, callModel, type ModelReply, type Taken, textOf } from './model-call'
import type { Steering } from './steering'
import { runToolBatch } from './tool-batch'
import type { CallEnd, ToolCallServices } from './tool-call'
import { userMessage, userText } from './user-message'

/** What a turn needs of the session it belongs to. */
export interface TurnServices {
  provider(): Provider
  /** The next request, from the conversation as it stands; compacts first when the window is nearly full. */
  nextRequest(signal: AbortSignal): Promise<ModelRequest>
  /** Makes room after the provider said the request is too long; false when there is nothing to put away. */
  makeRoom(signal: AbortSignal): Promise<boolean>
  /** Asks the model for a title of the conversation; undefined when none came. */
  suggestTitle(signal: AbortSignal): Promise<string | undefined>
  calls: ToolCallServices
  /** Durable when resolved; then announced. */
  add(message: Message): Promise<void>
  /** Keeps and announces what a reply took that is not added. */
  tellSpent(reply: Taken): void
  addToolEnd(end: CallEnd): Promise<void>
  steering: Steering
  /** What goes on beside the conversation; what ended and was not told yet is told before the next request. */
  tasks: Pick<BoardDesk, 'list' | 'cancel' | 'takeFinished' | 'transcript'>
  /** Looks once more at what the turn's commands changed that go on when it has ended. */
  afterTurn(): Promise<void>
  spending: Spending
  limits: TurnLimits
  /** A stream that broke after something was visible ends the turn at once. */
  isFailFast: boolean
  emit(event: KodeEvent): void
}

const MAX_EMPTY_REPLIES = 2
const MAX_CONTINUATIONS = 3
/** After something was visible the provider does not retry by itself; here it is done with a word to the user. */
const MAX_BROKEN_STREAMS = 3

/**
 * THE AGENT LOOP: asks the model and runs its calls until it answers.
 * A cancel and a limit are ends like any other; nothing that was said or done before them is lost.
 */
export async function runTurn(services: TurnServices, prompt: UserMessage, signal: AbortSignal): Promise<TurnEnd> {
  const { spending, steering, limits } = services
  const loopGuard = new LoopGuard()
  const patience = new Patience()

  await services.add(prompt)
  while (true) {
    if (signal.aborted) return { reason: 'cancelled' }
    for (const task of services.tasks.takeFinished()) await services.add(userText(taskNote(task), 'task'))
    const exceeded = spending.exceeded(limits)
    if (exceeded) {
      if (exceeded.limit === 'turns' && limits.hasGraceTurn) await speakLast(services, signal)
      return { reason: 'limit', ...exceeded }
    }

    const reply = await askModel(services, signal)
    if (reply.kind !== 'reply') {
      const end = await afterBrokenReply(reply, services, patience, signal)
      if (end) return end
      continue
    }
    if (reply.message.stop === 'refusal') {
      await services.add(reply.message)
      const said = textOf(reply.message).trim()
      return { reason: 'refused', message: `the model refused to answer${said && `: ${said}`}` }
    }
    if (reply.message.parts.every(part => part.type !== 'tool_call') && textOf(reply.message).trim() === '') {
      services.tellSpent(reply)
      if (++patience.emptyReplies < MAX_EMPTY_REPLIES) continue
      return {
        reason: 'provider_failed',
        message: 'the model sent an empty reply twice',
        advice: 'Try another model.',
      }
    }
    await services.add(reply.message)
    patience.restore(reply.message)

    const calls = reply.message.parts.filter((part): part is ToolCall => part.type === 'tool_call')
    const results: ToolMessage[] = []
    await runToolBatch(calls, services.calls, signal, async end => {
      results.push(end.message)
      await services.addToolEnd(end)
    })
    if (signal.aborted) return { reason: 'cancelled' }

    // What the user typed meanwhile deserves an answer, even if the model thinks it is done.
    const typed = steering.take('next')
    for (const parts of typed) await services.add(userMessage(parts, 'steering'))

    if (calls.length === 0 && typed.length === 0) {
      const end = await afterAnswer(reply.message, services, patience)
      if (end) return end
    }
    const verdict = loopGuard.see(calls, results)
    if (verdict.kind === 'remind') await services.add(userText(LOOP_REMINDER, 'reminder'))
    if (verdict.kind === 'stop') {
      const message = `the model repeated the same ${verdict.tool} call ${verdict.times} times with the same result`
      return { reason: 'limit', limit: 'loop_guard', message }
    }
  }
}

/** One more request for an answer in words; calls in it are dropped. */
async function speakLast(services: TurnServices, signal: AbortSignal): Promise<void> {
  await services.add(userText(LAST_CHANCE, 'reminder'))
  const reply = await askModel(services, signal)
  const message = reply.kind === 'reply' ? reply.message : reply.partial
  if (textOf(message).trim() === '' || !message) return services.tellSpent(reply)
  const parts = message.parts.filter(part => part.type !== 'tool_call')
  await services.add({ ...message, parts, stop: 'end' })
}

/** How often each kind of trouble was forgiven in a row. */
class Patience {
  emptyReplies = 0
  continuations = 0
  brokenStreams = 0
  hasMadeRoom = false

  /** A reply that came whole: a long turn may meet the same trouble once more, much later. */
  restore(reply: AssistantMessage): void {
    this.emptyReplies = 0
    this.brokenStreams = 0
    this.hasMadeRoom = false
    if (reply.stop !== 'output_limit') this.continuations = 0
  }
}

/** One request and what it took. */
async function askModel(services: TurnServices, signal: AbortSignal): Promise<ModelReply> {
  const { spending, emit } = services
  const request = await services.nextRequest(signal)
  const reply = await callModel(services.provider(), request, emit, signal)
  spending.count(request, reply)
  return reply
}

/** @returns the turn's end, or undefined to ask again */
async function afterBrokenReply(
  reply: BrokenReply,
  services: TurnServices,
  patience: Patience,
  signal: AbortSignal,
): Promise<TurnEnd | undefined> {
  if (reply.kind === 'cancelled' || signal.aborted) {
    await keepPartial(reply, services)
    return { reason: 'cancelled' }
  }
  const { failure, hasBegun } = reply
  if (failure.kind === 'context-overflow' && !patience.hasMadeRoom) {
    patience.hasMadeRoom = true
    if (await services.makeRoom(signal)) return undefined
    return { reason: 'limit', limit: 'context', message: failure.message }
  }
  if (!services.isFailFast && hasBegun && isTransient(failure) && ++patience.brokenStreams < MAX_BROKEN_STREAMS) {
    services.emit({ type: 'notice', level: 'warning', text: `${failure.message}; asking again` })
    if (reply.usage) services.tellSpent(reply)
    return undefined
  }
  await keepPartial(reply, services)
  return { reason: 'provider_failed', message: failure.message, ...(failure.advice && { advice: failure.advice }) }
}

/** What was said before the end, or at least what it took. */
async function keepPartial(reply: BrokenReply, services: TurnServices): Promise<void> {
  if (reply.partial) await services.add(reply.partial)
  else if (reply.usage) services.tellSpent(reply)
}

function isTransient(failure: ProviderFailure): boolean {
  return (
    failure.kind === 'network' ||
    failure.kind === 'timeout' ||
    failure.kind === 'bad-reply' ||
    failure.kind === 'overloaded'
  )
}

/** @returns the turn's end, or undefined when the model has to go on */
async function afterAnswer(
  message: AssistantMessage,
  services: TurnServices,
  patience: Patience,
): Promise<TurnEnd | undefined> {
  if (message.stop === 'output_limit') {
    if (++patience.continuations > MAX_CONTINUATIONS) {
      return {
        reason: 'limit',
        limit: 'output_limit',
        message: 'the reply was cut by the output limit again and again',
      }
    }
    await services.add(userText(CONTINUE, 'reminder'))
    return undefined
  }
  return { reason: 'answered' }
}

const CONTINUE = 'Your reply was cut at the output limit. Go on exactly where it stopped, without repeating anything.'
const LAST_CHANCE =
  'You have used all your turns. This is your final chance: answer now, in plain text, with what you have. Tools are ignored.'
const LOOP_REMINDER =
  'You made the same call several times with the same result. It will not change. Do something else, or answer with what you know.'

/** What a background task came to, with the end of what it said. */
function taskNote({ id, kind, name, status, exitCode, output }: TaskReport): string {
  const code = exitCode === undefined ? '' : ` with exit code ${exitCode}`
  return `Background task ${id} (${name}) ${status}${code}.\n${cutMiddle(output, kind === 'agent' ? AGENT_OUTPUT_CHARS : TASK_OUTPUT_CHARS)}`.trimEnd()
}

const TASK_OUTPUT_CHARS = 4_000
/** An answer was written to be read whole. */
const AGENT_OUTPUT_CHARS = 20_000
