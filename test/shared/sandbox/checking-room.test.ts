import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { DeepProject } from '../../support/deep-project'

test.each([
  ['a link to a file of the user', 'ln -s SECRET "$ROOM/answer"'],
  ['a pipe', 'mkfifo "$ROOM/answer"'],
  ['a link to a pipe', 'mkfifo "$ROOM/pipe"; ln -s pipe "$ROOM/answer"'],
])('%s in place of the answer is not read, and gone for the next command', async (_, plant) => {
  const { secret, ask } = askedProject()
  const planted = await ask(`rm "$ROOM/answer"; ${plant.replace('SECRET', `'${secret}'`)}`)
  expect(planted.ok).toBe(false)
  expect(JSON.stringify(planted)).not.toContain('sesame')
  expect(await ask('echo fine')).toMatchObject({ ok: true, value: { answer: 'fine\n' } })
})

function askedProject() {
  const project = new DeepProject({ 'a.txt': 'a\n' })
  onTestFinished(() => project.remove())
  const state = join(dirname(project.root), 'state')
  mkdirSync(state)
  const secret = join(state, 'keys.json')
  writeFileSync(secret, 'sesame')
  const { signal } = new AbortController()
  const ask = (command: string) => project.room.run({ texts: {}, command, folder: '', timeoutMs: 20_000, signal })
  return { secret, ask }
}
