import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { runCli } from '../support/run-cli'
import { startScriptedProvider } from '../support/scripted-provider'
import { tempProject } from '../support/temp-project'

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
