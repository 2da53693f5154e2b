import { expect, test } from 'vitest'
import { compact } from '#shared/agent/compaction'
import { Spending } from '#shared/agent/limits'
import { suggestTitle } from '#shared/agent/suggest-title'
import { userText } from '#shared/agent/user-message'
import { FakeProvider, says } from '../../support/fake-provider'

const never = new AbortController().signal
const MESSAGES = ['one', 'two', 'three', 'four', 'five', 'six'].map(text => userText(text, 'typed'))

test.each([
  ['a title', (asked: Asked) => suggestTitle(MESSAGES, 'm', asked, never)],
  [
    'a summary',
    (asked: Asked) => compact({ messages: MESSAGES, asked, model: 'm', windowTokens: 9_000, addition: '' }, never),
  ],
])('%s counts towards the limits, also where the endpoint counts nothing', async (_, ask) => {
  const spending = new Spending(() => 0.01, { maxTotalTokens: 50 })
  expect(await ask({ provider: new FakeProvider(says('Six words')), spending })).toBeDefined()
  expect(spending.costUsd).toBeUndefined()
  expect(spending.overspent()).toMatchObject({ limit: 'tokens' })
})

type Asked = Parameters<typeof suggestTitle>[2]
