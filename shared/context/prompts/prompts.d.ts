/** Prompt texts are bundled as strings. */
declare module '*.md' {
  const text: string
  export default text
}
