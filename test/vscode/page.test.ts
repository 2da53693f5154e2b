import axe from 'axe-core'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import { ChatPage, closeBrowser, THEMES } from './support/chat-page'
import {
  APPROVAL,
  assistant,
  COMMAND_APPROVAL,
  call,
  result,
  STATES,
  session,
  TURN,
  TURN_END,
} from './support/sample-events'
import { longSession, soak } from './support/soak'

let chat: ChatPage

afterEach(() => chat.close())
afterAll(() => closeBrowser())

describe('the conversation', () => {
  test('shows a turn from prompt to end, with each call as one line', async () => {
    chat = await ChatPage.open('dark')
    await chat.start([...TURN, ...TURN_END])
    const log = chat.page.getByRole('log', { name: 'Conversation' })
    await log.getByText('the four tests pass').waitFor()
    await log.getByRole('button', { name: 'Ran npm test 2.1 s' }).waitFor()
    await log.getByText('7 checks passed').waitFor()
    await log.getByText('1 file landed, verified').waitFor()
    expect(await log.getByText('Refused: calls').count()).toBe(1)
    expect(await log.getByText('sumOrdrs does not exist').count()).toBe(1)
    expect(chat.complaints).toEqual([])
  })

  test('streams an answer without drawing its finished paragraphs again', async () => {
    chat = await ChatPage.open('dark')
    await chat.start([session(), { type: 'turn_started', turn_id: 't' }])
    await chat.send({ type: 'text_delta', message_id: 'm', text: 'First paragraph.\n\nSecond ' })
    const first = await chat.page.getByText('First paragraph.').elementHandle()
    await chat.send({ type: 'text_delta', message_id: 'm', text: 'grows **bo' })
    await chat.send({ type: 'text_delta', message_id: 'm', text: 'ld**.' })
    await chat.page.locator('strong', { hasText: 'bold' }).waitFor()
    await chat.send(assistant('m', [{ type: 'text', text: 'First paragraph.\n\nSecond grows **bold**.' }]))
    expect(await first?.evaluate(element => element.isConnected)).toBe(true)
  })

  test('shows HTML of the model as text, and runs nothing', async () => {
    chat = await ChatPage.open('dark')
    const evil =
      '<img src=x onerror="document.title=1"><script>document.title=2</script> [x](javascript:document.title=3)'
    await chat.start([session(), assistant('m', [{ type: 'text', text: evil }])])
    await chat.page.getByText('<script>').waitFor()
    expect(await chat.page.locator('.markdown img, .markdown script, .markdown a').count()).toBe(0)
    expect(await chat.page.title()).toBe('kode')
  })

  test('tells at the end of a turn what a command proved, and that it is out of date once a file changed', async () => {
    chat = await ChatPage.open('dark')
    await chat.start([...TURN, ...TURN_END])
    const runs = chat.page.getByRole('list', { name: 'Commands that ran after the change' })
    await runs.getByText('exit code 0 · 2.1 s', { exact: true }).waitFor()
    const evidence = TURN_END.find(event => event.type === 'evidence')
    if (evidence?.type !== 'evidence') throw new Error('the sample has no evidence')
    const stale = evidence.runs.map(run => ({ ...run, stale: ['src/orders.ts'] }))
    await chat.send({ ...evidence, runs: stale })
    await runs.getByText('out of date: src/orders.ts changed since').waitFor()
  })

  test('takes a turn back, and shows which files were kept and what they hold', async () => {
    chat = await ChatPage.open('dark')
    await chat.start([...TURN, ...TURN_END])
    const undo = chat.page.getByRole('button', { name: 'Undo the changes of this turn' })
    await undo.click()
    await expect.poll(() => chat.requests.at(-1)).toMatchObject({ name: 'undo_turn', input: { id: 'turn-1' } })
    const kept = [{ path: 'src/orders.ts', reason: 'it was changed since', diff: '-a\n+b\n' }]
    await chat.send({ type: 'turn_undone', turn_id: 'turn-1', message: 'Nothing was undone.', kept })
    await chat.page.getByRole('button', { name: 'kept src/orders.ts: it was changed since' }).click()
    await expect.poll(() => chat.requests.at(-1)).toMatchObject({ name: 'open_text', input: { text: '-a\n+b\n' } })
    expect(await undo.count()).toBe(0)
  })

  test('answers a question with what was chosen, in the order of the options', async () => {
    const question = { id: 'ask-1', call_id: 'call-8', question: 'Which?', options: ['a', 'b', 'c'] }
    chat = await ChatPage.open('dark')
    await chat.start([session(), { type: 'question_asked', question: { ...question, multiple: true } }])
    const answer = chat.page.getByRole('button', { name: 'Answer with what is chosen' })
    await chat.page.getByRole('checkbox', { name: 'c' }).check()
    await chat.page.getByRole('checkbox', { name: 'a' }).check()
    await answer.click()
    await expect.poll(() => chat.requests.at(-1)).toMatchObject({ name: 'answer_question', input: { text: 'a\nc' } })
    await chat.send({ type: 'question_answered', id: 'ask-1', answer: 'a\nc' })
    await answer.waitFor({ state: 'detached' })
    await chat.send({ type: 'question_asked', question: { ...question, id: 'ask-2', default: 'b' } })
    await chat.page.getByRole('button', { name: 'Answer: c' }).click()
    await expect.poll(() => chat.requests.at(-1)).toMatchObject({ input: { id: 'ask-2', text: 'c' } })
    await chat.send({ type: 'question_answered', id: 'ask-2', answer: '' })
    await chat.page.getByText('not answered: b').waitFor()
  })

  test('asks for everything again when a push was lost', async () => {
    chat = await ChatPage.open('dark')
    await chat.start(TURN)
    const before = chat.requests.length
    chat.loseOne()
    await chat.send({ type: 'notice', level: 'info', text: 'after the gap' })
    await expect.poll(() => chat.requests.slice(before).map(request => request.name)).toEqual(['open'])
    expect(await chat.page.getByText('after the gap').count()).toBe(0)
  })

  test('draws few rows of 5,000 messages, and opens them in a moment', async () => {
    chat = await ChatPage.open('dark')
    const startedAt = performance.now()
    await chat.start([session(), ...longSession(5000)])
    await chat.page.getByText('Answer 2499', { exact: true }).waitFor()
    const durationMs = performance.now() - startedAt
    const rows = await chat.page.locator('.row').count()
    console.log(`5,000 messages: ${Math.round(durationMs)} ms to open, ${rows} rows in the page`)
    expect(rows).toBeLessThan(300)
    // The target is 500 on a free machine; this includes sending the events to the page, on one that may be busy.
    expect(durationMs).toBeLessThan(4_000)
    // What was said first came after; the end stays on the screen until somebody scrolls there.
    await chat.page.waitForTimeout(300)
    expect(await chat.page.getByText('Answer 2499', { exact: true }).isVisible()).toBe(true)
    await chat.page.getByRole('log').evaluate(element => element.scrollTo(0, 0))
    await chat.page.getByText('Question 0', { exact: true }).waitFor()
  })

  test('answers keys and draws few rows while 3,000 events stream in', async () => {
    chat = await ChatPage.open('dark')
    const {
      heapBytes: [before, after],
      keyToFrameP95Ms,
    } = await soak(chat)
    console.log(
      `3,000 events: heap ${(before / 1e6).toFixed(1)} MB, then ${(after / 1e6).toFixed(1)} MB; key to frame p95 ${keyToFrameP95Ms.toFixed(1)} ms (target 16 on a free machine)`,
    )
    const box = chat.page.getByRole('textbox', { name: 'Message to kode' })
    expect(await box.inputValue()).toBe('typed while it streams')
    expect(await chat.page.locator('.row').count()).toBeLessThan(300)
  })

  test('stays where the user reads while more comes in', async () => {
    chat = await ChatPage.open('dark')
    await chat.start([session(), ...longSession(100)])
    const log = chat.page.getByRole('log')
    await chat.page.getByText('Answer 49', { exact: true }).waitFor()
    // Rows are still being measured, and the end moves; one scroll by the reader has to do.
    await log.evaluate(element => element.scrollTo(0, 0))
    await chat.page.getByText('Answer 0', { exact: true }).waitFor()
    await chat.send(assistant('late', [{ type: 'text', text: 'A late answer' }]))
    for (let look = 0; look < 10; look++) {
      expect(await chat.page.getByText('Answer 0', { exact: true }).isVisible()).toBe(true)
      await chat.page.waitForTimeout(50)
    }
    await chat.page.getByRole('button', { name: 'Jump to the latest message' }).click()
    await log.getByText('A late answer').waitFor()
  })
})

describe('the composer', () => {
  test.each([
    ['Enter', 'next'],
    ['Alt+Enter', 'later'],
    ['Control+j', 'later'],
  ])('sends with %s in the lane %s', async (key, lane) => {
    chat = await ChatPage.open('dark')
    await chat.start([session(), { type: 'turn_started', turn_id: 't' }])
    const box = chat.page.getByRole('textbox', { name: 'Message to kode' })
    await box.fill('use  two\n  blanks')
    await box.press(key)
    await expect
      .poll(() => chat.requests.at(-1))
      .toMatchObject({
        name: 'prompt',
        input: { lane, parts: [{ type: 'text', text: 'use  two\n  blanks' }] },
      })
    expect(await box.inputValue()).toBe('')
  })

  test('stops the turn with Escape, and with the button', async () => {
    chat = await ChatPage.open('dark')
    await chat.start([session(), { type: 'turn_started', turn_id: 't' }])
    await chat.page.getByRole('textbox', { name: 'Message to kode' }).press('Escape')
    await chat.page.getByRole('button', { name: 'Stop', exact: true }).click()
    await expect.poll(() => chat.requests.map(request => request.name)).toEqual(['open', 'stop', 'stop'])
  })

  test('offers commands after a slash, and never sends an unknown one to the model', async () => {
    chat = await ChatPage.open('dark')
    await chat.start([session()])
    const box = chat.page.getByRole('textbox', { name: 'Message to kode' })
    await box.pressSequentially('/tr')
    await chat.page.getByRole('option', { name: '/transcript' }).waitFor()
    await box.press('Enter')
    await expect
      .poll(() => chat.requests.at(-1))
      .toMatchObject({ name: 'command', input: { name: 'transcript', argument: '' } })
    await box.fill('/nonsense')
    await box.press('Enter')
    await chat.page.getByRole('alert').filter({ hasText: 'no command /nonsense' }).waitFor()
    expect(chat.requests.filter(request => request.name === 'prompt')).toEqual([])
  })

  test('completes a mention, quoting a name with blanks', async () => {
    chat = await ChatPage.open('dark')
    chat.answers.mentions = ({ query }: { query: string }) =>
      [{ text: 'docs/my notes.md', detail: 'docs', kind: 'file' }].filter(each => each.text.includes(query))
    await chat.start([session()])
    const box = chat.page.getByRole('textbox', { name: 'Message to kode' })
    await box.pressSequentially('see @note')
    await chat.page.getByRole('option', { name: 'docs/my notes.md' }).waitFor()
    await box.press('Tab')
    await expect.poll(() => box.inputValue()).toBe('see @"docs/my notes.md" ')
  })

  test('keeps a half-typed prompt and walks through earlier ones', async () => {
    chat = await ChatPage.open('dark')
    await chat.start([session()])
    const box = chat.page.getByRole('textbox', { name: 'Message to kode' })
    for (const text of ['one', 'two']) {
      await box.fill(text)
      await box.press('Enter')
    }
    await box.press('ArrowUp')
    await box.press('ArrowUp')
    await expect.poll(() => box.inputValue()).toBe('one')
    await box.press('ArrowDown')
    expect(await box.inputValue()).toBe('two')
  })

  test('searches the prompts of earlier windows with Ctrl+R', async () => {
    chat = await ChatPage.open('dark')
    chat.answers.history = () => ['write docs', 'round the totals\nto cents', 'fix the parser']
    await chat.start([session()])
    const box = chat.page.getByRole('textbox', { name: 'Message to kode' })
    await box.press('Control+r')
    await chat.page.getByRole('listbox', { name: 'Earlier prompts' }).waitFor()
    const found = chat.page.getByRole('listbox', { name: 'Earlier prompts' }).getByRole('option')
    expect((await found.allTextContents()).map(text => text.trim())).toEqual([
      'write docs',
      'round the totals',
      'fix the parser',
    ])
    await box.pressSequentially('cents tot')
    await expect.poll(() => found.count()).toBe(1)
    await box.press('Enter')
    await expect.poll(() => box.inputValue()).toBe('round the totals\nto cents')
    expect(chat.requests.filter(request => request.name === 'prompt')).toEqual([])
  })

  test('is edited with the keys of vim where the user wants it: Escape first leaves typing, and then stops the turn', async () => {
    chat = await ChatPage.open('dark')
    await chat.start([session(), { type: 'turn_started', turn_id: 't' }], { hasVim: true })
    const box = chat.page.getByRole('textbox', { name: 'Message to kode' })
    await box.pressSequentially('say hello world')
    await box.press('Escape')
    await chat.page.getByText('NORMAL', { exact: true }).waitFor()
    await box.pressSequentially('0wdwA!')
    await expect.poll(() => box.inputValue()).toBe('say world!')
    await chat.page.getByText('INSERT', { exact: true }).waitFor()
    await box.press('Escape')
    expect(chat.requests.filter(request => request.name === 'stop')).toEqual([])
    await box.press('u')
    await expect.poll(() => box.inputValue()).toBe('say world')
    await box.press('Escape')
    await expect.poll(() => chat.requests.at(-1)?.name).toBe('stop')
  })

  test('keeps a large paste beside the prompt, and sends it whole', async () => {
    chat = await ChatPage.open('dark')
    await chat.start([session()])
    const box = chat.page.getByRole('textbox', { name: 'Message to kode' })
    const pasted = 'line\n'.repeat(200)
    await box.fill('why?')
    await chat.page.evaluate(`
      const clipboardData = new DataTransfer()
      clipboardData.setData('text/plain', ${JSON.stringify(pasted)})
      const paste = new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true })
      document.querySelector('textarea').dispatchEvent(paste)`)
    await chat.page.getByRole('button', { name: 'Pasted 200 lines', exact: true }).waitFor()
    expect(await box.inputValue()).toBe('why?')
    await box.press('Enter')
    const reference = `<reference type="pasted" chars="1000">\n${pasted}\n</reference>`
    await expect
      .poll(() => chat.requests.at(-1))
      .toMatchObject({
        name: 'prompt',
        input: {
          parts: [
            { type: 'text', text: 'why?' },
            { type: 'text', text: reference },
          ],
        },
      })
    expect(await chat.page.getByRole('list', { name: 'Pasted texts' }).count()).toBe(0)
  })

  test('shows what waits, and lets go of it', async () => {
    chat = await ChatPage.open('dark')
    await chat.start([session(), { type: 'turn_started', turn_id: 't' }])
    await chat.send({ type: 'steering', waiting: [{ id: 'q1', text: 'and the docs', lane: 'later' }] })
    await chat.page.getByRole('list', { name: 'Waiting messages' }).getByText('and the docs').waitFor()
    await chat.page.getByRole('button', { name: 'Remove: and the docs' }).click()
    await expect.poll(() => chat.requests.at(-1)).toMatchObject({ name: 'unqueue', input: { id: 'q1' } })
  })
})

describe('messages that wait', () => {
  const waiting = [
    { id: 'q1', text: 'first', lane: 'later' as const },
    { id: 'q2', text: 'soon', lane: 'next' as const },
    { id: 'q3', text: 'second', lane: 'later' as const },
  ]
  const open = async () => {
    chat = await ChatPage.open('dark')
    await chat.start([session(), { type: 'turn_started', turn_id: 't' }])
    await chat.send({ type: 'steering', waiting })
    await chat.page.getByRole('list', { name: 'Waiting messages' }).waitFor()
  }

  test('change places within their lane', async () => {
    await open()
    const ways = await chat.page.getByRole('button', { name: /^(Earlier|Later): / }).all()
    expect(await Promise.all(ways.map(way => way.getAttribute('aria-label')))).toEqual([
      'Later: first',
      'Earlier: second',
    ])
    await chat.page.getByRole('button', { name: 'Earlier: second' }).click()
    await expect.poll(() => chat.requests.at(-1)).toMatchObject({ name: 'move_queued', input: { id: 'q3', by: -1 } })
  })

  test('are taken back into an empty prompt with Up, the last one first, and dropped with Ctrl+U', async () => {
    await open()
    const box = chat.page.getByRole('textbox', { name: 'Message to kode' })
    await box.press('ArrowUp')
    await expect.poll(() => box.inputValue()).toBe('second')
    await expect.poll(() => chat.requests.at(-1)).toMatchObject({ name: 'unqueue', input: { id: 'q3' } })
    await box.press('Control+u')
    await expect.poll(() => chat.requests.at(-1)?.name).toBe('clear_queue')
  })

  test('that went with a stopped turn can be had back', async () => {
    await open()
    await chat.send({ type: 'steering', waiting: [] })
    await chat.offer(['first', 'second'])
    await chat.page.getByText('2 waiting messages were dropped.').waitFor()
    await chat.page.getByRole('button', { name: 'Put back into the prompt' }).click()
    const box = chat.page.getByRole('textbox', { name: 'Message to kode' })
    await expect.poll(() => box.inputValue()).toBe('first\n\nsecond')
    expect(await chat.page.getByText('were dropped').count()).toBe(0)
  })
})

test('what fills the window is listed by category, by keyboard too', async () => {
  chat = await ChatPage.open('dark')
  await chat.start([...TURN, ...TURN_END])
  const meter = chat.page.getByRole('button', { name: 'Context window, 21 % used' })
  await meter.press('Enter')
  await chat.page.getByText('tool results').waitFor()
  await chat.page.getByText('41,000 of 200,000').waitFor()
  await meter.press('Escape')
  expect(await chat.page.getByText('tool results').count()).toBe(0)
})

test('files that are dragged from the editor are mentioned in the prompt', async () => {
  chat = await ChatPage.open('dark')
  chat.answers.mentions_of = ({ uris }: { uris: string[] }) => uris.map(uri => uri.replace('file:///work/', ''))
  await chat.start([session()])
  const box = chat.page.getByRole('textbox', { name: 'Message to kode' })
  await box.fill('compare')
  await chat.page.evaluate(`
    const dataTransfer = new DataTransfer()
    dataTransfer.setData('application/vnd.code.uri-list', 'file:///work/a.ts\\r\\nfile:///work/my notes.md')
    document.querySelector('textarea').dispatchEvent(new DragEvent('drop', { dataTransfer, bubbles: true }))`)
  await expect.poll(() => box.inputValue()).toBe('compare @a.ts @"my notes.md" ')
})

test('a long output is shown by its end, and whole in the editor', async () => {
  chat = await ChatPage.open('dark')
  const long = Array.from({ length: 60 }, (_, line) => `line ${line}`).join('\n')
  const run = { type: 'tool_started' as const, call: call('c', 'Bash', { command: 'seq' }), title: 'seq' }
  await chat.start([session(), run, result('c', 'Bash', long, 100)])
  await chat.page.getByRole('button', { name: 'Ran seq' }).click()
  await chat.page.getByText('line 59').waitFor()
  expect(await chat.page.getByText('line 0\n').count()).toBe(0)
  await chat.page.getByRole('button', { name: 'Open the whole output' }).click()
  await expect.poll(() => chat.requests.at(-1)).toMatchObject({ name: 'show_output', input: { id: 'c' } })
})

test('the output of calls is open from the start for who wants it so', async () => {
  chat = await ChatPage.open('dark')
  const long = Array.from({ length: 60 }, (_, line) => `line ${line}`).join('\n')
  const run = { type: 'tool_started' as const, call: call('c', 'Bash', { command: 'seq' }), title: 'seq' }
  await chat.start([session(), run, result('c', 'Bash', long, 100)], { isVerbose: true })
  await chat.page.getByText('line 0\nline 1').waitFor()
  expect(await chat.page.getByRole('button', { name: 'Open the whole output' }).count()).toBe(0)
})

test.each([
  [{ reason: 'limit', limit: 'turns', message: '200 turns are used up.' } as const, 2],
  [{ reason: 'limit', limit: 'time', message: 'The time is used up.' } as const, 1],
  [{ reason: 'limit', limit: 'cost', message: 'The budget is used up.' } as const, 0],
])('a turn that ended at %j offers %d ways to go on', async (end, ways) => {
  chat = await ChatPage.open('dark')
  await chat.start([session(), { type: 'turn_started', turn_id: 't' }, { type: 'turn_ended', turn_id: 't', end }])
  await chat.page.getByText(end.message).waitFor()
  expect(await chat.page.getByRole('button', { name: 'Continue the turn' }).count()).toBe(ways)
})

test('a turn that made its steps goes on for as many more as are chosen', async () => {
  chat = await ChatPage.open('dark')
  const end = { reason: 'limit', limit: 'turns', message: '200 turns are used up.' } as const
  await chat.start([session(), { type: 'turn_started', turn_id: 't' }, { type: 'turn_ended', turn_id: 't', end }])
  await chat.page.getByRole('button', { name: 'Continue the turn: 50 more steps' }).click()
  await expect.poll(() => chat.requests.at(-1)).toMatchObject({ name: 'prompt', input: { max_turns: 50 } })
})

test('what a draft mentions is shown, and taken out again with a button', async () => {
  chat = await ChatPage.open('dark')
  await chat.start([session()])
  const box = chat.page.getByRole('textbox', { name: 'Message to kode' })
  await box.fill('compare @src/a.ts with @"my notes.md" now')
  const shown = chat.page.getByRole('list', { name: 'Mentioned' })
  await expect.poll(() => shown.getByRole('listitem').allInnerTexts()).toEqual(['src/a.ts', 'my notes.md'])
  await shown.getByRole('button', { name: 'Do not mention src/a.ts' }).click()
  await expect.poll(() => box.inputValue()).toBe('compare with @"my notes.md" now')
  await expectNoViolations('mentions')
})

test('work in the background is shown as long as it runs, looked at and ended with its buttons', async () => {
  chat = await ChatPage.open('dark')
  await chat.show('running')
  await chat.page.getByRole('button', { name: 'Show what explore does' }).click()
  await expect.poll(() => chat.requests.at(-1)).toMatchObject({ name: 'show_task', input: { id: 'agent:1' } })
  await chat.page.getByRole('list', { name: 'Work in the background' }).getByText('Read test/orders.test.ts').waitFor()
  await chat.page.getByRole('button', { name: 'Cancel explore' }).click()
  await expect.poll(() => chat.requests.at(-1)).toMatchObject({ name: 'cancel_task', input: { id: 'agent:1' } })
  const done = { id: 'agent:1', name: 'explore', status: 'cancelled' as const, doing: '', started_at: 0 }
  await chat.send({ type: 'tasks', tasks: [done] })
  await chat.page.getByRole('list', { name: 'Work in the background' }).waitFor({ state: 'detached' })
})

describe('an approval', () => {
  test.each([
    ['y', { kind: 'approve' }],
    ['n', { kind: 'reject' }],
    ['a', { kind: 'always' }],
    ['Escape', { kind: 'reject' }],
  ])('is answered with the key %s', async (key, answer) => {
    chat = await ChatPage.open('dark')
    await chat.start(TURN)
    await chat.send({ type: 'approval_requested', request: APPROVAL })
    await chat.page.getByRole('region', { name: 'Approval: src/orders.ts' }).press(key)
    await expect.poll(() => chat.requests.at(-1)).toMatchObject({ name: 'answer', input: { id: 'approval-1', answer } })
  })

  test('offers rules to remember, and tells what else each would have allowed', async () => {
    chat = await ChatPage.open('dark')
    await chat.start(TURN)
    await chat.send({ type: 'approval_requested', request: COMMAND_APPROVAL })
    const rules = chat.page.getByRole('list', { name: 'Rules to remember' })
    await chat.page.getByRole('button', { name: 'Approve and remember a rule', exact: true }).click()
    await rules.getByText('would also have allowed curl example.org, curl example.org/y').waitFor()
    await rules.getByText('nothing else so far').waitFor()
    await chat.page.getByRole('region', { name: /Approval: curl/ }).press('2')
    const rule = 'allow remote_action curl tar to example.org'
    await expect
      .poll(() => chat.requests.at(-1))
      .toMatchObject({ name: 'answer', input: { answer: { kind: 'remember', rule } } })
  })

  test('is rejected with words after the key f', async () => {
    chat = await ChatPage.open('dark')
    await chat.start(TURN)
    await chat.send({ type: 'approval_requested', request: APPROVAL })
    await chat.page.getByRole('region', { name: 'Approval: src/orders.ts' }).press('f')
    const field = chat.page.getByRole('textbox', { name: 'What should be different?' })
    await field.fill('yes, but name it rebate')
    await field.press('Enter')
    await expect
      .poll(() => chat.requests.at(-1))
      .toMatchObject({
        input: { answer: { kind: 'reject', feedback: 'yes, but name it rebate' } },
      })
  })

  test('never takes the focus from somebody who types', async () => {
    chat = await ChatPage.open('dark')
    await chat.start(TURN)
    const box = chat.page.getByRole('textbox', { name: 'Message to kode' })
    await box.pressSequentially('you')
    await chat.send({ type: 'approval_requested', request: APPROVAL })
    await chat.page.getByRole('region', { name: 'Approval: src/orders.ts' }).waitFor()
    await chat.page.keyboard.type(' may')
    expect(await box.inputValue()).toBe('you may')
    expect(chat.requests.filter(request => request.name === 'answer')).toEqual([])
  })

  test('of a command shows what it would run, write and reach', async () => {
    chat = await ChatPage.open('dark')
    await chat.start(TURN)
    await chat.send({ type: 'approval_requested', request: COMMAND_APPROVAL })
    const card = chat.page.getByRole('region', { name: /Approval: curl/ })
    for (const text of ['curl, tar', 'vendor', 'example.org', '/opt/x'])
      await card.getByText(text, { exact: true }).waitFor()
  })
})

describe('accessibility', () => {
  test('what happens is read out politely, complete and at most once a second', async () => {
    chat = await ChatPage.open('dark')
    await chat.start([...TURN, ...TURN_END])
    await chat.page.evaluate(`
      const region = document.querySelector('[aria-live=polite]')
      window.spoken = []
      new MutationObserver(() => spoken.push([performance.now(), region.textContent])).observe(region, {
        characterData: true, childList: true, subtree: true })`)
    await chat.send({ type: 'turn_started', turn_id: 't2' }, { type: 'text_delta', message_id: 'm', text: 'Half a' })
    await chat.send({ type: 'text_delta', message_id: 'm', text: ' word' })
    await chat.send(assistant('m', [{ type: 'text', text: 'Half a word.' }]))
    for (const text of ['one', 'two', 'three']) await chat.send({ type: 'notice', level: 'info', text })
    const spoken = () => chat.page.evaluate('spoken') as Promise<[number, string][]>
    await expect.poll(async () => (await spoken()).at(-1)?.[1], { timeout: 10_000 }).toContain('three')
    const [told, times] = [(await spoken()).map(each => each[1]), (await spoken()).map(each => each[0])]
    // What was said before the page opened is not read out again.
    expect(told.join('|')).toMatch(/^Half a word\.\|?.*one.*two.*three$/)
    for (const [index, time] of times.slice(1).entries()) expect(time - (times[index] ?? 0)).toBeGreaterThan(900)
  })

  test.each(THEMES)('axe finds nothing to object to in any state in %s', async theme => {
    chat = await ChatPage.open(theme)
    for (const state of Object.keys(STATES)) {
      await chat.show(state)
      await expectNoViolations(state)
    }
  })

  test('axe finds nothing to object to while a menu is open', async () => {
    chat = await ChatPage.open('dark')
    await chat.start([session()])
    await chat.page.getByRole('textbox', { name: 'Message to kode' }).pressSequentially('/')
    await chat.page.getByRole('option', { name: '/transcript' }).waitFor()
    await expectNoViolations('menu')
  })

  test.each([
    ['at 250 pixels', { width: 250 }],
    ['at twice the size', { width: 500, zoom: 2 }],
  ])('nothing is cut off %s', async (_, size) => {
    chat = await ChatPage.open('light', size)
    for (const state of Object.keys(STATES)) {
      await chat.show(state)
      const isWider = await chat.page.evaluate('document.documentElement.scrollWidth > innerWidth')
      expect([state, isWider]).toEqual([state, false])
    }
  })
})

async function expectNoViolations(state: string): Promise<void> {
  // The page's policy lets no foreign script in, so axe is handed over by the debugger.
  await chat.page.evaluate(axe.source)
  const report = (await chat.page.evaluate('axe.run(document, { resultTypes: ["violations"] })')) as {
    violations: { id: string; nodes: { html: string; failureSummary: string }[] }[]
  }
  const found = report.violations.map(
    each => `${state}: ${each.id}: ${each.nodes.map(node => `${node.html} ${node.failureSummary}`).join('\n')}`,
  )
  expect(found).toEqual([])
}
