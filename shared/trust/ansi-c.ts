const SIMPLE_ESCAPES: Record<string, string> = {
  n: '\n',
  t: '\t',
  r: '\r',
  a: '\x07',
  b: '\b',
  e: '\x1b',
  E: '\x1b',
  f: '\f',
  v: '\v',
}

/** The text of `$'…'`; also what `printf` and `echo -e` make of a literal. */
export function decodeAnsiC(text: string): string {
  return text.replace(
    /\\(?:x([0-9A-Fa-f]{1,2})|u([0-9A-Fa-f]{1,4})|U([0-9A-Fa-f]{1,8})|(0?[0-7]{1,3})|c(.)|([\s\S]))/g,
    (whole, hex, short, long, octal, control, other) => {
      const code = hex ?? short ?? long
      if (code) return fromCodePoint(Number.parseInt(code, 16))
      if (octal) return String.fromCharCode(Number.parseInt(octal, 8) & 0xff)
      if (control) return String.fromCharCode(control.charCodeAt(0) & 0x1f)
      return SIMPLE_ESCAPES[other] ?? (/[\\'"?]/.test(other) ? other : whole)
    },
  )
}

function fromCodePoint(code: number): string {
  return code <= 0x10ffff ? String.fromCodePoint(code) : '\ufffd'
}
