import { describe, expect, test } from 'vitest'
import { runCli } from '../support/run-cli'
import { tempProject } from '../support/temp-project'
import { Terminal } from '../support/terminal'

/** Asks the proxy of the sandbox for a host that is on no list. In bash: the Node of a checkout below /tmp is not seen from inside. */
const REQUEST = `
  proxy=\${HTTP_PROXY#*://} proxy=\${proxy##*@} proxy=\${proxy%/}
  exec 3<>/dev/tcp/\${proxy%:*}/\${proxy#*:}
  printf 'GET http://other.example/ HTTP/1.1\\r\\nHost: other.example\\r\\nConnection: close\\r\\n\\r\\n' >&3
  head -1 <&3`

const args = ['sandbox', 'run', '--', 'bash', 'request.sh']

describe.skipIf(process.platform !== 'linux')('kode sandbox run, about a host that is on no list,', () => {
  test('denies it where nobody can answer, and says so', async () => {
    const end = await runCli(args, { cwd: tempProject({ 'request.sh': REQUEST }) })
    expect(end.stderr).toContain('network to other.example:80 was blocked: it is not an allowed host')
    expect(end.stderr).not.toContain('[y/N]')
  })

  test.each([
    ['yes', 'y\r', 'other.example:80 was blocked: its name could not be resolved'],
    ['no', '\r', 'other.example:80 was blocked: it is not an allowed host'],
  ])('asks at a terminal: %s', async (_, keys, outcome) => {
    const terminal = new Terminal(args, { cwd: tempProject({ 'request.sh': REQUEST }), env: {} })
    await terminal.shows(/wants to reach other\.example:80, which is on no list\. .*\[y\/N\]/)
    terminal.type(keys)
    await terminal.shows(outcome)
    expect(await terminal.end).toBe(0)
  })
})
