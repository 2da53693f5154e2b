import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'
import { seeded } from '../../test/support/seeded'
import type { Project } from './corpus'
import { type Edit, indexOf, judge, oneOf, pathsBelow, quantile, sample, table, viewOf } from './support'

const SIZES = [
  { title: 'one file', files: 1, rounds: 300 },
  { title: 'ten files', files: 10, rounds: 80 },
] as const
const WARM_UP = 10

/**
 * How long all fast gates take on edits of one project, with an index that is up to date. The floor is what no gate can do without:
 * the compiler's parser over the same texts, before and after, in the same round.
 */
export async function measureLatency(project: Project, extension: RegExp): Promise<string> {
  const random = seeded(20_260)
  const index = indexOf(project.root)
  await index.refresh()
  const paths = await pathsBelow(project.root, {
    isWanted: path => extension.test(path) && !/\.d\.ts$|gate-cases|^dist\//.test(path),
  })
  const rows = [
    ['change', 'p50', 'p95', 'CPU p50', 'CPU p95', 'floor p50', 'floor p95', 'ratio', 'slowest gates at p50'],
  ]
  for (const { title, files, rounds } of SIZES) {
    const times: number[] = []
    const cpu: number[] = []
    const floor: number[] = []
    const byGate = new Map<string, number[]>()
    for (let round = 0; round < rounds + WARM_UP; round++) {
      const edits = sample(paths, files, random).map(path => editOf(project.root, path, random))
      const start = process.cpuUsage()
      const report = await judge(viewOf(project.root), edits, undefined, index)
      const usedMs = cpuMsSince(start)
      const floorStart = process.cpuUsage()
      for (const { path, before, after } of edits)
        for (const text of [before, after]) ts.createSourceFile(path, text ?? '', ts.ScriptTarget.ESNext)
      if (round < WARM_UP) continue
      floor.push(cpuMsSince(floorStart))
      times.push(report.duration_ms)
      cpu.push(usedMs)
      for (const { check_name, duration_ms } of report.results)
        byGate.set(check_name, [...(byGate.get(check_name) ?? []), duration_ms])
    }
    const slowest = [...byGate]
      .map(([gate, each]) => [gate, quantile(each, 0.5)] as const)
      .sort((a, b) => b[1] - a[1])
      .slice(0, 4)
    rows.push([
      `${title} (${rounds})`,
      ...[times, cpu, floor].flatMap(each => [0.5, 0.95].map(part => `${quantile(each, part).toFixed(1)} ms`)),
      (sum(cpu) / sum(floor)).toFixed(1),
      slowest.map(([gate, ms]) => `${gate} ${ms.toFixed(1)}`).join(', '),
    ])
  }
  return table(rows)
}

function cpuMsSince(start: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(start)
  return (user + system) / 1000
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0)
}

/** A statement more somewhere inside, as in most edits. */
function editOf(root: string, path: string, random: () => number): Edit {
  const before = readFileSync(join(root, path), 'utf8')
  const [after, comment] = path.endsWith('.py') ? ['\n', '# checked'] : ['\n', '// checked']
  const lines = [...before.matchAll(/[{};]\n/g)].map(match => match.index + match[0].length)
  const statements = [...before.matchAll(/^( +)return\b/gm)]
  const statement = /\.[jt]sx?$/.test(path) ? oneOf(statements, random) : undefined
  // Before a `return` a statement always fits, unless the line before it is a condition.
  const fits =
    statement &&
    /[;{}]\s*$|\)\s*$|\w\s*$/.test(before.slice(0, statement.index)) &&
    !/(?:\)|else)\s*$/.test(before.slice(0, statement.index))
  if (statement && fits)
    return {
      path,
      before,
      after: `${before.slice(0, statement.index)}${statement[1]}void 0\n${before.slice(statement.index)}`,
    }
  const at = oneOf(lines, random) ?? before.length
  return { path, before, after: `${before.slice(0, at)}${comment}${after}${before.slice(at)}` }
}
