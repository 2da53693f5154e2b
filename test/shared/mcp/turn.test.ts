import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import type { ApprovalRequest } from '#shared/protocol/approvals'
import { resultsOf } from '../../support/agent-session'
import { browserServer, hostileServer, referenceServer } from '../../support/mcp-servers'
import { type McpTurn, turnWith } from '../../support/mcp-turn'
import { processesWith } from '../../support/processes'
import { tempProject } from '../../support/temp-project'

/** Somebody who agrees to everything. */
const approved: McpTurn = { isInteractive: true, host: { approve: async () => ({ kind: 'approve' }) } }

describe('reference servers in a headless turn', () => {
  test('a tool that only reads runs, and its server speaks in the system prompt under its own name', async () => {
    const { results, model, kode, session } = await turnWith({ everything: referenceServer('everything') }, [
      ['everything__echo', { message: 'hello' }],
      ['mcp__everything__get-sum', { a: 2, b: 40 }],
    ])
    expect(results).toEqual([
      { status: 'ok', text: 'Echo: hello' },
      { status: 'ok', text: 'The sum of 2 and 40 is 42.' },
    ])
    expect(kode.sessionEvent(session).tools).toContain('everything__get-sum')
    expect(model.requests[0]?.system).toMatch(/\n---\[start of server instructions from everything\]---\n.+\n---\[end/s)
    expect(model.requests[0]?.tools.find(tool => tool.name === 'everything__echo')).toMatchObject({
      description: '[everything] Echoes back the input string',
      input: { type: 'object', properties: { message: { type: 'string' } }, required: ['message'] },
    })
  })

  test('images reach the model as images', async () => {
    const { session } = await turnWith({ everything: referenceServer('everything') }, [
      ['everything__get-tiny-image', {}],
    ])
    expect(resultsOf(session)[0]?.images).toEqual([
      { type: 'image', media_type: 'image/png', data: expect.any(String) },
    ])
  })

  test('progress of a long call is shown while it runs', async () => {
    const { events, results } = await turnWith({ everything: referenceServer('everything') }, [
      ['everything__trigger-long-running-operation', { duration: 1, steps: 3 }],
    ])
    expect(results[0]?.status).toBe('ok')
    expect(events.filter(event => event.type === 'tool_output_delta').length).toBeGreaterThan(0)
  })

  test('what a server writes into the project is found and told', async () => {
    const root = tempProject({ 'a.txt': 'one\n' })
    const { results, events } = await turnWith(
      { disk: referenceServer('filesystem', root), memory: referenceServer('memory') },
      [
        ['disk__read_text_file', { path: join(root, 'a.txt') }],
        ['disk__create_directory', { path: join(root, 'made') }],
        ['memory__create_entities', { entities: [{ name: 'kode', entityType: 'tool', observations: ['verifies'] }] }],
        ['memory__read_graph', {}],
      ],
      { root, env: { MEMORY_FILE_PATH: join(root, 'memory.json') } },
    )
    expect(results.map(result => result.status)).toEqual(['ok', 'ok', 'ok', 'ok'])
    expect(results[0]?.text).toContain('one')
    expect(existsSync(join(root, 'made'))).toBe(true)
    expect(results[3]?.text).toContain('verifies')
    expect(events.filter(event => event.type === 'tool_result')).toHaveLength(4)
  })
})

describe('a browser', () => {
  const page = async () => {
    const server = createServer((_, response) => response.writeHead(200, { 'content-type': 'text/html' }).end(PAGE))
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void server.close())
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  }

  test('opens a page, acts in it and is closed again, beside all other reference servers', {
    timeout: 120_000,
  }, async () => {
    const root = tempProject({ 'a.txt': 'one\n' })
    allowInRules(
      root,
      ['navigate', 'click', 'take_screenshot'].map(tool => `allow destructive browser__browser_${tool}`),
    )
    const { results, notices, session, kode } = await turnWith(
      {
        browser: { ...browserServer(), env: { BROWSER_OF: root } },
        everything: referenceServer('everything'),
        disk: referenceServer('filesystem', root),
        memory: referenceServer('memory'),
      },
      [
        ['browser__browser_navigate', { url: await page() }],
        ['browser__browser_click', { element: 'the button', target: 'button' }],
        ['browser__browser_snapshot', {}],
        ['browser__browser_take_screenshot', {}],
        ['everything__echo', { message: 'hello' }],
        ['disk__read_text_file', { path: join(root, 'a.txt') }],
        ['memory__read_graph', {}],
      ],
      { root, env: { MEMORY_FILE_PATH: join(root, 'memory.json') } },
    )
    expect(notices).toEqual([])
    expect(results.map(result => result.status)).toEqual(Array(7).fill('ok'))
    expect(results[0]?.text).toContain('A page of the test')
    expect(results[2]?.text).toContain('it was pressed')
    expect(resultsOf(session)[3]?.images).toMatchObject([{ media_type: 'image/png' }])
    expect(processesWith(`BROWSER_OF=${root}`).length).toBeGreaterThan(2)
    await session.close()
    await kode.close()
    await vi.waitUntil(() => processesWith(`BROWSER_OF=${root}`).length === 0, { timeout: 10_000 })
  })

  test('does nothing that can destroy where nobody is asked', { timeout: 60_000 }, async () => {
    const { results } = await turnWith({ browser: browserServer() }, [
      ['browser__browser_navigate', { url: await page() }],
    ])
    expect(results).toEqual([{ status: 'denied', text: expect.stringContaining('browser says that it can destroy') }])
  })
})

const PAGE = `<!doctype html><title>A page of the test</title>
<button onclick="this.after('it was pressed')">press</button>`

function allowInRules(root: string, rules: readonly string[]) {
  mkdirSync(join(root, '../.config/kode/db'), { recursive: true })
  writeFileSync(join(root, '../.config/kode/db/rules'), `${rules.join('\n')}\n`)
}

describe('trust', () => {
  const write = (root: string): [string, unknown] => ['disk__write_file', { path: join(root, 'b.txt'), content: 'new' }]

  test('headless: what a server calls destructive is denied, and nothing happens', async () => {
    const root = tempProject()
    const { results } = await turnWith({ disk: referenceServer('filesystem', root) }, [write(root)], { root })
    expect(results).toEqual([{ status: 'denied', text: expect.stringContaining('disk says that it can destroy') }])
    expect(existsSync(join(root, 'b.txt'))).toBe(false)
  })

  test('a rule of the user lets exactly this tool through', async () => {
    const root = tempProject({ 'a.txt': 'one\n' })
    allowInRules(root, ['allow destructive disk__write_file'])
    const { results, events } = await turnWith({ disk: referenceServer('filesystem', root) }, [write(root)], { root })
    expect(results[0]?.status).toBe('ok')
    expect(readFileSync(join(root, 'b.txt'), 'utf8')).toBe('new')
    expect(events).toContainEqual(
      expect.objectContaining({ type: 'tool_result', changes: [{ path: 'b.txt', status: 'created' }] }),
    )
  })

  test.each([
    ['plan', ['ok', 'denied', 'denied', 'denied', 'denied']],
    ['safe', ['ok', 'denied', 'denied', 'denied', 'denied']],
    ['auto', ['ok', 'ok', 'denied', 'denied', 'denied']],
  ] as const)('headless in %s: reads, changes, destroys, says nothing, says nonsense: %j', async (mode, expected) => {
    const tools = ['reads', 'changes', 'destroys', 'echo', 'nonsense']
    const asked = tools.map((tool): [string, unknown] => [`odd__${tool}`, {}])
    const { results } = await turnWith({ odd: hostileServer('hints') }, asked, { mode })
    expect(results.map(result => result.status)).toEqual(expected)
  })

  test('the question names server, tool and arguments, and "always" can be kept for this very call', async () => {
    const requests: ApprovalRequest[] = []
    const { results } = await turnWith({ silent: hostileServer() }, [['silent__echo', { word: 'hi' }]], {
      isInteractive: true,
      host: {
        async approve(request) {
          requests.push(request)
          return { kind: 'approve' }
        },
      },
    })
    expect(results).toEqual([{ status: 'ok', text: 'echo {"word":"hi"}' }])
    expect(requests).toMatchObject([
      {
        title: 'silent: echo {"word":"hi"}',
        effect: { class: 'destructive', programs: ['silent__echo'] },
        reason: 'silent does not say what it can do; auto mode asks first',
        rules: [{ rule: 'allow line silent: echo {"word":"hi"}' }],
      },
    ])
  })
})

describe('servers that misbehave cost their own tools and one line', () => {
  const good = { good: hostileServer() }

  test.each([
    ['crash-at-start', /^MCP server bad: no licence was found$/],
    ['mute', /^MCP server bad: no answer within 1 s$/],
    ['mute-at-list', /^MCP server bad: no answer within 1 s$/],
    ['endless-pages', /^MCP server bad: .*(pages|pagination)/i],
    ['flood-unasked', /^MCP server bad: it sends without end/],
  ])('%s', async (habit, expected) => {
    const servers = {
      bad: { ...hostileServer(habit), start_timeout: habit.startsWith('mute') ? 1000 : 30_000 },
      ...good,
    }
    const { notices, model, results } = await turnWith(servers, [['good__echo', {}]], { mode: 'plan' })
    expect(notices).toEqual([expect.stringMatching(expected)])
    expect(model.requests[0]?.tools.map(tool => tool.name).filter(name => name.includes('__'))).toEqual(['good__echo'])
    expect(results).toHaveLength(1)
  })

  test('a program that does not exist', async () => {
    const { notices } = await turnWith({ bad: { command: 'no-such-program-here' } }, [])
    expect(notices).toEqual([expect.stringContaining('MCP server bad: there is no program "no-such-program-here"')])
  })

  test.each([
    ['crash-at-call', 'error', /^Error: bad: it ended with exit code 9$/],
    ['hang-at-call', 'error', /^Error: bad: .*timed out/i],
    ['no-newline', 'error', /^Error: bad: it sent a message of more than 32 MB$/],
    ['wrong-result', 'error', /^Error: bad: Invalid result/],
    ['chatter', 'ok', /^echo/],
    ['flood-stderr', 'ok', /^echo/],
    ['escapes', 'ok', /^shown$/],
  ])('%s at a call: the model gets one result that says so', async (habit, status, expected) => {
    const servers = { bad: { ...hostileServer(habit), timeout: habit === 'hang-at-call' ? 1500 : 30_000 } }
    const { results } = await turnWith(servers, [['bad__echo', { a: 1 }]], approved)
    expect(results).toEqual([{ status, text: expect.stringMatching(expected) }])
  })

  test('a result of 10 MB is cut in front of the model and kept as far as is sensible', async () => {
    const { session, results } = await turnWith({ bad: hostileServer('huge-result') }, [['bad__echo', {}]], approved)
    expect(results[0]?.text.length).toBeLessThan(50_000)
    expect(results[0]?.text).toMatch(/^begin y+\n\[… \d+ characters left out …\]\ny+ end$/)
    expect(resultsOf(session)).toHaveLength(1)
  })
})
