import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { agentSession } from '../../support/agent-session'
import { calls, FakeProvider, says } from '../../support/fake-provider'
import { tempProject } from '../../support/temp-project'

const CONFIG = '../.config/kode'

test.each<[string, string, object, string]>([
  ['Read', 'of the keys', { file_path: `${CONFIG}/keys.json` }, 'denied'],
  ['Read', 'of a conversation', { file_path: `${CONFIG}/db/session.jsonl` }, 'denied'],
  ['Read', 'through a link', { file_path: 'way/session.jsonl' }, 'denied'],
  ['Grep', 'in them', { pattern: 'needle', file_path: `${CONFIG}/db` }, 'denied'],
  ['Grep', 'in the keys', { pattern: 'needle', file_path: `${CONFIG}/keys.json` }, 'denied'],
  ['Grep', 'in what is above them', { pattern: 'needle', file_path: CONFIG }, 'ok'],
  ['Grep', 'in what is above them, by a glob', { pattern: 'needle', file_path: CONFIG, glob: '**/*.json*' }, 'ok'],
  ['ListFiles', 'of them', { file_path: `${CONFIG}/db` }, 'denied'],
  ['Glob', 'of them', { pattern: '*', file_path: 'way' }, 'denied'],
  ['Bash', 'outside of any sandbox', { command: `cat ${CONFIG}/keys.json` }, 'denied'],
])('%s %s tells nothing of what kode keeps for itself', async (tool, _, input, status) => {
  const root = tempProject({ 'a.txt': 'needle\n' })
  const config = join(root, CONFIG)
  mkdirSync(join(config, 'db'), { recursive: true })
  writeFileSync(join(config, 'keys.json'), '{ "needle": "topsecret" }')
  writeFileSync(join(config, 'db/session.jsonl'), 'needle topsecret\n')
  writeFileSync(join(config, 'memory.json'), 'needle in sight\n')
  symlinkSync(join(config, 'db'), join(root, 'way'))
  const provider = new FakeProvider(calls([tool, input]), says('done'))
  const { session } = await agentSession(root, provider)
  await session.prompt([{ type: 'text', text: 'look' }])
  const [answer] = provider.requests.at(-1)?.messages.filter(message => message.role === 'tool') ?? []
  expect(answer?.text).not.toMatch(/topsecret|session\.jsonl$/m)
  expect(answer?.status, answer?.text).toBe(status)
  if (status === 'ok') expect(answer?.text).toContain('needle in sight')
})
