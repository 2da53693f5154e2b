import { describe, expect, test } from 'vitest'
import { ok } from '#shared/base/result'
import { Blindfold } from '#shared/context/blindfold/blindfold'
import { keptNames } from '#shared/context/blindfold/kept-names'
import { asksTheWeb, BlindfoldProvider } from '#shared/context/blindfold/provider'
import { VocabularyBuilder } from '#shared/context/blindfold/vocabulary'
import type { Message } from '#shared/protocol/messages'
import type { ModelEvent, ModelRequest, Provider } from '#shared/providers/provider'
import { BUILT_IN_TOOLS } from '#shared/tools/registry'
import { seededRandom } from '../../kill/loop'

/** Per language: a program, names that must be gone, and what must stay. */
const PROGRAMS: readonly [string, string, string[], string[]][] = [
  [
    'typescript',
    `import { useState } from 'react'\nimport { invoiceTax } from './billing'\n\n/** Secret sauce of pricing. */\nexport class Ledger {\n  #hiddenSum = 0\n  chargeCustomer(amountDue: number): string {\n    console.log(\`owes \${amountDue}\`, "Payment declined")\n    return String(Math.max(invoiceTax(amountDue), this.#hiddenSum))\n  }\n}\n`,
    ['invoiceTax', 'billing', 'Ledger', 'hiddenSum', 'chargeCustomer', 'amountDue'],
    ['useState', 'react', 'console', 'Math.max', 'export class', 'return String('],
  ],
  [
    'python',
    `import os\nfrom requests import get as fetch_page\nfrom .billing import invoice_tax\n\n\nclass Ledger:\n    """Secret sauce of pricing."""\n\n    def __init__(self, amount_due):\n        self.hidden_sum = amount_due  # owes us\n\n    def test_me(self):\n        return os.path.join(fetch_page("Payment declined"), invoice_tax(self.hidden_sum))\n`,
    ['invoice_tax', 'billing', 'Ledger', 'hidden_sum', 'amount_due'],
    ['import os', 'requests', 'os.path.join', '__init__', 'self.'],
  ],
  [
    'go',
    `package billing\n\nimport (\n\t"fmt"\n\t"example.com/shop/taxes"\n)\n\n// Secret sauce of pricing.\ntype Ledger struct {\n\tHiddenSum int\n}\n\nfunc (l *Ledger) ChargeCustomer(amountDue int) string {\n\treturn fmt.Sprintf("Payment declined %d", taxes.InvoiceTax(amountDue)+l.HiddenSum)\n}\n`,
    ['billing', 'Ledger', 'HiddenSum', 'ChargeCustomer', 'amountDue', 'taxes'],
    ['"fmt"', 'fmt.Sprintf', 'func (l *', '%d'],
  ],
  [
    'rust',
    `use std::collections::HashMap;\nuse serde::Deserialize;\nuse crate::billing::invoice_tax;\n\n/// Secret sauce of pricing.\n#[derive(Deserialize)]\npub struct Ledger<'a> {\n    hidden_sum: HashMap<&'a str, i64>,\n}\n\nimpl<'a> Ledger<'a> {\n    pub fn charge_customer(&self, amount_due: i64) -> i64 {\n        println!("Payment declined {}", amount_due);\n        invoice_tax(amount_due)\n    }\n}\n`,
    ['billing', 'invoice_tax', 'Ledger', 'hidden_sum', 'charge_customer', 'amount_due'],
    ['use std::collections::HashMap', 'serde::Deserialize', 'println!', '#[derive(', 'pub fn'],
  ],
  [
    'javascript',
    `const express = require('express')\nconst { invoiceTax } = require('./billing')\n\n// Secret sauce of pricing.\nexports.chargeCustomer = function (amountDue) {\n  const ledgerApp = express()\n  ledgerApp.use("Payment declined")\n  return invoiceTax(amountDue)\n}\n`,
    ['invoiceTax', 'billing', 'chargeCustomer', 'amountDue', 'ledgerApp'],
    ["require('express')", 'express()', '.use(', 'exports.'],
  ],
]

describe.each(PROGRAMS)('blindfold on %s', (language, program, secrets, clear) => {
  test('names of the project are gone, what comes from elsewhere stays, and everything comes back', async () => {
    const blindfold = await blindfoldFor(language, program, 'identifiers')
    const masked = blindfold.maskCode(program)
    for (const secret of secrets) expect(masked).not.toContain(secret)
    for (const word of clear) expect(masked).toContain(word)
    expect(blindfold.unmask(masked)).toBe(program)
    expect(blindfold.leaks(masked)).toEqual([])
  })

  test('strict: comments and strings are gone too', async () => {
    const blindfold = await blindfoldFor(language, program, 'strict')
    const masked = blindfold.maskCode(program)
    for (const word of [...secrets, 'Secret', 'sauce', 'Payment', 'declined']) expect(masked).not.toContain(word)
    expect(blindfold.unmask(masked)).toBe(program)
    expect(blindfold.leaks(masked)).toEqual([])
  })
})

describe('strict, in what tools print of a file', () => {
  const program = '// ChargeCustomer ist geheim.\nfunc ChargeCustomer() int {\n\treturn 3 # nur hier\n}\n'

  test.each([
    ['a search result', 'pay/pay.go:3:// ChargeCustomer ist geheim.\npay/pay.go:9:# nur hier'],
    ['a search result of one file', '3:// ChargeCustomer ist geheim.\n9:# nur hier'],
    ['lines around a search result', 'pay/pay.go-3-// ChargeCustomer ist geheim.\n4-# nur hier'],
    ['a diff', '@@ -1 +1 @@\n-// ChargeCustomer ist geheim.\n+# nur hier\n'],
    ['a listing', '     3\t// ChargeCustomer ist geheim.\n     4\t# nur hier\n'],
    ['a comment that was cut out', 'says: ChargeCustomer ist geheim.'],
  ])('%s tells nothing', async (_, output) => {
    const blindfold = await blindfoldFor('go', program, 'strict')
    const masked = blindfold.maskCode(output)
    expect(masked).not.toMatch(/ChargeCustomer|ist|geheim|nur|hier/)
    expect(blindfold.leaks(masked)).toEqual([])
    expect(blindfold.unmask(masked)).toBe(output)
  })

  test('a comment that is found in the middle of a name hides all of it', async () => {
    const blindfold = await blindfoldFor('go', 'const MaxUser = 0xffff // User = 0xffff ist\n', 'strict')
    const masked = blindfold.maskCode('const MaxUser = 0xffff ist')
    expect(masked).not.toMatch(/Max|User|ist/)
    expect(blindfold.leaks(masked)).toEqual([])
  })

  test('an address is no comment', async () => {
    const blindfold = await blindfoldFor('go', program, 'strict')
    expect(blindfold.maskCode('see https://go.dev/doc for more')).toBe('see https://go.dev/doc for more')
  })

  test('the audit sees a comment of which only the names are hidden', async () => {
    const blindfold = await blindfoldFor('go', program, 'strict')
    const half = blindfold.maskCode('ChargeCustomer').concat(' ist geheim.')
    expect(blindfold.leaks(half)).toEqual(['ist', 'geheim'])
  })
})

test.each([
  '/^ChargeCustomer$/',
  '\treturn ChargeCustomer$',
  '"$ChargeCustomer"',
  'TestChargeCustomer$',
  '-run=^TestPay$',
])('a name beside a dollar sign is hidden: %s', async text => {
  const code = 'func ChargeCustomer() {}\nfunc TestPay() {}\n'
  const blindfold = await blindfoldFor('go', code, 'identifiers')
  const masked = blindfold.maskCode(text)
  expect(masked).not.toMatch(/ChargeCustomer|Pay/)
  expect(blindfold.unmask(masked)).toBe(text)
  expect(blindfold.leaks(masked)).toEqual([])
})

test('random programs: nothing of them is legible, and every byte comes back', async () => {
  const random = seededRandom(11)
  for (let round = 0; round < 150; round++) {
    const { language, text, names } = randomProgram(random)
    const blindfold = await blindfoldFor(language, text, round % 2 === 0 ? 'identifiers' : 'strict')
    const masked = blindfold.maskCode(text)
    expect(blindfold.unmask(masked)).toBe(text)
    for (const name of names) expect(masked).not.toMatch(new RegExp(`(?<![A-Za-z0-9_])${name}(?![A-Za-z0-9_])`))
    // Cut anywhere, a stream gives the same text.
    const stream = blindfold.unmaskStream()
    let streamed = ''
    for (let at = 0; at < masked.length; ) {
      const length = 1 + Math.floor(random() * 9)
      streamed += stream.take(masked.slice(at, at + length))
      at += length
    }
    expect(streamed + stream.end()).toBe(text)
  }
})

describe('a provider behind the blindfold', () => {
  const program = PROGRAMS[0]![1]

  test('no message, call or result carries a word of the project; the reply has the real names', async () => {
    const blindfold = await blindfoldFor('typescript', program, 'strict')
    const inner = new EchoProvider(masked => /class (\w+)/.exec(masked)?.[1] ?? 'none')
    const messages: Message[] = [
      user(`Let chargeCustomer say "Payment declined" in red\n\n<file path="src/ledger.ts">\n${program}\n</file>`),
      {
        role: 'assistant',
        id: 'a',
        model: 'm',
        stop: 'tool_calls',
        parts: [
          { type: 'text', text: JSON.stringify([{ id: 'hunk-1', file_path: 'src/ledger.ts', anchor_text: program }]) },
          {
            type: 'tool_call',
            id: 'c',
            name: 'Edit',
            arguments: JSON.stringify({ file_path: 'src/ledger.ts', old_str: program }),
          },
        ],
      },
      {
        role: 'tool',
        id: 't',
        call_id: 'c',
        name: 'Edit',
        status: 'error',
        text: `1\t${program}\nno amountDue here: Payment declined`,
      },
    ]
    const request: ModelRequest = { model: 'm', system: 'Mind the Ledger.', messages, tools: [] }
    const text = await replyOf(behind(inner, blindfold), request)
    const wire = JSON.stringify(inner.seen)
    for (const word of ['Ledger', 'ledger', 'chargeCustomer', 'amountDue', 'billing', 'declined', 'sauce'])
      expect(wire).not.toContain(word)
    expect(wire).toContain('file_path')
    expect(text).toBe('Ledger')
  })

  test('tools of servers and schemas of answers speak of the project no more than messages do', async () => {
    const builder = new VocabularyBuilder(() => false)
    builder.addCode('class Ledger { chargeCustomer(amountDue) { this.items = anyOf(amountDue, this.enum) } }')
    const blindfold = new Blindfold('identifiers')
    blindfold.learn(builder.build())
    const schema = {
      type: 'object',
      description: 'What a Ledger needs.',
      properties: {
        amountDue: { type: 'array', items: { $ref: '#/$defs/Ledger' } },
        kind: { enum: ['Ledger', 'other'], default: 'Ledger' },
        more: { anyOf: [{ const: 'chargeCustomer' }, { type: 'integer' }] },
      },
      required: ['amountDue'],
      $defs: { Ledger: { type: 'string', title: 'Ledger' } },
    }
    const tool = { name: 'mcp__Ledger__chargeCustomer', description: 'Asks Ledger.chargeCustomer.', input: schema }
    let seen: ModelRequest | undefined
    const inner: Provider = {
      name: 'calling',
      listModels: async () => ({ models: [] }),
      async *stream(request) {
        seen = request
        const [{ name, input }] = request.tools as [(typeof request.tools)[0]]
        const arguments_ = JSON.stringify(Object.fromEntries((input.required as string[]).map(key => [key, 1])))
        yield { type: 'tool_call_delta', id: 'c', name, text: arguments_ }
        yield { type: 'tool_call', call: { type: 'tool_call', id: 'c', name, arguments: arguments_ } }
      },
    }
    const call = { type: 'tool_call' as const, id: 'b', name: tool.name, arguments: '{}' }
    const messages: Message[] = [
      user('go'),
      { role: 'assistant', id: 'a', model: 'm', stop: 'tool_calls', parts: [call] },
      { role: 'tool', id: 't', call_id: 'b', name: tool.name, status: 'ok', text: 'fine' },
    ]
    const request = { model: 'm', system: '', messages, tools: [tool], outputSchema: schema }
    const events: ModelEvent[] = []
    for await (const event of behind(inner, blindfold).stream(request, new AbortController().signal)) events.push(event)
    expect(JSON.stringify(seen)).not.toMatch(/Ledger|chargeCustomer|amountDue/)
    const shape = { type: 'object', properties: { more: { anyOf: [{}, { type: 'integer' }] } } }
    expect(seen).toMatchObject({ tools: [{ input: shape }], outputSchema: shape })
    expect(seen?.tools[0]?.input.properties).toMatchObject({ kind: { enum: [expect.stringMatching(/^T_/), 'other'] } })
    const made = { name: tool.name, arguments: '{"amountDue":1}' }
    expect(events).toMatchObject([{ name: tool.name, text: made.arguments }, { call: made }])
  })

  test("a call that looks like one in the project's own strings is no leak", async () => {
    const arguments_ = '{"path":"a.ts","edit":{"from":"x"}}'
    const blindfold = await blindfoldFor('typescript', `const call = '${arguments_}'`, 'strict')
    const inner = new EchoProvider(() => 'sent')
    const call = { type: 'tool_call' as const, id: 'c', name: 'Edit', arguments: arguments_ }
    const messages: Message[] = [{ role: 'assistant', id: 'a', model: 'm', stop: 'tool_calls', parts: [call] }]
    const request = { model: 'm', system: '', messages, tools: [] }
    expect(await replyOf(behind(inner, blindfold), request)).toBe('sent')
  })

  test.each([
    ['WebSearch', 'Ledger', /^T_\w{6}$/],
    ['web_fetch', 'Ledger', /^T_\w{6}$/],
    ['Grep', 'Ledger', /^Ledger$/],
  ])('what a model sends with %s', async (name, word, sent) => {
    const blindfold = await blindfoldFor('typescript', program, 'identifiers')
    const text = JSON.stringify({ query: blindfold.maskCode(word) })
    const inner: Provider = {
      name: 'calling',
      listModels: async () => ({ models: [] }),
      async *stream() {
        yield { type: 'tool_call_delta', id: 'c', name, text }
        yield { type: 'tool_call', call: { type: 'tool_call', id: 'c', name, arguments: text } }
      },
    }
    const request = { model: 'm', system: '', messages: [], tools: [] }
    const given: string[] = []
    for await (const event of behind(inner, blindfold).stream(request, new AbortController().signal)) {
      if (event.type === 'tool_call_delta') given.push(event.text)
      if (event.type === 'tool_call') given.push(event.call.arguments)
    }
    expect(given).toHaveLength(2)
    for (const each of given) expect(JSON.parse(each).query).toMatch(sent)
  })

  test('every tool that asks the web is known as one, by each of its names', () => {
    const names = BUILT_IN_TOOLS.flatMap(({ name, aliases = [] }) =>
      [name, ...aliases].map(each => [each, name] as const),
    )
    const asking = names.filter(([each]) => asksTheWeb(each)).map(([, name]) => name)
    expect(new Set(asking)).toEqual(new Set(['WebFetch', 'WebSearch']))
    expect(asking).toHaveLength(names.filter(([, name]) => name === 'WebFetch' || name === 'WebSearch').length)
  })

  test('what cannot be masked is not sent', async () => {
    const blindfold = await blindfoldFor('typescript', program, 'identifiers')
    const inner = new EchoProvider(() => 'sent')
    const image = { type: 'image' as const, media_type: 'image/png' as const, data: 'AA==' }
    const request = { model: 'm', system: '', messages: [{ ...user('look'), parts: [image] }], tools: [] }
    expect(await replyOf(behind(inner, blindfold), request)).toMatch(/failure: .*image/)
    expect(inner.seen).toBeUndefined()
  })
})

test.each([
  String.raw`const reply = '\u001b]52;c', lines = '11\n12\n13\n'`,
  String.raw`const colours = /\x1b\[\d+m/, end = '\x1b\x03'`,
  String.raw`const numbers = [0xff, 0x1b, 1e100], shown = '\xff\x1b', wide = /\u{fe00}/u, other = '\u{fe00}'`,
  String.raw`const feed = x64(), names = '\x64 \ufeed \u{feed}', all = x64 + feed`,
  String.raw`const odd = 'a\tb\r\nc\x00\x08', hidden = 'l\u200bs'`,
])('signs written with a backslash are no words that could leak: %s', async text => {
  const blindfold = await blindfoldFor('typescript', text, 'strict')
  const masked = blindfold.maskCode(text)
  expect(blindfold.leaks(masked)).toEqual([])
  expect(blindfold.unmask(masked)).toBe(text)
})

test('a megabyte is masked in a second', async () => {
  const program = PROGRAMS.map(([, text]) => text)
    .join('\n')
    .repeat(700)
  const blindfold = await blindfoldFor('typescript', PROGRAMS[0]![1], 'strict')
  const megabytes = program.length / 1_000_000
  const rates = Array.from({ length: 3 }, () => {
    const start = performance.now()
    blindfold.maskCode(program)
    return megabytes / ((performance.now() - start) / 1000)
  })
  expect(Math.max(...rates)).toBeGreaterThan(1)
})

async function blindfoldFor(language: string, program: string, mode: 'identifiers' | 'strict'): Promise<Blindfold> {
  const kept = await keptNames(new Set([language]), [])
  const builder = new VocabularyBuilder(name => kept.has(name))
  for (const path of ['src/billing.ts', 'src/ledger.ts', 'taxes/tax.go']) builder.addPath(path)
  builder.addManifest('module example.com/shop\n')
  builder.addCode(program)
  const blindfold = new Blindfold(mode)
  blindfold.learn(builder.build())
  return blindfold
}

function randomProgram(random: () => number): { language: string; text: string; names: string[] } {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!
  const names = Array.from({ length: 8 }, () => {
    const parts = Array.from({ length: 1 + Math.floor(random() * 3) }, () =>
      pick(['zor', 'blim', 'quax', 'frob', 'wug', 'nerk']),
    )
    return `${parts.join('_')}_${Math.floor(random() * 1000)}`
  })
  const name = () => pick(names)
  const language = pick(['typescript', 'python', 'go', 'rust', 'javascript'])
  const mark = language === 'python' ? '#' : '//'
  const quote = language === 'go' || language === 'rust' ? '"' : pick(['"', "'"])
  const line: Record<string, () => string> = {
    typescript: () => `export function ${name()}(${name()}: number) { return ${name()}(${name()}.length) + 1 }`,
    javascript: () => `const ${name()} = ${name()} => ({ ${name()}: \`a \${${name()}} b\` })`,
    python: () => `def ${name()}(${name()}=1):\n    self.${name()} = ${name()}["x"]`,
    go: () => `func ${name()}(${name()} int) int {\n\treturn ${name()} + ${name()}(2)\n}`,
    rust: () => `pub fn ${name()}(${name()}: &'static str) -> usize { ${name()}!(${name()}.len()) }`,
  }
  const lines = Array.from({ length: 12 }, () =>
    random() < 0.3
      ? `${mark} it's ${name()} — über ${name()}, isn't it?`
      : random() < 0.3
        ? `${name()} = ${quote}a\\n${name()} \\${quote} %s ${name()}${quote}`
        : (line[language]?.() ?? ''),
  )
  return {
    language,
    text: `${lines.join('\n')}\n`,
    names: names.filter(each => lines.some(line => isDeclaredIn(line, each))),
  }
}

/** As a name of its own, outside of comments and strings. */
function isDeclaredIn(line: string, name: string): boolean {
  const code = line.replace(/^(?:#|\/\/).*|["'].*$/gm, '')
  return new RegExp(`(?<![.\\w])${name}(?!\\w)`).test(code)
}

class EchoProvider implements Provider {
  readonly name = 'echo'
  readonly #reply: (masked: string) => string
  seen: ModelRequest | undefined

  constructor(reply: (masked: string) => string) {
    this.#reply = reply
  }

  async *stream(request: ModelRequest) {
    this.seen = request
    // As code reads it, not as JSON.
    const text = JSON.stringify(request).replaceAll('\\n', '\n')
    for (const character of this.#reply(text)) yield { type: 'text' as const, text: character }
    yield { type: 'end' as const, stop: 'end' as const }
  }

  async listModels() {
    return { models: [] }
  }
}

/** A provider whose blindfold has read its project once and for all. */
function behind(inner: Provider, blindfold: Blindfold): Provider {
  return new BlindfoldProvider(inner, blindfold, async () => ok(undefined))
}

async function replyOf(provider: Provider, request: ModelRequest): Promise<string> {
  let text = ''
  for await (const event of provider.stream(request, new AbortController().signal)) {
    if (event.type === 'text') text += event.text
    if (event.type === 'failure') text += `failure: ${event.failure.message}`
  }
  return text
}

function user(text: string): Message & { role: 'user' } {
  return { role: 'user', id: 'u', parts: [{ type: 'text', text }], origin: 'task' }
}
