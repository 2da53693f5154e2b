import { describe, expect, test } from 'vitest'
import { runCli } from '../support/run-cli'
import { tempProject } from '../support/temp-project'
import { Terminal } from '../support/terminal'

/** Asks the proxy of the sandbox for a host that is on no list. */
const REQUEST = `
  const proxy = new URL(process.env.HTTP_PROXY)
  const request = { host: proxy.hostname, port: proxy.port, path: 'http://other.example/' }
  require('node:http').get(request, reply => reply.resume()).on('error', error => console.log(error.message))`

const args = ['sandbox', 'run', '--', process.execPath, 'request.cjs']

describe.skipIf(process.platform !== 'linux')('kode sandbox run, about a host that is on no list,', () => {
  test('denies it where nobody can answer, and says so', async () => {
    const end = await runCli(args, { cwd: tempProject({ 'request.cjs': REQUEST }) })
    expect(end.stderr).toContain('network to other.example:80 was blocked: it is not an allowed host')
    expect(end.stderr).not.toContain('[y/N]')
  })

  test.each([
    ['yes', 'y\r', 'other.example:80 was blocked: its name could not be resolved'],
    ['no', '\r', 'other.example:80 was blocked: it is not an allowed host'],
  ])('asks at a terminal: %s', async (_, keys, outcome) => {
    const terminal = new Terminal(args, { cwd: tempProject({ 'request.cjs': REQUEST }), env: {} })
    await terminal.shows(/wants to reach other\.example:80, which is on no list\. .*\[y\/N\]/)
    terminal.type(keys)
    await terminal.shows(outcome)
    expect(await terminal.end).toBe(0)
  })
})
