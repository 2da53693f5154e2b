import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { FileError } from '#shared/host/host'
import { nodeFiles } from '#shared/host/node/files'
import { tempProject } from '../../support/temp-project'

test('a walk goes on without a folder that cannot be read, and tells of it', async () => {
  const root = tempProject({ 'a.ts': '', 'src/b.ts': '' })
  // Deeper than a path may be long; whoever goes there step by step can read it all the same.
  const descend = `for (let i = 0; i < 20; i++) {
    fs.mkdirSync('d'.repeat(240))
    process.chdir('d'.repeat(240))
  }
  fs.writeFileSync('deep.ts', '')`
  execFileSync(process.execPath, ['-e', descend], { cwd: join(root, 'src') })
  onTestFinished(() => void execFileSync('rm', ['-rf', join(root, 'src')]))
  const missed: FileError[] = []
  const everything = { enters: () => true, includes: () => true }
  const walked = await nodeFiles().walk(root, { ...everything, missed: error => missed.push(error) })
  expect(walked.ok && walked.value.map(file => file.path).sort()).toEqual(['a.ts', 'src/b.ts'])
  expect(missed).toMatchObject([{ kind: 'name-too-long', path: expect.stringMatching(/^src\/d+\//) }])
})
