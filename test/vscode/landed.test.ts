import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { Editor, edit } from './support/editor'
import { press } from './support/press'

const THREE = 'export const a = 1\n// -\n// -\nexport const b = 2\n// -\n// -\nexport const c = 3\n'
const TENS = THREE.replace(/= (\d)/g, '= $10')
/** One red and one green dot. */
const RED = png('P8z8BQDwAEhQGAhKmMIQ')
const GREEN = png('Nk+M9QDwADhgGAWjR9aw')
/** No UTF-8. */
const LATIN1 = Buffer.from('gr\u00fcn\n', 'latin1')
const READ = (path: string) => ({ name: 'Read', arguments: { file_path: path } })

let editor: Editor

beforeAll(async () => {
  editor = await Editor.open(
    {
      'package.json': '{"name":"landed"}',
      'hunks.ts': THREE,
      'whole.ts': THREE,
      'shared.ts': THREE,
      'first.ts': THREE,
      'second.ts': THREE,
      'looked-at.ts': THREE,
      'logo.png': RED,
      'art/other.png': GREEN,
      'gone.png': RED,
      'odd.txt': LATIN1,
      'data.bin': Buffer.from([0, 0, 0, 1]),
    },
    { settings: { 'kode.mode': 'auto' } },
  )
  await editor.setKey('sk-test-0123456789')
})

afterAll(() => editor?.close())

beforeEach(async context => {
  // What was on the screen tells more than a time-out.
  context.onTestFailed(async () => {
    await editor.workbench.page.screenshot({ path: `dist/failed-${context.task.id}.png` })
  })
  await editor.newConversation()
})

/** Has the model change files in `auto`, and opens the review of what landed. */
async function landTens(...paths: string[]): Promise<void> {
  const { page } = editor.workbench
  editor.script(
    { toolCalls: paths.map(READ) },
    { toolCalls: paths.map(path => edit(path, THREE, TENS)) },
    { text: `Tens in ${paths.join(' and ')}.` },
  )
  await editor.prompt('Times ten')
  await editor.chat.getByText(`Tens in ${paths.join(' and ')}.`, { exact: true }).waitFor()
  for (const path of paths) expect(editor.read(path)).toBe(TENS)
  await editor.chat.getByRole('button', { name: 'Review the changes of this turn' }).click()
  await page.getByRole('tab', { name: /landed by kode/ }).waitFor()
}

const row = (path: string) =>
  editor.workbench.page.getByRole('tree', { name: 'Pending Changes' }).getByRole('treeitem', { name: path })

/** A row has its buttons while the pointer is over it. */
const pressIn = (name: string, button: string, isHeard: () => boolean | Promise<boolean>) =>
  press(() => row(name).getByRole('button', { name: button }), isHeard, row(name))

const isGone = (name: string) => async () => (await row(name).count()) === 0

describe('what landed in auto', () => {
  test('waits in the review: one hunk is taken back, the others are kept', async () => {
    await landTens('hunks.ts')
    const lens = (title: string) => editor.workbench.page.locator('.codelens-decoration a', { hasText: title })
    await expect.poll(() => lens('Revert').count(), { timeout: 30_000 }).toBe(3)
    await row('hunks.ts').locator('.monaco-tl-twistie').click()
    const withoutOne = TENS.replace('b = 20', 'b = 2')
    await pressIn('export const b = 20', 'Reject Hunk', () => editor.read('hunks.ts') === withoutOne)
    await pressIn('hunks.ts', 'Accept Change', isGone('hunks.ts'))
    expect(editor.read('hunks.ts')).toBe(withoutOne)
    // The turn is taken back as a whole all the same.
    await editor.chat.getByRole('button', { name: 'Undo the changes of this turn' }).click()
    await expect.poll(() => editor.read('hunks.ts'), { timeout: 30_000 }).toBe(THREE)
  })

  test('is taken back by the buttons of its own row alone, whatever diff is open', async () => {
    const { page } = editor.workbench
    await landTens('first.ts', 'second.ts', 'looked-at.ts')
    await page.getByRole('treeitem', { name: 'Verified' }).waitFor()
    const tab = page.getByRole('tab', { name: /looked-at.ts .landed by kode/, selected: true })
    await press(
      () => row('looked-at.ts'),
      () => tab.isVisible(),
    )
    // Clicks that never end hit the rows also while the tree is read again.
    for (const path of ['first.ts', 'second.ts']) {
      const reject = row(path).getByRole('button', { name: 'Reject Change', includeHidden: true })
      const isBack = async () => {
        if ((await reject.count()) > 0)
          await reject.dispatchEvent('click', {}, { timeout: 1_000 }).catch(() => undefined)
        return editor.read(path) === THREE
      }
      await row(path).hover()
      await expect.poll(isBack, { timeout: 30_000, interval: 5 }).toBe(true)
    }
    await row('looked-at.ts').getByText('landed').waitFor()
    expect(editor.read('looked-at.ts')).toBe(TENS)
    await pressIn('looked-at.ts', 'Accept Change', isGone('looked-at.ts'))
  })

  test('is taken back file by file; a file that was changed since is kept, and shown', async () => {
    const { page } = editor.workbench
    await landTens('whole.ts', 'shared.ts')
    await page.getByRole('treeitem', { name: 'Verified' }).waitFor()
    const mine = `${TENS}// mine\n`
    editor.write('shared.ts', mine)
    const toast = page.locator('.notification-toast', { hasText: 'Kept shared.ts: it was changed since' })
    await pressIn('whole.ts', 'Reject Change', () => editor.read('whole.ts') === THREE)
    await row('whole.ts').waitFor({ state: 'detached' })
    await pressIn('shared.ts', 'Reject Change', () => toast.isVisible())
    await toast.getByRole('button', { name: 'Show' }).click()
    await page.locator('.editor-instance .view-line', { hasText: '+// mine' }).waitFor()
    expect(editor.read('shared.ts')).toBe(mine)
    // It still waits, and over a reload of the window too.
    await editor.reload()
    await page.getByRole('treeitem', { name: 'shared.ts' }).waitFor()
    // What was decided has no tab any more.
    const decided = page.getByRole('tab', { name: /(hunks|whole).ts .landed by kode/ })
    await decided.first().waitFor({ state: 'detached' })
  })

  test('and is no text is shown by its viewer, and kept or taken back as a whole', async () => {
    const { page } = editor.workbench
    const command =
      'cp art/other.png logo.png && cp art/other.png made.png && rm gone.png && printf "gr\\374\\374n\\n" > odd.txt && printf "\\0\\0\\0\\2" > data.bin'
    editor.script({ toolCalls: [{ name: 'Bash', arguments: { command } }] }, { text: 'All painted.' })
    await editor.prompt('Paint it green')
    await editor.chat.getByRole('region', { name: /^Approval: cp/ }).press('y')
    await editor.chat.getByText('All painted.').waitFor()
    expect(editor.readBytes('logo.png').equals(GREEN)).toBe(true)
    await editor.chat.getByRole('button', { name: 'Review the changes of this turn' }).click()
    await row('logo.png')
      .getByText(/binary, \d+B/)
      .waitFor()
    await row('logo.png').click()
    const pictures = page.locator('iframe.webview.ready[src*="vscode.media-preview"]')
    await expect.poll(() => pictures.count(), { timeout: 30_000 }).toBe(2)
    for (const index of [0, 1]) {
      const picture = pictures.nth(index).contentFrame().locator('#active-frame').contentFrame().locator('img')
      await picture.waitFor()
    }
    await pressIn('logo.png', 'Reject Change', () => editor.readBytes('logo.png').equals(RED))
    await expect.poll(() => pictures.count(), { timeout: 30_000 }).toBe(0)
    await row('made.png').click()
    await expect.poll(() => pictures.count(), { timeout: 30_000 }).toBe(1)
    await pressIn('made.png', 'Accept Change', isGone('made.png'))
    expect(editor.readBytes('made.png').equals(GREEN)).toBe(true)
    await row('data.bin').click()
    await page.getByText('it is either binary or uses an unsupported text encoding').first().waitFor()
    await pressIn('data.bin', 'Reject Change', () => editor.readBytes('data.bin').toString('hex') === '00000001')
    // What is left waits over a reload of the window.
    await editor.reload()
    await row('gone.png').getByText('deleted').waitFor()
    await pressIn('gone.png', 'Reject Change', () => existsSync(join(editor.server.workspace, 'gone.png')))
    expect(editor.readBytes('gone.png').equals(RED)).toBe(true)
    await pressIn('odd.txt', 'Reject Change', () => editor.readBytes('odd.txt').equals(LATIN1))
  })
})

function png(dot: string): Buffer {
  const head = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42m'
  return Buffer.from(`${head}${dot}AAAABJRU5ErkJggg==`, 'base64')
}
