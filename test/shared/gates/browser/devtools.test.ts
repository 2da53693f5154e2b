import { PassThrough } from 'node:stream'
import { setImmediate } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { DevTools } from '#shared/gates/browser/devtools'

test('messages are heard in whatever pieces they come', async () => {
  const { browser, devTools } = talking()
  const heard: string[] = []
  devTools.onEvent(method => heard.push(method))
  for (const piece of ['{"meth', 'od":"a"', '}', '\0{"method":"b"}\0{"method":"c"}\0', '{"method":"d"}\0{'])
    browser.stdout.write(piece)
  await expect.poll(() => heard).toEqual(['a', 'b', 'c', 'd'])
})

test('who cannot bear what a page tells ends the look and not kode', async () => {
  const { browser, devTools } = talking()
  devTools.onEvent(() => decodeURI('%FF'))
  const asked = devTools.send('Page.enable')
  browser.stdout.write('{"method":"Network.responseReceived"}\0')
  expect(await asked).toMatchObject({ ok: false, error: expect.stringContaining('URI malformed') })
})

test('nothing is heard after the end', async () => {
  const { browser, devTools } = talking()
  const heard: string[] = []
  devTools.onEvent(method => heard.push(method))
  devTools.end('over')
  browser.stdout.write('{"method":"a"}\0')
  await setImmediate()
  expect(heard).toEqual([])
})

function talking() {
  const browser = { stdin: new PassThrough(), stdout: new PassThrough() }
  return { browser, devTools: new DevTools(browser) }
}
