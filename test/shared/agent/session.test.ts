import { expect, test } from 'vitest'
import { agentSession } from '../../support/agent-session'
import { calls, FakeProvider, says } from '../../support/fake-provider'
import { tempProject } from '../../support/temp-project'

test('a turn may be given fewer or more requests than the settings say, and the next one has theirs again', async () => {
  const reads = Array.from({ length: 9 }, (_, n) => calls(['Read', { file_path: `${n}.txt` }]))
  const files = Object.fromEntries(reads.map((_, n) => [`${n}.txt`, `${n}\n`]))
  const { session } = await agentSession(tempProject(files), new FakeProvider(...reads, says('done')))
  const made = async (maxTurns?: number) => {
    const before = session.messages().length
    const end = await session.prompt([{ type: 'text', text: 'go' }], 'next', maxTurns)
    const replies = session
      .messages()
      .slice(before)
      .filter(message => message.role === 'assistant')
    return [replies.length, end.reason]
  }
  expect(await made(2)).toEqual([2, 'limit'])
  expect(await made(3)).toEqual([3, 'limit'])
  expect(await made()).toEqual([5, 'answered'])
})
