import { execFileSync } from 'node:child_process'
import { expect, test, vi } from 'vitest'
import type { Sandbox } from '#shared/sandbox/sandbox'
import { type BoardTask, TaskBoard } from '#shared/tasks/task-board'
import { agentSession, resultsOf } from '../../support/agent-session'
import { calls, FakeProvider, says } from '../../support/fake-provider'
import { tempProject } from '../../support/temp-project'

const never = new AbortController().signal

test('a background command goes on beside the turn, is listed with its output, awaited and told once', async () => {
  const provider = new FakeProvider(
    calls(['Bash', { command: 'echo ready; sleep 0.3; echo over; exit 3', background: true }]),
    calls(['ListBackgroundTasks', {}]),
    calls(['WaitTask', { task_ids: ['PID'] }]),
    says('done'),
  )
  const { session, events } = await agentSession(tempProject(), withPid(provider))
  await session.prompt([{ type: 'text', text: 'go' }])
  const [started, listed, waited] = resultsOf(session).map(result => result.text)
  expect(started).toMatch(/^Started as process:\d+\./)
  expect(JSON.parse(listed ?? '')).toMatchObject([{ task_type: 'process', status: 'running', age_secs: 0 }])
  expect(JSON.parse(waited ?? '')).toMatchObject({
    tasks: [{ status: 'failed', exit_code: 3, error: 'ready\nover\n' }],
    summary: { total: 1, failed: 1 },
  })
  expect(events.filter(event => event.type === 'tasks').map(event => event.tasks[0]?.status)).toEqual([
    'running',
    'exited',
  ])
})

test('what kode writes into its own log meanwhile is no change of the command', async () => {
  const provider = new FakeProvider(
    calls(['Bash', { command: 'sleep 0.3; echo made > made.txt', background: true }]),
    calls(['Write', { file_path: 'b.js', content: 'export const b = 1\n' }]),
    calls(['WaitTask', { task_ids: ['PID'] }]),
    says('done'),
  )
  const { session, events } = await agentSession(tempProject(), withPid(provider))
  await session.prompt([{ type: 'text', text: 'go' }])
  await vi.waitFor(() => expect(JSON.stringify(events)).toContain('made.txt'))
  expect(JSON.stringify(events)).not.toContain('kode.log')
})

test('what ended by itself is told to the model before its next request', async () => {
  const provider = new FakeProvider(
    calls(['Bash', { command: 'echo built', background: true }]),
    calls(['Bash', { command: 'sleep 1' }]),
    says('done'),
  )
  const { session } = await agentSession(tempProject(), provider)
  await session.prompt([{ type: 'text', text: 'go' }])
  const told = session.messages().filter(message => message.role === 'user' && message.origin === 'task')
  expect(told).toHaveLength(1)
  expect(JSON.stringify(told)).toMatch(/process:\d+ \(echo built\) exited with exit code 0\.\\nbuilt/)
})

test('the end of the session ends what it started', async () => {
  const provider = new FakeProvider(calls(['Bash', { command: 'sleep 4731', background: true }]), says('done'))
  const { session } = await agentSession(tempProject(), provider)
  await session.prompt([{ type: 'text', text: 'go' }])
  expect(sleepers('4731')).not.toEqual([])
  await session.close()
  await vi.waitFor(() => expect(sleepers('4731')).toEqual([]), 5_000)
})

test('a caller sees and controls only what it started itself', async () => {
  const board = new TaskBoard({} as Sandbox, '/', () => 0)
  const mine = board.deskOf('mine', () => undefined)
  const others = board.deskOf('others', () => undefined)
  const task = fakeTask('agent:1')
  board.add(task, 'mine')
  expect(others.list()).toEqual([])
  expect(others.cancel('agent:1')).toEqual({ ok: false, error: 'forbidden' })
  expect([others.transcript('1'), mine.transcript('1')]).toEqual([
    { ok: false, error: 'forbidden' },
    { ok: true, value: 'looked around' },
  ])
  expect(await others.wait(['1', 'agent:2'], 10, never)).toEqual([
    { id: 'agent:1', outcome: 'forbidden' },
    { id: 'agent:2', outcome: 'not_found' },
  ])
  expect(await mine.wait(['1'], 10, never)).toMatchObject([{ outcome: 'timeout' }])
  task.end('completed')
  await task.ended
  expect(mine.takeFinished()).toMatchObject([{ id: 'agent:1', status: 'completed' }])
  expect(mine.takeFinished()).toEqual([])
})

test('cancelling is the same the second time', async () => {
  const board = new TaskBoard({} as Sandbox, '/', () => 0)
  const desk = board.deskOf('mine', () => undefined)
  board.add(fakeTask('agent:1'), 'mine')
  expect([desk.cancel('agent:1'), desk.cancel('agent:1')]).toMatchObject([{ ok: true }, { ok: true }])
  expect(await desk.wait(['agent:1'], 10, never)).toMatchObject([{ outcome: 'cancelled' }])
})

function fakeTask(id: string): BoardTask & { end(status: 'completed' | 'cancelled'): void } {
  let status: 'running' | 'completed' | 'cancelled' = 'running'
  let resolve = () => undefined as unknown
  const ended = new Promise<void>(done => {
    resolve = () => done()
  })
  const end = (as: 'completed' | 'cancelled') => {
    status = as
    resolve()
  }
  const state = () => ({ status, doing: '', output: '' })
  const transcript = () => 'looked around'
  return { id, kind: 'agent', name: id, startedAt: 0, state, transcript, ended, cancel: () => end('cancelled'), end }
}

/** Calls name the process as the model would: by the id it was told. */
function withPid(provider: FakeProvider): FakeProvider {
  const stream = provider.stream.bind(provider)
  provider.stream = async function* (request, signal) {
    const id = /process:\d+/.exec(JSON.stringify(request.messages))?.[0] ?? ''
    for await (const event of stream(request, signal)) {
      if (event.type !== 'tool_call') yield event
      else yield { ...event, call: { ...event.call, arguments: event.call.arguments.replace('PID', id) } }
    }
  }
  return provider
}

function sleepers(seconds: string): string[] {
  const all = execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' }).split('\n')
  return all.filter(line => line.includes(`sleep ${seconds}`))
}
