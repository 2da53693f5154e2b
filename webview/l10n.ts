let words: Readonly<Record<string, string>> = {}

/** Takes the translations of the editor's language; comes before anything is drawn. */
export function useWords(bundle: Readonly<Record<string, string>>): void {
  words = bundle
}

/** A text for the user in the editor's language; `{0}`, `{1}` … stand for the arguments. English is its own key. */
export function t(text: string, ...args: readonly (string | number)[]): string {
  return (words[text] ?? text).replace(/\{(\d+)\}/g, (place, index) => String(args[Number(index)] ?? place))
}
