/** One line of a unified diff as it is drawn. */
export interface DiffLine {
  kind: 'same' | 'added' | 'removed' | 'hunk' | 'file'
  text: string
}

/** Reads a unified diff line by line; headers that name no file are left out. */
export function diffLines(diff: string): DiffLine[] {
  return diff
    .replace(/\n$/, '')
    .split('\n')
    .flatMap((line): DiffLine[] => {
      if (line.startsWith('+++ ')) return [{ kind: 'file', text: line.slice(4).replace(/^b\//, '').split('\t')[0]! }]
      if (/^(--- |diff |index |Index: |={4,}|\\)/.test(line)) return []
      if (line.startsWith('@@')) return [{ kind: 'hunk', text: line }]
      if (line.startsWith('+')) return [{ kind: 'added', text: line.slice(1) }]
      if (line.startsWith('-')) return [{ kind: 'removed', text: line.slice(1) }]
      return [{ kind: 'same', text: line.slice(1) }]
    })
}

/** Lines added and removed. */
export function countLines(diff: string): { added: number; removed: number } {
  const lines = diffLines(diff)
  const count = (kind: DiffLine['kind']) => lines.filter(line => line.kind === kind).length
  return { added: count('added'), removed: count('removed') }
}
