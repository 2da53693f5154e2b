import { expect, test } from 'vitest'
import { RecordingProvider, ReplayProvider } from '#shared/providers/recording'
import { askProvider, makeProvider } from '../../support/ask-provider'
import { startScriptedProvider } from '../../support/scripted-provider'

test('a recorded run can be played again, without the network and without its secrets', async () => {
  const server = await startScriptedProvider([
    { error: { status: 503, message: 'busy', retryAfter: '0' } },
    { thinking: 'Hm.', text: 'The token is tok-4711.', toolCalls: [{ name: 'Read', arguments: { path: 'a' } }] },
    { error: { status: 401, message: 'no more' } },
  ])
  const lines: string[] = []
  const recording = new RecordingProvider(
    makeProvider({ provider: 'vllm', baseUrl: server.url }),
    async line => void lines.push(line),
    text => text.replaceAll('tok-4711', '***'),
  )
  const tools = [{ name: 'Read', description: '', input: { type: 'object' } }]
  const first = await askProvider(recording, { tools })
  const second = await askProvider(recording)
  await server.close()

  const replay = ReplayProvider.from(lines.join('\n'))
  if (!replay.ok) throw new Error(replay.error.message)
  expect(replay.value).toMatchObject({ name: 'vllm', model: 'some-model' })
  const played = await askProvider(replay.value)
  const expected = first.filter(event => event.type !== 'retry')
  expect(JSON.stringify(played)).toBe(JSON.stringify(expected).replace('tok-4711', '***'))
  expect(await askProvider(replay.value)).toEqual(second)
  expect(await askProvider(replay.value)).toMatchObject([
    { failure: { message: expect.stringContaining('ends after 2') } },
  ])
})

test.each(['', '{"version":1}', 'no JSON', '{"version":1,"model":"m","events":[{"type":"text","text":"cut"}]}'])(
  'a file that is no recording is refused: %s',
  text => expect(ReplayProvider.from(text)).toMatchObject({ ok: false, error: { kind: 'configuration' } }),
)
