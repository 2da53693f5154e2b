import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { openEngine } from '#shared/agent/open-engine'
import { kodePaths } from '#shared/config/paths'
import { nodeFiles } from '#shared/host/node/files'
import { Languages } from '#shared/languages/registry'
import { tempProject } from '../../support/temp-project'

test('a file that was read gets its language ready for a change, once, and nothing is written', async () => {
  const root = tempProject({ 'a.ts': 'export const a = 1\n' })
  const asked = vi.spyOn(Languages.prototype, 'languageOf')
  const engine = openEngine({
    root,
    files: nodeFiles(),
    paths: kodePaths({ HOME: root }),
    project: {},
    now: Date.now,
  })
  engine.warmFor(join(root, 'a.ts'))
  await vi.waitFor(() => expect(asked).toHaveBeenCalledWith('sample.ts'), 20_000)
  await vi.waitFor(() => expect(asked.mock.results.every(result => result.type === 'return')).toBe(true))
  const times = asked.mock.calls.length
  engine.warmFor(join(root, 'b.ts'))
  engine.warmFor(join(root, 'notes.txt'))
  expect(asked.mock.calls.length).toBe(times)
  expect(existsSync(join(root, 'sample.ts'))).toBe(false)
})
