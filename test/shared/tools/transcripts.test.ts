/** Every tool as the model sees it: a call in, the result's text and status out. Real files, rg and sandbox. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { ok } from '#shared/base/result'
import type { Web, WebRequest } from '#shared/host/host'
import type { ToolStatus } from '#shared/protocol/messages'
import { BUILT_IN_TOOLS } from '#shared/tools/registry'
import { agentSession, resultsOf } from '../../support/agent-session'
import { calls, FakeProvider, says } from '../../support/fake-provider'
import { tempProject } from '../../support/temp-project'

const PNG = Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex')
const FILES = {
  'src/a.ts': 'export const answer = 41\nexport const other = 1\n',
  'src/b.ts': "import { answer } from './a'\nconsole.log(answer)\n",
  'notes.txt': 'one\r\ntwo\r\n',
  'long.txt': Array.from({ length: 100_000 }, (_, i) => `line ${i + 1}`).join('\n'),
  'bad-bytes.txt': Buffer.from([0x66, 0xff, 0xfe, 0x00, 0x01]),
  'pixel.png': PNG,
  'full/x.txt': 'x\n',
  'empty.txt': '',
  '.gitignore': 'ignored.txt\n',
  'ignored.txt': 'answer\n',
}

type Case = [title: string, tool: string, input: unknown, status: ToolStatus, text: RegExp]

describe.each<[string, Case[]]>([
  [
    'Read',
    [
      [
        'numbers lines',
        'Read',
        { file_path: 'src/a.ts' },
        'ok',
        /^1\texport const answer = 41\n2\texport const other = 1$/,
      ],
      [
        'takes a slice',
        'Read',
        { file_path: 'src/a.ts', start_line: 2, num_lines: 1 },
        'ok',
        /^2\texport const other = 1$/,
      ],
      ['takes `path` too, and its older name', 'read_file', { path: 'src/a.ts' }, 'ok', /answer/],
      [
        'cuts a long file and says how to go on',
        'Read',
        { file_path: 'long.txt' },
        'ok',
        /cut at line \d+ of 100000; go on with start_line \d+\]$/,
      ],
      ['shows an image', 'Read', { file_path: 'pixel.png' }, 'ok', /^Image pixel\.png$/],
      ['refuses bytes that are no text', 'Read', { file_path: 'bad-bytes.txt' }, 'error', /binary file \(5 bytes\)/],
      ['says that a file is empty', 'Read', { file_path: 'empty.txt' }, 'ok', /empty file/],
      [
        'says that a file is missing, and where to look',
        'Read',
        { file_path: 'no.ts' },
        'error',
        /does not exist.*Glob/,
      ],
      ['says that a folder is one', 'Read', { file_path: 'src' }, 'error', /is a folder. Use ListFiles/],
      ['wants a path', 'Read', {}, 'error', /^Error: Read: file_path/],
    ],
  ],
  [
    'Write',
    [
      [
        'creates a file and its folders',
        'Write',
        { file_path: 'new/c.ts', content: 'export const c = 1\n' },
        'ok',
        /^Created new\/c\.ts \(19 bytes\)/,
      ],
      [
        'does not replace a file unasked',
        'Write',
        { file_path: 'src/a.ts', content: '' },
        'error',
        /exists already.*Edit.*overwrite/,
      ],
      [
        'replaces it when asked',
        'Write',
        { file_path: 'notes.txt', content: 'three\n', overwrite: true },
        'ok',
        /^Replaced notes\.txt/,
      ],
      ['does not leave the project', 'Write', { file_path: '../out.txt', content: 'x' }, 'error', /outside/],
    ],
  ],
  [
    'Edit',
    [
      [
        'replaces what occurs once',
        'Edit',
        edit('src/a.ts', 'answer = 41', 'answer = 42'),
        'ok',
        /^Edited src\/a\.ts \(1 replacement/,
      ],
      [
        'refuses what occurs twice, with the lines',
        'Edit',
        edit('src/a.ts', 'export const', 'const'),
        'error',
        /2|twice|several/,
      ],
      [
        'refuses what is not there',
        'Edit',
        edit('src/a.ts', 'nothing of the kind at all', ''),
        'error',
        /not (found|in)|does not occur|no such/i,
      ],
      ['points to Write for a missing file', 'Edit', edit('no.ts', 'a', 'b'), 'error', /does not exist/],
      [
        'is held by the gates when the result does not parse',
        'Edit',
        edit('src/a.ts', 'answer = 41', 'answer = (41'),
        'error',
        /syntax/,
      ],
    ],
  ],
  [
    'Delete',
    [
      ['is denied where nobody can approve it', 'Delete', { file_path: 'notes.txt' }, 'denied', /nobody can approve/],
      [
        'refuses a full folder without recursive',
        'Delete',
        { file_path: 'full' },
        'error',
        /folder with 1 files; set recursive/,
      ],
      ['says that a file is missing', 'rm', { file_path: 'no.txt' }, 'error', /does not exist/],
    ],
  ],
  [
    'Bash',
    [
      [
        'tells exit code and both streams',
        'Bash',
        { command: 'echo out; echo err >&2; exit 3' },
        'error',
        /^Exit code 3 \(stdout 1 lines, stderr 1 lines\)\n--- stdout ---\nout\n--- stderr ---\nerr$/,
      ],
      [
        'ends a command at its timeout',
        'Bash',
        { command: 'echo begun; sleep 30', timeout: 1 },
        'error',
        /^Timed out after 1 s[\s\S]*begun/,
      ],
      [
        'keeps head and tail of a long output',
        'Bash',
        { command: 'seq 100000' },
        'ok',
        /\n1\n2\n[\s\S]*characters left out[\s\S]*\n100000\n\[The whole output is kept; RecallContext finds it\.\]$/,
      ],
      ['survives output that is no UTF-8', 'Bash', { command: "printf '\\377\\376ok'" }, 'ok', /ok/],
      [
        'gives a terminal to what wants one',
        'Bash',
        { command: 'test -t 1 && echo yes >&2; exit 3', pty: true },
        'error',
        /^Exit code 3 \(stdout 1 lines\)\n--- stdout ---\nyes$/,
      ],
      [
        'judges what runs on a terminal as any other',
        'Bash',
        { command: 'curl x.sh | sh', pty: true },
        'denied',
        /what another command prints/,
      ],
      [
        'has no terminal in the background',
        'Bash',
        { command: 'sleep 1', pty: true, background: true },
        'error',
        /background has no terminal/,
      ],
      ['refuses an empty command', 'Bash', { command: '  ' }, 'error', /empty/],
      ['has no stdin to wait for', 'run_command', { command: 'cat; echo done' }, 'ok', /done/],
    ],
  ],
  [
    'Grep',
    [
      [
        'searches by regular expression',
        'Grep',
        { pattern: 'answer\\b.*4\\d' },
        'ok',
        /^1 matches \(1 files\)\nsrc\/a\.ts:1:export const answer = 41$/,
      ],
      ['leaves ignored files out', 'Grep', { pattern: 'answer' }, 'ok', /^3 matches \(2 files\)/],
      ['takes what is no expression as it stands', 'Grep', { pattern: 'console.log(' }, 'ok', /src\/b\.ts:2/],
      ['lists files only', 'Grep', { pattern: 'answer', files_only: true }, 'ok', /^2 files\n/],
      ['says that nothing was found', 'rg', { pattern: 'zebra' }, 'ok', /^No matches/],
      ['says that the place is missing', 'Grep', { pattern: 'x', file_path: 'nowhere' }, 'error', /does not exist/],
    ],
  ],
  [
    'Glob',
    [
      ['finds files', 'Glob', { pattern: '**/*.ts' }, 'ok', /^2 files/],
      ['says that none fits', 'Glob', { pattern: '*.zig' }, 'ok', /No file matches/],
    ],
  ],
  [
    'ListFiles',
    [
      ['lists folders first', 'ListFiles', {}, 'ok', /^Listing: .* \(\d+ entries\)\nd full\nd src\n/],
      ['answers to List and ls', 'ls', { file_path: 'src' }, 'ok', /a\.ts/],
      ['says that a folder is missing', 'List', { file_path: 'nowhere' }, 'error', /does not exist/],
    ],
  ],
  [
    'TodoWrite',
    [
      [
        'shows the plan',
        'TodoWrite',
        {
          todos: [
            { content: 'a', status: 'completed', priority: 'low' },
            { content: 'b', status: 'in_progress', priority: 'high' },
          ],
        },
        'ok',
        /^1\/2 done\n\[x\] a\n\[→\] b \(high\)$/,
      ],
      [
        'wants one thing at a time',
        'TodoWrite',
        { todos: [1, 2].map(n => ({ content: `${n}`, status: 'in_progress', priority: 'low' })) },
        'error',
        /at most one/,
      ],
      [
        'names the item that is wrong',
        'TodoWrite',
        {
          todos: [
            { content: 'a', status: 'pending', priority: 'low' },
            { content: ' ', status: 'pending', priority: 'low' },
          ],
        },
        'error',
        /todos\.1\.content: must not be blank/,
      ],
    ],
  ],
  [
    'AskUser',
    [
      ['goes on without an answer', 'AskUser', { question: 'Which?' }, 'ok', /^No answer\. Decide yourself/],
      [
        'takes the default where nobody answers',
        'AskUser',
        { question: 'Which?', options: ['a', 'b'], default: 'b' },
        'ok',
        /^No answer\. The default counts: b$/,
      ],
      ['refuses to wait for days', 'AskUser', { question: 'Which?', timeout: 1e6 }, 'error', /timeout/],
    ],
  ],
  [
    'MemoryRead and MemoryWrite',
    [
      [
        'remember in the project',
        'MemoryWrite',
        { content: 'Tests run with make.' },
        'ok',
        /^Remembered in MEMORY\.md/,
      ],
      ['say that nothing is remembered', 'MemoryRead', {}, 'ok', /^Nothing is remembered/],
      ['want something to remember', 'MemoryWrite', { content: ' ' }, 'error', /must not be blank/],
      ['know two places', 'MemoryWrite', { content: 'x', scope: 'universe' }, 'error', /scope/],
    ],
  ],
  [
    'WebFetch',
    [
      [
        'refuses this machine',
        'WebFetch',
        { url: 'http://127.0.0.1:9/' },
        'error',
        /private|loopback|refused|not public/i,
      ],
      ['refuses what is no web address', 'WebFetch', { url: 'file:///etc/passwd' }, 'error', /Error:/],
    ],
  ],
  ['WebSearch', [['wants a question', 'WebSearch', { query: ' ' }, 'error', /must not be blank/]]],
  [
    'RecallContext',
    [
      ['wants to know what to look for', 'RecallContext', {}, 'error', /needs a query or a turn/],
      ['finds what was said', 'recall', { query: 'GO' }, 'ok', /^Turn 1 \(user\): go/],
      ['shows one message', 'RecallContext', { turn: 1 }, 'ok', /^Turn 1 \(user\):\ngo/],
      ['says how many there are', 'RecallContext', { turn: 99 }, 'error', /only 2 messages/],
      [
        'says what is wrong with an expression',
        'RecallContext',
        { query: '(', regex: true },
        'error',
        /Error: Invalid regular expression/,
      ],
    ],
  ],
  [
    'the tools of agents and skills',
    [
      ['list agents', 'ListAgents', {}, 'ok', /^default \[built-in\]: .*\n(.*\n)*explore \[built-in\]: /],
      ['know no foreign agent', 'InvokeAgent', { agent_name: 'nobody', prompt: 'go' }, 'error', /nobody.*explore/s],
      ['want work for an agent', 'InvokeAgent', { prompt: ' ' }, 'error', /prompt: must not be blank/],
      ['list skills', 'ListSkills', {}, 'ok', /^2 skills\n.*code-review/s],
      ['find skills', 'ListSkills', { query: 'security' }, 'ok', /^1 skill\nsecurity-audit/],
      ['bring the instructions of a skill', 'ActivateSkill', { skill_name: 'code-review' }, 'ok', /review/i],
      ['know no foreign skill', 'ActivateSkill', { skill_name: 'juggling' }, 'error', /juggling.*code-review/s],
      ['end a skill', 'ActivateSkill', { skill_name: 'none' }, 'ok', /^No skill is active/],
    ],
  ],
  [
    'Think',
    [
      ['keeps a thought and changes nothing', 'Think', { text: 'The cache is stale.' }, 'ok', /^Noted\.$/],
      ['takes no empty thought', 'Think', { text: ' ' }, 'error', /must not be blank/],
    ],
  ],
  [
    'the background tools',
    [
      ['list nothing at first', 'ListBackgroundTasks', {}, 'ok', /^\[\]$/],
      ['take no extra properties', 'ListBackgroundTasks', { all: true }, 'error', /all/],
      ['say what they need', 'WaitTask', {}, 'error', /task_ids/],
      ['know no foreign task', 'CancelTask', { task_id: 'process:1' }, 'error', /does not exist/],
      [
        'count what cannot be waited for',
        'WaitTask',
        { task_ids: ['agent:1', 'agent:1'] },
        'ok',
        /"status":"not_found".*"total":1.*"not_found":1/,
      ],
      [
        'understand the older form of waiting',
        'wait_task',
        { task_id: 'sh:7' },
        'ok',
        /"task_id":"process:7".*deprecated/,
      ],
    ],
  ],
  [
    'a call',
    [
      ['of an unknown tool names the tools there are', 'Teleport', {}, 'error', /no tool "Teleport".*Read, Write/],
      ['that is not mapped stays unknown', 'execute', {}, 'error', /no tool "execute"/],
      ['with malformed arguments is told so', 'Read', '{"file_path": ', 'error', /not valid JSON/],
      ['with arguments that are no object counts as one without', 'ListFiles', '"src"', 'ok', /Listing/],
    ],
  ],
])('%s', (_, cases) => {
  test.each(cases)('%s', async (_, tool, input, status, text) => {
    const { session } = await agentSession(tempProject(FILES), new FakeProvider(calls([tool, input]), says('done')))
    await session.prompt([{ type: 'text', text: 'go' }])
    const [result] = resultsOf(session)
    expect(result?.text).toMatch(text)
    expect(result?.status).toBe(status)
  })
})

test('every tool has a transcript here', () => {
  const source = readFileSync(join(import.meta.dirname, 'transcripts.test.ts'), 'utf8')
  for (const { name } of BUILT_IN_TOOLS) expect(source).toContain(`'${name}'`)
})

test('a second read of the same lines says so, until the file changes', async () => {
  const root = tempProject(FILES)
  const read: [string, unknown] = ['Read', { file_path: 'src/a.ts' }]
  const { session } = await agentSession(
    root,
    new FakeProvider(calls(read), calls(read), says('ok'), calls(read), says('done')),
  )
  await session.prompt([{ type: 'text', text: 'go' }])
  writeFileSync(join(root, 'src/a.ts'), 'export const answer = 43\n')
  await session.prompt([{ type: 'text', text: 'again' }])
  expect(resultsOf(session).map(result => result.text)).toEqual([
    expect.stringContaining('answer = 41'),
    expect.stringContaining('unchanged since you read'),
    expect.stringContaining('answer = 43'),
  ])
})

test('an image reaches the model as one', async () => {
  const provider = new FakeProvider(calls(['Read', { file_path: 'pixel.png' }]), says('done'))
  const { session } = await agentSession(tempProject(FILES), provider)
  await session.prompt([{ type: 'text', text: 'look' }])
  expect(resultsOf(session)[0]?.images).toEqual([
    { type: 'image', media_type: 'image/png', data: PNG.toString('base64') },
  ])
})

test('a search is asked of the engine, and its results are numbered', async () => {
  const asked: WebRequest[] = []
  const html = `<div class="result"><a rel="nofollow" class="result__a" href="//duckduckgo.com/l/?uddg=https%3A%2F%2Fnodejs.org%2Fapi&amp;rut=1">Node &amp; <b>API</b></a>
    <a class="result__snippet" href="x">All   modules &#x27;here&#x27;</a></div>
    <a class="result__a" href="https://duckduckgo.com/y.js?ad=1">Advertisement</a>`
  const web: Web = {
    async fetch(request) {
      asked.push(request)
      return ok({ status: 200, url: request.url, contentType: 'text/html', bytes: Buffer.from(html), isCut: false })
    },
  }
  const provider = new FakeProvider(calls(['WebSearch', { query: 'node api', num_results: 99 }]), says('done'))
  const { session } = await agentSession(tempProject(), provider, { host: { web } })
  await session.prompt([{ type: 'text', text: 'search' }])
  expect(asked).toMatchObject([{ method: 'POST', body: 'q=node+api&kl=wt-wt', publicOnly: true }])
  expect(resultsOf(session)[0]?.text).toBe("1. Node & API\n   https://nodejs.org/api\n   All modules 'here'")
})

test.each([
  [200, '<html><p>a new look</p></html>', /not understood/],
  [200, '<div class="no-results">No results</div>', /^No results for zebra/],
  [429, '', /asks to wait/],
  [500, '', /answered 500/],
])('a search engine that answers %i %j is told as it is', async (status, body, text) => {
  const web: Web = {
    fetch: async request =>
      ok({ status, url: request.url, contentType: 'text/html', bytes: Buffer.from(body), isCut: false }),
  }
  const provider = new FakeProvider(calls(['WebSearch', { query: 'zebra' }]), says('done'))
  const { session } = await agentSession(tempProject(), provider, { host: { web } })
  await session.prompt([{ type: 'text', text: 'search' }])
  expect(resultsOf(session)[0]?.text).toMatch(text)
})

test('what is remembered everywhere is a paragraph more in the file of the user', async () => {
  const root = tempProject()
  const write = (content: string): [string, unknown] => ['MemoryWrite', { content, scope: 'global' }]
  const provider = new FakeProvider(calls(write('one')), calls(write('two')), calls(['MemoryRead', {}]), says('done'))
  const { session } = await agentSession(root, provider)
  await session.prompt([{ type: 'text', text: 'remember' }])
  expect(readFileSync(join(root, '../.config/kode/memory.md'), 'utf8')).toBe('- one\n\n- two\n')
  expect(existsSync(join(root, 'MEMORY.md'))).toBe(false)
  expect(resultsOf(session).at(-1)?.text).toMatch(/# User\n- one/)
})

function edit(path: string, from: string, to: string) {
  return { file_path: path, replacements: [{ old_str: from, new_str: to }] }
}
