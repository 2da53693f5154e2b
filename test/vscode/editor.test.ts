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
  editor = await Editor.open({ 'src/money.ts': MONEY, 'src/orders.ts': ORDERS, 'package.json': '{"name":"orders"}' })
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
