// The least an agent can be: asks, runs what is called, asks again. No safety, no checks, no memory. For bench/agent.ts.
import { exec } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'

const run = promisify(exec)
const tools = ['Read', 'Bash'].map(name => ({ type: 'function', function: { name, parameters: { type: 'object' } } }))
const messages = [{ role: 'user', content: 'go' }]

while (true) {
  const message = await ask()
  messages.push(message)
  if (!message.tool_calls) break
  for (const call of message.tool_calls) {
    const input = JSON.parse(call.function.arguments)
    messages.push({ role: 'tool', tool_call_id: call.id, content: await doIt(call.function.name, input) })
  }
}
console.log(messages.at(-1).content)

async function ask() {
  const reply = await fetch(`${process.env.KODE_LLM_ENDPOINT}/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${process.env.KODE_LLM_API_KEY}` },
    body: JSON.stringify({ model: process.env.KODE_LLM_MODEL, stream: true, messages, tools }),
  })
  let content = ''
  const calls = []
  let rest = ''
  const decoder = new TextDecoder()
  for await (const piece of reply.body) {
    rest += decoder.decode(piece, { stream: true })
    const lines = rest.split('\n')
    rest = lines.pop()
    for (const line of lines) {
      if (!line.startsWith('data: {')) continue
      const delta = JSON.parse(line.slice(6)).choices[0].delta
      content += delta.content ?? ''
      calls.push(...(delta.tool_calls ?? []))
    }
  }
  return { role: 'assistant', content, ...(calls.length > 0 && { tool_calls: calls }) }
}

async function doIt(name, input) {
  if (name === 'Read') return readFile(input.file_path, 'utf8')
  const { stdout } = await run(input.command)
  return stdout
}
