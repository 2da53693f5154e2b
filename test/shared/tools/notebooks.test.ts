import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { showNotebook } from '#shared/tools/support/notebook'
import { agentSession, resultsOf } from '../../support/agent-session'
import { calls, FakeProvider, says } from '../../support/fake-provider'
import { tempProject } from '../../support/temp-project'

const PNG = '89504e470d0a1a0a0000000d49484452'
const png = Buffer.from(PNG, 'hex').toString('base64')
const jpeg = Buffer.from('ffd8ffe000104a4649460001', 'hex').toString('base64')

const NOTEBOOK = {
  nbformat: 4,
  nbformat_minor: 5,
  metadata: { kernelspec: { name: 'ir', display_name: 'R', language: 'R' }, language_info: { name: 'python' } },
  cells: [
    { cell_type: 'markdown', id: 'a', metadata: {}, source: ['# Sales\n', 'by month'] },
    {
      cell_type: 'code',
      id: 'b',
      metadata: {},
      execution_count: 1,
      source: 'total = 6 * 7\ntotal',
      outputs: [
        { output_type: 'stream', name: 'stdout', text: ['one\n', 'two\n'] },
        { output_type: 'stream', name: 'stdout', text: 'three\n' },
        { output_type: 'stream', name: 'stderr', text: ' 10%\r 60%\r100%\n' },
        { output_type: 'execute_result', execution_count: 1, metadata: {}, data: { 'text/plain': ['42'] } },
      ],
    },
    {
      cell_type: 'code',
      id: 'c',
      metadata: {},
      execution_count: 2,
      source: ['plot()'],
      outputs: [
        {
          output_type: 'display_data',
          metadata: {},
          data: { 'image/png': `${png}\n`, 'text/plain': ['<Figure size 640x480>'] },
        },
        { output_type: 'display_data', metadata: {}, data: { 'text/html': ['<b>x</b>'] } },
        {
          output_type: 'error',
          ename: 'NameError',
          evalue: 'no y',
          traceback: ['\x1b[0;31mNameError\x1b[0m', 'no y at line 1'],
        },
      ],
    },
  ],
}

const SHOWN = `Notebook of 3 cells. start_line and num_lines read the raw JSON, which is what Edit works on.
--- cell 1 of 3: markdown, line 15 ---
# Sales
by month
--- cell 2 of 3: code (python), line 24 ---
total = 6 * 7
total
--- stdout ---
one
two
three
--- stderr ---
100%
--- result ---
42
--- cell 3 of 3: code (python), line 61 ---
plot()
--- result ---
<Figure size 640x480>
[image 1]
--- result ---
[text/html, not shown]
--- error ---
NameError
no y at line 1`

describe('a notebook', () => {
  test('is shown as its cells with their outputs', () => {
    expect(showNotebook(pretty(NOTEBOOK), 20_000)).toEqual({
      text: SHOWN,
      images: [{ type: 'image', media_type: 'image/png', data: png }],
    })
  })

  test('of format 3 is shown alike', () => {
    const cells = [
      { cell_type: 'heading', level: 1, source: 'Old' },
      {
        cell_type: 'code',
        language: 'julia',
        input: ['a = 1\n', 'a'],
        prompt_number: 1,
        outputs: [
          { output_type: 'stream', stream: 'stderr', text: 'careful' },
          { output_type: 'pyout', prompt_number: 1, text: ['1'] },
          { output_type: 'display_data', jpeg },
          { output_type: 'pyerr', ename: 'E', evalue: 'bad', traceback: [] },
        ],
      },
    ]
    const json = pretty({ nbformat: 3, metadata: { name: 'x' }, worksheets: [{ cells }] })
    expect(showNotebook(json, 20_000)).toEqual({
      text: `Notebook of 2 cells. start_line and num_lines read the raw JSON, which is what Edit works on.
--- cell 1 of 2: heading, line 9 ---
Old
--- cell 2 of 2: code (julia), line 14 ---
a = 1
a
--- stderr ---
careful
--- result ---
1
--- result ---
[image 1]
--- error ---
E: bad`,
      images: [{ type: 'image', media_type: 'image/jpeg', data: jpeg }],
    })
  })

  test('shows a few images only, and says where one is left out', () => {
    const outputs = [png, 'bm90IGFuIGltYWdl', ...Array(5).fill(png)].map(image => ({
      output_type: 'display_data',
      data: { 'image/png': image },
    }))
    const shown = showNotebook(withCells([{ cell_type: 'code', source: '', outputs }]), 20_000)
    expect(shown?.images).toHaveLength(4)
    expect(shown?.text.match(/\[.*image.*\]/g)).toEqual([
      '[image 1]',
      '[an image, not shown]',
      '[image 2]',
      '[image 3]',
      '[image 4]',
      '[an image, not shown]',
      '[an image, not shown]',
    ])
  })

  test('that is long is cut between cells, and says how to go on', () => {
    const json = withCells(
      Array.from({ length: 50 }, (_, n) => ({ cell_type: 'raw', source: `${n} ${'x'.repeat(990)}` })),
    )
    const shown = showNotebook(json, 20_000)
    const [, cell, line] = /\[… cut before cell (\d+); go on in the raw JSON with start_line (\d+)\]$/.exec(
      shown!.text,
    )!
    expect(Number(cell)).toBeGreaterThan(15)
    expect(Buffer.byteLength(shown!.text)).toBeLessThan(20_200)
    expect(
      json
        .split('\n')
        .slice(Number(line) - 1, Number(line) + 2)
        .join(),
    ).toContain(`"source": "${Number(cell) - 1} x`)
  })

  test('with a huge cell or output shows the head and the tail of it', () => {
    const outputs = [{ output_type: 'stream', name: 'stdout', text: `first${'.'.repeat(50_000)}last` }]
    const printed = showNotebook(withCells([{ cell_type: 'code', source: 'x', outputs }]), 20_000)!.text
    expect(printed).toMatch(/first\.+\n\[… \d+ characters left out …\]\n\.+last$/)
    expect(printed.length).toBeLessThan(2_300)
    const huge = showNotebook(withCells([{ cell_type: 'raw', source: `${'y'.repeat(50_000)}end` }]), 20_000)!.text
    expect(huge).toMatch(/characters left out …\]\ny+end$/)
    expect(huge.length).toBeLessThan(20_300)
  })

  test.each([
    ['broken JSON', pretty(NOTEBOOK).slice(0, -3)],
    ['another version', pretty({ ...NOTEBOOK, nbformat: 2 })],
    ['no cells', pretty({ nbformat: 4, metadata: {} })],
    ['cells that are none', withCells([1, 2])],
    ['two lists of cells', pretty(NOTEBOOK).replace('{', '{ "cells": [{}],')],
    ['nothing but brackets', '['.repeat(200_000)],
  ])('is none with %s', (_, json) => expect(showNotebook(json, 20_000)).toBeUndefined())
})

describe('Read of a notebook', () => {
  const whole: [string, unknown] = ['Read', { file_path: 'a.ipynb' }]

  test('gives cells and images, and raw lines where lines are asked for', async () => {
    const results = await resultsFor([whole, ['Read', { file_path: 'a.ipynb', start_line: 1, num_lines: 2 }]])
    expect(results[0]).toMatchObject({ text: SHOWN, images: [{ media_type: 'image/png', data: png }] })
    expect(results[1]?.text).toBe('1\t{\n2\t  "nbformat": 4,\n[lines 1 to 2 of 101]')
  })

  test('knows cells and raw lines apart when the file is unchanged', async () => {
    const raw: [string, unknown] = ['Read', { file_path: 'a.ipynb', start_line: 1 }]
    const results = await resultsFor([whole, raw, whole, raw])
    expect(results.map(result => result.text)).toEqual([
      SHOWN,
      expect.stringMatching(/^ {2}1\t\{\n/),
      expect.stringContaining('unchanged since you read'),
      expect.stringContaining('unchanged since you read'),
    ])
  })

  test('is enough to edit the raw JSON, until the file changes', async () => {
    const edit: [string, unknown] = [
      'Edit',
      { file_path: 'a.ipynb', replacements: [{ old_str: '6 * 7', new_str: '6 * 8' }] },
    ]
    const root = tempProject({ 'a.ipynb': pretty(NOTEBOOK) })
    const provider = new FakeProvider(
      calls(whole),
      says('ok'),
      calls(edit),
      says('ok'),
      calls(whole),
      calls(edit),
      says('ok'),
    )
    const { session } = await agentSession(root, provider)
    await session.prompt([{ type: 'text', text: 'read' }])
    writeFileSync(join(root, 'a.ipynb'), `${pretty(NOTEBOOK)}\n`)
    await session.prompt([{ type: 'text', text: 'edit' }])
    expect(resultsOf(session).at(-1)?.text).toMatch(/changed since you read it/)
    await session.prompt([{ type: 'text', text: 'read again, then edit' }])
    expect(readFileSync(join(root, 'a.ipynb'), 'utf8')).toBe(`${pretty(NOTEBOOK).replace('6 * 7', '6 * 8')}\n`)
  })

  test('that is broken is one of a text file', async () => {
    const [result] = await resultsFor([whole], '{ "nbformat": 4,\n')
    expect(result?.text).toBe('1\t{ "nbformat": 4,')
  })
})

async function resultsFor(requests: [string, unknown][], json = pretty(NOTEBOOK)) {
  const provider = new FakeProvider(...requests.map(request => calls(request)), says('done'))
  const { session } = await agentSession(tempProject({ 'a.ipynb': json }), provider)
  await session.prompt([{ type: 'text', text: 'go' }])
  return resultsOf(session)
}

function withCells(cells: unknown[]): string {
  return pretty({ nbformat: 4, metadata: {}, cells })
}

function pretty(json: unknown): string {
  return JSON.stringify(json, null, 2)
}
