import type { KodeEvent } from '#shared/protocol/events'
import type { ChatPage } from './chat-page'
import { assistant, call, result, session } from './sample-events'

/** A conversation of this many messages, the calls' results not counted. */
export function longSession(messages: number): KodeEvent[] {
  return Array.from({ length: messages / 2 }, (_, index): KodeEvent[] => [
    {
      type: 'user',
      message: { role: 'user', id: `u${index}`, origin: 'typed', parts: [{ type: 'text', text: `Question ${index}` }] },
    },
    assistant(`a${index}`, [
      { type: 'text', text: `Answer ${index}\n\n- one\n- two with \`code\`` },
      call(`c${index}`, 'Read', {}),
    ]),
    result(`c${index}`, 'Read', 'some output', 3),
  ]).flat()
}

/** What a page in use took. */
export interface Soak {
  /** Before and after 3,000 events, everything collected that can be. */
  heapBytes: [number, number]
  /** From a key to the next frame, while the events came. */
  keyToFrameP95Ms: number
}

/** Streams 3,000 events into a long conversation while somebody types `typed while it streams`. */
export async function soak(chat: ChatPage): Promise<Soak> {
  await chat.start([session(), ...longSession(5000), { type: 'turn_started', turn_id: 't' }])
  const box = chat.page.getByRole('textbox', { name: 'Message to kode' })
  const devtools = await chat.page.context().newCDPSession(chat.page)
  const heapBytes = async () => {
    await devtools.send('HeapProfiler.collectGarbage')
    return (await devtools.send('Runtime.getHeapUsage')).usedSize
  }
  const streamThousand = async (round: number) => {
    const message_id = `m${round}`
    for (let push = 0; push < 50; push++) {
      const words = Array.from({ length: 20 }, (_, word) => `word${push}.${word} `)
      await chat.send(...words.map(text => ({ type: 'text_delta' as const, message_id, text })))
    }
    await chat.send(assistant(message_id, [{ type: 'text', text: 'the same short answer' }]))
  }
  // Compiled code and the like are not what grows.
  for (const round of [1, 2]) await streamThousand(round)
  const before = await heapBytes()
  // As the one who types sees it.
  await chat.page.evaluate(`
    window.latencies = []
    document.addEventListener('keydown', () => {
      const at = performance.now()
      requestAnimationFrame(() => window.latencies.push(performance.now() - at))
    }, true)`)
  const typing = box.pressSequentially('typed while it streams', { delay: 30 })
  await streamThousand(3)
  await typing
  for (const round of [4, 5]) await streamThousand(round)
  const after = await heapBytes()
  const latencies = (await chat.page.evaluate('window.latencies')) as number[]
  const p95 = latencies.toSorted((one, other) => one - other)[Math.floor(latencies.length * 0.95)] ?? 0
  return { heapBytes: [before, after], keyToFrameP95Ms: p95 }
}
