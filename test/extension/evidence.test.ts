import { beforeEach, describe, expect, test } from 'vitest'
import type { ChatEvent, KodeEvent, RecordedRun } from '#shared/protocol/events'
import { Evidence } from '../../extension/evidence'

let files: Record<string, string>
let told: ChatEvent[]
let evidence: Evidence

beforeEach(() => {
  files = { 'a.ts': 'one', 'b.ts': 'two' }
  told = []
  evidence = new Evidence(
    async path => (path in files ? Buffer.from(files[path] ?? '') : undefined),
    event => told.push(event),
  )
  evidence.observe({ type: 'turn_started', turn_id: 't1' })
})

function edit(path: string, text: string): void {
  files[path] = text
  finish(`edit-${path}`, path, { changes: [{ path, status: 'modified' }] })
}

function run(command: string, exitCode: number): void {
  finish(command, command, { exit_code: exitCode })
}

function finish(id: string, title: string, rest: Partial<Extract<KodeEvent, { type: 'tool_result' }>>): void {
  evidence.observe({ type: 'tool_started', call: { type: 'tool_call', id, name: 'x', arguments: '' }, title })
  const message = { role: 'tool' as const, id: `r-${id}`, call_id: id, name: 'x', text: '', status: 'ok' as const }
  evidence.observe({ type: 'tool_result', message, duration_ms: 7, ...rest })
}

async function latest(): Promise<RecordedRun[]> {
  await evidence.settled()
  const last = told.at(-1)
  return last?.type === 'evidence' ? last.runs : []
}

test('of a stored conversation is checked again: what changed while nobody looked is out of date', async () => {
  edit('a.ts', 'new')
  run('npm test', 0)
  const runs = await latest()
  const changes = [{ path: 'a.ts', status: 'modified' as const }]
  const usage = { input: 0, output: 0, cache_read: 0, cache_write: 0, thinking: 0 }
  const gates = { passed: 1, warned: 0, refused: 0 }
  const turn = {
    type: 'turn_recalled' as const,
    turn_id: 't1',
    end: { reason: 'answered' as const },
    changes,
    gates,
    usage,
  }
  const recall = async () => {
    told = []
    const later = new Evidence(
      async path => Buffer.from(files[path] ?? ''),
      event => told.push(event),
    )
    later.recall({ ...turn, runs })
    await later.settled()
    return told
  }
  expect(await recall()).toEqual([])
  files['a.ts'] = 'by hand'
  expect(await recall()).toMatchObject([{ type: 'evidence', turn_id: 't1', runs: [{ stale: ['a.ts'] }] }])
})

describe('evidence', () => {
  test('is a command that ran after a change, with its exit code and the files it saw', async () => {
    edit('a.ts', 'changed')
    run('npm test', 1)
    const [seen] = await latest()
    expect(seen).toMatchObject({ command: 'npm test', exit_code: 1, duration_ms: 7, stale: [] })
    expect(seen?.covers.map(file => file.path)).toEqual(['a.ts'])
  })

  test('is not a command that ran before anything had changed', async () => {
    run('npm test', 0)
    edit('a.ts', 'changed')
    expect(await latest()).toEqual([])
  })

  test.each([
    ['the turn changes the file again', () => edit('a.ts', 'again'), ['a.ts']],
    ['the turn changes another file', () => edit('b.ts', 'too'), ['b.ts']],
    ['somebody else changes the file', () => write('a.ts', 'theirs'), ['a.ts']],
    ['the file is removed', () => write('a.ts', undefined), ['a.ts']],
    ['somebody writes the same text', () => write('a.ts', 'changed'), []],
    ['another file changes', () => write('b.ts', 'theirs'), []],
  ])('when %s is stale for what differs', async (_, happen, stale) => {
    edit('a.ts', 'changed')
    run('npm test', 0)
    await evidence.settled()
    happen()
    expect((await latest())[0]?.stale).toEqual(stale)
  })

  test('counts again once the file is as it was', async () => {
    edit('a.ts', 'changed')
    run('npm test', 0)
    await evidence.settled()
    write('a.ts', 'theirs')
    expect((await latest())[0]?.stale).toEqual(['a.ts'])
    write('a.ts', 'changed')
    expect((await latest())[0]?.stale).toEqual([])
  })

  test('of an earlier turn stays with it', async () => {
    edit('a.ts', 'changed')
    run('npm test', 0)
    evidence.observe({ type: 'turn_started', turn_id: 't2' })
    edit('b.ts', 'second turn')
    run('npm run lint', 0)
    expect((await latest()).map(each => each.command)).toEqual(['npm run lint'])
    expect(told.at(-1)).toMatchObject({ turn_id: 't2' })
  })
})

function write(path: string, text: string | undefined): void {
  if (text === undefined) delete files[path]
  else files[path] = text
  evidence.fileChanged(path)
}
