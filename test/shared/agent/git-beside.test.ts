import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { agentSession, resultsOf } from '../../support/agent-session'
import { Cast } from '../../support/cast'
import { calls, says } from '../../support/fake-provider'
import { gitInit, tempProject } from '../../support/temp-project'

/** Gives the repository another configuration, which names a program, for as long as it runs. */
const PLANT = [
  'mkdir other; cp -r .git/objects .git/refs .git/config other/',
  "git config -f other/config filter.f.clean 'touch ../ran ran; cat'",
  'echo "* filter=f" > .gitattributes',
  'printf ../other > .git/commondir',
  'sleep 300',
].join('; ')

test('a command that still runs makes git run nothing outside of the sandbox', async () => {
  const root = tempProject({ 'a.txt': 'one\n', 'plant.sh': PLANT })
  gitInit(root)
  const provider = new Cast({
    default: [
      calls(['Bash', { command: 'sh plant.sh', background: true }]),
      says('started'),
      says('seen'),
      says('seen'),
    ],
  })
  const { session } = await agentSession(root, provider)
  await session.prompt([{ type: 'text', text: 'go' }])
  expect(resultsOf(session)[0]?.status).toBe('ok')
  await vi.waitFor(() => expect(existsSync(join(root, '.git/commondir'))).toBe(true), 10_000)
  writeFileSync(join(root, 'a.txt'), 'two\n')
  await session.prompt([{ type: 'text', text: 'what changed?' }])
  await session.prompt([{ type: 'text', text: 'what changed in @diff ?' }])
  expect(JSON.stringify(provider.requestsOf('default').at(-1)?.messages)).toContain('+two')
  // Inside, git runs it: the wall is what holds it.
  expect(existsSync(join(root, 'ran'))).toBe(true)
  expect(existsSync(join(root, '../ran'))).toBe(false)
})
