import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readAsset } from '#shared/host/node/assets'
import { classifyShell } from '#shared/trust/shell-classifier'
import { ShellParser } from '#shared/trust/shell-parser'
import { readCorpus } from './corpus'
import { DESTRUCTIVE, disguisedLines, TRICKS } from './disguises'

const parser = new ShellParser(readAsset)
/** Other seeds are tried by `npm run fuzz:trust`. */
const SEED = 20_240_611

const place = { root: '/work/project', home: '/home/me' }

describe('a destructive line stays destructive', () => {
  for (const line of DESTRUCTIVE) {
    test(`${line}, by every single trick`, async () => {
      for (const [name, trick] of Object.entries(TRICKS)) {
        const verdict = await classifyShell(trick(line), place, parser)
        expect(`${name}: ${verdict.effect.class}`).toBe(`${name}: destructive`)
      }
    })
  }

  test('also when a disguised line is put into up to three blocks or shells', async () => {
    await fc.assert(
      fc.asyncProperty(disguisedLines, async line => {
        const verdict = await classifyShell(line, place, parser)
        expect(verdict.effect.class, line).toBe('destructive')
      }),
      { numRuns: 1_500, seed: SEED },
    )
  })
})

test('no piece of random shell text crashes the reader', async () => {
  const token = fc.constantFrom(
    ...[
      'rm',
      'ls',
      ' ',
      '\n',
      ';',
      '&',
      '|',
      '(',
      ')',
      '{',
      '}',
      '"',
      "'",
      '`',
      '$',
      '$(',
      '${',
      '}',
      '<',
      '>',
      '<<',
      'EOF',
      '\\',
    ],
    ...[
      'if',
      'then',
      'fi',
      'for',
      'in',
      'do',
      'done',
      'case',
      'esac',
      '[[',
      ']]',
      '((',
      '))',
      '=',
      '*',
      '~',
      '#',
      '!',
      '\t',
    ],
  )
  await fc.assert(
    fc.asyncProperty(fc.array(token, { maxLength: 40 }), async tokens => {
      const verdict = await classifyShell(tokens.join(''), place, parser)
      expect(verdict.parts.length + (verdict.parsed ? 1 : 0)).toBeGreaterThan(0)
    }),
    { numRuns: 3_000, seed: SEED },
  )
})

test('what only reads does so without a question also behind a wrapper', async () => {
  const readers = readCorpus().filter(
    line => line.class === 'read_only' && /^[a-z][\w-]* /.test(line.command) && !/[|&;<>()$`\n\\']/.test(line.command),
  )
  const builtin =
    /^(cd|echo|command|type|hash|set|export|alias|pushd|trap|test|while|for|if|case|until|help|history|read) /
  for (const { command } of readers.filter(line => !builtin.test(line.command))) {
    for (const wrapper of ['env', 'timeout 5', 'nice', 'command', 'nohup', 'time']) {
      const verdict = await classifyShell(`${wrapper} ${command}`, place, parser)
      expect(`${wrapper} ${command}: ${verdict.effect.class}`).toBe(`${wrapper} ${command}: read_only`)
    }
  }
})
