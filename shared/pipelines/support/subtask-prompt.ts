import { cutMiddle } from '#shared/base/cut'
import type { TestSummary } from '../summary'
import type { NeededResult, SubtaskEnd } from './run-subtasks'
import type { Subtask } from './subtasks'

/** What every subtask may know. */
export interface Surroundings {
  task: string
  /** Of the project. */
  tree: string
  /** What kode itself ran. */
  facts: readonly TestSummary[]
}

/** Of one result, where others build on it. */
const MAX_RESULT_CHARS = 8_000
const MAX_OUTPUT_CHARS = 4_000

/** What an agent is told. */
export function promptOf(subtask: Subtask, needed: readonly NeededResult[], surroundings: Surroundings): string {
  const { task, tree } = surroundings
  const parts = [subtask.prompt, `This is a part of a larger task, which others do: ${task}`, READ_ONLY]
  if (subtask.agent === 'test-oracle') parts.push(factsText(surroundings.facts), ORACLE)
  else parts.push(`The project:\n${tree}`)
  if (subtask.agent === 'main') parts.push(MAIN)
  parts.push(...needed.map(({ subtask: other, text }) => resultText(other, { status: 'done', text })))
  return parts.join('\n\n')
}

const READ_ONLY =
  'Change nothing, neither files nor anything else: what writes is denied. Answer once, with all that matters.'
const ORACLE =
  'Say what of this is broken today, which tests cover the task, and which tests would prove it: for each new one its file and what it checks.'
const MAIN =
  'Answer with how this part is to be made: files by their paths, what changes in each, names that exist and are to be used.'

/** What one subtask ended with, for whoever builds on it. */
export function resultText({ id, agent, title }: Subtask, end: SubtaskEnd | undefined): string {
  const head = `Subtask ${id} (${agent}): ${title}`
  if (end?.status === 'done') return `${head}\n${cutMiddle(end.text, MAX_RESULT_CHARS)}`
  return `${head}\nThere is no result: ${end?.reason ?? 'it was not run'}`
}

function factsText(facts: readonly TestSummary[]): string {
  if (facts.length === 0) return 'No build or test was run: none is known here, or commands are not allowed.'
  const runs = facts.map(({ command, passed, failed_tests, output }) => {
    const named = failed_tests.length > 0 ? `Failed tests: ${failed_tests.join(', ')}\n` : ''
    const verdict = passed ? 'passed' : 'failed'
    return `\`${command}\` ${verdict}.\n${named}\`\`\`\n${cutMiddle(output.trim(), MAX_OUTPUT_CHARS)}\n\`\`\``
  })
  return `Just run on the project as it is:\n\n${runs.join('\n\n')}`
}
