// Stands between an ACP client and its agent and writes down every line: `node wire-recorder.mjs LOG PROGRAM ARGS…`.
import { spawn } from 'node:child_process'
import { appendFileSync } from 'node:fs'
import { createInterface } from 'node:readline'

const [log, program, ...args] = process.argv.slice(2)
const agent = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] })
const note = side => line => appendFileSync(log, `${JSON.stringify({ side, line, pid: agent.pid })}\n`)
createInterface({ input: process.stdin }).on('line', note('client'))
createInterface({ input: agent.stdout }).on('line', note('agent'))
process.stdin.pipe(agent.stdin)
agent.stdout.pipe(process.stdout)
agent.stdin.on('error', () => undefined)
agent.on('exit', code => process.exit(code ?? 1))
