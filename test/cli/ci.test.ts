import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { CLI } from '../support/run-cli'
import { tempProject } from '../support/temp-project'

test('a CI job in bash relies on exit codes, stdout and JSON alone', async () => {
  const root = tempProject({ 'README.md': '# sample\n' })
  const script = join(import.meta.dirname, 'ci.sh')
  const end = await new Promise<{ code: unknown; stdout: string; stderr: string }>(resolve => {
    const env = { PATH: process.env.PATH ?? '', HOME: join(root, '..'), LANG: 'C.UTF-8' }
    execFile('bash', [script, process.execPath, CLI], { cwd: root, env }, (error, stdout, stderr) =>
      resolve({ code: error?.code ?? 0, stdout, stderr }),
    )
  })
  expect(end).toEqual({ code: 0, stdout: 'CI OK\n', stderr: '' })
})
