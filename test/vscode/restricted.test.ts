import { afterAll, beforeAll, expect, test } from 'vitest'
import { Editor } from './support/editor'

let editor: Editor

beforeAll(async () => {
  editor = await Editor.open({ 'package.json': '{"name":"strange"}' }, { isTrusted: false })
})

afterAll(() => editor?.close())

test('without trust in the workspace the panel says so, and nothing is asked of a model', async () => {
  await editor.chat.getByRole('button', { name: /trust/i }).waitFor()
  await editor.prompt('Change something')
  await editor.chat.getByText('Trust this workspace first').waitFor()
  expect(editor.model.requests).toEqual([])
})
