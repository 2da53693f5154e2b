import { decodeAnsiC } from './ansi-c'
import { UNKNOWN } from './commands/command'

/** What a harmless command prints, without running it. */
export function knownOutput(
  name: string,
  args: readonly string[],
  cwds: readonly string[],
  root: string,
): string | undefined {
  const text = args.join(' ')
  switch (name) {
    case 'echo': {
      const plain = text.replace(/^(-[neE]+ )+/, '')
      return decodeAnsiC(plain)
    }
    case 'printf': {
      const [format = '', ...values] = args
      let next = 0
      const printed = decodeAnsiC(format).replace(/%[sb]/g, () => decodeAnsiC(values[next++] ?? ''))
      return printed.includes('%') ? undefined : printed.replace(/\n+$/, '')
    }
    case 'pwd':
      return cwds.length === 1 ? cwds[0] : undefined
    case 'mktemp':
      return args.every(arg => /^-(d|q|dq|-directory|-quiet)$/.test(arg)) ? `/tmp/tmp.${UNKNOWN}` : undefined
    case 'git':
      return text === 'rev-parse --show-toplevel' ? root : undefined
    default:
      return undefined
  }
}
