import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { MarkdownRows } from '../../cli/interactive/markdown-rows'
import { wantsCodeColour } from '../../cli/interactive/output-above'
import { type Script, startScriptedProvider } from '../support/scripted-provider'
import { tempProject } from '../support/temp-project'
import { KEY, Terminal } from '../support/terminal'

const WRITE = { toolCalls: [{ name: 'Write', arguments: { file_path: 'a.txt', content: 'one\n' } }] }

describe('kode without a prompt, on a terminal', () => {
  test('answers, goes on, and leaves with Ctrl-D', async () => {
    const { terminal, model } = await open([{ text: 'It is **four**.' }, { text: 'Still four.' }])
    await terminal.shows('> ')
    terminal.type(`two and two?${KEY.enter}`)
    await terminal.shows('It is four.')
    terminal.type(`sure?${KEY.enter}`)
    await terminal.shows('Still four.')
    terminal.type(KEY.ctrlD)
    expect(await terminal.end).toBe(0)
    expect(JSON.stringify(model.requests[1]?.body.messages)).toContain('two and two?')
  })

  test('asks before a file is written: n leaves it, y writes it', async () => {
    const script = [WRITE, { text: 'Not then.' }, WRITE, { text: 'Written.' }]
    const { terminal, root } = await open(script, ['--mode', 'safe'])
    await terminal.shows('safe > ')
    terminal.type(`write it${KEY.enter}`)
    await terminal.shows('y yes')
    expect(terminal.text).toContain('+one')
    terminal.type('n')
    await terminal.shows('Not then.')
    expect(existsSync(join(root, 'a.txt'))).toBe(false)
    terminal.type(`do${KEY.enter}`)
    await terminal.shows('y yes')
    terminal.type('y')
    await terminal.shows('Written.')
    expect(readFileSync(join(root, 'a.txt'), 'utf8')).toBe('one\n')
  })

  test('a number grants the rule it shows, and the next such command is not asked about', async () => {
    const make = (name: string) => ({ toolCalls: [{ name: 'Bash', arguments: { command: `mkdir ${name}` } }] })
    const { terminal, root } = await open([make('one'), make('two'), { text: 'Both made.' }], ['--mode', 'safe'])
    await terminal.shows('safe > ')
    terminal.type(`make them${KEY.enter}`)
    await terminal.shows('2 yes, and remember "allow local_mutation mkdir"')
    await terminal.shows('y yes')
    terminal.type('2')
    await terminal.shows('Both made.')
    expect(existsSync(join(root, 'one')) && existsSync(join(root, 'two'))).toBe(true)
  })

  test('f says no, and what to do instead', async () => {
    const { terminal, model } = await open([WRITE, { text: 'I see.' }], ['--mode', 'safe'])
    await terminal.shows('safe > ')
    terminal.type(`write it${KEY.enter}`)
    await terminal.shows('y yes')
    terminal.type('f')
    await terminal.shows('Tell kode')
    terminal.type(`call it b.txt${KEY.enter}`)
    await terminal.shows('I see.')
    expect(JSON.stringify(model.requests[1]?.body.messages.at(-1))).toContain('call it b.txt')
  })

  test.each([
    ['1 3', { multiple: true }, 'red\nblue'],
    ['1 and 3', { multiple: true }, '1 and 3'],
    ['2', {}, 'green'],
    ['1 3', {}, '1 3'],
    ['', { default: 'blue' }, 'No answer. The default counts: blue'],
  ])('a question that is answered with "%s", %o, tells the model so', async (typed, more, answer) => {
    const ask = { name: 'AskUser', arguments: { question: 'Which?', options: ['red', 'green', 'blue'], ...more } }
    const { terminal, model } = await open([{ toolCalls: [ask] }, { text: 'I see.' }])
    await terminal.shows('> ')
    terminal.type(`paint it${KEY.enter}`)
    await terminal.shows('3. blue')
    await terminal.shows('> ')
    terminal.type(`${typed}${KEY.enter}`)
    await terminal.shows('I see.')
    expect(model.requests[1]?.body.messages.at(-1)?.content).toBe(answer)
  })

  test('a question waits no longer than it says', async () => {
    const ask = { name: 'AskUser', arguments: { question: 'Which?', default: 'blue', timeout: 1 } }
    const { terminal, model } = await open([{ toolCalls: [ask] }, { text: 'Blue, then.' }])
    await terminal.shows('> ')
    terminal.type(`paint it${KEY.enter}`)
    await terminal.shows('Enter alone: blue. Waits 1 s.')
    await terminal.shows('Blue, then.')
    expect(model.requests[1]?.body.messages.at(-1)?.content).toBe('No answer within 1 s. The default counts: blue')
  })

  test('what is typed while it works is heard before the next step, Alt+Enter after the turn', async () => {
    const bash = { toolCalls: [{ name: 'Bash', arguments: { command: 'sleep 2' } }] }
    const { terminal, model } = await open([bash, { text: 'Heard.' }, { text: 'And after.' }])
    await terminal.shows('> ')
    terminal.type(`wait${KEY.enter}`)
    await terminal.shows('Bash')
    terminal.type(`also this${KEY.enter}`)
    await terminal.shows('heard before the next step')
    terminal.type(`then that${KEY.altEnter}`)
    await terminal.shows('waits for the end')
    await terminal.shows('And after.')
    expect(JSON.stringify(model.requests[1]?.body.messages)).toContain('also this')
    expect(JSON.stringify(model.requests[1]?.body.messages)).not.toContain('then that')
    expect(JSON.stringify(model.requests[2]?.body.messages)).toContain('then that')
  })

  test('Ctrl-C stops the turn and keeps the conversation; twice at rest leaves', async () => {
    const slow = { toolCalls: [{ name: 'Bash', arguments: { command: 'sleep 60' } }] }
    const { terminal } = await open([slow, { text: 'Here again.' }])
    await terminal.shows('> ')
    terminal.type(`wait${KEY.enter}`)
    await terminal.shows('Bash')
    terminal.type(KEY.ctrlC)
    await terminal.shows('interrupted')
    terminal.type(`hello${KEY.enter}`)
    await terminal.shows('Here again.')
    terminal.type(KEY.ctrlC)
    await terminal.shows('leaves')
    terminal.type(KEY.ctrlC)
    expect(await terminal.end).toBe(0)
  })

  test('ends with its terminal, also in the middle of a turn', async () => {
    const slow = { toolCalls: [{ name: 'Bash', arguments: { command: 'sleep 60' } }] }
    const { terminal, root } = await open([slow])
    await terminal.shows('> ')
    terminal.type(`wait${KEY.enter}`)
    await terminal.shows('Bash')
    expect(processesIn(root)).not.toEqual([])
    terminal.close()
    await expect.poll(() => processesIn(root), { timeout: 10_000 }).toEqual([])
  })

  test('completes commands and paths, switches the mode, finds earlier input', async () => {
    const { terminal } = await open([{ text: 'Read it.' }, { text: 'Read it again.' }], ['--mode', 'safe'], {
      'src/orders.ts': 'export const a = 1\n',
    })
    await terminal.shows('safe > ')
    terminal.type(`look at @sr${KEY.tab}or${KEY.tab}`)
    await terminal.shows('@src/orders.ts')
    terminal.type(KEY.enter)
    await terminal.shows('Read it.')
    terminal.type(KEY.shiftTab)
    await terminal.shows('auto > ')
    terminal.type(`orders${KEY.ctrlR}`)
    await terminal.shows('look at @src/orders.ts')
    terminal.type(KEY.enter)
    await terminal.shows('Read it again.')
    terminal.type(`/mode plan${KEY.enter}`)
    await terminal.shows('plan > ')
    terminal.type(`/he${KEY.tab}${KEY.enter}`)
    await terminal.shows('/undo')
    terminal.type(`/nonsense${KEY.enter}`)
    await terminal.shows('There is no command /nonsense')
    terminal.type(`/exit${KEY.enter}`)
    expect(await terminal.end).toBe(0)
  })

  test('somebody without a key chooses what runs on the machine, once', async () => {
    const model = await startScriptedProvider([{ text: 'From here.' }, { text: 'And again.' }])
    onTestFinished(() => model.close())
    const root = tempProject()
    const env = { KODE_LOCAL_URL: model.url }
    const first = new Terminal([], { cwd: root, env })
    await first.shows('No model is chosen yet')
    await first.shows(/1 +vllm +on this machine/)
    first.type(`1${KEY.enter}`)
    await first.shows('auto > ')
    first.type(`hi${KEY.enter}`)
    await first.shows('From here.')
    first.type(KEY.ctrlD)
    await first.end
    const second = new Terminal([], { cwd: root, env })
    await second.shows('auto > ')
    second.type(`hi${KEY.enter}`)
    await second.shows('And again.')
  })

  test('a key is asked for unseen, and not kept when it is refused', async () => {
    const model = await startScriptedProvider([], { apiKey: 'right' })
    onTestFinished(() => model.close())
    const root = tempProject()
    const login = async (key: string) => {
      const terminal = new Terminal(['providers', 'login', 'groq'], { cwd: root, env: { KODE_BASE_URL: model.url } })
      await terminal.shows('Key of groq (not shown): ')
      terminal.type(`${key}${KEY.enter}`)
      const code = await terminal.end
      expect(terminal.raw).not.toContain(key)
      return [code, existsSync(join(root, '../.config/kode/db/keys.json'))]
    }
    expect(await login('wrong')).toEqual([5, false])
    expect(await login('right')).toEqual([0, true])
  })

  test('a choice is shown with what it is, and a file is found by letters of its name', async () => {
    const { terminal, model } = await open([{ text: 'Read it.' }], ['--mode', 'safe'], { 'src/deep/orders.ts': 'x\n' })
    await terminal.shows('safe > ')
    terminal.type(`/mo${KEY.tab}${KEY.tab}`)
    await terminal.shows(/\/mode +plan, safe or auto/)
    await terminal.shows(/\/models +lists the models/)
    terminal.type(`${KEY.ctrlU}look at @ordts${KEY.tab}`)
    await terminal.shows('look at @src/deep/orders.ts')
    terminal.type(KEY.enter)
    await terminal.shows('Read it.')
    expect(JSON.stringify(model.requests[0]?.body.messages)).toContain('src/deep/orders.ts')
  })

  test('tells how long a command runs, and how to go on after leaving', async () => {
    const slow = { toolCalls: [{ name: 'Bash', arguments: { command: 'sleep 3' } }] }
    const { terminal } = await open([slow, { text: 'Waited.' }])
    await terminal.shows('> ')
    terminal.type(`wait${KEY.enter}`)
    await terminal.shows(/Bash \d s > /)
    await terminal.shows('Waited.')
    await terminal.shows(/2 requests · .* tokens in, .* out · price unknown/)
    terminal.type(KEY.ctrlD)
    await terminal.shows(/kode --resume \w+ goes on from here/)
    expect(await terminal.end).toBe(0)
  })

  test('a terminal that only prints gets lines and no control sequences', async () => {
    const env = { TERM: 'dumb' }
    const { terminal } = await open([WRITE, { text: 'Not then.' }], ['--mode', 'safe'], {}, { env })
    await terminal.shows('safe > ')
    terminal.type(`/mode${KEY.enter}`)
    await terminal.shows('mode: safe')
    await terminal.shows('safe > ')
    terminal.type(`write it${KEY.enter}`)
    await terminal.shows('y yes')
    await terminal.shows('safe … > ')
    terminal.type('n')
    await terminal.shows('Not then.')
    await terminal.shows('safe > ')
    expect(terminal.raw).not.toContain('\x1b')
    // One line each, and the answer on a line of its own.
    expect(terminal.text).toMatch(/\nNot then\.\n/)
  })

  test.each([
    ['a narrow terminal', { columns: 30 }],
    ['one without colours', { env: { NO_COLOR: '1' } }],
  ])('%s shows what is typed and what is answered', async (_, options) => {
    const { terminal } = await open([{ text: 'A **sentence** that is longer than the line.' }], [], {}, options)
    await terminal.shows('> ')
    terminal.type(`a prompt that is longer than thirty columns${KEY.enter}`)
    await terminal.shows('A sentence that is longer')
    await terminal.shows('than the line.')
    if ('env' in options) expect(terminal.raw).not.toMatch(/\x1b\[\d*m/)
  })

  test('a pasted text of several lines is one prompt', async () => {
    const { terminal, model } = await open([{ text: 'Got it.' }])
    await terminal.shows('> ')
    terminal.type('\x1b[200~one\rtwo\tthree\r\x1b[201~')
    terminal.type(`four${KEY.enter}`)
    await terminal.shows('Got it.')
    expect(JSON.stringify(model.requests[0]?.body.messages)).toContain(
      'one\\\\ntwo\\\\tthree\\\\nfour'.replaceAll('\\\\', '\\'),
    )
  })
})

describe('Markdown as rows', () => {
  const bare = (_: string, text: string) => text

  test.each([
    ['a paragraph breaks between words', ['aaaa bbbb cccc dddd eeee'], ['aaaa bbbb cccc dddd', 'eeee']],
    [
      'code is left as it is',
      ['```\nlet x = 1 // a long comment that goes on\n```\n'],
      ['```', 'let x = 1 // a long comment that goes on', '```'],
    ],
    ['pieces of any size make the same rows', ['a', 'b\n', 'c\nd'], ['ab', 'c', 'd']],
    ['an empty line stays', ['a\n\nb'], ['a', '', 'b']],
  ])('%s', (_, pieces, expected) => {
    const rows = new MarkdownRows(() => 21, bare)
    expect([...pieces.flatMap(piece => rows.push(piece)), ...rows.end()]).toEqual(expected)
  })
})

test.each([
  [{}, true],
  [{ KODE_SYNTAX_HIGHLIGHT: '' }, true],
  [{ KODE_SYNTAX_HIGHLIGHT: 'anything' }, true],
  [{ KODE_SYNTAX_HIGHLIGHT: 'OFF' }, false],
  [{ KODE_SYNTAX_HIGHLIGHT: '0' }, false],
  [{ KODA_SYNTAX_HIGHLIGHT: 'no' }, false],
])('with %o code has a colour: %s', (env, expected) => {
  expect(wantsCodeColour(env)).toBe(expected)
  const rows = new MarkdownRows(
    () => 80,
    (_, text) => `<${text}>`,
    expected,
  )
  expect(rows.push('```\nx\n')).toEqual(['<```>', expected ? '<x>' : 'x'])
})

/** Processes that run in a folder, but for those of a sandbox's own namespace. */
function processesIn(folder: string): string[] {
  return readdirSync('/proc').filter(name => {
    try {
      return /^\d+$/.test(name) && readlinkSync(`/proc/${name}/cwd`) === folder
    } catch {
      // Ended meanwhile.
      return false
    }
  })
}

interface Display {
  env?: Record<string, string>
  columns?: number
}

async function open(
  script: Script,
  args: readonly string[] = [],
  files: Record<string, string> = {},
  { env: more, columns }: Display = {},
) {
  const model = await startScriptedProvider(script)
  onTestFinished(() => model.close())
  const root = tempProject(files)
  const env = { KODE_LLM_ENDPOINT: model.url, KODE_LLM_API_KEY: 'k', KODE_LLM_MODEL: 'scripted', ...more }
  return { model, root, terminal: new Terminal(args, { cwd: root, env, ...(columns && { columns }) }) }
}
