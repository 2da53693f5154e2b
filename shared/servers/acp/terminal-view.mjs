// What runs in a terminal of the client: shows the output of a command that kode runs behind its wall, and ends as it does.
// `node terminal-view.mjs PORT KEY COMMAND`; the command is there for people to read.
import { connect } from 'node:net'

const [port, key] = process.argv.slice(2)
let rest = ''
const line = connect(Number(port), '127.0.0.1', () => line.write(`${key}\n`))
line.setEncoding('utf8')
line.on('data', piece => {
  const lines = (rest + piece).split('\n')
  rest = lines.pop()
  for (const each of lines) {
    const { text, exitCode } = JSON.parse(each)
    if (text !== undefined) process.stdout.write(text)
    else process.exitCode = exitCode
  }
})
line.on('error', error => {
  process.stderr.write(`${error.message}\n`)
  process.exitCode = 1
})
