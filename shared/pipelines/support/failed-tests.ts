/** How the output of one test runner is known, and how a line of it names what failed. */
interface Runner {
  isIt: RegExp
  /** The name is the first group. One runner's marks look like another's, so each is known first. */
  failure: RegExp
  /** Cuts what the name carries beside itself. */
  clean?(name: string): string
}

const RUNNERS: readonly Runner[] = [
  // go test; a package that does not build has no tests to name.
  { isIt: /^(?:--- FAIL: |FAIL\t)/, failure: /^ *--- FAIL: (\S+)/ },
  { isIt: /^FAIL\t/, failure: /^FAIL\t(\S+) \[(?:build|setup) failed\]/ },
  // cargo test
  { isIt: /^running \d+ tests?$/, failure: /^test (\S+)(?: - [\w ]+)? \.\.\. FAILED$/ },
  // pytest
  { isIt: /^(?:FAILED|ERROR) \S+\.py/, failure: /^(?:FAILED|ERROR) (\S+\.py(?:::[^\s[]+)*(?:\[[^\]]*\])?)/ },
  // unittest; before Python 3.11 the class alone stands in the brackets, and a file that cannot be imported is all of the name.
  {
    isIt: /^Ran \d+ tests? in [\d.]+s$/,
    failure: /^(?:FAIL|ERROR): (\S+ \(\S+\))/,
    clean: text => {
      const [, name = '', place = ''] = /^(\S+) \((\S+)\)$/.exec(text) ?? []
      if (place.startsWith('unittest.loader.')) return name
      return place.endsWith(`.${name}`) ? place : `${place}.${name}`
    },
  },
  // vitest
  { isIt: /^ *FAIL +\S+ > /, failure: /^ *FAIL +(?:\|[^|]+\| )?(\S+ > .+)$/ },
  // jest
  { isIt: /^ *● /, failure: /^ *● (.+ › .+|.+)$/ },
  // Gradle
  { isIt: /^\S+ > .+ FAILED$/, failure: /^(\S+ > .+) FAILED$/ },
  // Maven
  {
    isIt: /<<< (?:FAILURE|ERROR)!/,
    failure: /^(?:\[ERROR\] )?([\w$.]+(?:\([\w$.]+\))?) +(?:-- )?Time elapsed: .*<<< (?:FAILURE|ERROR)!/,
    clean: name => name.replace(/^([\w$]+)\(([\w$.]+)\)$/, '$2.$1'),
  },
]

const MAX_NAMES = 50
/** What a runner prints on one line beyond that names nothing. */
const MAX_LINE = 2_000

/** Names of failed tests in the output of a test run; empty when no known runner wrote it. */
export function failedTests(output: string): string[] {
  const text = plain(output)
  const lines = text.split('\n').map(line => line.slice(0, MAX_LINE))
  const names = new Set<string>([...mochaNames(lines), ...nodeNames(lines), ...tapNames(lines), ...junitNames(text)])
  for (const { isIt, failure, clean } of RUNNERS) {
    if (!lines.some(line => isIt.test(line))) continue
    for (const line of lines) {
      const name = failure.exec(line)?.[1]?.trim()
      if (name) names.add(clean ? clean(name) : name)
    }
  }
  return [...names].slice(0, MAX_NAMES)
}

/** Mocha's summary: a number with the suite, then deeper suites, and last the test with a colon. */
function mochaNames(lines: readonly string[]): string[] {
  const start = lines.findIndex(line => /^ {2}\d+ failing$/.test(line))
  if (start === -1) return []
  const names: string[] = []
  let parts: string[] | undefined
  for (const line of lines.slice(start + 1)) {
    const first = /^ {2}\d+\) (.+)$/.exec(line)?.[1]
    if (first !== undefined) parts = [first]
    else if (parts && /^ {5,}\S/.test(line)) parts.push(line.trim())
    else parts = undefined
    if (!parts?.at(-1)?.endsWith(':')) continue
    names.push(parts.join(' ').replace(/:$/, ''))
    parts = undefined
  }
  return names
}

/** The list at the end of node:test's own report, where suites that fail through their tests are left out. */
function nodeNames(lines: readonly string[]): string[] {
  const start = lines.indexOf('✖ failing tests:')
  if (start === -1) return []
  return lines.flatMap((line, at) => {
    const name = at > start && lines[at - 1]?.startsWith('test at ') ? /^✖ (.+)$/.exec(line)?.[1] : undefined
    return name === undefined ? [] : [name.replace(/ \([\d.]+ms\)$/, '')]
  })
}

function tapNames(lines: readonly string[]): string[] {
  if (!lines.some(line => /^TAP version \d+/.test(line))) return []
  const names: string[] = []
  for (const line of lines) {
    const failed = /^ *not ok \d+ - (.+)$/.exec(line)?.[1]
    if (failed !== undefined && !/ # (?:TODO|SKIP)\b/i.test(failed)) names.push(failed)
    // A suite that only its tests made fail.
    else if (/^ +failureType: 'subtestsFailed'/.test(line)) names.pop()
  }
  return names
}

function junitNames(text: string): string[] {
  return text
    .split('<testcase ')
    .slice(1)
    .flatMap(piece => {
      const end = piece.indexOf('>')
      const head = piece.slice(0, end)
      if (end === -1 || head.endsWith('/') || !/^\s*<(?:failure|error)\b/.test(piece.slice(end + 1, end + 200)))
        return []
      const [suite, name] = [/\bclassname="([^"]*)"/, /(?:^|\s)name="([^"]*)"/].map(each => each.exec(head)?.[1])
      return [unescaped([suite, name].filter(part => part).join('.'))]
    })
}

/** Without colours and carriage returns. */
function plain(output: string): string {
  return output.replace(/\x1b\[[0-9;]*[A-Za-z]/g, '').replace(/\r\n?/g, '\n')
}

function unescaped(text: string): string {
  const characters: Readonly<Record<string, string>> = { lt: '<', gt: '>', quot: '"', apos: "'", amp: '&' }
  return text.replace(/&(lt|gt|quot|apos|amp);/g, (_, name: string) => characters[name] ?? '')
}
