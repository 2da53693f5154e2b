import { describe, expect, test, vi } from 'vitest'
import type { ModelEvent } from '#shared/providers/provider'
import { agentSession, resultsOf } from '../../support/agent-session'
import { agentFile, Cast, type Line } from '../../support/cast'
import { calls, says } from '../../support/fake-provider'
import { tempProject } from '../../support/temp-project'

describe('an agent that is handed work', () => {
  test('answers from the same files, in a conversation of its own', async () => {
    const root = tempProject({ 'src/a.ts': 'export const port = 8080\n' })
    const provider = new Cast({
      default: [calls(['InvokeAgent', { agent_name: 'explore', prompt: 'which port?' }]), says('It is 8080.')],
      explore: [calls(['Read', { file_path: 'src/a.ts' }]), says('src/a.ts:1 says 8080')],
    })
    const { session } = await agentSession(root, provider)
    await session.prompt([{ type: 'text', text: 'find the port' }])
    expect(resultsOf(session)[0]?.text).toContain('src/a.ts:1 says 8080')
    const [first] = provider.requestsOf('explore')
    expect(first?.messages.map(message => message.role)).toEqual(['user'])
    expect(first?.system).toContain('You are an investigator')
    expect(first?.tools.map(tool => tool.name)).not.toContain('Write')
  })

  test('may do no more than who started it', async () => {
    const root = tempProject({
      '.kode/agents/bold.json': agentFile({
        name: 'bold',
        trust: 'auto',
        disallowed_tools: ['Write', 'Edit', 'Delete'],
      }),
    })
    const provider = new Cast({
      default: [calls(['InvokeAgent', { agent_name: 'bold', prompt: 'write it' }]), says('so it is')],
      bold: [calls(['Bash', { command: 'touch a.txt' }]), says('I could not')],
    })
    const { session } = await agentSession(root, provider)
    session.setMode('plan')
    await session.prompt([{ type: 'text', text: 'go' }])
    expect(lastRequest(provider, 'bold')).toContain('plan mode only investigates')
  })

  test.each([
    ['nobody', 'there is no agent "nobody"; there are: '],
    ['broken', 'trust wants plan, safe or auto'],
    ['default', 'agents must not start each other in a circle (default > default)'],
  ])('is refused with a reason when it is %s', async (name, reason) => {
    const root = tempProject({ '.kode/agents/broken.json': agentFile({ name: 'broken', trust: 'wild' }) })
    const provider = new Cast({
      default: [calls(['InvokeAgent', { agent_name: name, prompt: 'go' }]), says('so it is')],
    })
    const { session } = await agentSession(root, provider)
    await session.prompt([{ type: 'text', text: 'go' }])
    expect(resultsOf(session)[0]).toMatchObject({ status: 'error', text: expect.stringContaining(reason) })
  })

  test('gets one last request for an answer in words when its turns are used up', async () => {
    const root = tempProject({
      '.kode/agents/short.json': agentFile({ name: 'short', trust: 'plan', max_iterations: 1 }),
    })
    const provider = new Cast({
      default: [calls(['InvokeAgent', { agent_name: 'short', prompt: 'go' }]), says('good')],
      short: [calls(['ListFiles', {}]), says('all I know')],
    })
    const { session } = await agentSession(root, provider)
    await session.prompt([{ type: 'text', text: 'go' }])
    expect(lastRequest(provider, 'short')).toContain('This is your final chance')
    expect(resultsOf(session)[0]?.text).toMatch(/^all I know\n/)
  })

  test('that only calls tools in its last request leaves a mark instead of an answer', async () => {
    const root = tempProject({
      '.kode/agents/short.json': agentFile({ name: 'short', trust: 'plan', max_iterations: 1 }),
    })
    const provider = new Cast({
      default: [calls(['InvokeAgent', { agent_name: 'short', prompt: 'go' }]), says('good')],
      short: [calls(['ListFiles', {}]), calls(['ListFiles', { recursive: true }])],
    })
    const { session } = await agentSession(root, provider)
    await session.prompt([{ type: 'text', text: 'go' }])
    expect(resultsOf(session)[0]?.text).toMatch(/^\[max_turns reached: /)
  })

  test('goes on with its own earlier conversation, and with nobody else’s', async () => {
    const root = tempProject()
    let id = ''
    const provider = new Cast({
      default: [
        calls(['InvokeAgent', { agent_name: 'explore', prompt: 'one' }]),
        messages => {
          id = /session_id ([\w-]+)\]/.exec(JSON.stringify(messages))?.[1] ?? ''
          return calls(
            ['InvokeAgent', { agent_name: 'explore', prompt: 'two', session_id: id }],
            ['InvokeAgent', { agent_name: 'explore', prompt: 'two', session_id: 'nothing' }],
          )
        },
        says('done'),
      ],
      explore: [says('first'), says('second')],
    })
    const { session, kode } = await agentSession(root, provider)
    await session.prompt([{ type: 'text', text: 'go' }])
    expect(provider.requestsOf('explore')[1]?.messages).toHaveLength(3)
    expect(resultsOf(session)[2]?.text).toContain('you started no agent with the session_id "nothing"')
    const listed = await kode.sessions.list()
    expect(listed.ok && listed.value.map(each => each.id)).toEqual([session.id])
  })

  test('spends its caller’s money', async () => {
    const usage: ModelEvent = {
      type: 'usage',
      usage: { input: 100, output: 10, cache_read: 0, cache_write: 0, thinking: 0 },
    }
    const provider = new Cast({
      default: [
        [usage, ...calls(['InvokeAgent', { agent_name: 'explore', prompt: 'go' }])],
        [usage, ...says('good')],
      ],
      explore: [
        [usage, ...calls(['ListFiles', {}])],
        [usage, ...says('done')],
      ],
    })
    const { session, events } = await agentSession(tempProject(), provider)
    await session.prompt([{ type: 'text', text: 'go' }])
    expect(events.findLast(event => event.type === 'usage')).toMatchObject({ usage: { input: 400, output: 40 } })
  })
})

test('twelve agents work side by side', async () => {
  let running = 0
  let most = 0
  const provider = new Cast({
    default: [
      calls(
        ...Array.from({ length: 12 }, (_, n): [string, unknown] => [
          'InvokeAgent',
          { agent_name: 'explore', prompt: `part ${n}` },
        ]),
      ),
      says('done'),
    ],
    explore: Array.from({ length: 12 }, () => async () => {
      most = Math.max(most, ++running)
      while (most < 12) await new Promise(resolve => setImmediate(resolve))
      running--
      return says('found')
    }),
  })
  const { session } = await agentSession(tempProject(), provider)
  await session.prompt([{ type: 'text', text: 'go' }])
  expect(most).toBe(12)
  expect(resultsOf(session)).toHaveLength(12)
})

describe('an agent in the background', () => {
  test('is waited for, and told of by itself otherwise', async () => {
    const provider = new Cast({
      default: [
        calls(
          ['InvokeAgent', { agent_name: 'explore', prompt: 'one', background: true }],
          ['InvokeAgent', { agent_name: 'explore', prompt: 'two', background: true }],
        ),
        calls(['WaitTask', { task_ids: ['agent:1', 'agent:2', 'agent:3'] }]),
        calls(['InvokeAgent', { agent_name: 'explore', prompt: 'three', background: true }]),
        // However long that takes on a busy machine.
        ...Array.from(
          { length: 100 },
          (_, n): Line =>
            messages => {
              return JSON.stringify(messages).includes('found 3')
                ? says('done')
                : calls(['Bash', { command: `sleep 0.1 # ${n}` }])
            },
        ),
      ],
      explore: [says('found 1'), says('found 2'), says('found 3')],
    })
    const { session } = await agentSession(tempProject(), provider)
    await session.prompt([{ type: 'text', text: 'go' }])
    const waited = JSON.parse(resultsOf(session)[2]?.text ?? '')
    expect(waited.summary).toMatchObject({ total: 3, success: 2, not_found: 1 })
    expect(waited.tasks[0]).toMatchObject({ task_id: 'agent:1', status: 'success', agent_name: 'explore' })
    const messages = session.messages()
    const waitedAt = messages.findIndex(message => message.role === 'tool' && message.text.includes('not_found'))
    expect(waitedAt).toBeGreaterThan(0)
    const told = messages.filter(message => message.role === 'user' && message.origin === 'task')
    expect(told.filter(message => JSON.stringify(message).includes('agent:3'))).toHaveLength(1)
    // Who was quicker than the wait may have been told of before it, and never after it.
    const later = messages.slice(waitedAt).filter(message => message.role === 'user' && message.origin === 'task')
    expect(JSON.stringify(later)).not.toMatch(/agent:[12]/)
  })

  test('can be looked at while it works: what it does now, and all it said and did', async () => {
    let goOn = () => undefined as unknown
    const provider = new Cast({
      default: [
        calls(['InvokeAgent', { agent_name: 'explore', prompt: 'which port?', background: true }]),
        says('bye'),
      ],
      explore: [
        calls(['Read', { file_path: 'src/a.ts' }]),
        async () => {
          await new Promise<void>(resolve => {
            goOn = () => resolve()
          })
          return says('It is 8080.')
        },
      ],
    })
    const { session, events } = await agentSession(tempProject({ 'src/a.ts': 'port = 8080\n' }), provider)
    await session.prompt([{ type: 'text', text: 'go' }])
    const doings = () => events.flatMap(event => (event.type === 'tasks' ? event.tasks.map(task => task.doing) : []))
    await vi.waitFor(() => expect(doings()).toContain('Read src/a.ts'), 5_000)
    const transcript = () => {
      const told = session.taskTranscript('agent:1')
      return told.ok ? told.value : told.error
    }
    await vi.waitFor(() => expect(transcript()).toContain('port = 8080'), 5_000)
    expect(transcript()).toContain('> which port?')
    expect(transcript()).toContain('**Read** src/a.ts')
    goOn()
    await vi.waitFor(() => expect(transcript()).toContain('It is 8080.'), 5_000)
    await session.close()
  })

  test('ends with the session', async () => {
    let state = 'waits'
    const provider = new Cast({
      default: [calls(['InvokeAgent', { agent_name: 'explore', prompt: 'one', background: true }]), says('bye')],
      explore: [
        async (_, signal) => {
          state = 'runs'
          await new Promise(resolve => signal.addEventListener('abort', resolve, { once: true }))
          state = 'aborted'
          return says('never heard')
        },
      ],
    })
    const { session } = await agentSession(tempProject(), provider)
    await session.prompt([{ type: 'text', text: 'go' }])
    await vi.waitFor(() => expect(state).toBe('runs'), 5_000)
    await session.close()
    expect(state).toBe('aborted')
  })
})

function lastRequest(provider: Cast, role: string): string {
  return JSON.stringify(provider.requestsOf(role).at(-1)?.messages)
}
