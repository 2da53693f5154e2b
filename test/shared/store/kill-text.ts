/** A text of 1 to 20 KB that only this message has, so that a mixed-up or shortened one shows. */
export function textOf(id: string): string {
  const size = [...id].reduce((sum, char) => (sum * 31 + char.charCodeAt(0)) % 20_000, 7)
  return `message ${id} `.repeat(Math.ceil((1000 + size) / 20))
}
