import { diffLines } from '#shared/base/diff'

/** Both sides' changes in one text, or where they meet. */
export type Merged = { kind: 'merged'; text: string } | { kind: 'conflict'; places: ConflictPlace[] }

/** Lines of the common base, from 1, that both sides changed differently. */
export interface ConflictPlace {
  firstLine: number
  lastLine: number
}

/**
 * Brings two changes of the same text together, line by line. What both did alike counts once; changes that touch each
 * other are a conflict, since nobody can say in which order they belong.
 */
export function mergeTexts(base: string, ours: string, theirs: string): Merged {
  if (ours === theirs || theirs === base) return { kind: 'merged', text: ours }
  if (ours === base) return { kind: 'merged', text: theirs }
  const lines = linesOf(base)
  const steps = [...stepsTo(base, ours), ...stepsTo(base, theirs)].sort((a, b) => a.start - b.start || a.end - b.end)
  const applied: Step[] = []
  const places: ConflictPlace[] = []
  for (const step of steps) {
    const last = applied.at(-1)
    if (!last || step.start > last.end) applied.push(step)
    else if (!isSameStep(step, last)) {
      places.push({ firstLine: last.start + 1, lastLine: Math.max(step.end, last.end, last.start + 1) })
      applied[applied.length - 1] = { ...last, end: Math.max(step.end, last.end) }
    }
  }
  if (places.length > 0) return { kind: 'conflict', places }
  for (const { start, end, text } of applied.reverse()) lines.splice(start, end - start, ...text)
  return { kind: 'merged', text: lines.join('') }
}

/** Lines `start` to `end` (from 0, half-open) replaced by others. */
interface Step {
  start: number
  end: number
  text: string[]
}

function stepsTo(before: string, after: string): Step[] {
  const to = linesOf(after)
  return diffLines(before, after, 0).map(({ oldStart, oldLines, newStart, newLines }) => ({
    start: oldStart - 1,
    end: oldStart - 1 + oldLines,
    text: to.slice(newStart - 1, newStart - 1 + newLines),
  }))
}

/** With their line ends, so that a missing one at the end counts as a change of the last line. */
function linesOf(text: string): string[] {
  return text.split(/(?<=\n)/).filter(line => line !== '')
}

function isSameStep(a: Step, b: Step): boolean {
  return a.start === b.start && a.end === b.end && a.text.join('') === b.text.join('')
}
