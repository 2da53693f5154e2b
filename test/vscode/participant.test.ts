import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createVSIX } from '@vscode/vsce'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { Editor } from './support/editor'

const packed = mkdtempSync(join(tmpdir(), 'kode-fake-model-'))
let editor: Editor

beforeAll(async () => {
  const fakeModel = join(packed, 'fake-model.vsix')
  await createVSIX({ cwd: join(import.meta.dirname, 'data/fake-model'), packagePath: fakeModel, dependencies: false })
  editor = await Editor.open(
    { 'broken.ts': 'export const cents = rond(1.005)\n', 'lm.ts': 'export const lm = 1\n' },
    {
      extensions: [fakeModel],
      // The editor's own chat is there once some model is.
      settings: { 'kode.provider': 'vscode', 'kode.model': 'fake/scripted', 'chat.disableAIFeatures': false },
    },
  )
})

afterAll(async () => {
  await editor?.close()
  rmSync(packed, { recursive: true, force: true })
})

beforeEach(context => {
  context.onTestFailed(async () => {
    await editor.workbench.page.screenshot({ path: `dist/failed-${context.task.id}.png` })
  })
})

/** Types into the editor's own chat. */
async function ask(text: string): Promise<void> {
  const { page } = editor.workbench
  const box = page.locator('.interactive-session .interactive-input-part .view-line').first()
  if (!(await box.isVisible())) await page.keyboard.press('Control+Alt+i')
  await box.click()
  await page.keyboard.type(text)
  await page.keyboard.press('Escape')
  await page.keyboard.press('Enter')
}

test("@kode in the editor's own chat verifies the open file, and hands a task to the panel", async () => {
  const { page } = editor.workbench
  // An extension's models are known to the chat once somebody has asked for them.
  await editor.prompt('Hello')
  await editor.chat.getByRole('region', { name: 'Approval: lm.ts' }).press('n')
  await editor.chat.getByText(/The editor's model has seen/).waitFor()
  await editor.workbench.openFile('broken.ts')
  const answers = page.locator('.interactive-session .interactive-response')
  await ask('@kode /verify ')
  await answers.getByText('is neither declared nor imported').first().waitFor()

  await editor.newConversation()
  await ask('@kode change it')
  await answers.getByText('kode works on it in its own panel').waitFor()
  await editor.chat.getByText('change it', { exact: true }).waitFor()
  expect(editor.read('lm.ts')).toBe('export const lm = 1\n')
})
