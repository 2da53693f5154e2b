// Writes shared/languages/data/python-std.data.json from real interpreters:
// `node scripts/std-tables/python.mjs [--stubs FOLDER] PYTHON…`. --stubs: typeshed's stdlib folder, whose names are added, so that
// what C modules define on other platforms is known too.
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const args = process.argv.slice(2)
const stubs = args[0] === '--stubs' ? args.splice(0, 2)[1] : undefined
const script = join(import.meta.dirname, 'python_names.py')
const runs = args.map(python => {
  const [program, ...before] = python.split(' ')
  return JSON.parse(execFileSync(program, [...before, '-I', script], { encoding: 'utf8', maxBuffer: 1e9 }))
})
runs.sort((a, b) => minor(a.version) - minor(b.version))
const minors = runs.map(run => minor(run.version))
const [first, last] = [minors[0], minors.at(-1)]

const modules = {}
for (const name of [...new Set(runs.flatMap(run => Object.keys(run.modules)))].sort()) {
  const present = runs.filter(run => name in run.modules)
  // What is private may change with any release: that it is there is all there is to know.
  const looked = /(?:^|\.)_|^encodings\./.test(name) ? [] : present.filter(run => run.modules[name])
  const fromStubs = looked.length === 0 ? new Set() : stubNames(name)
  const names = looked.length === 0 ? null : new Set([...looked.flatMap(run => run.modules[name]), ...fromStubs])
  // Where one version could not be looked into, no name is known to be missing there.
  const ranges =
    names &&
    [...names].sort().map(each => {
      const having =
        fromStubs.has(each) || looked.length < present.length
          ? present
          : present.filter(run => run.modules[name].includes(each))
      return each + range(having, minor(present[0].version), minor(present.at(-1).version))
    })
  const where = range(present, first, last)
  modules[name + where] = ranges ? ranges.join(' ') : null
}
const table = {
  versions: [first, last],
  builtins: spread(runs.map(run => [run, run.builtins])),
  methods: Object.fromEntries(
    Object.keys(runs[0].methods).map(kind => [kind, spread(runs.map(run => [run, run.methods[kind]]))]),
  ),
  modules,
}
writeFileSync(
  join(import.meta.dirname, '../../shared/languages/data/python-std.data.json'),
  `${JSON.stringify(table)}\n`,
)

/** `+10`: since 3.10; `-11`: up to 3.11; nothing: in all versions from `from` to `to`. */
function range(having, from, to) {
  const [since, until] = [minor(having[0].version), minor(having.at(-1).version)]
  return (since > from ? `+${since}` : '') + (until < to ? `-${until}` : '')
}

function spread(pairs) {
  const names = [...new Set(pairs.flatMap(([, each]) => each))].sort()
  return names
    .map(
      name =>
        name +
        range(
          pairs.filter(([, each]) => each.includes(name)).map(([run]) => run),
          first,
          last,
        ),
    )
    .join(' ')
}

function minor(version) {
  return Number(version.split('.')[1])
}

function stubNames(module) {
  if (!stubs) return new Set()
  const base = join(stubs, ...module.split('.'))
  const path = [`${base}.pyi`, join(base, '__init__.pyi')].find(existsSync)
  if (!path) return new Set()
  const text = readFileSync(path, 'utf8')
  const names = new Set()
  // Stubs indent by four blanks, and only version and platform checks stand around top-level names; class bodies hold fields.
  let classIndent = Infinity
  for (const line of text.split('\n')) {
    if (line.trim() === '') continue
    const indent = line.length - line.trimStart().length
    if (indent <= classIndent) classIndent = Infinity
    if (indent > classIndent) continue
    const match = /^\s*(?:(?:async )?def|class|type)\s+(\w+)|^\s*(\w+)\s*(?::|=)/.exec(line)
    const name = match?.[1] ?? match?.[2]
    if (/^\s*class\s/.test(line) || /^\s*(?:async )?def\s/.test(line)) classIndent = indent
    if (name && !/^(?:if|else|elif|try|with|return)$/.test(name) && !name.startsWith('_')) names.add(name)
    // Only `import x as x` hands a name on.
    for (const [, from, to] of line.matchAll(/\b(\w+) as (\w+)/g))
      if (from === to && !from.startsWith('_')) names.add(from)
  }
  return names
}
