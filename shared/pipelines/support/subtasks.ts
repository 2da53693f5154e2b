import type { SubtaskAgent, SubtaskView } from '#shared/protocol/events'

/** One part of a task, for one agent. */
export interface Subtask extends SubtaskView {
  /** Ids of what must be done before; perhaps of what is not there. */
  depends: string[]
  prompt: string
}

export interface Decomposition {
  subtasks: Subtask[]
  /** What was mended or left out, one line each. */
  problems: string[]
}

/** More is no decomposition of one change. */
export const MAX_SUBTASKS = 8
const MAX_TITLE_CHARS = 80
const MAX_PROMPT_CHARS = 8_000

const HEADING = /^\s{0,3}#{1,6}\s*\**\s*subtask\b[\s:#]*(?<rest>.*?)\s*\**\s*#*$/i
const FIELD = /^[\s>*-]*\**\s*(?<name>agent|depends(?:\s+on)?|dependencies|prompt)\s*\**\s*:\s*\**\s*(?<value>.*?)\s*$/i
const FENCE = /^\s*(?:```|~~~)/

/**
 * Reads the subtasks in a model's reply: headings `## Subtask <id>` with the fields `Agent:`, `Depends:` and `Prompt:`, the
 * last over several lines. Forgives what models write around and instead; spec/kode.md §19.
 */
export function readSubtasks(text: string): Decomposition {
  const subtasks: Subtask[] = []
  const problems: string[] = []
  for (const section of sectionsOf(text)) {
    const { id, title, agent, depends, prompt } = section
    if (subtasks.some(other => other.id === id)) problems.push(`a second subtask ${id} was left out`)
    else if (prompt === '') problems.push(`subtask ${id} was left out: it has no prompt`)
    else if (subtasks.length === MAX_SUBTASKS) problems.push(`subtask ${id} was left out: ${MAX_SUBTASKS} are the most`)
    else {
      const known = agentFrom(agent)
      if (!known) problems.push(`subtask ${id} names the agent "${agent}", which there is not; main does it`)
      subtasks.push({
        id,
        agent: known ?? 'main',
        title: (title || firstLine(prompt)).slice(0, MAX_TITLE_CHARS),
        depends: [...new Set(idsIn(depends))],
        prompt: prompt.slice(0, MAX_PROMPT_CHARS),
      })
    }
  }
  return { subtasks, problems }
}

/** Ids of those that wait for themselves, by whatever way, and of those that wait for one of these. */
export function circularIds(subtasks: readonly Subtask[]): ReadonlySet<string> {
  const open = new Map(subtasks.map(({ id, depends }) => [id, depends]))
  for (;;) {
    const ready = [...open].filter(([, depends]) => !depends.some(id => open.has(id)))
    if (ready.length === 0) return new Set(open.keys())
    for (const [id] of ready) open.delete(id)
  }
}

interface Section {
  id: string
  title: string
  agent: string
  depends: string
  prompt: string
}

/** The text below each heading; a heading inside a code block of a prompt is part of the prompt. */
function sectionsOf(text: string): Section[] {
  const lines = text.split(/\r?\n/)
  const sections: { heading: string; lines: string[] }[] = []
  let isInCode = false
  lines.forEach((line, at) => {
    const last = sections.at(-1)
    if (last && FENCE.test(line)) {
      // What is never closed, such as the end of a fence around everything, is no code block.
      isInCode = !isInCode && lines.slice(at + 1).some(each => FENCE.test(each))
    }
    const heading = isInCode ? undefined : HEADING.exec(line)?.groups?.rest
    if (heading !== undefined) sections.push({ heading, lines: [] })
    else last?.lines.push(line)
  })
  return sections.map(({ heading, lines: body }, at) => sectionFrom(heading, body, at + 1))
}

/** @param number stands in where a heading has no id */
function sectionFrom(heading: string, lines: readonly string[], number: number): Section {
  const [, id = '', title = ''] = /^([\w.-]*)[\s:.)–—-]*(.*)$/.exec(heading) ?? []
  const section = { id: id.replace(/[.-]+$/, '') || String(number), title: plain(title), agent: '', depends: '' }
  const prompt: string[] = []
  let isInPrompt = false
  for (const line of lines) {
    const field = isInPrompt ? undefined : FIELD.exec(line)?.groups
    const name = field?.name?.toLowerCase() ?? ''
    if (field === undefined) {
      // Words before any field are a prompt without its name.
      if (isInPrompt || (line.trim() !== '' && !FENCE.test(line))) prompt.push(line)
    } else if (name === 'agent') section.agent = plain(field.value ?? '')
    else if (name === 'prompt') {
      isInPrompt = true
      prompt.push(field.value ?? '')
    } else section.depends = field.value ?? ''
  }
  return { ...section, prompt: withoutLoneFence(prompt.join('\n').trim()) }
}

/** Without the end of a fence around the whole, and the beginning of one around the next subtask. */
function withoutLoneFence(text: string): string {
  const bare = text.replace(/(?:^|\n)\s*(?:```|~~~)\s*(?:```|~~~)\w*$/, '').trimEnd()
  const lines = bare.split('\n')
  const isOdd = lines.filter(line => FENCE.test(line)).length % 2 === 1
  return isOdd && FENCE.test(lines.at(-1) ?? '') ? lines.slice(0, -1).join('\n').trimEnd() : bare
}

function agentFrom(name: string): SubtaskAgent | undefined {
  const plainName = name
    .toLowerCase()
    .replaceAll(/[^a-z]+/g, '-')
    .replaceAll(/^-|-$/g, '')
  return AGENT_NAMES[plainName]
}

/** What models call them. */
const AGENT_NAMES: Readonly<Record<string, SubtaskAgent>> = {
  main: 'main',
  'main-agent': 'main',
  researcher: 'researcher',
  research: 'researcher',
  'test-oracle': 'test-oracle',
  testoracle: 'test-oracle',
  oracle: 'test-oracle',
  tester: 'test-oracle',
  test: 'test-oracle',
}

const NO_DEPENDENCY = /^(?:none|nothing|no|n\/?a|-+|null|nil|\[\s*\])?$/i

function idsIn(depends: string): string[] {
  const text = plain(depends)
  if (NO_DEPENDENCY.test(text)) return []
  const words = text.replaceAll(/\b(?:subtasks?|and)\b/gi, ' ').split(/[\s,;&[\]()"'#]+/)
  return words.map(word => word.replace(/[.:]+$/, '')).filter(word => word !== '' && !NO_DEPENDENCY.test(word))
}

/** Without the marks of Markdown around it. */
function plain(text: string): string {
  return text.replaceAll(/[*`]+/g, '').trim()
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0]?.trim() ?? ''
}
