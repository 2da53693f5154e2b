/** What can be typed after a slash, in the built program on a terminal. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { runCli } from '../support/run-cli'
import { type Script, startScriptedProvider } from '../support/scripted-provider'
import { gitInit, tempProject } from '../support/temp-project'
import { KEY, Terminal } from '../support/terminal'

const bash = (command: string) => ({ toolCalls: [{ name: 'Bash', arguments: { command } }] })

test('/compact puts older messages away, and says when there is too little', async () => {
  const { enter, terminal, model } = await open([
    ...['one', 'two', 'three'].map(text => ({ text: `Answer ${text}.` })),
    { text: 'They counted to three.' },
    { text: 'Answer four.' },
  ])
  // Asking in vain is no failure that would switch compaction off.
  for (let time = 1; time <= 3; time++) await enter('/compact', 'too little to summarise')
  for (const text of ['one', 'two', 'three']) await enter(text, `Answer ${text}.`)
  await enter('/compact', 'A summary stands for 2 older messages now')
  await enter('four', 'Answer four.')
  const last = JSON.stringify(model.requests.at(-1)?.body.messages)
  expect(last).toContain('They counted to three.')
  expect(last).not.toContain('Answer one.')
  terminal.type(KEY.ctrlD)
  expect(await terminal.end).toBe(0)
})

test('/expand shows a long output whole, /verbose does so from then on', async () => {
  const { enter, terminal } = await open([
    bash('seq 1001 1100'),
    { text: 'Counted.' },
    bash('seq 2001 2100'),
    { text: 'Again.' },
  ])
  await enter('count', 'Counted.')
  expect(terminal.text).toContain('lines …')
  expect(terminal.text).not.toContain('1050')
  await enter('/expand', '1050')
  await enter('/expand 7', 'There are only 1 tool calls')
  await enter('/verbose on', 'Everything is shown')
  await enter('count on', '2050')
})

test('/copy hands an answer to the clipboard of the terminal', async () => {
  const { enter, terminal } = await open([{ text: 'The first.' }, { text: 'The second, with ü.' }])
  await enter('one', 'The first.')
  await enter('two', 'The second')
  await enter('/copy', 'Copied: The second, with ü.')
  await enter('/copy 2', 'Copied: The first.')
  await enter('/copy 3', 'There are only 2 answers')
  const copied = [...terminal.raw.matchAll(/\]52;c;([\w+/=]*)/g)].map(match =>
    Buffer.from(match[1]!, 'base64').toString(),
  )
  expect(copied).toEqual(['The second, with ü.', 'The first.'])
})

test('/diff tells what is not committed, and hands it to the model on request', async () => {
  const { enter, root, model } = await open([{ text: 'Looks fine.' }])
  await enter('/diff', 'not a git repository')
  gitInit(root)
  await enter('/diff', 'Nothing has changed')
  writeFileSync(join(root, 'a.txt'), 'two\n')
  await enter('/diff', /M a\.txt[\s\S]*1 insertion/)
  await enter('/diff review', 'Looks fine.')
  expect(JSON.stringify(model.requests[0]?.body.messages)).toMatch(/Review these changes.*-one.*\+two/s)
  await enter('/diff nonsense', 'There are: /diff, /diff review')
})

test('/memory save asks the model what is worth remembering', async () => {
  const remember = { toolCalls: [{ name: 'MemoryWrite', arguments: { content: 'Tests run with make.' } }] }
  const { enter, root } = await open([{ text: 'With make.' }, remember, { text: 'Remembered it.' }])
  await enter('/memory save', 'Nothing was said yet')
  await enter('how do tests run?', 'With make.')
  await enter('/memory save', 'Remembered it.')
  expect(readFileSync(join(root, 'MEMORY.md'), 'utf8')).toContain('Tests run with make.')
})

test('/title names the conversation, by words or by the model', async () => {
  const { enter, root } = await open([{ text: 'Done.' }, { text: '**"Counting the orders"**\n\nbecause …' }, {}, {}])
  const titles = async () => {
    const listed = await runCli(['sessions', 'list', '--json'], { cwd: root })
    return JSON.parse(listed.stdout).sessions.map((session: { title: string }) => session.title)
  }
  await enter('/title', 'Nothing was said yet')
  await enter('count the orders, please', 'Done.')
  await enter('/title', 'It is called "Counting the orders" now')
  expect(await titles()).toEqual(['Counting the orders'])
  await enter('/title Orders of May', 'It is called "Orders of May" now')
  expect(await titles()).toEqual(['Orders of May'])
  await enter('/title', 'No title came')
})

test('/cancel ends what was left running', async () => {
  const start = { toolCalls: [{ name: 'Bash', arguments: { command: 'sleep 300', background: true } }] }
  const { enter, terminal } = await open([start, { text: 'It runs.' }, { text: 'I see.' }])
  await enter('/cancel 1', 'Nothing runs in the background')
  await enter('start', 'It runs.')
  const id = /process:\d+/.exec(terminal.text)?.[0] ?? ''
  await enter('/cancel', `These run: ${id}`)
  await enter(`/cancel ${id}`, `${id} is ended`)
})

test('/model, /provider and /agent go on with the same conversation; what cannot be used leaves it as it was', async () => {
  const { enter, model } = await open([
    { text: 'First.' },
    { text: 'Second.' },
    { text: 'Third.' },
    { text: 'Fourth.' },
  ])
  await enter('one', 'First.')
  await enter('/model another', 'Going on with another.')
  await enter('two', 'Second.')
  await enter('/provider nobody', 'There is no provider "nobody"')
  await enter('three', 'Third.')
  await enter('/agent plan', /Going on as plan, in plan mode/)
  await enter('four', 'Fourth.')
  const asked = model.requests.map(request => request.body)
  expect(asked.map(body => body.model)).toEqual(['scripted', 'another', 'another', 'another'])
  expect(JSON.stringify(asked[1]?.messages)).toMatch(/one.*First\..*two/s)
  const systems = asked.map(body => JSON.stringify(body.messages[0]))
  expect(systems[2]).not.toBe(systems[3])
})

test('what was chosen with /model is there in the next conversation, unless something else is named', async () => {
  const { enter, terminal, root, model } = await open([{ text: 'Hi.' }], { KODE_BASE_URL: '', KODE_LLM_MODEL: '' }, [
    '--provider',
    'ollama',
  ])
  await enter('/model llama-x', 'Going on with llama-x.')
  terminal.type(KEY.ctrlD)
  await terminal.end
  const env = { KODE_LOCAL_URL: model.url }
  expect(await runCli(['hi'], { cwd: root, env })).toMatchObject({ code: 0, stdout: 'Hi.\n' })
  expect(model.requests[0]?.body.model).toBe('llama-x')
  expect(await runCli(['--bare', 'hi'], { cwd: root, env })).toMatchObject({ code: 2 })
})

test('/key asks for a key that is neither shown nor remembered', async () => {
  const { terminal, root } = await open([], { KODE_PROVIDER: 'groq' })
  terminal.type(`/key${KEY.enter}`)
  await terminal.shows('Key of groq')
  terminal.type(`sekret-4711${KEY.enter}`)
  await terminal.shows('the key of groq is kept')
  terminal.type(KEY.up)
  await terminal.shows('/key')
  expect(terminal.text).not.toContain('sekret')
  expect(readFileSync(join(root, '../.config/kode/db/keys.json'), 'utf8')).toContain('sekret-4711')
})

test('/sessions lists, resumes and deletes; /purge shows what would go', async () => {
  const { enter, terminal } = await open([{ text: 'Hello.' }, { text: 'New one.' }, { text: 'Back again.' }])
  await enter('the old one', 'Hello.')
  await enter('/new', 'A new conversation.')
  await enter('the new one', 'New one.')
  await enter('/sessions', /\w{12} +2 {2}the old one/)
  const [, old = ''] = /(\w{12}) +2 {2}the old one/.exec(terminal.text) ?? []
  await enter(`/sessions resume ${old}`, 'Going on with "the old one", after 2 messages.')
  await enter('again', 'Back again.')
  const [, other = ''] = /(\w{12}) +2 {2}the new one/.exec(terminal.text) ?? []
  await enter(`/sessions delete ${other}`, '"the new one" is forgotten')
  await enter(`/sessions delete ${old}`, 'the conversation you are in')
  await enter('/purge', 'There is nothing to remove')
  await enter('/purge soon', '/purge 90d')
})

async function open(script: Script, more: Record<string, string> = {}, args: readonly string[] = []) {
  const model = await startScriptedProvider(script)
  onTestFinished(() => model.close())
  const root = tempProject({ 'a.txt': 'one\n' })
  const env = { KODE_BASE_URL: model.url, KODE_LLM_API_KEY: 'k', KODE_LLM_MODEL: 'scripted', ...more }
  const terminal = new Terminal(args, { cwd: root, env })
  await terminal.shows('> ')
  /** Types a line and waits for what it brings. */
  const enter = async (line: string, shown: string | RegExp) => {
    terminal.type(`${line}${KEY.enter}`)
    await terminal.shows(shown)
  }
  return { model, root, terminal, enter }
}
