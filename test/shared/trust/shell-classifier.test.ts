import { describe, expect, test } from 'vitest'
import { readAsset } from '#shared/host/node/assets'
import { classifyShell } from '#shared/trust/shell-classifier'
import { ShellParser } from '#shared/trust/shell-parser'
import { checkCommand } from '#shared/trust/trust-check'
import { readCorpus } from './corpus'

const parser = new ShellParser(readAsset)
const place = { root: '/work/project', home: '/home/me' }
const corpus = readCorpus()

describe('the corpus', () => {
  test.each([
    ['everyday', 400],
    ['adversarial', 300],
  ])('holds enough %s lines, each once', (group, atLeast) => {
    const lines = corpus.filter(line => line.group === group).map(line => line.command)
    expect(lines.length).toBeGreaterThanOrEqual(atLeast)
    expect(lines.filter((line, index) => lines.indexOf(line) !== index)).toEqual([])
  })

  test('holds at least 1,200 lines', () => expect(corpus.length).toBeGreaterThanOrEqual(1200))

  test('every line is of its class, and auto decides as expected', async () => {
    const wrong: string[] = []
    for (const line of corpus) {
      const check = await checkCommand(line.command, place, parser)
      const got = `${check.class} ${check.decisions.auto}`
      if (got === `${line.class} ${line.auto}`) continue
      const reason = check.parts.find(part => part.class === check.class)?.reason
      wrong.push(
        `${line.group}: ${line.command}\n    ${line.class} ${line.auto} expected, ${got} found: ${reason} ${check.outside_project.join(' ')}`,
      )
    }
    expect(wrong.join('\n')).toBe('')
  })
})

test.each([
  ['git push | tail -3', ['tail']],
  ['npm test 2>&1 | grep fail | head', ['grep', 'head']],
  ['./tail x; rm y', []],
])('the effect tells which programs only read: %s', async (line, readers) => {
  expect((await classifyShell(line, place, parser)).effect.readers).toEqual(readers)
})
