/** A number and what it counts, as people say it: `1 file`, `2 files`. @param noun one whose plural ends in s */
export function countOf(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}
