import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readAsset } from '#shared/host/node/assets'
import { classifyShell } from '#shared/trust/shell-classifier'
import { ShellParser } from '#shared/trust/shell-parser'
import { readCorpus } from './corpus'

const parser = new ShellParser(readAsset)
const place = { root: '/work/project', home: '/home/me' }

/** Lines that destroy by their very words, so that any disguise of the words still destroys. */
const DESTRUCTIVE = [
  'rm -rf x',
  'git push --force',
  'git reset --hard',
  'dd if=/dev/zero of=/dev/sda',
  'find . -delete',
  'chmod -R 777 .',
  'sed -i s/a/b/ x',
  'npm publish',
  'kubectl delete pod x',
  'docker rm -f web',
  'sudo reboot',
  'kill -9 1',
]

type Trick = (line: string) => string

const octal = (word: string) => [...word].map(char => `\\${char.charCodeAt(0).toString(8).padStart(3, '0')}`).join('')

/** Each keeps what the line does. */
const TRICKS: Record<string, Trick> = {
  'single quotes around each word': line => line.replace(/\S+/g, word => `'${word}'`),
  'double quotes around each word': line => line.replace(/\S+/g, word => `"${word}"`),
  'empty quotes in the name': line => line.replace(/^(\w)/, `$1''`),
  'a backslash in the name': line => `\\${line}`,
  'hexadecimal name': line =>
    line.replace(/^\w+/, word => `$'${[...word].map(c => `\\x${c.charCodeAt(0).toString(16)}`).join('')}'`),
  'octal name': line => line.replace(/^\w+/, word => `$'${octal(word)}'`),
  'more blanks': line => line.replaceAll(' ', '  \t '),
  'IFS for blanks': line => line.replaceAll(' ', `\${IFS}`),
  'joined lines': line => line.replace(' ', ' \\\n '),
  'a variable for the name': line => line.replace(/^(\S+)/, (_all, word) => `cmd=${word}; $cmd`),
  'a variable for all': line => `cmd='${line.replaceAll("'", `'\\''`)}'; $cmd`,
  'a variable in two halves': line => line.replace(/^(\w)(\S*)/, (_all, a, b) => `a=${a}; b=${b}; $a$b`),
  'a default value': line => line.replace(/^(\S+)/, (_all, word) => `\${none:-${word}}`),
  'a substituted name': line => line.replace(/^(\S+)/, (_all, word) => `$(echo ${word})`),
  'a printed name': line => line.replace(/^(\S+)/, (_all, word) => `$(printf '${octal(word)}')`),
  'sh -c': line => `sh -c '${line.replaceAll("'", `'\\''`)}'`,
  'bash -lc': line => `bash -lc '${line.replaceAll("'", `'\\''`)}'`,
  eval: line => `eval '${line.replaceAll("'", `'\\''`)}'`,
  env: line => `env A=1 ${line}`,
  'env -S': line => `env -S "${line.replace(/["\\$`]/g, '\\$&')}"`,
  timeout: line => `timeout -k 1 5 ${line}`,
  'nohup and nice': line => `nohup nice -n 5 ${line}`,
  command: line => `command ${line}`,
  time: line => `time ${line}`,
  xargs: line => `echo a | xargs ${line}`,
  'find -exec': line => `find . -exec ${line} {} +`,
  'the path of a program': line => line.replace(/^(\w)/, '/usr/bin/$1'),
  'behind a reader': line => `ls; ${line}`,
  'in the background': line => `ls & ${line} & ls`,
  'after a pipe': line => `ls | ${line}`,
  'in a subshell': line => `(${line})`,
  'in a group': line => `{ ${line}; }`,
  'in a condition': line => `if ${line}; then ls; fi`,
  'in a loop': line => `for i in 1; do ${line}; done`,
  'in a function': line => `f() { ${line}; }; f`,
  'in a substitution': line => `echo $(${line})`,
  'in double quotes': line => `echo "$(${line})"`,
  'in a here-document': line => `cat <<EOF\n$(${line})\nEOF`,
  'given to a shell': line => `sh <<'EOF'\n${line}\nEOF`,
  'piped to a shell': line => `echo '${line.replaceAll("'", `'\\''`)}' | sh`,
  'with output discarded': line => `${line} >/dev/null 2>&1`,
  'with a redirection first': line => `2>/dev/null ${line}`,
  'with an assignment first': line => `A=1 B='x y' ${line}`,
  'after a comment': line => `ls # harmless\n${line}`,
  'on the second line': line => `ls\n${line}`,
  'as a trap': line => `trap '${line.replaceAll("'", `'\\''`)}' EXIT`,
  'as an alias': line => `alias l='${line.replaceAll("'", `'\\''`)}'\nl`,
  negated: line => `! ${line}`,
}

describe('a destructive line stays destructive', () => {
  for (const line of DESTRUCTIVE) {
    test(`${line}, by every single trick`, async () => {
      for (const [name, trick] of Object.entries(TRICKS)) {
        const verdict = await classifyShell(trick(line), place, parser)
        expect(`${name}: ${verdict.class}`).toBe(`${name}: destructive`)
      }
    })
  }

  test('also when a disguised line is put into up to three blocks or shells', async () => {
    const outer = Object.keys(TRICKS).filter(name =>
      /^(in |given|sh -c|bash|eval|behind|after|on the|as |negated)/.test(name),
    )
    const inner = Object.keys(TRICKS).filter(name => !outer.includes(name))
    const tricks = fc.tuple(
      fc.constantFrom(...inner),
      fc.array(fc.constantFrom(...outer), { minLength: 1, maxLength: 3 }),
    )
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...DESTRUCTIVE), tricks, async (line, [first, names]) => {
        const disguised = [first, ...names].reduce((text, name) => TRICKS[name]?.(text) ?? text, line)
        const verdict = await classifyShell(disguised, place, parser)
        expect(verdict.class, disguised).toBe('destructive')
      }),
      { numRuns: 1_500 },
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
    { numRuns: 3_000 },
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
      expect(`${wrapper} ${command}: ${verdict.class}`).toBe(`${wrapper} ${command}: read_only`)
    }
  }
})
