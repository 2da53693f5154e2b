import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { CLI, runCli } from '../support/run-cli'
import { startScriptedProvider } from '../support/scripted-provider'
import { tempProject } from '../support/temp-project'

const DIST = dirname(CLI)

/** Writes what Node has loaded when the first connection is made. */
const WITNESS = `
const { Socket } = require('node:net')
const { writeFileSync } = require('node:fs')
const { connect } = Socket.prototype
Socket.prototype.connect = function (...args) {
  writeFileSync(process.env.WITNESS, process.moduleLoadList.join('\\n'))
  Socket.prototype.connect = connect
  return connect.apply(this, args)
}
`

test('the first request leaves without waiting for what only its answer needs', async () => {
  const model = await startScriptedProvider([{ text: 'hello' }])
  onTestFinished(() => model.close())
  const cwd = tempProject({ 'a.js': '' })
  const [witness, loaded] = [join(cwd, '../witness.cjs'), join(cwd, '../loaded')]
  writeFileSync(witness, WITNESS)
  const end = await runCli(['hi'], {
    cwd,
    env: {
      ...{ KODE_LLM_ENDPOINT: model.url, KODE_LLM_API_KEY: 'k', KODE_LLM_MODEL: 'scripted' },
      ...{ NODE_OPTIONS: `--require=${JSON.stringify(witness)}`, WITNESS: loaded },
    },
  })
  expect(end).toMatchObject({ code: 0, stdout: 'hello\n' })
  const names = readFileSync(loaded, 'utf8').split('\n')
  expect(names).toContain('NativeModule http')
  expect(names.filter(name => /undici|worker_threads|NativeModule readline/.test(name))).toEqual([])
})

test('`kode --version` loads little of kode', () => {
  expect(loadedWith('version-line.mjs').length).toBeLessThan(30_000)
})

test('the agent starts without tables of commands, and without what the SDK does beside posting', () => {
  const [run = ''] = readdirSync(join(DIST, 'chunks')).filter(name => name.startsWith('agent-run-'))
  const loaded = loadedWith(join('chunks', run))
  expect(loaded).toContain('/chat/completions')
  for (const later of ['fine_tuning', 'vector_stores', 'mkfs', 'shred']) expect(loaded).not.toContain(later)
})

/** The text of a file of the build and of all that it imports at once. */
function loadedWith(file: string): string {
  const files = new Set([join(DIST, file)])
  for (const each of files) {
    for (const [, path = ''] of readFileSync(each, 'utf8').matchAll(/(?:from|import)\s*"(\.[^"]+)"/g)) {
      files.add(join(dirname(each), path))
    }
  }
  return [...files].map(each => readFileSync(each, 'utf8')).join('\n')
}
