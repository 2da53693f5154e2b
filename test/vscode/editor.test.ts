import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { Editor, edit } from './support/editor'

const MONEY = `export function round(value: number): number {
  return Math.round(value * 100) / 100
}
`
const ORDERS = `import { round } from './money'

export function total(prices: number[]): number {
  return prices.reduce((sum, price) => sum + price, 0)
}
`
const GOOD = '  return round(prices.reduce((sum, price) => sum + price, 0))'
const OLD = '  return prices.reduce((sum, price) => sum + price, 0)'

let editor: Editor

beforeAll(async () => {
  editor = await Editor.open({
    'src/money.ts': MONEY,
    'src/cents.ts': MONEY,
    'src/orders.ts': ORDERS,
    'src/broken.ts': "import { round } from './money'\n\nexport const cents = rond(1.005)\n",
    'package.json': '{"name":"orders"}',
  })
  await editor.setKey('sk-test-0123456789')
})

afterAll(() => editor?.close())

// What was on the screen tells more than a time-out.
beforeEach(context => {
  context.onTestFailed(async () => {
    await editor.workbench.page.screenshot({ path: `dist/failed-${context.task.id}.png` })
  })
})

describe('the chat', () => {
  test('streams an answer, with the key from the secret storage', async () => {
    editor.script({ text: 'It sums **prices** in `src/orders.ts`.', delayBetweenMs: 20 })
    await editor.prompt('What does this project do?')
    await editor.chat.locator('strong', { hasText: 'prices' }).waitFor()
    expect(editor.model.requests.at(-1)?.headers.authorization).toBe('Bearer sk-test-0123456789')
  })

  test('stops a turn at once', async () => {
    editor.script({ text: 'never ending '.repeat(500), delayBetweenMs: 50 })
    await editor.prompt('Talk')
    await editor.chat.getByText('never ending').first().waitFor()
    await editor.chat.getByRole('button', { name: 'Stop', exact: true }).click()
    await editor.chat.getByText('Stopped', { exact: true }).waitFor()
    await expect.poll(() => editor.model.requests.at(-1)?.isAborted, { timeout: 10_000 }).toBe(true)
  })
})

describe('a proposed edit', () => {
  test('that a gate refuses goes back to the model; the mended one is reviewed and lands on Accept', async () => {
    await editor.newConversation()
    editor.script(
      { text: 'Rounding.', toolCalls: [{ name: 'Read', arguments: { file_path: 'src/orders.ts' } }] },
      { toolCalls: [edit('src/orders.ts', OLD, GOOD.replace('round(', 'roundd('))] },
      { toolCalls: [edit('src/orders.ts', OLD, GOOD)] },
      { text: 'Totals are rounded now.' },
    )
    await editor.prompt('Round the total')
    await editor.chat.getByText('Refused: calls').waitFor()
    await editor.chat.getByRole('region', { name: 'Approval: src/orders.ts' }).waitFor()
    await editor.workbench.editorAction('Accept Change').waitFor()
    expect(editor.read('src/orders.ts')).toBe(ORDERS)

    await editor.workbench.editorAction('Accept Change').click()
    await editor.chat.getByText('Totals are rounded now.').waitFor()
    expect(editor.read('src/orders.ts')).toBe(ORDERS.replace(OLD, GOOD))
    await editor.chat.getByText('1 file landed, verified').waitFor()
  })

  test('leaves every byte as it was on Reject', async () => {
    await editor.newConversation()
    const before = editor.read('src/money.ts')
    editor.script(
      { toolCalls: [{ name: 'Read', arguments: { file_path: 'src/money.ts' } }] },
      { toolCalls: [edit('src/money.ts', '* 100) / 100', '* 10) / 10')] },
      { text: 'As you wish.' },
    )
    await editor.prompt('Round to one digit')
    await editor.workbench.editorAction('Reject Change').click()
    await editor.chat.getByText('As you wish.').waitFor()
    await editor.chat.getByText('rejected').waitFor()
    expect(editor.read('src/money.ts')).toBe(before)
  })
})

describe('what the editor knows', () => {
  test('goes along with a prompt that mentions it; code of an answer waits for review in its place', async () => {
    await editor.newConversation()
    const page = editor.workbench.page
    await editor.workbench.openFile('cents.ts')
    await page.locator('.editor-instance .view-line', { hasText: 'Math.round' }).click()
    await page.keyboard.press('Home')
    await page.keyboard.press('Shift+End')
    const line = 'return Math.round(value * 1000) / 1000'
    editor.script({ text: `Like this:\n\n\`\`\`ts\n${line}\n\`\`\`\n` })
    await editor.prompt('What about @selection and @problems?')
    await editor.chat.getByRole('button', { name: 'Apply' }).click()
    const sent = JSON.stringify(editor.model.requests.at(-1)?.body.messages)
    expect(sent).toContain('<selection path=\\"src/cents.ts\\" lines=\\"2-2\\">\\nreturn Math.round(value * 100) / 100')
    expect(sent).toContain('<problems>')
    await editor.workbench.editorAction('Accept Change').waitFor()
    expect(editor.read('src/cents.ts')).toBe(MONEY)
    await editor.workbench.editorAction('Accept Change').click()
    await expect
      .poll(() => editor.read('src/cents.ts'), { timeout: 30_000 })
      .toBe(MONEY.replace('return Math.round(value * 100) / 100', line))
  })
})

describe('a file', () => {
  test('is verified as a whole when asked: what is wrong with it are problems until its text changes', async () => {
    const page = editor.workbench.page
    await editor.workbench.openFile('broken.ts')
    await editor.workbench.runCommand('kode: Verify This File')
    const problem = page.getByRole('treeitem', { name: /rond.*did you mean `round`/ })
    await problem.waitFor()
    await page.locator('.editor-instance .view-line', { hasText: 'rond' }).click()
    await page.keyboard.press('End')
    await page.keyboard.type(' ')
    await problem.waitFor({ state: 'detached' })
    await editor.workbench.runCommand('File: Revert File')
  })

  test('without fault is told so, with what could not be judged', async () => {
    await editor.workbench.openFile('cents.ts')
    await editor.workbench.runCommand('kode: Verify This File')
    await editor.workbench.page
      .getByText(/src\/cents\.ts: \d checks passed/)
      .first()
      .waitFor()
  })
})

describe('a user who looks elsewhere', () => {
  test('is called back when a change waits, once', async () => {
    const page = editor.workbench.page
    const look = (isHere: boolean) =>
      page.evaluate(`document.hasFocus = () => ${isHere}; document.dispatchEvent(new Event('visibilitychange'))`)
    await editor.newConversation()
    editor.script(
      { toolCalls: [{ name: 'Read', arguments: { file_path: 'src/money.ts' } }] },
      { toolCalls: [edit('src/money.ts', '* 100) / 100', '* 10) / 10')] },
      { text: 'Later, then.' },
    )
    await editor.composer.fill('One digit')
    await look(false)
    await editor.composer.press('Enter')
    const calls = page.locator('.notification-toast', { hasText: 'kode waits for your word: src/money.ts' })
    await calls.waitFor()
    await calls.getByRole('button', { name: 'Show' }).click()
    await calls.waitFor({ state: 'detached' })
    await look(true)
    await editor.chat.getByRole('region', { name: 'Approval: src/money.ts' }).press('n')
    await editor.chat.getByText('Later, then.').waitFor()
  })
})

describe('how long it takes', () => {
  test('activation loads next to nothing', () => {
    const times = [...editor.server.kodeLog().matchAll(/activated in ([\d.]+) ms/g)].map(match => Number(match[1]))
    console.log(`activate(): ${times.join(', ')} ms (target 100 on a free machine: npm run bench:vscode)`)
    // Loading the core would take seconds where the processors are busy.
    expect(Math.min(...times)).toBeLessThan(1_000)
  })

  test('the pending diff is there soon after the call', async () => {
    await editor.newConversation()
    editor.script(
      { toolCalls: [{ name: 'Read', arguments: { file_path: 'src/money.ts' } }] },
      { toolCalls: [edit('src/money.ts', '* 100) / 100', '* 1) / 1')] },
      { text: 'Well.' },
    )
    await editor.prompt('Whole numbers')
    await editor.workbench.editorAction('Reject Change').waitFor()
    const durationMs = performance.now() - editor.lastAskedAt
    console.log(
      `pending diff on screen: ${Math.round(durationMs)} ms after the model was asked (target 400 on a free machine)`,
    )
    await editor.workbench.editorAction('Reject Change').click()
    await editor.chat.getByText('Well.').waitFor()
    expect(durationMs).toBeLessThan(5_000)
  })
})

describe('a slash command', () => {
  test('copies an answer, shows the whole output of a call, tells the keys', async () => {
    const say = async (command: string) => {
      await editor.composer.fill(command)
      await editor.composer.press('Enter')
    }
    await editor.newConversation()
    editor.script({ toolCalls: [{ name: 'Read', arguments: { file_path: 'src/money.ts' } }] }, { text: 'It rounds.' })
    await editor.prompt('What does it do?')
    await editor.chat.getByText('It rounds.').waitFor()
    await say('/copy')
    await editor.chat.getByText('Copied: It rounds.').waitFor()
    await say('/help ')
    await editor.chat.getByText('Shift+Tab: switch between safe and auto').waitFor()
    await say('/expand ')
    await editor.chat.getByText('Read (ok)').waitFor()
    // The shelf is still known after a turn; a name that is typed to its end is meant.
    editor.script({ text: 'To the cent.' })
    await editor.prompt('To what?')
    await editor.chat.getByText('To the cent.').waitFor()
    const asked = editor.model.requests.length
    await say('/memory')
    await editor.chat.getByText('MEMORY.md (nothing)').waitFor()
    expect(editor.model.requests.length).toBe(asked)
    await say('/trust rules')
    await editor.chat.getByText('No rules.').waitFor()
  })
})

describe('while a turn runs', () => {
  test('Enter steers it, Alt+Enter waits for the next one', async () => {
    await editor.newConversation()
    editor.script(
      {
        toolCalls: [{ name: 'Read', arguments: { file_path: 'src/money.ts' } }],
        text: 'Slowly. '.repeat(30),
        delayBetweenMs: 60,
      },
      { text: 'Heard the first.' },
      { text: 'And the second.' },
    )
    await editor.prompt('Begin')
    await editor.chat.getByText('Slowly.').first().waitFor()
    await editor.composer.fill('also this')
    await editor.composer.press('Enter')
    await editor.composer.fill('and later that')
    await editor.composer.press('Alt+Enter')
    const waiting = editor.chat.getByRole('list', { name: 'Waiting messages' })
    await waiting.getByText('and later that').waitFor()
    await editor.chat.getByText('And the second.').waitFor()
    const texts = editor.model.requests.slice(-2).map(request => JSON.stringify(request.body.messages.at(-1)))
    expect(texts[0]).toContain('also this')
    expect(texts[0]).not.toContain('and later that')
    expect(texts[1]).toContain('and later that')
    await expect.poll(() => waiting.count()).toBe(0)
  })
})

describe('the trust mode', () => {
  test('is switched in the composer, and told in the status bar', async () => {
    await editor.newConversation()
    await editor.chat.getByRole('combobox', { name: 'Trust mode' }).selectOption('plan')
    await editor.workbench.page.locator('.statusbar-item', { hasText: 'PLAN' }).waitFor()
    editor.script(
      { toolCalls: [{ name: 'Write', arguments: { file_path: 'src/new.ts', content: 'export {}' } }] },
      { text: 'I may only read.' },
    )
    await editor.prompt('Write a file')
    await editor.chat.getByText('I may only read.').waitFor()
    await editor.chat.getByText('denied').waitFor()
    expect(() => editor.read('src/new.ts')).toThrow('ENOENT')
    await editor.chat.getByRole('combobox', { name: 'Trust mode' }).selectOption('safe')
  })
})

describe('a conversation', () => {
  test('is opened again after the window was closed, with what was said', async () => {
    await editor.newConversation()
    editor.script({ text: 'The answer is **forty-two**.' })
    await editor.prompt('Remember the answer')
    await editor.chat.locator('strong', { hasText: 'forty-two' }).waitFor()
    await editor.reload()
    await editor.chat.getByRole('button', { name: 'scripted, change the model' }).waitFor()
    await editor.workbench.runCommand('kode: Open Earlier Conversation')
    await editor.workbench.page
      .locator('.quick-input-list .monaco-list-row', { hasText: 'Remember the answer' })
      .first()
      .click()
    await editor.chat.locator('strong', { hasText: 'forty-two' }).waitFor()
    await editor.chat.getByText(/Last used .+ ago · 2 messages, 0 tool calls/).waitFor()
    editor.script({ text: 'It was forty-two, as I said.' })
    await editor.prompt('What was it?')
    await editor.chat.getByText('as I said').waitFor()
    expect(JSON.stringify(editor.model.requests.at(-1)?.body.messages)).toContain('forty-two')
  })

  test('that was compacted shows all that was said, and where the summary stands in for it', async () => {
    await editor.newConversation()
    const words = ['one', 'two', 'three', 'four']
    for (const word of words) {
      editor.script({ text: `Number ${word}.` })
      await editor.prompt(`Count ${word}`)
      await editor.chat.getByText(`Number ${word}.`).waitFor()
    }
    editor.script({ text: 'We counted.' })
    await editor.prompt('/compact')
    await editor.chat.getByText(/^A summary stands for \d+ older messages now/).waitFor()
    await editor.reload()
    await editor.chat.getByRole('button', { name: 'Go on with Count one' }).click()
    for (const word of words) await editor.chat.getByText(`Number ${word}.`).waitFor()
    await editor.chat.getByRole('button', { name: /the model has a summary of what is above/ }).click()
    await editor.chat.getByText('We counted.').waitFor()
    // Before a message that was summed up, a copy goes on with what was said, not with the summary.
    const again = editor.chat.getByRole('button', { name: 'Edit and send again: Count two' })
    await again.focus()
    await again.press('Enter')
    await editor.chat.getByText('Number two.').waitFor({ state: 'detached' })
    editor.script({ text: 'Number five.' })
    await editor.prompt('Count five')
    await editor.chat.getByText('Number five.').waitFor()
    const sent = JSON.stringify(editor.model.requests.at(-1)?.body.messages)
    expect(sent).toContain('Number one.')
    expect(sent).not.toContain('We counted.')
  })

  test('that was interrupted is offered after a restart, and goes on from there', async () => {
    await editor.newConversation()
    editor.script({ text: 'word '.repeat(400), delayBetweenMs: 60 })
    await editor.prompt('Tell me a long story')
    await editor.chat.getByText('word word').first().waitFor()
    await editor.reload()
    await editor.chat.getByRole('button', { name: 'Go on with Tell me a long story' }).click()
    await editor.chat.getByText('The last turn was interrupted.').waitFor()
    editor.script({ text: 'Here is the rest.' })
    await editor.chat.getByRole('button', { name: 'Continue the interrupted turn' }).click()
    await editor.chat.getByText('Here is the rest.').waitFor()
    const sent = JSON.stringify(editor.model.requests.at(-1)?.body.messages)
    expect(sent).toContain('Tell me a long story')
    expect(sent).toContain('Continue where you were interrupted.')
  })

  test('goes on from an earlier message that was edited, in a copy', async () => {
    await editor.newConversation()
    editor.script({ text: 'Blue it is.' }, { text: 'Painted.' }, { text: 'Red it is.' })
    await editor.prompt('My colour is blue')
    await editor.chat.getByText('Blue it is.').waitFor()
    await editor.prompt('Paint it')
    await editor.chat.getByText('Painted.').waitFor()
    const edit = editor.chat.getByRole('button', { name: 'Edit and send again: My colour is blue' })
    await edit.focus()
    await edit.press('Enter')
    await editor.chat.getByText('Painted.').waitFor({ state: 'detached' })
    await expect.poll(() => editor.composer.inputValue()).toBe('My colour is blue')
    await editor.prompt('My colour is red')
    await editor.chat.getByText('Red it is.').waitFor()
    expect(JSON.stringify(editor.model.requests.at(-1)?.body.messages)).not.toContain('blue')
    await editor.workbench.runCommand('kode: Open Earlier Conversation')
    await editor.workbench.choose('My colour is blue')
    await editor.chat.getByText('Painted.').waitFor()
  })

  test('shows what a command proved until its file changes, and takes the turn back with a button', async () => {
    await editor.newConversation()
    const before = editor.read('src/money.ts')
    editor.script(
      { toolCalls: [{ name: 'Read', arguments: { file_path: 'src/money.ts' } }] },
      { toolCalls: [edit('src/money.ts', '* 100) / 100', '* 1000) / 1000')] },
      { toolCalls: [{ name: 'Bash', arguments: { command: 'grep -c 1000 src/money.ts' } }] },
      { text: 'Three digits.' },
    )
    await editor.prompt('Three digits')
    await editor.chat.getByRole('region', { name: 'Approval: src/money.ts' }).press('y')
    await editor.chat.getByText('Three digits.', { exact: true }).waitFor()
    const runs = editor.chat.getByRole('list', { name: 'Commands that ran after the change' })
    await runs.getByText('exit code 0').waitFor()
    const after = editor.read('src/money.ts')
    editor.write('src/money.ts', `${after}// by hand\n`)
    await runs.getByText('out of date: src/money.ts changed since').waitFor()
    const undo = editor.chat.getByRole('button', { name: 'Undo the changes of this turn' })
    editor.write('src/money.ts', after)
    await runs.getByText('out of date').waitFor({ state: 'detached' })
    await editor.reload()
    await editor.chat.getByRole('button', { name: 'Go on with Three digits' }).click()
    await editor.chat.getByText('1 file landed, verified').waitFor()
    await runs.getByText('exit code 0').waitFor()
    // Each call is told as it was told then.
    await editor.chat.getByText('7 checks passed').waitFor()
    await editor.chat.getByRole('button', { name: 'Edited src/money.ts' }).click()
    await editor.chat.getByRole('group', { name: 'Changed lines' }).getByText('* 1000) / 1000').waitFor()
    await undo.click()
    await expect.poll(() => editor.read('src/money.ts'), { timeout: 20_000 }).toBe(before)
    await undo.waitFor({ state: 'detached' })
  })
})

describe('work in the background', () => {
  test('is followed in a document of its own while it runs', async () => {
    const { page } = editor.workbench
    await editor.newConversation()
    editor.script(
      { toolCalls: [{ name: 'Bash', arguments: { command: 'echo one; sleep 8; echo two', background: true } }] },
      { text: 'It runs.' },
    )
    await editor.prompt('Start it')
    await editor.chat.getByRole('button', { name: /Show what echo one.* does/ }).click()
    const line = (text: string) => page.locator('.editor-instance .view-line').getByText(text, { exact: true })
    await line('one').waitFor()
    await line('two').waitFor()
  })
})

describe('the commands of the panel', () => {
  const say = async (command: string) => {
    await editor.composer.fill(command)
    await editor.composer.press('Enter')
  }

  test('let another agent answer, and kode itself again', async () => {
    await editor.newConversation()
    await say('/agent explore')
    await editor.chat.getByRole('button', { name: 'explore, change the agent' }).waitFor()
    editor.script({ text: 'I only look.' })
    await editor.prompt('Who are you?')
    await editor.chat.getByText('I only look.').waitFor()
    expect(JSON.stringify(editor.model.requests.at(-1)?.body.messages[0])).toContain('You are an investigator')
    await say('/agent nobody')
    await editor.chat.getByText('there is no agent "nobody"').waitFor()
    await editor.composer.fill('')
    await say('/agent default')
    await editor.chat.getByRole('button', { name: 'explore, change the agent' }).waitFor({ state: 'detached' })
  })

  test('show a whole output that is chosen from a list, and mention a file', async () => {
    const { page } = editor.workbench
    await editor.newConversation()
    editor.script({ toolCalls: [{ name: 'Read', arguments: { file_path: 'src/cents.ts' } }] }, { text: 'Read it.' })
    await editor.prompt('Read')
    await editor.chat.getByText('Read it.').waitFor()
    await editor.workbench.runCommand('kode: Show Full Tool Output')
    await page.locator('.quick-input-list .monaco-list-row', { hasText: 'Read src/cents.ts' }).click()
    await page.locator('.editor-instance .view-line', { hasText: 'export function round' }).first().waitFor()
    await editor.workbench.openFile('money.ts')
    await editor.workbench.runCommand('kode: Add File to Chat')
    await expect.poll(() => editor.composer.inputValue()).toBe('@src/money.ts ')
    await editor.composer.fill('')
  })
})

describe('a provider without a key', () => {
  test('is told on the first page, with a way to give one', async () => {
    editor.server.changeSettings({ 'kode.provider': 'anthropic', 'kode.mode': 'safe' })
    await editor.reload()
    const setUp = editor.chat.getByRole('button', { name: 'Set Up Provider' })
    await setUp.click()
    await editor.workbench.choose('anthropic')
    const box = editor.workbench.page.locator('.quick-input-widget input[type="password"]')
    await box.fill('sk-ant-test-0123456789')
    await box.press('Enter')
    await setUp.waitFor({ state: 'detached' })
  })
})
