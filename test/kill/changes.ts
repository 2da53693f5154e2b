import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { buildProgram, ended, start } from '../shared/edits/support/own-process'
import { treeOf } from '../shared/edits/support/project'
import { contentsAt, treeAt } from './changes-state'

/** A project whose writer is killed again and again. */
export interface KillLoop {
  /** Runs the writer until it dies, then a fresh start; throws when the tree is mixed or an acknowledged set is lost. */
  round(kill: { atCall: number } | { afterMs: number }): Promise<Round>
  close(): void
}

export interface Round {
  /** False: the writer got through before its turn came. */
  died: boolean
  /** Change sets acknowledged in this round. */
  acknowledged: number
  /** What the fresh start found: nothing to repair, or a set that it brought to an end. */
  repair: 'nothing' | 'untouched' | 'half-way' | 'complete'
}

export function killLoop(): KillLoop {
  const program = buildProgram("import './test/kill/changes-program'")
  const top = mkdtempSync(join(tmpdir(), 'kode-kill-'))
  const [root, journal] = [join(top, 'project'), join(top, 'journal')]
  let version = 0
  mkdirSync(root)
  for (const [path, { text, mode }] of Object.entries(contentsAt(0))) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
    chmodSync(join(root, path), mode)
  }

  return {
    async round(kill) {
      const acknowledgedBefore = version
      const writer = start(program, [
        'write',
        root,
        journal,
        'atCall' in kill ? String(kill.atCall) : '0',
        String(version),
      ])
      let printed = ''
      writer.stdout?.on('data', piece => {
        printed += piece
        if ('afterMs' in kill && printed === String(piece)) setTimeout(() => writer.kill('SIGKILL'), kill.afterMs)
        if ('atCall' in kill) writer.kill('SIGKILL')
      })
      const end = await ended(writer)
      if (end !== 'SIGKILL') throw new Error(`the writer ended by itself: ${end}`)
      const acknowledged = Number(printed.trim().split('\n').at(-1) || version)

      const recovery = start(program, ['recover', root, journal])
      let report = ''
      recovery.stdout?.on('data', piece => {
        report += piece
      })
      if ((await ended(recovery)) !== 0) throw new Error('the fresh start failed')
      const [repaired] = JSON.parse(report) as { outcome: 'old' | 'new'; wasMidWay: boolean }[]

      const tree = treeOf(root)
      const found = [acknowledged, acknowledged + 1].find(each => isDeepStrictEqual(tree, treeAt(each)))
      if (found === undefined) throw new Error(`mixed or lost after set ${acknowledged}: ${describe(tree)}`)
      version = found
      return {
        died: acknowledged === acknowledgedBefore || 'afterMs' in kill,
        acknowledged: acknowledged - acknowledgedBefore,
        repair: !repaired
          ? 'nothing'
          : repaired.wasMidWay
            ? 'half-way'
            : repaired.outcome === 'new'
              ? 'complete'
              : 'untouched',
      }
    },
    close: () => rmSync(top, { recursive: true }),
  }
}

function describe(tree: Record<string, string>): string {
  return JSON.stringify(Object.fromEntries(Object.entries(tree).map(([path, text]) => [path, text.slice(0, 40)])))
}
