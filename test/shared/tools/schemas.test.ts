/** What the model is offered: names, parameters, defaults and effects as users and other programs rely on them. */
import { Ajv } from 'ajv'
import { expect, test } from 'vitest'
import { BUILT_IN_TOOLS } from '#shared/tools/registry'

/** `*` is required, `=` has a default. */
const OFFERED: Record<string, string> = {
  Read: 'file_path* start_line num_lines',
  Write: 'file_path* content* overwrite=false',
  Edit: 'file_path* replacements*',
  Delete: 'file_path* recursive=false',
  Bash: 'command* timeout=60 outside_sandbox=false background=false pty=false',
  Grep: 'pattern* file_path="." case_insensitive=false glob context_lines=0 multiline=false files_only=false',
  Glob: 'pattern* file_path="."',
  ListFiles: 'file_path="." recursive=false',
  WebFetch: 'url* raw=false',
  TodoWrite: 'todos*',
  AskUser: 'question* options=[] multiple=false default timeout',
  MemoryRead: '',
  MemoryWrite: 'content* scope="project"',
  WebSearch: 'query* num_results=5',
  Think: 'text*',
  RecallContext: 'query turn regex=false offset=0',
  InvokeAgent: 'prompt* agent_name="task" session_id background=false',
  ListAgents: 'detail=false',
  ListSkills: 'query=""',
  ActivateSkill: 'skill_name*',
  ListBackgroundTasks: '',
  CancelTask: 'task_id*',
  WaitTask: 'task_ids*',
}

const READ_ONLY = [
  ...['Read', 'Grep', 'Glob', 'ListFiles', 'WebFetch', 'WebSearch', 'MemoryRead', 'Think', 'RecallContext'],
  ...['ListAgents', 'ListSkills', 'ListBackgroundTasks', 'InvokeAgent', 'WaitTask'],
]

interface ObjectSchema {
  properties?: Record<string, { default?: unknown }>
  required?: string[]
  additionalProperties?: boolean
}

test('these tools are offered, with these parameters', () => {
  const offered = BUILT_IN_TOOLS.map(tool => [tool.name, parametersOf(tool.inputSchema())])
  expect(Object.fromEntries(offered)).toEqual(OFFERED)
})

test('each schema is one that providers take: an object, valid, and in few words', () => {
  const ajv = new Ajv()
  for (const tool of BUILT_IN_TOOLS) {
    const schema = tool.inputSchema()
    expect(schema.type).toBe('object')
    expect(ajv.validateSchema(schema), tool.name).toBe(true)
    expect(tool.description.length, tool.name).toBeGreaterThan(20)
  }
})

test('only the tools about tasks refuse what they do not know; models add things', () => {
  const strict = BUILT_IN_TOOLS.filter(tool => (tool.inputSchema() as ObjectSchema).additionalProperties === false)
  expect(strict.map(tool => tool.name)).toEqual(['ListBackgroundTasks', 'CancelTask', 'WaitTask'])
})

test('what only reads runs beside its neighbours', () => {
  const reading = BUILT_IN_TOOLS.filter(tool => tool.isReadOnly).map(tool => tool.name)
  expect(reading.sort()).toEqual([...READ_ONLY].sort())
})

test('no name stands for two tools', () => {
  const names = BUILT_IN_TOOLS.flatMap(tool => [tool.name.toLowerCase(), ...(tool.aliases ?? [])])
  expect(names).toHaveLength(new Set(names).size)
})

function parametersOf(schema: ObjectSchema): string {
  return Object.entries(schema.properties ?? {})
    .map(([name, { default: otherwise }]) => {
      const mark = schema.required?.includes(name) ? '*' : ''
      return `${name}${mark}${otherwise === undefined ? '' : `=${JSON.stringify(otherwise)}`}`
    })
    .join(' ')
}
