import { expect, test } from 'vitest'
import { argumentWords, promptArguments } from '#shared/mcp/server-prompt'
import { referenceServer } from '../../support/mcp-servers'
import { turnWith } from '../../support/mcp-turn'

const servers = { everything: referenceServer('everything') }

/** What the model is sent for these words. */
async function saidFor(text: string) {
  const { session, model } = await turnWith(servers, [])
  model.add(['ListFiles', {}])
  await session.prompt([{ type: 'text', text }])
  const message = model.requests[1]?.messages.at(-1)
  return message?.role === 'user' ? message.parts.map(part => (part.type === 'text' ? part.text : part.type)) : []
}

test('a slash command with the name of a prompt is the prompt, with its arguments', async () => {
  const [text] = await saidFor('/everything__args-prompt Berlin state="New York"')
  expect(text).toMatch(/^<prompt from="everything" name="args-prompt">\n.*Berlin.*New York.*\n<\/prompt>$/s)
})

test('a prompt that lacks what it needs is said to, instead of being sent half', async () => {
  const [text] = await saidFor('/everything__args-prompt')
  expect(text).toMatch(
    /^\/everything__args-prompt\n\n\[The prompt args-prompt of everything could not be had: it needs city/,
  )
})

test('a resource that is mentioned comes along; other words stay words', async () => {
  const uri = 'demo://resource/static/document/features.md'
  const parts = await saidFor(`look at @everything:${uri} and @everything:demo://nothing and @nobody:x`)
  expect(parts[0]).toContain(`@everything:${uri}`)
  const resources = parts.filter(part => part.startsWith('<resources'))
  expect(resources).toEqual([expect.stringMatching(/^<resources from="everything">\n<resource uri="demo:/)])
})

test.each([
  ['', {}],
  ['one', { a: 'one' }],
  ['one two three', { a: 'one', b: 'two three' }],
  ['b=two one', { a: 'one', b: 'two' }],
  ['"one and a half" two', { a: 'one and a half', b: 'two' }],
  [`b='x y' c=3`, { a: 'c=3', b: 'x y' }],
])('arguments %j', (text, expected) => {
  const names = ['a', 'b'].map(name => ({ name, isRequired: false }))
  expect(promptArguments({ name: 'p', description: '', arguments: names }, argumentWords(text))).toEqual(expected)
})
