import { expect, test } from 'vitest'
import { nodeFiles } from '#shared/host/node/files'
import { nodeProcesses } from '#shared/host/node/processes'
import { lacksKey } from '#shared/kode'
import { tempProject } from '../support/temp-project'

test.each([
  ['a provider that needs one', { provider: 'anthropic' }, {}, true],
  ['nothing chosen', {}, {}, true],
  ['a key of the surface', { provider: 'anthropic', apiKey: 'sk-test' }, {}, false],
  ['a key in the environment', { provider: 'anthropic' }, { ANTHROPIC_API_KEY: 'sk-test' }, false],
  ['a local server', { provider: 'ollama' }, {}, false],
  ['an endpoint on this machine', { provider: 'openai', baseUrl: 'http://127.0.0.1:1/v1' }, {}, false],
  ['a provider that is not known', { provider: 'nonsense' }, {}, false],
])('with %s a key is missing or not', async (_, flags, keys, isMissing) => {
  const root = tempProject()
  const env = { HOME: root, XDG_CONFIG_HOME: root, PATH: process.env.PATH, ...keys }
  const found = await lacksKey({ root, files: nodeFiles(), processes: nodeProcesses(), env, flags })
  expect(found).toBe(isMissing)
})
