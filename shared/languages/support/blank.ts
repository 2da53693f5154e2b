/** Blanks in place of every character but line ends: what follows stands where it stood. */
export function blank(text: string): string {
  return text.replace(/[^\n]/g, ' ')
}
