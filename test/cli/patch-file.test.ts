import { execFileSync } from 'node:child_process'
import { appendFileSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { runCli } from '../support/run-cli'
import { startScriptedProvider } from '../support/scripted-provider'
import { gitInit, tempProject } from '../support/temp-project'

const bash = (command: string) => ({ name: 'Bash', arguments: { command } })
const edit = (from: string, to: string) => ({
  name: 'Edit',
  arguments: { file_path: 'a.txt', replacements: [{ old_str: from, new_str: to }] },
})

test('the patch of a run is one net change, which git applies to the files as they were', async () => {
  const root = tempProject({
    'a.txt': 'one\n',
    'old.bin': Uint8Array.of(1, 0, 2),
    'run.sh': 'true\n',
    'moved.txt': 'moved\n',
    'end.txt': 'end\n',
    'latin.txt': 'word\n',
  })
  gitInit(root)
  const git = (...args: string[]) => execFileSync('git', args, { cwd: root, encoding: 'utf8' })
  const model = await startScriptedProvider([
    { toolCalls: [edit('one', 'two'), edit('two', 'three')] },
    { toolCalls: [bash('seq 900 | gzip -n > "a picture.gz"; printf "\\0\\1" > old.bin; : > empty.txt')] },
    {
      toolCalls: [
        bash(
          'install -m 755 run.sh /tmp/run.sh; mv /tmp/run.sh run.sh; ln -s a.txt link; mv moved.txt "ümlaut.txt"; printf "no end" > end.txt',
        ),
      ],
    },
    { toolCalls: [bash('echo here > gone.txt; printf "\\357\\273\\277x\\r\\ny\\r\\n" > bom.txt')] },
    { toolCalls: [bash('mv gone.txt /tmp; printf "w\\366rd\\n" > latin.txt')] },
    { text: 'Done.' },
  ])
  onTestFinished(() => model.close())
  const env = { KODE_LLM_ENDPOINT: model.url, KODE_LLM_API_KEY: 'k', KODE_LLM_MODEL: 'scripted-model' }
  const end = await runCli(['--patch-file', '../run.patch', 'change much'], { cwd: root, env })
  expect(end.code, end.stderr).toBe(0)

  appendFileSync(join(root, '.git/info/exclude'), 'logs/\n')
  git('add', '-A')
  const changed = git('write-tree')
  expect(git('diff', '--cached', '--no-renames', '--name-status').match(/^./gm)?.join('')).toBe('AMAAMMADMMA')
  git('reset', '-q', '--hard')
  git('apply', '--index', '../run.patch')
  expect(git('write-tree')).toBe(changed)
  expect(readFileSync(join(root, '../run.patch'), 'utf8')).not.toMatch(/gone\.txt|two/)
})
