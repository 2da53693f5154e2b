import { askOnce } from '#shared/agent/ask-once'
import type { Spending } from '#shared/agent/limits'
import { textOf } from '#shared/agent/model-call'
import type { AgentRunner } from '#shared/agent/reading-agents'
import { userText } from '#shared/agent/user-message'
import { cutMiddle } from '#shared/base/cut'
import { ok, type Result } from '#shared/base/result'
import decomposePrompt from '#shared/context/prompts/decompose.md'
import synthesizePrompt from '#shared/context/prompts/synthesize.md'
import type { OrchestrationEvent, SubtaskAgent } from '#shared/protocol/events'
import { EXIT, type Failure, INTERRUPTED } from '#shared/protocol/exit-codes'
import { withAdvice } from '#shared/protocol/with-advice'
import type { Provider } from '#shared/providers/provider'
import type { SubtaskSummary, TestSummary } from './summary'
import { projectTree } from './support/project-tree'
import { runSubtasks, type SubtaskEnd } from './support/run-subtasks'
import { promptOf, resultText, type Surroundings } from './support/subtask-prompt'
import { readSubtasks, type Subtask } from './support/subtasks'

/** What the orchestration of one task needs. */
export interface OrchestrationServices {
  provider: Provider
  model: string
  agents: AgentRunner
  budget: Spending
  /** Of the project, relative paths. */
  listFiles(): Promise<readonly string[]>
  /** Builds and tests the project as it is, and takes back what that writes; fails where that cannot be. */
  check(): Promise<Result<ProjectCheck, Failure>>
  emit(event: OrchestrationEvent): void
  progress(text: string): void
  now(): number
}

export interface ProjectCheck {
  /** Empty where nobody knows what to run, or may. */
  facts: readonly TestSummary[]
  /** What could not be run, one line each. */
  warnings: readonly string[]
}

export interface Orchestration {
  /** How the change is to be made; undefined where the task stands for itself. */
  plan?: string
  subtasks: readonly SubtaskSummary[]
  /** What went otherwise than wanted, one line each. */
  warnings: readonly string[]
  /** Why no change can be written. */
  failure?: Failure
}

/** What kode itself says to the models that split and join. */
export const ORCHESTRATION_PROMPTS = [decomposePrompt, synthesizePrompt]

/** Which of kode's own agents does each kind of work; all of them only read here. */
const AGENTS: Readonly<Record<SubtaskAgent, string>> = { main: 'plan', researcher: 'explore', 'test-oracle': 'verify' }

/** Source: spec/kode.md §3.1. */
const DECOMPOSING = { temperature: 0.3, maxTokens: 2_048 }
const SYNTHESIZING = { temperature: 0.2, maxTokens: 4_096 }
const MAX_SHOWN_CHARS = 2_000

/**
 * Decompose → agents → synthesize: has a task split, its parts looked into by agents that write nothing, and one plan made of
 * what they answer. A reply without subtasks ends in a warning and no plan: the gates judge the change either way, so a
 * preparation that failed is no reason to refuse the task.
 */
export async function orchestrate(
  task: string,
  services: OrchestrationServices,
  signal: AbortSignal,
): Promise<Orchestration> {
  const tree = projectTree(await services.listFiles())
  services.progress('decompose')
  const request = `${task}\n\nThe project:\n${tree}\n\nSplit the task into subtasks.`
  const decomposed = await ask({ ...DECOMPOSING, system: decomposePrompt }, request, services, signal)
  if ('failure' in decomposed) return { subtasks: [], warnings: [], ...decomposed }
  const { subtasks, problems } = readSubtasks(decomposed.text)
  if (decomposed.isCut) problems.push('the list of subtasks was cut at the output limit')
  if (subtasks.length === 0) return { subtasks: [], warnings: told([...problems, NO_SUBTASKS]) }

  const needsFacts = subtasks.some(subtask => subtask.agent === 'test-oracle')
  const check = needsFacts ? await services.check() : NO_CHECK
  if (!check.ok) return { subtasks: [], warnings: told(problems), failure: check.error }
  const { facts, warnings } = check.value
  const { ends, summaries } = await runAll(subtasks, { task, tree, facts }, services, signal)
  const missing = summaries.filter(({ status }) => status !== 'done')
  const fates = missing.map(({ id, agent, status, reason }) => `subtask ${id} (${agent}) ${status}: ${reason}`)
  const found = { subtasks: summaries, warnings: told([...problems, ...warnings, ...fates]) }
  const stopped = whyStopped(services.budget, signal)
  if (stopped) return { ...found, failure: stopped }
  if (missing.length === summaries.length) return { ...found, failure: nothingDone(ends) }

  services.emit({ type: 'synthesis_started', results: summaries.length - missing.length, subtasks: summaries.length })
  const results = subtasks.map((subtask, at) => resultText(subtask, ends[at])).join('\n\n')
  const wanted = `${task}\n\n${results}\n\nMake one plan of this.`
  const synthesized = await ask({ ...SYNTHESIZING, system: synthesizePrompt }, wanted, services, signal)
  if ('failure' in synthesized) return { ...found, ...synthesized }
  const plan = synthesized.text.trim()
  if (plan === '') return { ...found, plan: results }
  const cuts = synthesized.isCut ? told(['the plan was cut at the output limit']) : []
  return { ...found, warnings: [...found.warnings, ...cuts], plan }
}

const NO_CHECK = ok<ProjectCheck>({ facts: [], warnings: [] })
const NO_SUBTASKS = 'the model named no subtasks; the task is done without them'

function told(problems: readonly string[]): string[] {
  return problems.map(problem => `orchestrate: ${problem}`)
}

/** Runs the subtasks; what each takes counts in the budget at once, so that it stops all of them. */
async function runAll(
  subtasks: readonly Subtask[],
  surroundings: Surroundings,
  { agents, budget, emit, now }: OrchestrationServices,
  signal: AbortSignal,
): Promise<{ ends: SubtaskEnd[]; summaries: SubtaskSummary[] }> {
  const spent = new Map<string, Pick<SubtaskSummary, 'duration_ms' | 'usage' | 'cost_usd'>>()
  const ends = await runSubtasks(
    subtasks,
    async (subtask, needed) => {
      const stopped = whyStopped(budget, signal)
      if (stopped) return failedEnd(stopped)
      const { id, agent, title } = subtask
      emit({ type: 'subtask_started', id, agent, title })
      const startedAt = now()
      const spending = budget.part()
      const job = { agent: AGENTS[agent], prompt: promptOf(subtask, needed, surroundings), spending }
      const answer = await agents.run(job, signal)
      const durationMs = Math.round(now() - startedAt)
      spent.set(id, { duration_ms: durationMs, usage: spending.total, cost_usd: spending.costUsd ?? null })
      const end = answer.ok ? doneEnd(answer.value) : failedEnd(whyStopped(budget, signal) ?? answer.error)
      const reason = end.status === 'done' ? {} : { reason: end.reason }
      emit({ type: 'subtask_ended', id, agent, title, status: end.status, ...reason })
      return end
    },
    ({ id, agent, title }, reason) => emit({ type: 'subtask_ended', id, agent, title, status: 'skipped', reason }),
  )
  const summaries = subtasks.map(({ id, agent, title, depends }, at): SubtaskSummary => {
    const end = ends[at]
    return {
      id,
      agent,
      title,
      depends,
      status: end?.status ?? 'skipped',
      ...(end && (end.status === 'done' ? { result: cutMiddle(end.text, MAX_SHOWN_CHARS) } : { reason: end.reason })),
      duration_ms: 0,
      ...spent.get(id),
    }
  })
  return { ends, summaries }
}

/** One request without tools. */
async function ask(
  how: { system: string; temperature: number; maxTokens: number },
  text: string,
  { provider, model, budget, progress }: OrchestrationServices,
  signal: AbortSignal,
): Promise<{ text: string; isCut: boolean } | { failure: Failure }> {
  const stopped = whyStopped(budget, signal)
  if (stopped) return { failure: stopped }
  const request = { ...how, system: how.system.trim(), model, messages: [userText(text, 'task')], tools: [] }
  const reply = await askOnce(request, { provider, spending: budget, tell: progress }, signal)
  if (reply.kind === 'cancelled') return { failure: INTERRUPTED }
  if (reply.kind === 'reply') return { text: textOf(reply.message), isCut: reply.message.stop === 'output_limit' }
  return { failure: { message: withAdvice(reply.failure), exitCode: EXIT.provider } }
}

function whyStopped(budget: Spending, signal: AbortSignal): Failure | undefined {
  if (signal.aborted) return INTERRUPTED
  const overspent = budget.overspent()
  return overspent && { message: overspent.message, exitCode: EXIT.limit }
}

function doneEnd(text: string): SubtaskEnd {
  return { status: 'done', text }
}

function failedEnd({ message, exitCode }: Failure): SubtaskEnd {
  return { status: 'failed', reason: message, exitCode }
}

/** The first failure is why, the others follow from it or say the same. */
function nothingDone(ends: readonly SubtaskEnd[]): Failure {
  const first = ends.find(end => end.status === 'failed')
  const reason = first?.reason ?? 'each waits for another one'
  return { message: `no subtask came to its end: ${reason}`, exitCode: first?.exitCode ?? EXIT.failed }
}
