/** Tools whose answer depends on what came before, or on what the web says. Real files and processes. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { ok } from '#shared/base/result'
import type { Web } from '#shared/host/host'
import type { ToolStatus } from '#shared/protocol/messages'
import { agentSession, resultsOf } from '../../support/agent-session'
import { calls, FakeProvider, says } from '../../support/fake-provider'
import { tempProject } from '../../support/temp-project'

type Call = [tool: string, input: unknown]

const edit = (path: string, replacements: object[]): Call => ['Edit', { file_path: path, replacements }]
const read = (path: string): Call => ['Read', { file_path: path }]
const bash = (command: string, more = {}): Call => ['Bash', { command, ...more }]

describe('one call after the other', () => {
  test.each<[string, Call[], ToolStatus, RegExp, Record<string, string | null>]>([
    [
      'a second edit needs no new read',
      [
        read('a.txt'),
        edit('a.txt', [{ old_str: 'one', new_str: 'eins' }]),
        edit('a.txt', [{ old_str: 'two\n', new_str: 'zwei\n' }]),
      ],
      'ok',
      /^Edited a\.txt/,
      { 'a.txt': 'eins\nzwei\ntwo-b\n' },
    ],
    [
      'several replacements work on the evolving text',
      [
        edit('a.txt', [
          { old_str: 'one', new_str: 'three' },
          { old_str: 'three', new_str: 'four' },
        ]),
      ],
      'ok',
      /2 replacements/,
      { 'a.txt': 'four\ntwo\ntwo-b\n' },
    ],
    [
      'none of several replacements is made when one does not fit',
      [
        edit('a.txt', [
          { old_str: 'one', new_str: 'eins' },
          { old_str: 'nowhere', new_str: 'x' },
        ]),
      ],
      'error',
      /nowhere|not found|does not occur/i,
      { 'a.txt': 'one\ntwo\ntwo-b\n' },
    ],
    [
      'all places are replaced when asked',
      [edit('a.txt', [{ old_str: 'two', new_str: '2', replace_all: true }])],
      'ok',
      /^Edited/,
      { 'a.txt': 'one\n2\n2-b\n' },
    ],
    [
      'line ends stay as they are',
      [edit('crlf.txt', [{ old_str: 'a\nb', new_str: 'a\nB' }])],
      'ok',
      /^Edited/,
      { 'crlf.txt': 'a\r\nB\r\n' },
    ],
    [
      'what a command changed since it was read is not overwritten',
      [read('a.txt'), bash('echo more >> a.txt'), edit('a.txt', [{ old_str: 'one', new_str: 'eins' }])],
      'error',
      /changed since you read it\. Read it again/,
      { 'a.txt': 'one\ntwo\ntwo-b\nmore\n' },
    ],
    [
      'what the session itself made can be deleted without a human',
      [
        ['Write', { file_path: 'mine.txt', content: 'x\n' }],
        ['Delete', { file_path: 'mine.txt' }],
      ],
      'ok',
      /^Deleted mine\.txt/,
      { 'mine.txt': null },
    ],
    ['lines beyond the file are none', [['Read', { file_path: 'a.txt', start_line: 9 }]], 'ok', /only 3 lines/, {}],
    [
      'a search through 100,000 lines is cut, and says so',
      [bash('seq 100000 > many.txt'), ['Grep', { pattern: '.', file_path: 'many.txt' }]],
      'ok',
      /^\d+ matches \(1 files\)\n[\s\S]*more lines; narrow the search\]$/,
      {},
    ],
    [
      'a search meets bytes that are no UTF-8',
      [bash("printf 'caf\\351 needle\\n' > latin.txt"), ['Grep', { pattern: 'needle' }]],
      'ok',
      /latin\.txt:1:caf.* needle/,
      {},
    ],
    [
      'a command with 100,000 lines of bytes that are no UTF-8',
      [bash("yes $(printf '\\377\\376') | head -100000")],
      'ok',
      /^Exit code 0 \(stdout 100000 lines\)[\s\S]*characters left out/,
      {},
    ],
    [
      'a command in the background is waited for, with its exit code',
      [bash('sleep 0.2; exit 3', { background: true }), ['WaitTask', { task_ids: ['PROCESS'] }]],
      'ok',
      /"status":"failed".*"exit_code":3/,
      {},
    ],
    [
      'a command in the background is cancelled, twice as well as once',
      [
        bash('sleep 60', { background: true }),
        ['CancelTask', { task_id: 'PROCESS' }],
        ['CancelTask', { task_id: 'PROCESS' }],
      ],
      'ok',
      /"cancelled":true/,
      {},
    ],
    [
      'what the command printed so far is listed',
      [bash('echo ready; sleep 60', { background: true }), bash('sleep 0.5'), ['ListBackgroundTasks', {}]],
      'ok',
      /"status":"running".*ready/,
      {},
    ],
  ])('%s', async (_, sequence, status, text, files) => {
    const root = tempProject({ 'a.txt': 'one\ntwo\ntwo-b\n', 'crlf.txt': 'a\r\nb\r\n' })
    const process = () => /process:\d+/.exec(resultsOf(session)[0]?.text ?? '')?.[0] ?? ''
    const replies = sequence.map(
      ([tool, input]) =>
        async function* () {
          yield* calls([tool, JSON.parse(JSON.stringify(input).replaceAll('PROCESS', process()))])
        },
    )
    const { session } = await agentSession(root, new FakeProvider(...replies, says('done')))
    await session.prompt([{ type: 'text', text: 'go' }])
    const last = resultsOf(session).at(-1)
    expect(last?.text).toMatch(text)
    expect(last?.status).toBe(status)
    for (const [path, content] of Object.entries(files)) {
      if (content === null) expect(existsSync(join(root, path))).toBe(false)
      else expect(readFileSync(join(root, path), 'utf8')).toBe(content)
    }
  })

  test('what the user changed since it was read is not overwritten', async () => {
    const root = tempProject({ 'a.txt': 'one\n' })
    const provider = new FakeProvider(
      calls(read('a.txt')),
      says('seen'),
      calls(edit('a.txt', [{ old_str: 'one', new_str: 'eins' }])),
      says('done'),
    )
    const { session } = await agentSession(root, provider)
    await session.prompt([{ type: 'text', text: 'look' }])
    writeFileSync(join(root, 'a.txt'), 'one of mine\n')
    await session.prompt([{ type: 'text', text: 'now change it' }])
    expect(resultsOf(session).at(-1)).toMatchObject({
      status: 'error',
      text: expect.stringContaining('changed since you read it'),
    })
    expect(readFileSync(join(root, 'a.txt'), 'utf8')).toBe('one of mine\n')
  })
})

describe('WebFetch', () => {
  test.each<[string, { status?: number; contentType?: string; body: string | Buffer }, object, ToolStatus, RegExp]>([
    [
      'a page is Markdown, without scripts',
      { body: '<h1>Title</h1><script>evil()</script><p>Some <b>bold</b> <a href="https://x.example/y">link</a>.</p>' },
      {},
      'ok',
      /^# Title\n\nSome \*\*bold\*\* \[link\]\(https:\/\/x\.example\/y\)\.$/,
    ],
    ['a page as it is', { body: '<h1>Title</h1>' }, { raw: true }, 'ok', /^<h1>Title<\/h1>$/],
    ['JSON stays JSON', { body: '{"a":1}', contentType: 'application/json' }, {}, 'ok', /^\{"a":1\}$/],
    [
      'an encoding that the page names',
      { body: Buffer.from('<meta charset="latin1"><p>caf\xe9</p>', 'latin1') },
      {},
      'ok',
      /^café$/,
    ],
    ['a page that is not there', { status: 404, body: 'gone' }, {}, 'error', /answered 404/],
    ['what is no text', { body: 'x', contentType: 'application/zip' }, {}, 'error', /is application\/zip, not text/],
    [
      'a long page is cut in the middle',
      { body: `<p>begin ${'word '.repeat(20_000)} end</p>` },
      {},
      'ok',
      /^begin word [\s\S]*left out[\s\S]* end$/,
    ],
  ])('%s', async (_, { status = 200, contentType = 'text/html', body }, more, outcome, text) => {
    const web: Web = {
      fetch: async ({ url }) => ok({ status, url, contentType, bytes: Buffer.from(body), isCut: false }),
    }
    const call: Call = ['WebFetch', { url: 'https://pages.example/', ...more }]
    const { session } = await agentSession(tempProject(), new FakeProvider(calls(call), says('done')), {
      host: { web },
    })
    await session.prompt([{ type: 'text', text: 'fetch' }])
    expect(resultsOf(session)[0]?.text).toMatch(text)
    expect(resultsOf(session)[0]?.status).toBe(outcome)
  })

  test('a page is asked for once in a quarter of an hour, what failed is asked for again', async () => {
    const asked: string[] = []
    const web: Web = {
      fetch: async ({ url }) => {
        asked.push(url)
        const status = url.endsWith('/gone') ? 404 : 200
        return ok({ status, url, contentType: 'text/plain', bytes: Buffer.from(`page ${asked.length}`), isCut: false })
      },
    }
    let time = 0
    const page: Call = ['WebFetch', { url: 'https://pages.example/' }]
    const gone: Call = ['WebFetch', { url: 'https://pages.example/gone' }]
    const provider = new FakeProvider(calls(page), calls(page), calls(gone), calls(gone), calls(page), says('done'))
    const { session } = await agentSession(tempProject(), provider, { host: { web, now: () => time } })
    session.subscribe(event => {
      // Before the last call.
      if (event.type === 'tool_result' && asked.length === 3) time += 16 * 60_000
    })
    await session.prompt([{ type: 'text', text: 'fetch' }])
    expect(asked.map(url => new URL(url).pathname)).toEqual(['/', '/gone', '/gone', '/'])
    expect(resultsOf(session).map(result => result.text)).toEqual([
      'page 1',
      'page 1',
      expect.stringContaining('404'),
      expect.stringContaining('404'),
      'page 4',
    ])
  })
})
